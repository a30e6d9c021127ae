"""`/ws/chat/{chat_id}` in the words of the first contract (docs/protocol.md section 5)."""

from chatproto.operations import AppendChange, AppendMessage, LoadSession, OperationFailed
from chatproto.server.knobs import Knobs
from chatproto.simulation.model_operations import perform
from chatproto.wire.limits import Limits
from tests.scenarios.hub_world import World


def test_messages_go_both_ways_and_come_back_to_their_sender() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.join(chat_id), bob.connect()
    a.take()
    a.send(type="message", content="Привет")
    ack, message = a.take()
    assert (message["type"], message["content"], message["cid"]) == ("message", "Привет", "server-1")
    assert (ack["type"], ack["event"], ack["cid"], ack["seq"]) == ("system", "ack", "server-1", 1)
    b.take()
    b.send(type="send", chat_id=chat_id, cid="c", content="hi", reply_to=1)
    [answer] = a.take("message")
    assert (answer["content"], answer["reply_to"]) == ("hi", 1)
    a.send(type="message", content="mine", cid="own", reply_to=2)
    assert [message["cid"] for message in b.take("message")] == ["c", "own"]


def test_errors_are_system_events() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    a = ann.join(world.direct(ann, bob))
    a.send(type="message", content=" ")
    a.send(type="message", content="x", attachment="f" * 22)
    a.send(type="message", content="x", attachment=["/api/files/" + "f" * 22, "g" * 22])
    a.send(type="nope")
    a.send(type="message", content=5)
    errors = [frame["code"] for frame in a.take("system") if frame["event"] == "error"]
    assert errors == ["empty_content", "attachment_invalid", "attachment_invalid", "unknown_type", "bad_frame"]


def test_attachments_that_are_no_ids() -> None:
    for wrong in ("x", ["f" * 22, "../../etc"], ["f" * 22] * 11):
        world = World()
        ann, bob = world.people("ann", "bob")
        a = ann.join(world.direct(ann, bob))
        a.send(type="message", content="x", attachment=wrong)
        assert [(one["code"], one["field"]) for one in a.take("system")] == [("bad_frame", "attachment")]


def test_status_and_presence() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.join(chat_id)
    b = bob.join(chat_id)
    assert [frame["state"] for frame in a.take("status")] == ["online"]
    assert [(frame["user_id"], frame["state"]) for frame in b.take("status")] == [(ann.id, "online")]
    b.send(type="status", state="typing")
    b.send(type="status", state="stopped")
    c = bob.connect()
    c.send(type="typing", chat_id=chat_id, on=True)
    assert [(frame["chat_id"], frame["user_id"], frame["state"]) for frame in a.take("status")] == [
        (chat_id, bob.id, "typing"),
        (chat_id, bob.id, "stopped"),
        (chat_id, bob.id, "typing"),
    ]
    b.leave()
    c.leave()
    a.take()
    world.sleep(31)
    assert "offline" in [frame["state"] for frame in a.take("status")]


def test_members_of_a_group_are_told_too() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.group(ann, bob)
    world.direct(ann, eve)
    a, b = ann.join(chat_id), bob.connect()
    assert [(frame["user_id"], frame["state"]) for frame in a.take("status")] == [(bob.id, "online")]
    eve.connect()
    assert a.take("status") == []
    b.leave()
    world.sleep(31)
    assert [(frame["user_id"], frame["state"]) for frame in a.take("status")] == [(bob.id, "offline")]


def test_log_events_come_under_their_own_word_and_leave_no_hole() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.group(ann, bob)
    b = bob.join(chat_id)
    c = ann.connect()
    c.send(type="send", chat_id=chat_id, cid="c", content="x")
    world.request(AppendChange(chat_id, ann.id, "add", (eve.id,), "all", None, None, None, "cid-1", world.now))
    world.request(AppendChange(chat_id, ann.id, "remove", (bob.id,), "all", None, None, None, "cid-2", world.now))
    items = [(frame["type"], frame.get("event"), frame["seq"]) for frame in b.take() if "seq" in frame]
    assert items == [("message", None, 1), ("system", "member_added", 2), ("system", "member_removed", 3)]
    assert b.closed == (4404, "removed")


def test_after_seq_replays_before_going_live() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    b = bob.connect()
    for number in range(5):
        b.send(type="send", chat_id=chat_id, cid=f"c{number}", content="x")
    a = ann.join(chat_id, after_seq=2)
    assert a.seqs(chat_id) == [3, 4, 5]
    fresh = ann.join(chat_id)
    ahead = ann.join(chat_id, after_seq=99)
    b.send(type="send", chat_id=chat_id, cid="c9", content="x")
    assert (a.seqs(chat_id), fresh.seqs(chat_id), ahead.seqs(chat_id)) == ([3, 4, 5, 6], [6], [6])


def test_marks_and_tokens_are_system_events() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.join(chat_id, lifetime=130), bob.connect()
    a.send(type="message", content="x")
    b.send(type="mark", chat_id=chat_id, read_seq=1)
    a.take("status")
    world.sleep(66)
    a.send(type="auth", token=ann.token())
    events = [frame["event"] for frame in a.take("system")]
    assert events == ["ack", "marks", "auth_expiring", "auth_ok"]
    world.sleep(300)
    assert a.closed is None


def test_own_marks_and_sync_have_no_word_here() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id, group_id = world.direct(ann, bob), world.group(ann, bob)
    a, joined = ann.join(chat_id), ann.join(group_id)
    b, c = bob.connect(), ann.connect()
    b.send(type="send", chat_id=chat_id, cid="c", content="x")
    c.send(type="mark", chat_id=chat_id, read_seq=1)
    assert [frame["event"] for frame in a.take("system")] == ["marks"]
    a.send(type="sync", chat_id=chat_id, after_seq=0)
    assert [frame["code"] for frame in a.take("system")] == ["unknown_type"]
    assert joined.take("system") == []
    world.group(ann, bob)
    assert a.take("chat") == []


def test_a_stranger_a_store_that_is_away_and_an_ended_session() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.direct(ann, bob)
    assert eve.join(chat_id).closed == (4404, "not a member")
    world.away = OperationFailed(retryable=True)
    assert ann.join(chat_id).closed == (4503, "store unavailable")


def test_a_slow_reader_is_closed_and_may_come_back_with_after_seq() -> None:
    world = World(Limits(queue_items=4), knobs=Knobs(burst=1000))
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.join(chat_id), bob.connect()
    a.reading = False
    for number in range(6):
        b.send(type="send", chat_id=chat_id, cid=f"c{number}", content="x")
    assert a.closed == (4408, "too slow")


def test_what_happens_in_other_chats_while_it_joins_is_not_told() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id, other_id = world.direct(ann, bob), world.group(ann, bob)
    b = bob.connect()
    world.hold = {LoadSession}
    a = ann.join(chat_id)
    b.send(type="send", chat_id=other_id, cid="c", content="x")
    b.send(type="send", chat_id=chat_id, cid="c", content="here")
    loaded = world.held.popleft()
    world.hold = set()
    world.complete(loaded)
    world.pump()
    assert [frame.get("content") for frame in a.take("message")] in ([], ["here"])
    assert a.session.chats.keys() == {chat_id}


def test_the_legacy_endpoint_does_not_hold_appends_of_others() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.join(chat_id)
    perform(world.store, AppendMessage(chat_id, bob.id, "c", b"0" * 32, "elsewhere", None, None, world.now))
    world.sleep(1.25)
    assert a.seqs(chat_id) == [1]


def test_two_unanswered_pings_end_a_connection_and_an_answered_one_lives() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    silent, answering = ann.join(chat_id), bob.join(chat_id)
    silent.ponging = False
    for _ in range(3):
        assert (silent.closed, answering.closed) == (None, None)
        world.sleep(25)
    assert (silent.pings, answering.pings) == (2, 3)
    assert silent.closed == (4408, "silent")
    world.hub.receive_pong(silent.id)


def test_a_replay_begins_where_the_log_begins_for_this_user() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann)
    world.request(AppendMessage(chat_id, ann.id, "c1", b"0" * 32, "before", None, None, world.now))
    world.request(AppendChange(chat_id, ann.id, "add", (bob.id,), "none", None, None, None, "c2", world.now))
    world.request(AppendMessage(chat_id, ann.id, "c3", b"0" * 32, "after", None, None, world.now))
    b = bob.join(chat_id, after_seq=0)
    assert [frame["seq"] for frame in b.frames if "seq" in frame] == [2, 3]
    world.request(AppendMessage(chat_id, ann.id, "c4", b"0" * 32, "live", None, None, world.now))
    assert b.frames[-1]["content"] == "live"
