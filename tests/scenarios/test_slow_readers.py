"""Slow readers, and pages that they read to come after (docs/protocol.md section 4, `lag` and `sync`)."""

from typing import Literal

import pytest

from chatproto.operations import AppendBatch, AppendMessage, FetchPage, ReadLog, UpdateUser
from chatproto.server.knobs import Knobs
from chatproto.simulation.model_operations import perform
from chatproto.wire.limits import Limits
from tests.scenarios.hub_world import AWAY, World, change


def test_a_slow_reader_gets_one_lag_and_goes_on_after_it_synced() -> None:
    world = World(Limits(queue_items=8), knobs=Knobs(burst=1000))
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    b.take()
    b.reading = False
    for number in range(1, 21):
        a.send(type="send", chat_id=chat_id, cid=f"c{number}", content=str(number))
    assert a.seqs(chat_id) == list(range(1, 21))
    b.read_all()
    [lag] = b.take("lag")
    assert lag["last_seq"] == 9
    applied = max(b.seqs(chat_id), default=0)
    b.take("message")
    more = True
    while more:
        b.send(type="sync", chat_id=chat_id, after_seq=applied, limit=6)
        [page] = b.take("page")
        assert page["from_seq"] == applied
        applied, more = page["to_seq"], page["more"]
    assert applied == 20
    a.send(type="send", chat_id=chat_id, cid="live", content="live")
    assert b.seqs(chat_id) == [21]


def test_a_backlog_above_the_bound_ends_in_a_lag_without_a_gap() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    b = bob.connect()
    for number in range(300):
        perform(world.store, AppendMessage(chat_id, ann.id, f"c{number}", b"0" * 32, "x", None, None, world.now))
    world.sleep(1.25)
    assert b.seqs(chat_id) == []
    assert [lag["last_seq"] for lag in b.take("lag")] == [300]


def test_the_removal_among_the_lost_items_is_still_told_by_lag() -> None:
    world = World(Limits(queue_items=2))
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    a, b = ann.connect(), bob.connect()
    b.take()
    b.reading = False
    for number in range(2):
        a.send(type="send", chat_id=chat_id, cid=f"c{number}", content="x")
    world.request(change(world, chat_id, ann.id, "remove", bob.id))
    b.read_all()
    assert [lag["last_seq"] for lag in b.take("lag")] == [1]
    b.send(type="sync", chat_id=chat_id, after_seq=0)
    [page] = b.take("page")
    assert [item["type"] for item in page["items"]] == ["message", "message", "event"]


def test_who_was_removed_while_they_lag_is_told_of_nothing_but_the_log() -> None:
    """However long they do not ask for what they lost."""
    world = World(Limits(queue_items=2))
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.group(ann, bob, eve)
    a, b, e = ann.connect(), bob.connect(), eve.connect()
    b.reading = False
    for number in range(3):
        a.send(type="send", chat_id=chat_id, cid=f"m{number}", content="x")
    world.request(change(world, chat_id, ann.id, "remove", bob.id))
    b.read_all()
    assert b.take("lag")
    for peer in (a, b, e):
        peer.take()
    a.send(type="typing", chat_id=chat_id, on=True)
    e.send(type="mark", chat_id=chat_id, read_seq=3)
    world.request(UpdateUser(eve.id, "New", None, None, None, frozenset({"new"}), world.now))
    b.send(type="typing", chat_id=chat_id, on=True)
    world.sleep(2)
    assert b.take() == []
    assert [frame["user_id"] for frame in e.take("typing")] == [ann.id], "nor are they shown to type"
    world.request(change(world, chat_id, ann.id, "add", bob.id))
    a.send(type="typing", chat_id=chat_id, on=False)
    assert [frame["on"] for frame in b.take("typing")] == [False], "they are a member again"
    b.send(type="sync", chat_id=chat_id, after_seq=0)
    [page] = b.take("page")
    assert [item.get("event") for item in page["items"]][-2:] == ["member_removed", "member_added"]
    assert b.take("chat")


@pytest.mark.parametrize(("history", "first_seq"), [("none", 7), ("all", 1)])
def test_who_was_removed_and_added_again_by_the_lost_items_is_told_where_the_chat_begins(
    history: Literal["all", "none"], first_seq: int
) -> None:
    world = World(Limits(queue_items=2))
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.group(ann, bob, eve)
    world.request(change(world, chat_id, ann.id, "remove", bob.id))
    world.request(change(world, chat_id, ann.id, "add", bob.id, history="none" if history == "all" else "all"))
    a, b = ann.connect(), bob.connect()
    b.take()
    b.reading = False
    for number in range(3):
        a.send(type="send", chat_id=chat_id, cid=f"m{number}", content="x")
    world.request(change(world, chat_id, ann.id, "remove", bob.id))
    world.request(change(world, chat_id, ann.id, "add", bob.id, history=history))
    a.send(type="react", chat_id=chat_id, cid="r1", seq=3, target_at=world.made_at(chat_id, 3), emoji="👍", on=True)
    b.read_all()
    assert b.take("lag")
    assert b.take("chat") == [], "not before the page that was lost is read"
    b.send(type="sync", chat_id=chat_id, after_seq=5)
    assert [frame["chat"]["first_seq"] for frame in b.take("chat")] == [first_seq]
    a.send(type="react", chat_id=chat_id, cid="r2", seq=4, target_at=world.made_at(chat_id, 4), emoji="👍", on=True)
    assert [item["type"] for item in b.take() if item.get("seq")] == ["hidden" if history == "none" else "event"]


def test_reports_of_an_unknown_connection_are_nothing() -> None:
    world = World()
    world.hub.report_lag(999, 1, 1, world.moment)
    world.hub.report_pages_written(999, world.moment)
    assert world.hub.outputs() == []


def test_pages_are_read_one_after_the_other() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.connect()
    a.reading = False
    for number in range(3):
        a.send(type="sync", id=f"s{number}", chat_id=chat_id, after_seq=0)
    fetched = [operation for operation in world.performed if isinstance(operation, FetchPage)]
    assert len(fetched) == 1
    a.read_all()
    assert [page["ref"] for page in a.take("page")] == ["s0", "s1", "s2"]


def test_sync_backwards_and_bad_syncs() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.connect()
    for number in range(3):
        a.send(type="send", chat_id=chat_id, cid=f"c{number}", content="x")
    a.take()
    a.send(type="sync", chat_id=chat_id, before_seq=3, limit=1)
    [page] = a.take("page")
    assert (page["from_seq"], page["to_seq"], page["more"], page["last_seq"]) == (1, 2, True, 3)
    a.send(type="sync", id="s", chat_id=chat_id, after_seq=4)
    assert [(error["code"], error["ref"], error["field"]) for error in a.take("error")] == [
        ("bad_seq", "s", "after_seq")
    ]
    a.send(type="sync", chat_id=chat_id, after_seq=1, after_at="2020-01-01T00:00:00Z")
    assert [error["code"] for error in a.take("error")] == ["bad_seq"]
    a.send(type="sync", id="both", chat_id=chat_id, after_seq=1, before_seq=2)
    assert [(error["code"], error["ref"]) for error in a.take("error")] == [("bad_frame", "both")]


def test_a_retry_waits_its_time_and_ends_with_its_connection() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    world.away = AWAY
    a.send(type="send", chat_id=chat_id, cid="c-0", content="0")
    asked = len(world.performed)
    world.hub.handle_timer(world.moment)  # no time has gone by
    world.pump()
    assert [type(operation) for operation in world.performed[asked:]].count(AppendBatch) == 0
    a.leave()
    world.sleep(5)
    world.away = None
    world.sleep(1)
    assert b.seqs(chat_id) == []


def test_a_catch_up_that_ends_after_its_connection_is_nothing() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    b = bob.connect()
    world.hold = {ReadLog}
    perform(world.store, AppendMessage(chat_id, ann.id, "c", b"0" * 32, "x", None, None, world.now))
    world.sleep(1)
    b.leave()
    world.release()
    assert world.hub.parts.connections.by_id == {}


def test_a_page_that_overlaps_what_was_sent_since_is_not_told_twice() -> None:
    """A lag takes over the cursor while its page is on the way; the page then finds another state."""
    world = World(Limits(queue_items=2))
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    a, b = ann.connect(), bob.connect()
    b.reading = False
    for n in range(3):
        a.send(type="send", chat_id=chat_id, cid=f"c-{n}", content=str(n))
    world.hold = {FetchPage}
    b.send(type="sync", chat_id=chat_id, after_seq=0, id="s")
    a.send(type="send", chat_id=chat_id, cid="c-9", content="9")
    world.hold = set()
    world.release()
    b.read_all()
    pages = [item["seq"] for page in b.take("page") for item in page["items"]]
    assert pages == [1, 2, 3, 4]
    assert b.seqs(chat_id) == []
    a.send(type="send", chat_id=chat_id, cid="c-10", content="10")
    assert b.seqs(chat_id) == [5]
