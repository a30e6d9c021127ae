"""Rooms: one end of a log for everybody, and how those who stand elsewhere come there (docs/protocol.md I5, I8)."""

import json
from typing import Literal

import pytest

from chatproto.operations import (
    AppendBatch,
    AppendChange,
    AppendMessage,
    FetchPage,
    LoadChat,
    LoadSession,
    LogRead,
    OperationFailed,
    ReadLog,
    Refused,
    Sweep,
)
from chatproto.server.hints import HeadMoved, Hint, MembersAdded
from chatproto.server.hub_outputs import Broadcast, RunOperation, SendFrame
from chatproto.server.knobs import Knobs
from chatproto.simulation.model_operations import perform
from chatproto.wire.limits import Limits
from chatproto.wire.model import Message
from tests.scenarios.hub_world import Peer, Person, World
from tests.vectors.server_frames import head

AWAY = OperationFailed(retryable=True)
REPLACED = (1012, "the log was replaced")


def say(peer: Peer, chat_id: int, *texts: str) -> None:
    for text in texts:
        peer.send(type="send", chat_id=chat_id, cid=text, content=text)


def elsewhere(world: World, chat_id: int, person: Person, *texts: str) -> None:
    """Another process stores these, and its hints are lost."""
    for text in texts:
        perform(world.store, AppendMessage(chat_id, person.id, text, b"0" * 32, text, None, None, world.now))


def change(
    world: World, chat_id: int, kind: Literal["add", "remove"], admin: Person, person: Person,
    history: Literal["all", "none"] = "all",
) -> AppendChange:  # fmt: skip
    cid = f"{kind}-{world.mono}-{len(world.performed)}"
    return AppendChange(chat_id, admin.id, kind, (person.id,), history, None, None, None, cid, world.now)


def told(world: World, chat_id: int, last_seq: int) -> None:
    world.hear(Hint("model", HeadMoved(chat_id, last_seq)))


def count(world: World, kind: type) -> int:
    return sum(isinstance(operation, kind) for operation in world.performed)


def begin(knobs: Knobs | None = None, limits: Limits | None = None) -> tuple[World, Person, Person, Person, int]:
    world = World(limits, knobs)
    ann, bob, eve = world.people("ann", "bob", "eve")
    return world, ann, bob, eve, world.group(ann, bob, eve)


def test_a_healthy_room_reads_nothing() -> None:
    world, ann, bob, eve, chat_id = begin(Knobs(burst=10_000))
    a, b, e = ann.connect(), bob.connect(), eve.connect()
    for second in range(5):
        for number in range(20):
            say(a, chat_id, f"a-{second}-{number}")
            say(b, chat_id, f"b-{second}-{number}")
        world.sleep(1)
    assert e.seqs(chat_id) == list(range(1, 201))
    assert count(world, ReadLog) + count(world, FetchPage) == 0


def test_one_stalled_reader_costs_readings_of_its_own_alone() -> None:
    world, ann, bob, eve, chat_id = begin(Knobs(burst=10_000), Limits(queue_items=10, page=20))
    a, b, e = ann.connect(), bob.connect(), eve.connect()
    e.reading = False
    for second in range(3):
        for number in range(20):
            say(a, chat_id, f"a-{second}-{number}")
        world.sleep(1)
    assert (a.seqs(chat_id), b.seqs(chat_id)) == (list(range(1, 61)), list(range(1, 61)))
    assert count(world, ReadLog) + count(world, FetchPage) == 0

    e.read_all()
    got = e.seqs(chat_id)
    [lag] = e.take("lag")
    assert got == list(range(1, len(got) + 1))
    assert len(got) < lag["last_seq"] <= 60
    pages = 0
    while len(got) < 60:
        e.send(type="sync", id="s", chat_id=chat_id, after_seq=len(got))
        [page] = e.take("page")
        got += [item["seq"] for item in page["items"]]
        pages += 1
    say(b, chat_id, "end")
    assert [*got, *e.seqs(chat_id)[-1:]] == list(range(1, 62))
    read = [operation for operation in world.performed if isinstance(operation, FetchPage)]
    assert (len(read), {operation.user_id for operation in read}) == (pages, {eve.id})
    assert count(world, ReadLog) == 0
    assert (a.seqs(chat_id), b.seqs(chat_id)) == (list(range(1, 62)), list(range(1, 62)))


def test_a_sweep_that_overtakes_the_answer_of_a_batch_reads_nothing() -> None:
    world, ann, bob, _, chat_id = begin()
    a, b = ann.connect(), bob.connect()
    world.hold = {AppendBatch}
    say(a, chat_id, "1")
    [run] = world.held
    outcome = perform(world.store, run.operation)
    world.sleep(1.5)
    assert count(world, Sweep) == 1
    world.hold = set()
    world.release(outcome)
    assert b.seqs(chat_id) == [1]
    assert count(world, ReadLog) == 0


def test_what_the_sweep_told_meanwhile_is_read_when_the_batch_did_not_bring_it() -> None:
    world, ann, bob, _, chat_id = begin()
    a, b = ann.connect(), bob.connect()
    world.hold = {AppendBatch}
    say(a, chat_id, "1")
    elsewhere(world, chat_id, bob, "before")
    world.sleep(1.5)
    assert (count(world, ReadLog), b.seqs(chat_id)) == (0, [])
    world.hold = set()
    world.release(AWAY)
    assert b.seqs(chat_id) == [1]
    world.sleep(1)
    assert b.seqs(chat_id) == [1, 2]


def test_a_batch_is_one_broadcast_for_all_behind_its_acks() -> None:
    world, ann, bob, eve, chat_id = begin()
    peers = [ann.connect(), bob.connect(), eve.connect()]
    world.hold = {AppendBatch}
    say(peers[0], chat_id, "1", "2", "3")
    world.release()
    run = world.held.popleft()
    world.complete(run)
    outputs = [output for output in world.hub.outputs() if isinstance(output, SendFrame | Broadcast)]
    assert [type(output) for output in outputs] == [SendFrame, SendFrame, Broadcast]
    broadcast = outputs[-1]
    assert isinstance(broadcast, Broadcast)
    assert (broadcast.connection_ids, broadcast.first_seq, broadcast.last_seq) == (tuple(p.id for p in peers), 2, 3)
    assert len(broadcast.frames) == 2


def test_who_has_left_is_in_no_broadcast() -> None:
    world, ann, bob, _, chat_id = begin()
    a, b = ann.connect(), bob.connect()
    say(a, chat_id, "1")
    b.leave()
    frame = {"type": "send", "chat_id": chat_id, "cid": "2", "content": "2"}
    world.hub.receive_frame(a.id, json.dumps(frame), world.moment)
    [run] = [output for output in world.hub.outputs() if isinstance(output, RunOperation)]
    world.complete(run)
    assert [o.connection_ids for o in world.hub.outputs() if isinstance(o, Broadcast)] == [(a.id,)]


def test_readers_with_equal_gaps_share_one_reading_and_others_have_their_own() -> None:
    world, ann, bob, _, chat_id = begin(Knobs(tail_items=1))
    a = ann.connect()
    say(a, chat_id, *"12345")
    joined = [bob.join(chat_id, after_seq=seq) for seq in (1, 1, 2)]
    world.hold = {ReadLog}
    late = [bob.join(chat_id, after_seq=seq) for seq in (1, 1, 2)]
    assert len(world.held) == 2
    late[1].leave()
    while world.held:
        world.release()
    for peer, first in zip((*joined, late[0], late[2]), (2, 2, 3, 2, 3), strict=True):
        assert peer.seqs(chat_id) == list(range(first, 6))


def test_whoever_comes_back_is_served_from_the_tail() -> None:
    world, ann, bob, _, chat_id = begin()
    a = ann.connect()
    say(a, chat_id, *"12345")
    assert bob.join(chat_id, after_seq=2).seqs(chat_id) == [3, 4, 5]
    assert bob.join(chat_id, after_seq=9).seqs(chat_id) == []
    assert count(world, ReadLog) == 0


def test_the_tail_ends_with_ones_own_removal() -> None:
    world, ann, bob, _, chat_id = begin()
    a = ann.connect()
    world.hold = {LoadSession}
    b = bob.connect()
    loaded = perform(world.store, world.held[0].operation)
    say(a, chat_id, "1")
    world.request(change(world, chat_id, "remove", ann, bob))
    say(a, chat_id, "secret")
    world.release(loaded)
    assert b.seqs(chat_id) == [1, 2]
    assert chat_id not in b.session.chats


def test_the_tail_is_bounded_in_items_and_bytes_and_all_tails_together() -> None:
    knobs = Knobs(tail_items=3, tail_bytes=100_000, tails_bytes=3_000)
    world, ann, bob, eve, chat_id = begin(knobs)
    other_id = world.direct(ann, eve)
    a = ann.connect()
    say(a, chat_id, *"12345")
    bob.join(chat_id, after_seq=2)
    assert count(world, ReadLog) == 0
    bob.join(chat_id, after_seq=1)
    assert count(world, ReadLog) == 1
    say(a, other_id, *"678")  # the other room was used last: this one gives up its tail
    assert bob.join(chat_id, after_seq=4).seqs(chat_id) == [5]
    assert count(world, ReadLog) == 2
    say(a, chat_id, "9")
    assert bob.join(chat_id, after_seq=5).seqs(chat_id) == [6]
    assert count(world, ReadLog) == 2


def test_what_comes_too_early_waits_within_a_bound() -> None:
    world, ann, bob, eve, chat_id = begin(Knobs(early_items=2))
    a, e = ann.connect(), eve.connect()
    world.hold = {ReadLog}
    elsewhere(world, chat_id, bob, "1")
    say(a, chat_id, "2", "3", "4")
    assert e.seqs(chat_id) == []
    assert len(world.held) == 1
    world.hold = set()
    world.release()
    assert e.seqs(chat_id) == [1, 2, 3, 4]


def test_a_connection_that_is_ahead_of_its_room_waits_for_it() -> None:
    world, ann, bob, _, chat_id = begin()
    b = bob.connect()
    elsewhere(world, chat_id, ann, "1", "2")
    world.hold = {ReadLog}
    a = ann.connect()  # `ready` has told it of both
    assert len(world.held) == 1
    stalled = bob.connect()
    stalled.reading = False
    world.hub.report_lag(stalled.id, chat_id, 1, world.moment)
    world.hold = set()
    world.release()
    say(a, chat_id, "3")
    assert (a.seqs(chat_id), b.seqs(chat_id)) == ([3], [1, 2, 3])


def test_a_reading_that_fails_is_repeated() -> None:
    world, ann, bob, _, chat_id = begin(Knobs(tail_items=1))
    a, b = ann.connect(), bob.connect()
    say(a, chat_id, "1", "2", "3")
    elsewhere(world, chat_id, ann, "4")
    world.hold = {ReadLog}
    told(world, chat_id, 4)
    late = bob.join(chat_id, after_seq=0)
    while world.held:
        world.release(AWAY)
    world.hold = set()
    world.sleep(1.1)
    assert (b.seqs(chat_id), late.seqs(chat_id)) == ([1, 2, 3, 4], [1, 2, 3, 4])


def test_a_lag_takes_over_while_the_log_is_read_for_it() -> None:
    world, ann, bob, _, chat_id = begin(Knobs(tail_items=1))
    a = ann.connect()
    say(a, chat_id, "1", "2", "3")
    world.hold = {LoadSession, ReadLog}
    b = bob.connect()
    run = world.held.popleft()
    loaded = perform(world.store, run.operation)
    say(a, chat_id, "4", "5", "6")
    world.complete(run, loaded)
    world.pump()
    assert len(world.held) == 1
    world.hub.report_lag(b.id, chat_id, 4, world.moment)
    world.hold = set()
    world.release()
    assert b.seqs(chat_id) == []
    b.send(type="sync", id="s", chat_id=chat_id, after_seq=3)
    assert [item["seq"] for item in b.take("page")[0]["items"]] == [4, 5, 6]
    say(a, chat_id, "7")
    assert b.seqs(chat_id) == [7]


def test_a_lag_before_a_chat_is_listed_is_only_told() -> None:
    world, ann, bob, _, _ = begin()
    b = bob.connect()
    world.hold = {LoadChat}
    chat_id = world.group(ann, bob)
    world.hub.report_lag(b.id, chat_id, 1, world.moment)
    world.hub.report_lag(b.id, 999, 1, world.moment)
    world.hold = set()
    world.release()
    assert [frame["type"] for frame in b.take() if frame["type"] in ("lag", "chat")] == ["lag", "lag", "chat"]


@pytest.mark.parametrize("refused", [True, False])
def test_a_gap_that_is_not_in_the_log(refused: bool) -> None:
    world, ann, bob, _, chat_id = begin(Knobs(tail_items=1))
    a = ann.connect()
    say(a, chat_id, "1", "2", "3")
    world.hold = {ReadLog}
    b = bob.join(chat_id, after_seq=0)
    world.hold = set()
    world.release(
        Refused("bad_seq") if refused else LogRead(chat_id, (), 3, world.store.rooms[chat_id].log[-1].created_at)
    )
    assert b.closed == (REPLACED if refused else None)
    world.sleep(1.1)
    assert b.seqs(chat_id) == ([] if refused else [1, 2, 3])


@pytest.mark.parametrize("lacks", [0, 1])
def test_a_place_that_holds_another_entry_ends_the_connection(lacks: int) -> None:
    """What `ready` told of was read before the log was replaced, or it was; either way the client finds out."""
    world, ann, bob, _, chat_id = begin()
    a = ann.connect()
    say(a, chat_id, "1")
    room = world.hub.parts.rooms._rooms[chat_id]
    world.sleep(0.1)
    if lacks:
        say(a, chat_id, "2")
    b = bob.connect()
    parts = world.hub.parts
    parts.rooms.leave(b.session, chat_id)
    parts.history.heads[chat_id] = (9, None)
    parts.rooms.follow(b.session, head(chat_id, 1, last_at=world.now))
    parts.out.emit(SendFrame(0, b"{}"))
    world.hub.receive_pong(a.id)
    world.pump()
    assert (b.closed, room.seq) == (REPLACED, 1 + lacks)


def test_a_hint_that_somebody_was_added_before_an_older_listing_is_kept() -> None:
    world, ann, bob, _, _ = begin()
    a, b = ann.connect(), bob.connect()
    chat_id = world.group(ann)
    world.hold = {LoadChat}
    world.request(change(world, chat_id, "add", ann, bob))
    listed = perform(world.store, world.held[0].operation)
    world.request(change(world, chat_id, "remove", ann, bob))
    world.request(change(world, chat_id, "add", ann, bob, history="none"))
    world.hold = set()
    b.take()
    world.release(listed)
    assert [frame["type"] for frame in b.take()] == ["chat", "event", "chat"]
    say(a, chat_id, "welcome")
    assert [message["content"] for message in b.take("message")] == ["welcome"]


def test_a_removal_and_an_addition_in_one_reading() -> None:
    world, ann, bob, _, chat_id = begin()
    a, b = ann.connect(), bob.connect()
    perform(world.store, change(world, chat_id, "remove", ann, bob))
    elsewhere(world, chat_id, ann, "secret")
    perform(world.store, change(world, chat_id, "add", ann, bob, history="none"))
    b.take()
    told(world, chat_id, 3)
    assert [frame["type"] for frame in b.take()] == ["event", "chat"]
    assert a.seqs(chat_id) == [1, 2, 3]


def test_news_for_those_who_load_are_remembered_where_nobody_else_is() -> None:
    world, ann, bob, _, chat_id = begin()
    world.hold = {LoadSession}
    b = bob.connect()
    loaded = perform(world.store, world.held[0].operation)
    world.request(AppendMessage(chat_id, ann.id, "c", b"0" * 32, "meanwhile", None, None, world.now))
    world.request(AppendMessage(999, ann.id, "c", b"0" * 32, "nowhere", None, None, world.now))
    world.release(loaded)
    assert b.seqs(chat_id) == [1]
    b.leave()
    world.request(AppendMessage(chat_id, ann.id, "d", b"0" * 32, "nobody", None, None, world.now))
    assert world.hub.parts.rooms._news == {}


def test_a_reading_for_a_room_that_is_gone_tells_nobody() -> None:
    world, ann, bob, _, chat_id = begin()
    b = bob.connect()
    elsewhere(world, chat_id, ann, "1")
    world.hold = {ReadLog}
    told(world, chat_id, 1)
    b.leave()
    again = bob.connect()
    world.release()
    assert again.seqs(chat_id) == []
    world.hear(Hint("model", MembersAdded(999, (ann.id,))))


def test_an_early_entry_that_the_log_does_not_reach_yet_is_not_dropped() -> None:
    """The reading was done before the entry was stored."""
    world, ann, bob, eve, chat_id = begin()
    a, e = ann.connect(), eve.connect()
    elsewhere(world, chat_id, bob, "1")
    world.hold = {ReadLog}
    told(world, chat_id, 1)
    read = perform(world.store, world.held[0].operation)
    say(a, chat_id, "2")
    world.release(read)
    assert e.seqs(chat_id) == [1, 2]
    assert isinstance(read, LogRead) and isinstance(read.items[0], Message)


def test_ones_own_order_is_kept_through_failures_of_a_pipeline() -> None:
    world, ann, bob, _, chat_id = begin()
    a, b = ann.connect(), bob.connect()
    world.hold = {AppendBatch}
    say(a, chat_id, "1", "2")
    say(b, chat_id, "x")
    say(a, chat_id, "3")
    world.release(AWAY)
    say(a, chat_id, "4")
    world.sleep(0.3)
    b.leave()
    world.release(AWAY)
    world.sleep(0.3)
    world.hold = set()
    while world.held:
        world.release()
    world.sleep(0.3)
    texts = [message["content"] for message in a.take("message")]
    assert [text for text in texts if text != "x"] == ["1", "2", "3", "4"]
    assert [ack["cid"] for ack in a.take("ack")] == ["1", "2", "3", "4"]


def test_a_batch_has_bounds() -> None:
    world, ann, bob, _, chat_id = begin(Knobs(batch_commands=2, batch_bytes=6))
    a, b = ann.connect(), bob.connect()
    world.hold = {AppendBatch}
    say(a, chat_id, "1", "2", "3", "long-", "5")
    sizes = []
    while world.held:
        run = world.held[0]
        assert isinstance(run.operation, AppendBatch)
        sizes.append(len(run.operation.commands))
        world.release()
    assert (sizes, b.seqs(chat_id)) == ([1, 2, 2], [1, 2, 3, 4, 5])


def test_what_comes_while_the_only_follower_is_listed_is_given_behind_the_chat_frame() -> None:
    world, ann, bob, _, _ = begin()
    b = bob.connect()
    world.hold = {LoadChat}
    chat_id = world.group(ann, bob)
    listed = perform(world.store, world.held[0].operation)
    world.request(AppendMessage(chat_id, ann.id, "c", b"0" * 32, "meanwhile", None, None, world.now))
    b.take()
    world.release(listed)
    assert [frame["type"] for frame in b.take()] == ["chat", "message"]
    assert count(world, ReadLog) == 0


def test_a_room_that_is_read_again_leaves_the_lagging_alone() -> None:
    world, ann, bob, _, chat_id = begin()
    a, b = ann.connect(), bob.connect()
    world.hub.report_lag(b.id, chat_id, 1, world.moment)
    elsewhere(world, chat_id, ann, "1")
    world.hold = {ReadLog}
    told(world, chat_id, 1)
    world.release(AWAY)
    world.hold = set()
    world.sleep(1.1)
    assert (a.seqs(chat_id), b.seqs(chat_id)) == ([1], [])
