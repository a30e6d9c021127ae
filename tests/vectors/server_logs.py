"""Messages: stored once, acked, pushed in order, paged (docs/protocol.md sections 3 and 4)."""

from chatproto.operations import (
    AppendBatch,
    AppendChange,
    AppendMessage,
    FetchPage,
    LoadSession,
    Mark,
    Marked,
    OperationFailed,
    OutcomeUnknown,
    ReadLog,
    Refused,
)
from chatproto.simulation.model_operations import perform
from chatproto.wire.limits import Limits
from tests.vectors.server_recorder import RecordedWorld
from tests.vectors.server_scenarios import codes, first, say, server, texts, three, two

AWAY = OperationFailed(retryable=True)


@server("A message is stored, then acked to its sender and pushed to every connection of every member")
def message(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, other, b = ann.connect(), ann.connect(), bob.connect()
    say(a, chat_id, "hello")
    assert (first(a, "ack")["seq"], texts(a), texts(other), texts(b)) == (1, ["hello"], ["hello"], ["hello"])


@server("Nothing is acked or pushed before storage has answered")
def nothing_before_the_commit(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    a.take(), b.take()
    world.hold = {AppendBatch}
    say(a, chat_id, "hello")
    assert (a.take(), b.take()) == ([], [])
    world.release()
    assert (len(a.take("ack")), texts(b)) == (1, ["hello"])


@server("The same cid again is acked as dup, and pushed to nobody")
def repetition(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    say(a, chat_id, "hello")
    say(a, chat_id, "hello")
    assert ([ack["dup"] for ack in a.take("ack")], texts(b)) == ([False, True], ["hello"])


@server("The same cid with another content is a conflict")
def conflict(world: RecordedWorld) -> None:
    ann, _, chat_id = two(world)
    a = ann.connect()
    say(a, chat_id, "hello")
    a.send(type="send", chat_id=chat_id, cid="hello", content="other")
    assert codes(a) == ["cid_conflict"]


@server("A bad content is a final error; the link lives")
def bad_content(world: RecordedWorld) -> None:
    ann, _, chat_id = two(world)
    a = ann.connect()
    a.send(type="send", chat_id=chat_id, cid="c", content=" ")
    assert (codes(a), a.closed) == (["empty_content"], None)


@server("A strange chat and one that does not exist answer alike")
def strange_chat(world: RecordedWorld) -> None:
    _, _, chat_id = two(world)
    e = world.person("eve").connect()
    say(e, chat_id, "hello")
    say(e, 99, "hello")
    assert codes(e) == ["not_member", "not_member"]


@server("A sender need not wait: one batch of a chat is in storage, what comes meanwhile becomes the next, in order")
def own_order(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    world.hold = {AppendBatch}
    for text in ("1", "2", "3"):
        say(a, chat_id, text)
    say(b, chat_id, "4")
    assert len(world.held) == 1
    while world.held:
        world.release()
    assert (texts(b), [ack["seq"] for ack in a.take("ack")]) == (["1", "2", "3", "4"], [1, 2, 3])
    assert sum(isinstance(operation, AppendBatch) for operation in world.performed) == 2


@server("The store is away: the commands are tried again, before all that came later")
def tried_again(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    world.hold = {AppendBatch}
    say(a, chat_id, "1")
    say(a, chat_id, "2")
    world.release(AWAY)
    world.sleep(0.25)
    world.release()
    assert texts(b) == ["1", "2"]


@server("One command of a batch that fails for good fails alone: the others are stored")
def one_of_a_batch_fails(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    world.hold = {AppendBatch}
    for text in ("1", "2", "3"):
        say(a, chat_id, text)
    world.release()
    world.release(OperationFailed(retryable=False))
    world.release(OperationFailed(retryable=False))
    world.release()
    assert (texts(b), codes(a), a.closed) == (["1", "3"], ["internal"], None)


@server("Nobody knows whether it was stored: the same append is run again, and its cid tells")
def outcome_unknown(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    world.hold = {AppendBatch}
    say(a, chat_id, "1")
    perform(world.store, world.held[0].operation)
    world.release(OutcomeUnknown())
    world.hold = set()
    world.sleep(0.25)
    assert ([ack["dup"] for ack in a.take("ack")], texts(b)) == ([True], ["1"])


@server("The store stays away for 10 s: a retryable error, all that waited is dropped, and 4503")
def store_stays_away(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    world.away = AWAY
    say(a, chat_id, "1")
    say(a, chat_id, "2")
    world.sleep(11)
    assert (codes(a), a.closed, b.closed) == (["store_unavailable"], (4503, "store unavailable"), None)


@server("The sender leaves before the commit: the message is pushed to the others all the same")
def sender_has_left(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    world.hold = {AppendBatch}
    say(a, chat_id, "1")
    a.leave()
    world.release()
    assert texts(b) == ["1"]


@server("Another process stored something before: what overtook it waits for one reading of the log, for all")
def commits_out_of_order(world: RecordedWorld) -> None:
    ann, bob, eve, chat_id = three(world)
    a, e = ann.connect(), eve.connect()
    perform(world.store, AppendMessage(chat_id, bob.id, "c", b"0" * 32, "first", None, None, world.now))
    say(a, chat_id, "second")
    assert (texts(e), texts(a)) == (["first", "second"], ["first", "second"])
    assert sum(isinstance(operation, ReadLog) for operation in world.performed) == 1


@server("Whoever comes while something is stored is given it from the end of the room, after ready")
def given_from_the_tail(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a = ann.connect()
    world.hold = {LoadSession}
    b = bob.connect()
    loaded = perform(world.store, world.held[0].operation)
    say(a, chat_id, "meanwhile")
    world.release(loaded)
    assert [frame["type"] for frame in b.take()] == ["ready", "message", "presence"]


@server("A removal within a batch: the removed one gets everything up to it, nothing after")
def removed_within_a_batch(world: RecordedWorld) -> None:
    ann, bob, eve, chat_id = three(world)
    a, b, e = ann.connect(), bob.connect(), eve.connect()
    world.hold = {AppendBatch}
    say(a, chat_id, "1")
    say(a, chat_id, "2")
    removal = AppendChange(chat_id, ann.id, "remove", (bob.id,), "all", None, None, None, "r", world.now)
    world.hub.request(removal, world.moment)
    say(a, chat_id, "secret")
    world.release()
    world.release()
    assert (b.seqs(chat_id), e.seqs(chat_id)) == ([1, 2, 3], [1, 2, 3, 4])


@server("A sync is answered by a page of exactly the seqs that were asked for")
def sync(world: RecordedWorld) -> None:
    ann, _, chat_id = two(world)
    a = ann.connect()
    for text in ("1", "2", "3"):
        say(a, chat_id, text)
    a.send(type="sync", id="s", chat_id=chat_id, after_seq=1, limit=1)
    page = first(a, "page")
    assert (page["ref"], [item["seq"] for item in page["items"]], page["more"], page["last_seq"]) == ("s", [2], True, 3)


@server("The next page is read only when the last one was written")
def pages_one_by_one(world: RecordedWorld) -> None:
    ann, _, chat_id = two(world)
    a = ann.connect()
    a.reading = False
    for number in range(3):
        a.send(type="sync", id=f"s{number}", chat_id=chat_id, after_seq=0)
    assert sum(isinstance(operation, FetchPage) for operation in world.performed) == 1
    a.read_all()
    assert [page["ref"] for page in a.take("page")] == ["s0", "s1", "s2"]


@server("A sync above the head is bad_seq; one with both cursors is a violation")
def bad_syncs(world: RecordedWorld) -> None:
    ann, _, chat_id = two(world)
    a = ann.connect()
    a.send(type="sync", id="s", chat_id=chat_id, after_seq=9)
    a.send(type="sync", id="s", chat_id=chat_id, after_seq=0, before_seq=2)
    assert codes(a) == ["bad_seq", "bad_frame"]


@server("A mark is answered by its echo; one's other connections and the peer are told")
def mark(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, other, b = ann.connect(), ann.connect(), bob.connect()
    say(b, chat_id, "1")
    a.send(type="mark", id="m", chat_id=chat_id, read_seq=1)
    assert (first(a, "marks")["ref"], first(other, "marks")["unread_count"]) == ("m", 0)
    assert [(frame["user_id"], frame["read_seq"]) for frame in b.take("marks")] == [(ann.id, 1)]


@server("Of marks that come within a second the highest waits for its end")
def marks_are_merged(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    for text in ("1", "2", "3"):
        say(b, chat_id, text)
    world.hold = {Mark}
    a.send(type="mark", chat_id=chat_id, delivered_seq=1)
    a.send(type="mark", chat_id=chat_id, delivered_seq=3)
    a.send(type="mark", chat_id=chat_id, read_seq=2)
    world.release()
    world.sleep(1)
    world.release()
    assert [(frame["delivered_seq"], frame["read_seq"]) for frame in a.take("marks")] == [(1, 0), (3, 2)]


@server("In a group others are told of marks once a second, and only what rose for them")
def marks_of_a_group(world: RecordedWorld) -> None:
    ann, bob, eve, chat_id = three(world)
    a, b, e = ann.connect(), bob.connect(), eve.connect()
    say(a, chat_id, "1")
    b.send(type="mark", chat_id=chat_id, read_seq=1)
    assert a.take("marks") == e.take("marks") == []
    world.sleep(1)
    assert [(frame["user_id"], frame["read_seq"]) for frame in a.take("marks")] == [(bob.id, 1)]
    assert [(frame["user_id"], frame["read_seq"]) for frame in e.take("marks")] == [(bob.id, 1)]


@server("A mark above the head is refused")
def bad_mark(world: RecordedWorld) -> None:
    ann, _, chat_id = two(world)
    a = ann.connect()
    a.send(type="mark", id="m", chat_id=chat_id, read_seq=9)
    assert codes(a) == ["bad_seq"]


@server("A slow reader gets one lag, and live items again after the page that ends at the head", Limits(queue_items=4))
def lag(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    b.take()
    b.reading = False
    for number in range(1, 9):
        say(a, chat_id, str(number))
    b.read_all()
    assert len(b.take("lag")) == 1
    b.take()
    b.send(type="sync", id="s", chat_id=chat_id, after_seq=0)
    assert first(b, "page")["to_seq"] == 8
    say(a, chat_id, "live")
    assert texts(b) == ["live"]


@server("Storage fails for good: internal, which asking again would not mend")
def broken_store(world: RecordedWorld) -> None:
    ann, _, chat_id = two(world)
    a = ann.connect()
    world.hold = {AppendBatch}
    say(a, chat_id, "1")
    world.release(OperationFailed(retryable=False))
    assert (codes(a), a.closed) == (["internal"], None)


@server("A request over HTTP ends in one reply, and what it stored is pushed")
def request(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    b = bob.connect()
    operation = AppendMessage(chat_id, ann.id, "c", b"0" * 32, "over HTTP", None, None, world.now)
    world.request(operation)
    assert texts(b) == ["over HTTP"]
    assert isinstance(world.request(AppendMessage(99, ann.id, "c", b"", "x", None, None, world.now)), Refused)


@server("A mark that raises nothing is answered, and told to nobody, here or elsewhere")
def mark_that_raises_nothing(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    say(b, chat_id, "1")
    for _ in range(2):
        a.send(type="mark", id="m", chat_id=chat_id, read_seq=1)
        world.sleep(1)
    assert ([frame["ref"] for frame in a.take("marks")], len(b.take("marks"))) == (["m", "m"], 1)
    assert len([hint for hint in world.hints if isinstance(hint.news, Marked)]) == 1


@server("A mark for a chat that is not routed here costs like a command; one of them at a time is in storage")
def strange_marks(world: RecordedWorld) -> None:
    ann, _, _ = two(world)
    a = ann.connect()
    world.hold = {Mark}
    for chat_id in (97, 98, 98, 99):
        a.send(type="mark", id=f"m{chat_id}", chat_id=chat_id, read_seq=1)
    assert len(world.held) == 1
    while world.held:
        world.release()
    assert [error["ref"] for error in a.take("error")] == ["m97", "m98", "m99"]
