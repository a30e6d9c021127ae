"""Links: how they begin, live, end, and when the client returns (docs/protocol.md section 4)."""

from functools import partial
from typing import Final

from chatproto.wire.frames import (
    AuthExpiring,
    AuthOk,
    BlockFrame,
    Bye,
    Chats,
    FromServer,
    Marks,
    Pong,
    Presence,
    Typing,
    UserFrame,
)
from tests.vectors.recorder import Recorder
from tests.vectors.scenarios import add, come_back, go_live, scenario
from tests.vectors.server_frames import BEGIN, ME, OTHER, error, head, message, ready, row, user

# --- the beginning ---


@scenario("A start opens a link; an open link says hello; ready makes it live")
def start_hello_ready(r: Recorder) -> None:
    assert r.start() == [{"do": "state", "state": "connecting"}, {"do": "connect", "link": 1}]
    r.connected()
    [hello] = r.sent()
    assert hello == {
        "type": "hello", "v": [1], "token": "token-1", "device": "desk", "client": {"name": "vestnik", "version": "1"},
    }  # fmt: skip
    r.receive(ready())
    assert r.state == "live"
    assert r.done("save_epoch") == [{"do": "save_epoch", "user_id": 1, "epoch": "e1"}]


@scenario("A link that does not open within 10 s is given up")
def connect_takes_too_long(r: Recorder) -> None:
    r.start()
    r.wait(9_999)
    assert r.state == "connecting"
    r.wait(1)
    assert (r.state, r.done("close")) == ("backoff", [{"do": "close", "code": 1006, "reason": "no answer"}])


@scenario("A server that does not say ready within 10 s is given up")
def ready_takes_too_long(r: Recorder) -> None:
    r.start()
    r.connected()
    r.wait(10_000)
    assert r.state == "backoff"


@scenario("A link that cannot be made is tried again, with doubling bounds up to 8 s")
def backoff_doubles(r: Recorder) -> None:
    r.start()
    pauses = []
    for _ in range(8):
        r.lost()
        pauses.append((r.session.next_timer() or 0) - r.now)
        r.wait(pauses[-1])
    assert pauses == [250, 500, 1000, 2000, 4000, 4000, 4000, 4000]


@scenario("Full jitter: the pause is anything from 0 to the bound", random=[0.0, 0.999, 0.25])
def backoff_jitters(r: Recorder) -> None:
    r.start()
    for pause in (1, 999, 500):
        r.lost()
        assert r.session.next_timer() == r.now + pause
        r.wait(pause)


@scenario("A link that was live for less than 30 s does not end the doubling")
def backoff_goes_on_after_a_short_link(r: Recorder) -> None:
    go_live(r)
    r.wait(19_000)
    come_back(r)
    r.lost()
    assert r.session.next_timer() == r.now + 500


@scenario("A link that was live for 30 s ends the doubling")
def backoff_ends_after_a_long_link(r: Recorder) -> None:
    go_live(r)
    come_back(r)
    for _ in range(3):
        r.wait(10_000)
        r.receive(Pong(server_time=BEGIN))
    r.lost()
    assert r.session.next_timer() == r.now + 250


@scenario("The network is back: no reason to wait any longer")
def network_up_ends_a_pause(r: Recorder) -> None:
    r.start()
    r.lost()
    r.network_up()
    assert r.state == "connecting"


@scenario("The network is back on a live link: one ping finds out whether it is one")
def network_up_probes_a_live_link(r: Recorder) -> None:
    go_live(r)
    assert r.network_up()[0]["frame"]["type"] == "ping"
    assert r.network_up() == []
    r.wait(5_000)
    assert r.state == "backoff"


@scenario("While a link is being made the network's return says nothing new")
def network_up_while_connecting(r: Recorder) -> None:
    r.start()
    assert r.network_up() == []


@scenario("What an earlier link still says is passed over")
def stale_links_are_ignored(r: Recorder) -> None:
    go_live(r, head(5, 0))
    come_back(r, head(5, 0))
    assert r.receive(message(5, 1), link=1) == []
    assert r.lost(4403, link=1) == []
    assert r.connected(link=1) == []
    assert r.state == "live"
    r.lost()
    r.wait((r.session.next_timer() or 0) - r.now)
    assert r.connected(link=2) == [], "the third is being made"
    assert r.lost(link=2) == []


@scenario("A second connected of the same link is passed over")
def connected_twice(r: Recorder) -> None:
    r.start()
    r.connected()
    assert r.connected() == []


@scenario("Frames before ready are passed over, but for a delay that they name")
def frames_before_ready(r: Recorder) -> None:
    r.start()
    r.connected()
    assert r.receive(message(5, 1), Pong(server_time=BEGIN)) == []
    assert r.receive(error(None, "bad_frame")) == []
    r.receive(error(None, "rate_limited", retry_after_ms=7_000))
    r.lost(4429)
    assert r.session.next_timer() == r.now + 7_000


@scenario("A second ready on one link changes nothing")
def ready_twice(r: Recorder) -> None:
    go_live(r, head(5, 0))
    assert r.receive(ready(head(6, 9))) == []


# --- the end ---

RETURNS: Final = (1001, 1002, 1006, 1007, 1009, 1011, 1012, 4400, 4404, 4408, 4503, 4999)
FINAL: Final = {1000: ("stopped", "stopped"), 4403: ("logged_out", "revoked"), 4426: ("stopped", "unsupported_version")}


def _returns(code: int, live: bool, r: Recorder) -> None:
    r.start()
    r.connected()
    if live:
        r.receive(ready())
    r.lost(code)
    assert (r.state, r.session.next_timer()) == ("backoff", r.now + 250)
    r.wait(250)
    assert r.state == "connecting"


def _is_final(code: int, live: bool, r: Recorder) -> None:
    r.start()
    r.connected()
    if live:
        r.receive(ready(head(5, 0)))
        r.send(row(1))
    r.lost(code)
    assert r.done("state") == [{"do": "state", "state": FINAL[code][0], "code": FINAL[code][1]}]
    assert r.session.next_timer() is None
    assert not r.done("drop_row"), "the outbox stays"


for _live in (False, True):
    _when = "live" if _live else "before_ready"
    for _code in RETURNS:
        _name = f"close_{_code}_{_when}"
        add(_name, f"Close code {_code}, {_when}: back off and return", partial(_returns, _code, _live))
    for _code in FINAL:
        _name = f"close_{_code}_{_when}"
        add(_name, f"Close code {_code}, {_when}: {FINAL[_code][0]}", partial(_is_final, _code, _live))


@scenario("The reason of a final close is told where the server gives one")
def close_with_a_reason(r: Recorder) -> None:
    go_live(r)
    r.lost(4403, "password changed")
    assert r.outputs[0]["code"] == "password changed"


@scenario("Close code 4409: too many connections, return after a minute, whatever the network says")
def close_4409(r: Recorder) -> None:
    r.start()
    r.connected()
    r.lost(4409)
    assert r.session.next_timer() == r.now + 60_000
    assert r.network_up() == []


@scenario("Close code 4429 without a delay: 30 s")
def close_4429(r: Recorder) -> None:
    r.start()
    r.connected()
    r.lost(4429)
    assert r.session.next_timer() == r.now + 30_000


@scenario("After bye the server's own delay counts, once")
def bye_names_the_delay(r: Recorder) -> None:
    go_live(r)
    r.receive(Bye(reason="restart", reconnect_after_ms=6_500))
    r.lost(1012)
    assert r.session.next_timer() == r.now + 6_500
    assert r.network_up() == []
    r.wait(6_500)
    r.lost()
    assert r.session.next_timer() == r.now + 250


@scenario("A bye before ready counts too")
def bye_before_ready(r: Recorder) -> None:
    r.start()
    r.connected()
    r.receive(Bye(reason="restart", reconnect_after_ms=3_000))
    r.lost(1012)
    assert r.session.next_timer() == r.now + 3_000


@scenario("Stop closes politely and never returns")
def stop_while_live(r: Recorder) -> None:
    go_live(r)
    r.stop()
    assert r.outputs == [
        {"do": "close", "code": 1000, "reason": ""},
        {"do": "state", "state": "stopped", "code": "stopped"},
    ]
    assert r.stop() == []
    assert r.lost(1000) == []


@scenario("Stop while nothing is connected")
def stop_in_a_pause(r: Recorder) -> None:
    r.start()
    r.lost()
    assert [output["do"] for output in r.stop()] == ["state"]
    assert r.session.next_timer() is None


@scenario("Stop while a link is being made")
def stop_while_connecting(r: Recorder) -> None:
    r.start()
    assert [output["do"] for output in r.stop()] == ["close", "state"]


@scenario("A timer that rings early, or for nothing, does nothing")
def timer_for_nothing(r: Recorder) -> None:
    assert r.timer() == []
    r.start()
    assert r.timer() == []
    r.connected()
    r.receive(ready(head(5, 0)))
    assert r.timer() == []
    r.lost(4403)
    assert r.timer() == []


@scenario("Stop before any start")
def stop_at_once(r: Recorder) -> None:
    r.stop()
    assert r.state == "stopped"


@scenario("Stop after a log-out")
def stop_logged_out(r: Recorder) -> None:
    go_live(r)
    r.lost(4403)
    r.stop()
    assert r.state == "stopped"


@scenario("After a log-out a new log-in goes on with the outbox it finds")
def log_in_again(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1))
    r.lost(4403)
    r.start("token-2")
    r.connected()
    assert r.sent("hello")[0]["token"] == "token-2"
    r.receive(ready(head(5, 0)))
    assert [frame["cid"] for frame in r.sent("send")] == ["mine-1"]


# --- tokens ---


@scenario("A token that is about to end is renewed in band")
def token_renewed_in_band(r: Recorder) -> None:
    go_live(r)
    r.receive(AuthExpiring(in_ms=120_000))
    assert r.outputs == [{"do": "renew", "token": "token-1"}]
    assert r.receive(AuthExpiring(in_ms=60_000)) == [], "one exchange at a time"
    r.renewed("token-2")
    assert r.sent() == [{"type": "auth", "id": "auth", "token": "token-2"}]
    r.receive(AuthOk(token_exp=BEGIN))
    r.receive(AuthExpiring(in_ms=120_000))
    assert r.outputs == [{"do": "renew", "token": "token-2"}]


@scenario("A fresh token that the server could not take is followed by another one")
def auth_refused(r: Recorder) -> None:
    go_live(r)
    r.receive(AuthExpiring(in_ms=120_000))
    r.renewed("token-2")
    r.receive(error("auth", "store_unavailable", retry_after_ms=1_000))
    assert r.wait(1_000) == [{"do": "renew", "token": "token-2"}]
    r.renewed("token-3")
    r.receive(error("auth", "token_invalid"))
    assert r.wait(5_000) == [{"do": "renew", "token": "token-3"}]


@scenario("Marks sent while the token was expired may have been dropped: they are sent again")
def marks_again_after_auth_ok(r: Recorder) -> None:
    go_live(r, head(5, 3, delivered_seq=0))
    assert r.sent("mark")
    r.wait(2_000)
    r.receive(AuthOk(token_exp=BEGIN))
    assert r.sent("mark") == [{"type": "mark", "id": "mark-5", "chat_id": 5, "delivered_seq": 3}]


@scenario("A link that ends with 4401 returns at once with a fresh token")
def close_4401(r: Recorder) -> None:
    go_live(r)
    r.lost(4401)
    assert r.done("renew") == [{"do": "renew", "token": "token-1"}]
    assert r.session.next_timer() is None
    r.renewed("token-2")
    r.connected()
    assert r.sent("hello")[0]["token"] == "token-2"


@scenario("A second 4401 with a token fetched since: ordinary back-off")
def close_4401_twice(r: Recorder) -> None:
    r.start()
    r.connected()
    r.lost(4401)
    r.renewed("token-2")
    r.connected()
    r.lost(4401)
    assert (r.state, r.session.next_timer()) == ("backoff", r.now + 250)
    assert r.done("renew") == []


@scenario("After that pause a third 4401 is answered by another exchange: the token may have run out in the pause")
def close_4401_three_times(r: Recorder) -> None:
    r.start()
    r.connected()
    r.lost(4401)
    r.renewed("token-2")
    r.connected()
    r.lost(4401)
    r.wait(250)
    r.connected()
    r.lost(4401)
    assert r.done("renew") == [{"do": "renew", "token": "token-2"}]


@scenario("After a ready the next 4401 is a new story")
def close_4401_after_ready(r: Recorder) -> None:
    r.start()
    r.connected()
    r.lost(4401)
    r.renewed("token-2")
    r.connected()
    r.receive(ready())
    r.lost(4401)
    assert r.done("renew") == [{"do": "renew", "token": "token-2"}]


@scenario("4401 while a fresher token is there already: try it at once")
def close_4401_with_a_fresher_token(r: Recorder) -> None:
    go_live(r)
    r.receive(AuthExpiring(in_ms=1_000))
    r.lost()
    r.renewed("token-2")
    assert r.state == "backoff", "the pause goes on"
    r.wait(250)
    r.connected()
    assert r.sent("hello")[0]["token"] == "token-2"


@scenario("4401 while the exchange is on its way waits for it")
def close_4401_during_renewal(r: Recorder) -> None:
    go_live(r)
    r.receive(AuthExpiring(in_ms=1_000))
    r.lost(4401)
    assert r.done("renew") == []
    r.renewed("token-2")
    assert r.state == "connecting"


@scenario("A fresh token that came during hello is tried after its 4401 at once")
def close_4401_token_came_during_hello(r: Recorder) -> None:
    go_live(r)
    r.receive(AuthExpiring(in_ms=1_000))
    r.lost()
    r.wait(250)
    r.connected()
    assert r.renewed("token-2") == []
    r.lost(4401)
    assert r.state == "connecting"


@scenario("The exchange fails for now: ordinary back-off, then the same again")
def renewal_fails_passing(r: Recorder) -> None:
    go_live(r)
    r.lost(4401)
    r.not_renewed("no_connection", True)
    assert (r.state, r.session.next_timer()) == ("backoff", r.now + 250)
    assert r.not_renewed("no_connection", True) == [], "nobody asked"
    r.wait(250)
    r.connected()
    r.lost(4401)
    assert r.done("renew") == [{"do": "renew", "token": "token-1"}]


@scenario("The exchange fails for now on a live link: the link goes on, and it is tried again")
def renewal_fails_passing_while_live(r: Recorder) -> None:
    go_live(r)
    r.receive(AuthExpiring(in_ms=120_000))
    assert r.not_renewed("no_connection", True) == []
    assert r.wait(4_999) == []
    assert r.wait(1) == [{"do": "renew", "token": "token-1"}]
    r.not_renewed("no_connection", True)
    r.receive(AuthExpiring(in_ms=60_000))
    assert r.done("renew") == [{"do": "renew", "token": "token-1"}]
    assert r.wait(5_000) == [], "one exchange at a time"
    assert r.state == "live"


@scenario("The exchange is refused: the log-in is over; outbox and drafts are kept")
def renewal_is_refused(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1))
    r.lost(4401)
    r.not_renewed("token_reused", False)
    assert r.outputs == [{"do": "state", "state": "logged_out", "code": "token_reused"}]


@scenario("The exchange is refused on a live link: it is closed")
def renewal_is_refused_while_live(r: Recorder) -> None:
    go_live(r)
    r.receive(AuthExpiring(in_ms=120_000))
    r.not_renewed("revoked", False)
    assert [output["do"] for output in r.outputs] == ["close", "state"]
    assert r.state == "logged_out"


@scenario("An exchange that ends after a stop is passed over")
def renewal_after_stop(r: Recorder) -> None:
    go_live(r)
    r.receive(AuthExpiring(in_ms=120_000))
    r.stop()
    assert r.renewed("token-2") == []
    assert r.not_renewed("revoked", False) == []


# --- signs of life ---


@scenario("After 20 s without a word there is a ping, and its answer ends the question")
def ping_after_silence(r: Recorder) -> None:
    go_live(r)
    assert r.wait(19_999) == []
    assert r.wait(1)[0]["frame"] == {"type": "ping", "t": 21_000}
    r.receive(Pong(t=21_000, server_time=BEGIN))
    assert r.wait(19_999) == []


@scenario("A ping without an answer for 5 s ends the link")
def ping_unanswered(r: Recorder) -> None:
    go_live(r)
    r.wait(24_999)
    assert r.state == "live"
    r.wait(1)
    assert (r.state, r.done("close")) == ("backoff", [{"do": "close", "code": 1006, "reason": "silent"}])


@scenario("Any frame answers a ping")
def ping_answered_by_any_frame(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.wait(20_000)
    r.receive(message(5, 1))
    r.wait(15_000)
    assert r.state == "live"


@scenario("While acks are outstanding a ping may take 15 s: a database that is slow is not a dead link")
def ping_while_acks_are_outstanding(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1))
    r.network_up()
    r.wait(14_999)
    assert r.state == "live"
    r.wait(1)
    assert r.state == "backoff"


@scenario("Sending alone is no sign of life: without receiving for 20 s there is a ping")
def ping_while_only_sending(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.wait(10_000)
    r.typing(5, True)
    assert [output["frame"]["type"] for output in r.wait(10_000)] == ["ping"]


@scenario("Receiving alone is not enough either: without sending for 20 s there is a ping")
def ping_while_only_receiving(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.wait(10_000)
    r.receive(Pong(server_time=BEGIN))
    assert [output["frame"]["type"] for output in r.wait(10_000)] == ["ping"]


# --- what is for the application ---


@scenario("Frames for people are told as they are")
def tells(r: Recorder) -> None:
    go_live(r, head(5, 0))
    frames: list[FromServer] = [
        Typing(chat_id=5, user_id=OTHER, on=True),
        Presence(user_id=OTHER, online=True),
        UserFrame(user=user(OTHER)),
        BlockFrame(user_id=OTHER, on=True),
        Marks(chat_id=5, user_id=OTHER, delivered_seq=0, read_seq=0),
        Marks(chat_id=5, user_id=ME, delivered_seq=0, read_seq=0, unread_count=0, last_seq=0),
        Chats(chats=(head(6, 0),), more=False),
    ]
    r.receive(*frames)
    assert [output["frame"]["type"] for output in r.done("tell")] == [
        "typing", "presence", "user", "block", "marks", "marks", "chats",
    ]  # fmt: skip


@scenario("A block, and its end, is told as it is: it asks for nothing and leaves the log and the outbox alone")
def blocks(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1))
    r.send(row(1))
    for on in (True, False):
        told = r.receive(BlockFrame(user_id=OTHER, on=on))
        assert told == [{"do": "tell", "frame": {"type": "block", "user_id": OTHER, "on": on}}]
    r.receive(BlockFrame(user_id=OTHER, on=True), message(5, 2))
    assert [output["item"]["seq"] for output in r.done("apply")] == [2]
    r.receive(error("mine-1", "forbidden", chat_id=5))
    assert [failed["cid"] for failed in r.done("failed")] == ["mine-1"]
    went = [output["frame"]["cid"] for output in r.send(row(2)) if output["do"] == "send"]
    assert went == ["mine-2"], "the server decides, not this frame"


@scenario("Typing is told at most every 3 s, its end once")
def typing_is_throttled(r: Recorder) -> None:
    go_live(r, head(5, 0), head(6, 0))
    assert r.typing(5, True)[0]["frame"] == {"type": "typing", "chat_id": 5, "on": True}
    r.wait(2_999)
    assert r.typing(5, True) == []
    assert r.typing(6, True) != []
    r.wait(1)
    assert r.typing(5, True) != []
    assert r.typing(5, False)[0]["frame"] == {"type": "typing", "chat_id": 5, "on": False}
    assert r.typing(5, False) == []


@scenario("Typing without a link is nothing")
def typing_without_a_link(r: Recorder) -> None:
    assert r.typing(5, True) == []
    r.start()
    assert r.typing(5, True) == []


@scenario("An error that belongs to nothing is passed over")
def error_of_nothing(r: Recorder) -> None:
    go_live(r, head(5, 0))
    assert r.receive(error(None, "bad_frame")) == []
    assert r.receive(error("sync-99", "bad_seq", chat_id=5)) == []
    assert r.receive(error("sync-1", "bad_seq", chat_id=99)) == []
