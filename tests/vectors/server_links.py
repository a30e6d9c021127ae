"""How a connection becomes a user's, lives and ends (docs/protocol.md section 4)."""

from datetime import timedelta

from chatproto.operations import ChangePassword, EndSessions, LoadSession, OperationFailed, TouchSession, UpdateUser
from chatproto.server.knobs import Knobs
from chatproto.simulation.model_operations import perform
from tests.vectors.server_recorder import RecordedWorld
from tests.vectors.server_scenarios import codes, first, say, server, three, two

AWAY = OperationFailed(retryable=True)


@server("hello is answered by ready, which lists the chats")
def hello_ready(world: RecordedWorld) -> None:
    ann, _, chat_id = two(world)
    ready = first(ann.connect(), "ready")
    assert [head["chat_id"] for head in ready["chats"]] == [chat_id]


@server("A token that nobody made: the error, then 4401")
def hello_with_a_strange_token(world: RecordedWorld) -> None:
    peer = world.open()
    peer.send(type="hello", v=[1], token="nonsense")
    assert (codes(peer), peer.closed) == (["token_invalid"], (4401, "token_invalid"))


@server("A token that ran out: the error, then 4401")
def hello_with_an_old_token(world: RecordedWorld) -> None:
    token = world.person("ann").token(5)
    world.sleep(6)
    peer = world.open()
    peer.send(type="hello", v=[1], token=token)
    assert (codes(peer), peer.closed) == (["token_expired"], (4401, "token_expired"))


@server("A log-in that was ended meanwhile: 4403")
def hello_of_an_ended_session(world: RecordedWorld) -> None:
    ann = world.person("ann")
    token = ann.token()
    perform(world.store, EndSessions(ann.id, None, None, world.now))
    peer = world.open()
    peer.send(type="hello", v=[1], token=token)
    assert (codes(peer), peer.closed) == (["revoked"], (4403, "revoked"))


@server("A client of versions that this server does not know: 4426")
def hello_of_another_version(world: RecordedWorld) -> None:
    peer = world.open()
    peer.send(type="hello", v=[2, 3], token=world.person("ann").token())
    assert (codes(peer), peer.closed) == (["unsupported_version"], (4426, "unsupported version"))


@server("Anything before hello: the error and 4400 at once")
def nothing_before_hello(world: RecordedWorld) -> None:
    peer = world.open()
    peer.send(type="ping", t=1)
    assert (codes(peer), peer.closed) == (["bad_frame"], (4400, "hello comes first"))


@server("A second hello is one violation")
def hello_twice(world: RecordedWorld) -> None:
    ann = world.person("ann")
    a = ann.connect()
    a.send(type="hello", v=[1], token=ann.token())
    assert (codes(a), a.closed) == (["bad_frame"], None)


@server("No hello for 10 s: 4408")
def hello_never(world: RecordedWorld) -> None:
    peer = world.open()
    world.sleep(9.75)
    assert peer.closed is None
    world.sleep(0.25)
    assert peer.closed == (4408, "no hello")


@server("The store is away at hello: a retryable error, then 4503")
def hello_without_a_store(world: RecordedWorld) -> None:
    ann = world.person("ann")
    world.away = AWAY
    a = ann.connect()
    assert (codes(a), a.closed) == (["store_unavailable"], (4503, "store unavailable"))


@server("Between hello and ready a ping is answered and the rest held, in order")
def frames_before_ready(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    b = bob.connect()
    world.hold = {LoadSession}
    a = ann.connect()
    say(a, chat_id, "one")
    a.send(type="ping", t=5)
    say(a, chat_id, "two")
    assert [frame["type"] for frame in a.take()] == ["pong"]
    world.release()
    assert [message["content"] for message in b.take("message")] == ["one", "two"]


@server("The 21st connection of a user is refused", knobs=Knobs(connections_per_user=2))
def too_many_connections(world: RecordedWorld) -> None:
    ann = world.person("ann")
    ann.connect(), ann.connect()
    assert ann.connect().closed == (4409, "too many connections")


@server("Silence for 75 s: 4408; a ping keeps the link")
def silence(world: RecordedWorld) -> None:
    ann, bob, _ = two(world)
    a, b = ann.connect(), bob.connect()
    world.sleep(70)
    b.send(type="ping", t=70_000)
    world.sleep(5)
    assert (a.closed, b.closed) == ((4408, "silent"), None)


@server("The third violation ends the connection with 4400")
def three_violations(world: RecordedWorld) -> None:
    a = world.person("ann").connect()
    for text in ("{", "[]", '{"type": 1}'):
        a.send_raw(text)
    assert (len(codes(a)), a.closed) == (3, (4400, "too many bad frames"))


@server("An unknown type is told, and never ends the connection")
def unknown_types(world: RecordedWorld) -> None:
    a = world.person("ann").connect()
    for _ in range(4):
        a.send(type="dance", id="d")
    assert (codes(a), a.closed) == (["unknown_type"] * 4, None)


@server("120 s before its end a token is announced; a fresh one goes on in band")
def token_renewed_in_band(world: RecordedWorld) -> None:
    ann = world.person("ann")
    a = ann.connect(300)
    a.take()
    world.sleep(60)
    a.send(type="ping", t=1)
    world.sleep(60)
    a.send(type="ping", t=2)
    world.sleep(60)
    assert [frame["in_ms"] for frame in a.take("auth_expiring")] == [120_000]
    a.send(type="auth", id="auth", token=ann.token(300))
    assert first(a, "auth_ok")["ref"] == "auth"


@server("After a token's end commands are held until auth; marks and typing are dropped")
def expired_token_holds_commands(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(20), bob.connect()
    world.sleep(20)
    say(a, chat_id, "held")
    a.send(type="mark", chat_id=chat_id, read_seq=0)
    assert b.take("message") == []
    a.send(type="auth", token=ann.token())
    assert [message["content"] for message in b.take("message")] == ["held"]
    assert a.take("marks") == []


@server("60 s after a token's end: 4401")
def expired_token_ends_the_link(world: RecordedWorld) -> None:
    a = world.person("ann").connect(20)
    world.sleep(40)
    a.send(type="ping", t=1)
    world.sleep(39.75)
    assert a.closed is None
    world.sleep(0.25)
    assert a.closed == (4401, "token expired")


@server("A token that nobody made, in band: an error, and the old one counts")
def auth_with_a_strange_token(world: RecordedWorld) -> None:
    a = world.person("ann").connect()
    a.send(type="auth", id="x", token="nonsense")
    assert (codes(a), a.closed) == (["token_invalid"], None)


@server("Another user's token in band: 4403")
def auth_of_another_user(world: RecordedWorld) -> None:
    ann, bob, _ = two(world)
    a = ann.connect()
    a.send(type="auth", token=bob.token())
    assert a.closed == (4403, "another user")


@server("The store is away at auth: a retryable error, and the link lives")
def auth_without_a_store(world: RecordedWorld) -> None:
    ann = world.person("ann")
    a = ann.connect()
    world.hold = {TouchSession}
    a.send(type="auth", id="x", token=ann.token())
    world.release(AWAY)
    assert (codes(a), a.closed) == (["store_unavailable"], None)


@server("A changed password ends the other sessions' links at once")
def password_changed(world: RecordedWorld) -> None:
    ann = world.person("ann")
    a = ann.connect()
    world.request(ChangePassword(ann.id, "another hash", None, world.now))
    assert a.closed == (4403, "revoked")


@server("A session that another process ended is out with the next sweep")
def ended_elsewhere(world: RecordedWorld) -> None:
    ann = world.person("ann")
    a = ann.connect()
    perform(world.store, EndSessions(ann.id, None, None, world.now))
    world.sleep(1.25)
    assert a.closed == (4403, "revoked")


@server("Before a restart: bye with a delay, then 1012")
def drained(world: RecordedWorld) -> None:
    ann, bob, _ = two(world)
    a, b = ann.connect(), bob.connect()
    world.hub.drain(lambda: 4_000, "restart", world.moment)
    world.pump()
    assert (first(a, "bye")["reconnect_after_ms"], a.closed, b.closed) == (4_000, (1012, "restart"), (1012, "restart"))


@server("A peer of a direct chat learns who is online, and 30 s after the last link who is not")
def presence(world: RecordedWorld) -> None:
    ann, bob, _ = two(world)
    a = ann.connect()
    a.take()
    b = bob.connect()
    assert [(frame["user_id"], frame["online"]) for frame in a.take("presence")] == [(bob.id, True)]
    assert [(frame["user_id"], frame["online"]) for frame in b.take("presence")] == [(ann.id, True)]
    b.leave()
    world.sleep(29)
    assert a.take("presence") == []
    world.sleep(1)
    assert [(frame["user_id"], frame["online"]) for frame in a.take("presence")] == [(bob.id, False)]


@server("Who hides what they read, and when they were last seen: others are told what was received, and nothing else")
def hiding(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    say(a, chat_id, "one")
    for peer in (a, b):
        peer.take()
    hides = {"hide_last_seen": True, "hide_reads": True}
    world.request(UpdateUser(bob.id, None, None, None, None, None, world.now, None, **hides))
    assert first(b, "user")["user"].items() > hides.items()
    assert [(frame["user_id"], frame["online"]) for frame in a.take("presence")] == [(bob.id, None)]
    b.send(type="mark", chat_id=chat_id, delivered_seq=1)
    world.sleep(1)
    b.send(type="mark", chat_id=chat_id, read_seq=1)
    assert [(frame["delivered_seq"], frame["read_seq"]) for frame in a.take("marks")] == [(1, 0)]
    assert [(frame["delivered_seq"], frame["read_seq"]) for frame in b.take("marks")] == [(1, 0), (1, 1)]
    b.leave()
    world.sleep(31)
    assert a.take("presence") == []


@server("Typing is forwarded at most once in 3 s, and ends by itself after 6 s")
def typing(world: RecordedWorld) -> None:
    ann, bob, _, chat_id = three(world)
    a, b = ann.connect(), bob.connect()
    for _ in range(2):
        a.send(type="typing", chat_id=chat_id, on=True)
    assert [frame["on"] for frame in b.take("typing")] == [True]
    world.sleep(6)
    assert [frame["on"] for frame in b.take("typing")] == [False]
    assert a.take("typing") == []


@server("The link of one who types ends: they do not type any more")
def typing_ends_with_its_link(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    a.send(type="typing", chat_id=chat_id, on=True)
    a.leave()
    assert [frame["on"] for frame in b.take("typing")] == [True, False]


@server("A connection of /ws/chat replays from after_seq, then lives; protocol pings keep it")
def chat_connection(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a = ann.connect()
    for text in ("one", "two"):
        say(a, chat_id, text)
    b = bob.join(chat_id, after_seq=1)
    say(a, chat_id, "three")
    assert [frame["content"] for frame in b.frames if frame["type"] == "message"] == ["two", "three"]
    b.send(type="message", content="four", cid="four")
    a.send(type="ping", t=1)
    world.sleep(25)
    assert (b.pings, b.closed) == (1, None)
    b.ponging = False
    world.sleep(25)
    a.send(type="ping", t=2)
    world.sleep(50)
    assert b.closed == (4408, "silent")


@server("Whoever connects again and again beyond the bucket is refused with 4429", knobs=Knobs(rate=1, burst=2))
def hello_over_and_over(world: RecordedWorld) -> None:
    ann = world.person("ann")
    peers = [ann.connect() for _ in range(4)]
    assert [peer.closed for peer in peers] == [None, None, None, (4429, "too many commands")]
    assert codes(peers[3]) == ["rate_limited"]


@server("A wall clock that is set back changes no deadline; the end of a token goes by it")
def clock_set_back(world: RecordedWorld) -> None:
    ann = world.person("ann")
    a = ann.connect(lifetime=300)
    world.now -= timedelta(hours=1)
    world.sleep(70)
    a.send(type="ping")
    world.sleep(60)
    a.send(type="ping")
    world.sleep(60)
    assert (len(a.take("auth_expiring")), a.closed) == (1, None)
    world.sleep(75)
    assert a.closed == (4408, "silent")
