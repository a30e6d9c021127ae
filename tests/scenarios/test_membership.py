"""Who comes to a chat and who leaves it: what they are told first and last (docs/protocol.md section 4, I8)."""

from typing import Literal

import pytest

from chatproto.operations import (
    Appended,
    AppendMessage,
    LoadChat,
    ReadLog,
    Refused,
    Sweep,
)
from chatproto.simulation.model_operations import perform
from chatproto.wire.limits import Limits
from tests.scenarios.hub_world import AWAY, World, change


def test_a_removed_member_gets_their_removal_last_and_nothing_after() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.group(ann, bob, eve)
    a, b = ann.connect(), bob.connect()
    a.send(type="send", chat_id=chat_id, cid="c1", content="1")
    assert isinstance(world.request(change(world, chat_id, ann.id, "remove", bob.id)), Appended)
    a.send(type="send", chat_id=chat_id, cid="c2", content="2")
    assert (a.seqs(chat_id), b.seqs(chat_id)) == ([1, 2, 3], [1, 2])
    [event] = b.take("event")
    assert (event["event"], event["data"]) == ("member_removed", {"user_id": bob.id, "reason": "removed"})
    b.send(type="send", chat_id=chat_id, cid="c1", content="x")
    assert [error["code"] for error in b.take("error")] == ["not_member"]


def test_an_added_member_gets_the_chat_before_its_items() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.group(ann, bob)
    a, e = ann.connect(), eve.connect()
    world.hold = {LoadChat}
    world.request(change(world, chat_id, ann.id, "add", eve.id, history="none"))
    e.take()
    a.send(type="send", chat_id=chat_id, cid="c1", content="1")
    assert e.take() == []
    world.release()
    chat, *items = e.take()
    assert (chat["type"], chat["chat"]["first_seq"], chat["chat"]["last_seq"]) == ("chat", 1, 2)
    assert items == []
    a.send(type="send", chat_id=chat_id, cid="c2", content="2")
    assert e.seqs(chat_id) == [3]


def test_a_chat_that_was_left_before_it_was_listed_is_told_once() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann)
    b = bob.connect()
    world.hold = {LoadChat}
    world.request(change(world, chat_id, ann.id, "add", bob.id))
    world.request(change(world, chat_id, ann.id, "remove", bob.id))
    world.release()
    assert [frame["chat"]["left_seq"] for frame in b.take("chat")] == [2]
    a = ann.connect()
    a.send(type="send", chat_id=chat_id, cid="c", content="secret")
    assert b.seqs(chat_id) == []


def test_a_chat_that_cannot_be_read_is_not_listed() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann)
    b = bob.connect()
    world.hold = {LoadChat}
    world.request(change(world, chat_id, ann.id, "add", bob.id))
    world.release(Refused("not_found"))
    assert b.take("chat") == []
    world.request(change(world, chat_id, ann.id, "remove", bob.id))
    world.request(change(world, chat_id, ann.id, "add", bob.id))
    b.leave()
    world.release()


@pytest.mark.parametrize("history", ["all", "none"])
def test_removed_and_added_again_while_catching_up(history: Literal["all", "none"]) -> None:
    """Both changes are in the log that is being read: the removal ends the first part, `chat` begins the second."""
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    b = bob.connect()
    world.hold = {ReadLog}
    perform(world.store, AppendMessage(chat_id, ann.id, "c", b"0" * 32, "x", None, None, world.now))
    world.request(change(world, chat_id, ann.id, "update"))
    world.sleep(1)
    assert len(world.held) == 1
    world.request(change(world, chat_id, ann.id, "remove", bob.id))
    world.request(change(world, chat_id, ann.id, "add", bob.id, history=history))
    world.hold = set()
    world.release()
    assert [frame["type"] for frame in b.take() if frame["type"] in ("chat", "event", "message")] == [
        "message",
        "event",
        "chat",
    ]
    a = ann.connect()
    a.send(type="send", chat_id=chat_id, cid="c9", content="after")
    assert [message["content"] for message in b.take("message")] == ["after"]
    world.request(change(world, chat_id, ann.id, "remove", bob.id))
    assert [frame["type"] for frame in b.take() if frame["type"] in ("chat", "event")] == ["event"]


def test_a_member_removed_by_another_process_is_routed_no_more() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    a, b = ann.connect(), bob.connect()
    perform(world.store, change(world, chat_id, ann.id, "remove", bob.id))
    a.send(type="send", chat_id=chat_id, cid="c", content="secret")
    assert (a.seqs(chat_id), b.seqs(chat_id)) == ([1, 2], [1])
    assert chat_id not in b.session.chats


def test_the_direct_chat_that_exists_is_told_to_nobody_again() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    world.direct(ann, bob)
    b = bob.connect()
    world.direct(bob, ann)
    assert b.take("chat") == []


def test_a_member_removed_while_they_lagged_gets_nothing_after_their_removal() -> None:
    """The removal comes by the member's own page, not by a push; what is said later is not for them."""
    world = World(Limits(queue_items=2))
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    a, b = ann.connect(), bob.connect()
    b.reading = False
    for number in range(4):
        a.send(type="send", chat_id=chat_id, cid=f"c-{number}", content=str(number))
    world.request(change(world, chat_id, ann.id, "remove", bob.id))
    b.read_all()
    assert b.take("lag")
    b.send(type="sync", id="s", chat_id=chat_id, after_seq=0)
    [page] = b.take("page")
    assert [item["seq"] for item in page["items"]] == [1, 2, 3, 4, 5]
    a.send(type="send", chat_id=chat_id, cid="secret", content="secret")
    world.sleep(3)
    assert b.seqs(chat_id) == []
    world.request(change(world, chat_id, ann.id, "add", bob.id))
    assert b.take("chat")


def test_a_member_who_read_of_their_removal_before_a_lag_gets_nothing_after_it() -> None:
    """Their own sync was ahead of the room; the one after the lag finds nothing more, and no removal."""
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    a, b = ann.connect(), bob.connect()
    b.take()
    for number in range(4):  # by another process, of which this one has not heard yet
        perform(world.store, AppendMessage(chat_id, ann.id, f"theirs-{number}", b"0" * 32, "x", None, None, world.now))
    perform(world.store, change(world, chat_id, ann.id, "remove", bob.id))
    b.send(type="sync", chat_id=chat_id, after_seq=0)
    [page] = b.take("page")
    assert [item["seq"] for item in page["items"]] == [1, 2, 3, 4, 5]
    world.hub.report_lag(b.id, chat_id, 1, world.moment)
    world.pump()
    world.sleep(1.25)
    assert (a.seqs(chat_id), b.seqs(chat_id), len(b.take("lag"))) == ([1, 2, 3, 4, 5], [], 1)
    b.send(type="sync", chat_id=chat_id, after_seq=5)
    [page] = b.take("page")
    assert page["items"] == []
    [told] = b.take("chat")
    assert told["chat"]["left_seq"] == 5
    a.send(type="send", chat_id=chat_id, cid="secret", content="secret")
    world.sleep(3)
    assert b.seqs(chat_id) == []


def test_a_chat_that_could_not_be_read_for_now_is_listed_a_second_later() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.group(ann)
    b, e = bob.connect(), eve.connect()
    world.hold = {LoadChat, Sweep}
    world.request(change(world, chat_id, ann.id, "add", bob.id, eve.id))
    world.release(AWAY)
    world.release(AWAY)
    e.leave()
    world.hold = {Sweep}
    world.sleep(0.5)
    assert b.take("chat") == []
    world.sleep(1)
    assert [frame["chat"]["id"] for frame in b.take("chat")] == [chat_id]
    a = ann.connect()
    a.send(type="send", chat_id=chat_id, cid="c", content="welcome")
    assert [message["content"] for message in b.take("message")] == ["welcome"]


def test_a_chat_to_which_another_process_added_somebody_is_listed_by_the_sweep() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann)
    b, joined = bob.connect(), bob.join(world.direct(ann, bob))
    b.take(), joined.take()
    perform(world.store, change(world, chat_id, ann.id, "add", bob.id))
    world.sleep(2)
    assert [frame["chat"]["id"] for frame in b.take("chat")] == [chat_id]
    world.sleep(3)
    assert b.take("chat") == joined.take("chat") == []
