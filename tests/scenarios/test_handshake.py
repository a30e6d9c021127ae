"""How connections begin, renew and end (docs/protocol.md section 4, `hello`, `auth`, close codes)."""

from datetime import timedelta

import pytest

from chatproto.errors import LocalProtocolError
from chatproto.operations import (
    AppendBatch,
    AppendChange,
    ChangePassword,
    EndSessions,
    LoadSession,
    OperationFailed,
    SessionsEnded,
    TouchSession,
)
from chatproto.server.knobs import Knobs
from chatproto.simulation.model_operations import perform
from tests.scenarios.hub_world import World, change

AWAY = OperationFailed(retryable=True)


def test_ready_tells_who_where_and_how_much() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = world.open()
    a.send(type="hello", id="h", v=[2, 1], token=ann.token(), device="Laptop", epoch="x", unknown=1)
    [ready] = a.take()
    assert (ready["type"], ready["ref"], ready["v"], ready["epoch"]) == ("ready", "h", 1, "model")
    assert ready["user"]["username"] == "ann"
    assert (ready["session_id"], ready["heartbeat_ms"], ready["more"]) == (ann.session_id, 20_000, False)
    assert (ready["server_time"], ready["token_exp"]) == ("2026-01-01T00:00:00Z", "2026-01-01T00:15:00Z")
    assert ready["limits"]["inflight"] == 32
    assert [head["chat_id"] for head in ready["chats"]] == [chat_id]
    assert world.store.logins[ann.session_id].device == "Laptop"


def test_a_client_that_does_not_say_what_it_is_keeps_the_name_of_its_log_in() -> None:
    world = World()
    ann = world.person("ann")
    named = world.store.logins[ann.session_id].device
    for more in ({}, {"device": "unknown"}):
        a = world.open()
        a.send(type="hello", v=[1], token=ann.token(), **more)
        assert a.take()[0]["type"] == "ready"
        assert world.store.logins[ann.session_id].device == named != "unknown"


def test_more_than_200_chats_follow_in_chats_frames() -> None:
    world = World()
    ann = world.person("ann")
    for _ in range(450):
        world.group(ann)
    a = ann.connect()
    ready, *more = a.take()
    assert (len(ready["chats"]), ready["more"]) == (200, True)
    assert [(frame["type"], len(frame["chats"]), frame["more"]) for frame in more] == [
        ("chats", 200, True),
        ("chats", 50, False),
    ]
    ids = [head["chat_id"] for frame in (ready, *more) for head in frame["chats"]]
    assert sorted(ids) == list(range(1, 451))


@pytest.mark.parametrize(
    "frame",
    ['{"type":"ping"}', '{"type":"send","chat_id":1,"cid":"c","content":"x"}', "[", '{"type":"nope"}', "\ud800"],
)
def test_anything_before_hello_is_bad(frame: str) -> None:
    world = World()
    peer = world.open()
    peer.send_raw(frame)
    assert len(peer.take("error")) == 1
    assert peer.closed == (4400, "hello comes first")


def test_binary_frames_are_bad() -> None:
    world = World()
    a = world.person("ann").connect()
    for _ in range(3):
        a.send_raw(b"\x00")
    assert [error["code"] for error in a.take("error")] == ["bad_frame"] * 3
    assert a.closed == (4400, "too many bad frames")
    world.hub.receive_frame(a.id, "{}", world.moment)
    assert world.hub.outputs() == []


def test_the_version_is_agreed() -> None:
    world = World()
    ann = world.person("ann")
    a = world.open()
    a.send(type="hello", id="h", v=[2], token=ann.token())
    assert [(error["code"], error["ref"]) for error in a.take("error")] == [("unsupported_version", "h")]
    assert a.closed is not None and a.closed[0] == 4426


def test_tokens_are_checked() -> None:
    world = World()
    ann = world.person("ann")
    old = ann.token(lifetime=10)
    world.sleep(10)
    for token, code in ((old, "token_expired"), ("nonsense", "token_invalid")):
        a = world.open()
        a.send(type="hello", v=[1], token=token)
        assert [error["code"] for error in a.take("error")] == [code]
        assert a.closed == (4401, code)


def test_an_ended_session_is_refused() -> None:
    world = World()
    ann = world.person("ann")
    world.request(EndSessions(ann.id, ann.session_id, None, world.now))
    a = ann.connect()
    assert [error["code"] for error in a.take("error")] == ["revoked"]
    assert a.closed == (4403, "revoked")


def test_a_store_that_is_away_refuses_hello_with_4503() -> None:
    world = World()
    ann = world.person("ann")
    world.away = AWAY
    a = ann.connect()
    assert [error["code"] for error in a.take("error")] == ["store_unavailable"]
    assert a.closed == (4503, "store unavailable")


def test_a_connection_that_left_while_it_loaded_is_forgotten() -> None:
    world = World()
    ann = world.person("ann")
    world.hold = {LoadSession, TouchSession}
    ann.connect().leave()
    ann.join(1).leave()
    world.release()
    world.release()
    world.hold = {TouchSession}
    a = ann.connect()
    a.send(type="auth", token=ann.token())
    a.leave()
    world.release()
    assert world.hub.parts.connections.by_user == {}
    world.hub.close_connection(a.id, world.moment)


def test_the_21st_connection_is_refused() -> None:
    world = World()
    ann = world.person("ann")
    peers = [ann.connect() for _ in range(21)]
    assert [peer.closed for peer in peers[:20]] == [None] * 20
    assert peers[20].closed == (4409, "too many connections")
    assert ann.join(1).closed == (4409, "too many connections")
    peers[0].leave()
    assert ann.connect().closed is None


def test_frames_between_hello_and_ready_wait_but_ping_is_answered() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    world.hold = {LoadSession}
    a = ann.connect()
    a.send(type="send", chat_id=chat_id, cid="c", content="x")
    a.send(type="ping", t=5)
    assert [(frame["type"], frame["t"]) for frame in a.take()] == [("pong", 5)]
    world.release()
    assert [frame["type"] for frame in a.take()] == ["ready", "ack", "message"]


def test_a_loading_connection_that_sends_too_much_is_not_read() -> None:
    world = World()
    ann = world.person("ann")
    world.hold = {LoadSession}
    a = ann.connect()
    for number in range(36):
        assert world.hub.read_delay(a.id, 0, world.moment) == 0
        a.send(type="sync", chat_id=1, after_seq=0, id=str(number))
    assert world.hub.read_delay(a.id, 0, world.moment) is None


def test_a_second_hello_is_one_violation() -> None:
    world = World()
    ann = world.person("ann")
    a = ann.connect()
    a.send(type="hello", v=[1], token=ann.token(), id="again")
    assert [(error["code"], error["ref"]) for error in a.take("error")] == [("bad_frame", "again")]
    assert a.closed is None
    world.hold = {LoadSession}
    b = ann.connect()
    b.send(type="hello", v=[1], token=ann.token(), id="early")
    assert [error["ref"] for error in b.take("error")] == ["early"]


def test_no_hello_within_10_s() -> None:
    """O18 of docs/security.md."""
    world = World()
    a = world.open()
    world.sleep(9)
    assert a.closed is None
    world.sleep(1)
    assert a.closed == (4408, "no hello")


def test_silence_for_75_s_ends_the_connection() -> None:
    world = World()
    a = world.person("ann").connect()
    world.sleep(70)
    a.send(type="ping")
    world.sleep(70)
    assert a.closed is None
    world.sleep(5)
    assert a.closed == (4408, "silent")


def test_unknown_types_never_count_and_echo_their_id() -> None:
    world = World()
    a = world.person("ann").connect()
    a.take()
    for _ in range(5):
        a.send(type="nope", id="x")
    assert [(error["code"], error["ref"]) for error in a.take("error")] == [("unknown_type", "x")] * 5
    assert a.closed is None


# --- tokens in band ---


def keep_alive(world: World, peer: object, seconds: int) -> None:
    for _ in range(seconds // 60):
        world.sleep(60)
        peer.send(type="ping")  # type: ignore[attr-defined]


def test_an_expiring_token_is_announced_and_renewed() -> None:
    world = World()
    ann = world.person("ann")
    a = ann.connect()
    keep_alive(world, a, 780)
    assert [frame["in_ms"] for frame in a.take("auth_expiring")] == [120_000]
    a.send(type="auth", id="r", token=ann.token())
    [ok] = a.take("auth_ok")
    assert (ok["ref"], ok["token_exp"]) == ("r", "2026-01-01T00:28:00Z")
    keep_alive(world, a, 600)
    assert a.closed is None
    assert a.take("auth_expiring") == []


def test_commands_wait_for_a_token_that_ran_out_and_marks_are_dropped() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.connect(lifetime=60)
    world.sleep(61)
    a.take()
    a.send(type="send", chat_id=chat_id, cid="c1", content="1")
    a.send(type="mark", chat_id=chat_id, read_seq=0)
    a.send(type="typing", chat_id=chat_id, on=True)
    a.send(type="send", chat_id=chat_id, cid="c2", content="2")
    a.send(type="ping")
    assert [frame["type"] for frame in a.take()] == ["pong"]
    a.send(type="auth", token="wrong", id="w")
    assert [(error["code"], error["ref"]) for error in a.take("error")] == [("token_invalid", "w")]
    a.send(type="auth", token=ann.token())
    assert a.take()[0]["type"] == "auth_ok"
    assert [item.content for item in world.store.rooms[chat_id].log] == ["1", "2"]  # type: ignore[union-attr]


def test_an_expired_connection_ends_after_a_minute_or_37_commands() -> None:
    world = World()
    ann = world.person("ann")
    a, b = ann.connect(lifetime=10), ann.connect(lifetime=10)
    world.sleep(11)
    for _ in range(36):
        b.send(type="sync", chat_id=1, after_seq=0)
    assert b.closed is None
    b.send(type="sync", chat_id=1, after_seq=0)
    assert b.closed == (4401, "token expired")
    world.sleep(58)
    assert a.closed is None
    world.sleep(2)
    assert a.closed == (4401, "token expired")


def test_auth_of_another_user_or_an_ended_session_ends_the_connection() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    a, b = ann.connect(), bob.connect()
    a.send(type="auth", token=bob.token())
    assert a.closed == (4403, "another user")
    perform(world.store, EndSessions(bob.id, bob.session_id, None, world.now))
    b.send(type="auth", token=bob.token())
    assert b.closed == (4403, "revoked")


def test_auth_while_the_store_is_away_is_retryable() -> None:
    world = World()
    ann = world.person("ann")
    a = ann.connect()
    world.away = AWAY
    a.send(type="auth", token=ann.token(), id="r")
    [error] = a.take("error")
    assert (error["code"], error["retryable"], error["ref"]) == ("store_unavailable", True, "r")
    assert a.closed is None


# --- ends ---


def test_an_ended_session_closes_its_sockets_at_once() -> None:
    """O4 of docs/security.md."""
    world = World()
    ann, bob = world.people("ann", "bob")
    a, b = ann.connect(), bob.connect()
    assert isinstance(world.request(ChangePassword(ann.id, "new", None, world.now)), SessionsEnded)
    assert a.closed == (4403, "revoked")
    assert b.closed is None


def test_a_session_ended_by_another_process_closes_within_a_second() -> None:
    """O4 of docs/security.md."""
    world = World()
    ann, bob = world.people("ann", "bob")
    a, b = ann.connect(), bob.connect()
    world.sleep(1)
    perform(world.store, EndSessions(ann.id, ann.session_id, None, world.now))
    world.sleep(1)
    assert a.closed == (4403, "revoked")
    assert b.closed is None


def test_a_new_epoch_closes_every_socket() -> None:
    world = World()
    a = world.person("ann").connect()
    world.sleep(1)
    world.store.epoch = "restored"
    world.sleep(1)
    assert a.closed == (1012, "the database was restored")
    assert world.hub.parts.history.epoch == "restored"


def test_draining_says_bye_and_closes_with_1012() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    peers = [ann.connect(), bob.connect(), world.open()]
    delays = iter((1, 2, 3))
    world.hub.drain(lambda: next(delays), "restart", world.moment)
    world.pump()
    assert [peer.take("bye")[0]["reconnect_after_ms"] for peer in peers] == [1, 2, 3]
    assert [peer.closed for peer in peers] == [(1012, "restart")] * 3


# --- back-pressure in ---


def test_the_bucket_slows_a_flood_and_refills() -> None:
    world = World(knobs=Knobs(rate=10, burst=6))
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.connect()
    for number in range(5):
        a.send(type="send", chat_id=chat_id, cid=f"c{number}", content="x")
    assert world.hub.read_delay(a.id, 0, world.moment) == 0
    a.send(type="send", chat_id=chat_id, cid="over", content="x")
    assert world.hub.read_delay(a.id, 0, world.moment) == pytest.approx(0.1)
    world.sleep(0.25)
    assert world.hub.read_delay(a.id, 0, world.moment) == 0
    assert world.hub.read_delay(999, 0, world.moment) == 0


def test_pings_are_free_once_a_second_and_marks_once_a_second_a_chat() -> None:
    world = World(knobs=Knobs(rate=1, burst=3))
    ann = world.person("ann")
    chats = [world.group(ann) for _ in range(3)]
    a = ann.connect()
    a.send(type="ping")
    for chat_id in chats:
        a.send(type="mark", chat_id=chat_id, read_seq=0)
    bucket = a.session.admission
    assert bucket.buckets.wait(ann.id, world.mono, 2) == 0
    a.send(type="ping")
    a.send(type="mark", chat_id=chats[0], read_seq=0)
    assert (bucket.debt(world.mono), bucket.buckets.wait(ann.id, world.mono)) == (0, 1)


def test_too_many_unanswered_frames_stop_the_reading() -> None:
    world = World(knobs=Knobs(burst=1000))
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    world.hold = {AppendBatch}
    a = ann.connect()
    for number in range(40):
        a.send(type="send", chat_id=chat_id, cid=f"c{number}", content="x")
    assert world.hub.read_delay(a.id, 0, world.moment) == 0
    assert world.hub.read_delay(a.id, 1, world.moment) is None


def test_the_timer_rests_while_nobody_is_here() -> None:
    world = World()
    assert not world.hub.next_timer()
    a = world.open()
    assert world.hub.next_timer()
    a.leave()
    assert not world.hub.next_timer()


def test_a_step_that_no_table_has_is_a_bug() -> None:
    world = World()
    ann = world.person("ann").connect()
    session = ann.session
    with pytest.raises(LocalProtocolError, match="hello while active"):
        session.move("hello")


def test_a_connection_ends_once() -> None:
    world = World()
    ann = world.person("ann").connect()
    session = ann.session
    world.hub.parts.connections.close(session, 1012, "first")
    world.hub.parts.connections.close(session, 1011, "second")
    world.pump()
    assert ann.closed == (1012, "first")


def test_time_goes_by_while_a_session_loads() -> None:
    world = World()
    ann = world.person("ann")
    world.hold = {LoadSession}
    peer = ann.connect()
    world.sleep(70)
    assert peer.closed is None
    world.release()
    assert peer.take("ready")
    world.sleep(1)
    assert peer.closed is None


def test_chats_that_were_left_are_listed_and_not_routed() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    world.request(AppendChange(chat_id, ann.id, "remove", (bob.id,), "all", None, None, None, "left", world.now))
    b = bob.connect()
    assert [head["left_seq"] for head in b.take("ready")[0]["chats"]] == [1]
    assert b.session.chats == {}


def test_a_clock_that_is_set_back_lets_nothing_overtake_what_was_held() -> None:
    world = World()
    ann = world.person("ann")
    chat_id = world.direct(ann, ann)
    a = ann.connect(lifetime=130)
    world.now += timedelta(seconds=131)
    a.send(type="send", chat_id=chat_id, cid="c-1", content="1")
    world.now -= timedelta(seconds=20)
    a.send(type="send", chat_id=chat_id, cid="c-2", content="2")
    assert a.take("ack") == []
    world.sleep(0.25)
    assert [ack["cid"] for ack in a.take("ack")] == ["c-1", "c-2"]


def test_nothing_comes_before_ready_not_even_the_end_of_the_token() -> None:
    world = World()
    ann = world.person("ann")
    world.hold = {LoadSession}
    peer = ann.connect(lifetime=20)
    world.sleep(12)
    assert peer.take() == []
    world.release()
    world.sleep(0.5)
    assert [frame["type"] for frame in peer.take()] == ["ready", "auth_expiring"]


def test_what_was_done_before_a_restore_is_not_told_to_the_first_who_comes_after_it() -> None:
    """A process that nobody was connected to does not know the history in which it did something over HTTP."""
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann)
    replica = world.store.copy()
    world.hold = {AppendBatch}
    world.hub.request(change(world, chat_id, ann.id, "add", bob.id), world.moment)
    world.pump()
    lost = perform(world.store, world.held[0].operation)
    world.store, world.store.epoch = replica, "restored"
    a = ann.connect()
    assert a.take("ready")[0]["epoch"] == "restored"
    world.release(lost)
    assert a.take() == []
    world.hold = set()
    a.send(type="send", chat_id=chat_id, cid="c", content="in its place")
    assert [(item["seq"], item["content"]) for item in a.take("message")] == [(1, "in its place")]


@pytest.mark.parametrize("joins", [False, True])
def test_who_comes_between_a_restore_and_the_sweep_is_given_nothing_of_the_lost_history(joins: bool) -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.connect()
    for number in range(3):
        a.send(type="send", chat_id=chat_id, cid=f"c{number}", content=str(number))
    del world.store.rooms[chat_id].log[2:]
    world.store.epoch = "restored"
    b = bob.join(chat_id, after_seq=1) if joins else bob.connect()
    assert (b.frames, b.closed) == ([], (1012, "the database was restored"))
    world.sleep(1.1)
    assert a.closed == (1012, "the database was restored")
    back = bob.join(chat_id, after_seq=1) if joins else bob.connect()
    assert (back.closed, back.seqs(chat_id)) == (None, [2] if joins else [])
