"""More than one process, and databases that go back in time (docs/protocol.md I5, I9, Restored databases)."""

from typing import Literal

from chatproto.operations import (
    AppendBatch,
    AppendChange,
    AppendMessage,
    Marked,
    OperationFailed,
    ReadLog,
    RenewEpoch,
    SessionsEnded,
    Sweep,
)
from chatproto.server.hints import HeadMoved, Hint, MembersAdded
from chatproto.simulation.model_operations import perform
from tests.scenarios.hub_world import Person
from tests.vectors.server_recorder import RecordedWorld
from tests.vectors.server_scenarios import first, say, server, texts, three, two

EPOCH = "model"


def elsewhere(world: RecordedWorld, chat_id: int, person: Person, text: str) -> None:
    """Another process stores it."""
    perform(world.store, AppendMessage(chat_id, person.id, text, b"0" * 32, text, None, None, world.now))


def member(world: RecordedWorld, chat_id: int, admin: Person, kind: Literal["add", "remove"], person: Person) -> None:
    """Another process adds or removes somebody."""
    perform(world.store, AppendChange(chat_id, admin.id, kind, (person.id,), "all", None, None, None, kind, world.now))


@server("The sweep, once a second, brings what no hint brought")
def sweep_brings_items(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    b = bob.connect()
    elsewhere(world, chat_id, ann, "elsewhere")
    world.sleep(1.25)
    assert texts(b) == ["elsewhere"]


@server("The sweep lists a chat to which another process added somebody")
def sweep_brings_chats(world: RecordedWorld) -> None:
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann)
    b = bob.connect()
    member(world, chat_id, ann, "add", bob)
    world.sleep(1.25)
    assert first(b, "chat")["chat"]["id"] == chat_id


@server("What is stored is published as a hint that names the head; a mark and an end of a session as what they are")
def hints_are_published(world: RecordedWorld) -> None:
    ann, _, _, chat_id = three(world)
    a = ann.connect()
    say(a, chat_id, "one")
    a.send(type="mark", chat_id=chat_id, read_seq=1)
    assert [type(hint.news) for hint in world.hints] == [HeadMoved, Marked]


@server("A hint of a head makes those who are connected read the log")
def hint_of_a_head(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    b = bob.connect()
    for text in ("1", "2"):
        elsewhere(world, chat_id, ann, text)
    world.hear(Hint(EPOCH, HeadMoved(chat_id, 2)))
    assert texts(b) == ["1", "2"]
    world.hear(Hint(EPOCH, HeadMoved(chat_id, 1)), Hint(EPOCH, HeadMoved(chat_id, 2)))
    assert texts(b) == []


@server("A hint of what is not there is looked after once, and believed by nobody")
def hint_of_what_is_not_there(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    world.hear(Hint(EPOCH, HeadMoved(chat_id, 500)))
    world.sleep(2.5)
    assert sum(isinstance(operation, ReadLog) for operation in world.performed) == 1, "once for the room"
    say(a, chat_id, "1")
    assert texts(b) == ["1"]


@server("A hint of a chat that nobody here is in asks for nothing")
def hint_of_an_unknown_chat(world: RecordedWorld) -> None:
    world.person("ann").connect()
    world.hear(Hint(EPOCH, HeadMoved(99, 5)), Hint(EPOCH, MembersAdded(99, (98,))))
    assert world.hub.steps[-1]["outputs"] == []


@server("A hint of another history is void")
def hint_of_another_history(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    b = bob.connect()
    elsewhere(world, chat_id, ann, "1")
    world.hear(Hint("another", HeadMoved(chat_id, 1)), Hint("another", SessionsEnded((bob.session_id,))))
    assert (texts(b), b.closed) == ([], None)


@server("Hints of members, of marks and of ended sessions")
def other_hints(world: RecordedWorld) -> None:
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann)
    a, b = ann.connect(), bob.connect()
    b.take()
    member(world, chat_id, ann, "add", bob)
    world.hear(Hint(EPOCH, MembersAdded(chat_id, (bob.id,))))
    assert first(b, "chat")["chat"]["id"] == chat_id
    world.hear(Hint(EPOCH, Marked(chat_id, ann.id, 1, 1, 0, 1, changed=True, is_group=True)))
    assert first(a, "marks")["read_seq"] == 1
    world.hear(Hint(EPOCH, SessionsEnded((ann.session_id,))))
    assert a.closed == (4403, "revoked")


@server("Somebody whom another process removed gets their removal last")
def removed_elsewhere(world: RecordedWorld) -> None:
    ann, bob, _, chat_id = three(world)
    a, b = ann.connect(), bob.connect()
    member(world, chat_id, ann, "remove", bob)
    say(a, chat_id, "secret")
    assert ([event["event"] for event in b.take("event")], texts(b)) == (["member_removed"], [])


@server("Another epoch: every socket closes with 1012")
def another_epoch(world: RecordedWorld) -> None:
    a = world.person("ann").connect()
    world.sleep(1)
    world.store.epoch = "restored"
    world.sleep(1.25)
    assert a.closed == (1012, "the database was restored")


@server("A head below the known one under the same epoch: a new epoch is written by compare-and-set, then 1012")
def head_below(world: RecordedWorld) -> None:
    ann, _, chat_id = two(world)
    a = ann.connect()
    say(a, chat_id, "1")
    replica = world.store.copy()
    say(a, chat_id, "2")
    world.store = replica
    world.sleep(1.5)
    assert (world.store.epoch != EPOCH, a.closed) == (True, (1012, "the log was replaced"))


@server("A message that is stored where another one was known: a new epoch is written at once")
def stored_below(world: RecordedWorld) -> None:
    ann, _, chat_id = two(world)
    a = ann.connect()
    say(a, chat_id, "1")
    replica = world.store.copy()
    say(a, chat_id, "2")
    world.store = replica
    say(a, chat_id, "3")
    assert world.store.epoch != EPOCH


@server("Another entry in the place of the known head, sent before that was known: a new epoch is written at once")
def stored_in_its_place(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    replica = world.store.copy()
    world.hold = {AppendBatch, Sweep}
    say(a, chat_id, "1")
    world.sleep(0.25)
    elsewhere(world, chat_id, bob, "another-1")
    b.send(type="sync", id="s", chat_id=chat_id, after_seq=0)
    world.store = replica
    world.release()
    assert (world.store.epoch != EPOCH, texts(a)) == (True, [])


@server("A reading behind an entry that is not in the log any more: a new epoch is written, all are sent away")
def reading_is_gone(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    replica = world.store.copy()
    say(a, chat_id, "1")
    world.store = replica
    world.sleep(0.25)
    for text in ("another 1", "another 2"):
        elsewhere(world, chat_id, ann, text)
    world.hear(Hint(EPOCH, HeadMoved(chat_id, 2)))
    assert (b.closed, world.store.epoch != EPOCH) == ((1012, "the log was replaced"), True)


@server("Whoever was removed in a history that took the place of the known one gets nothing of it")
def pushed_to_members_only(world: RecordedWorld) -> None:
    ann, bob, eve, chat_id = three(world)
    a, b, e = ann.connect(), bob.connect(), eve.connect()
    replica = world.store.copy()
    say(a, chat_id, "1")
    world.store = replica
    world.sleep(0.25)
    member(world, chat_id, ann, "remove", bob)
    say(a, chat_id, "secret")
    assert (texts(b), texts(e), b.closed) == (["1"], ["1"], (1012, "the log was replaced"))


@server("The new epoch is asked for until it is there")
def epoch_asked_for_again(world: RecordedWorld) -> None:
    ann, _, chat_id = two(world)
    a = ann.connect()
    replica = world.store.copy()
    say(a, chat_id, "1")
    world.store = replica
    world.hold = {RenewEpoch}
    world.sleep(1.25)
    world.release(OperationFailed(retryable=True))
    assert a.closed == (1012, "the log was replaced")
    back = ann.connect()
    say(back, chat_id, "other-1")
    world.hold = set()
    world.sleep(1.25)
    assert world.store.epoch != EPOCH


@server("Removed and added again by another process, without history: the removal, a new chat frame, new items")
def added_again_elsewhere(world: RecordedWorld) -> None:
    ann, bob, _, chat_id = three(world)
    b = bob.connect()
    b.take()
    member(world, chat_id, ann, "remove", bob)
    elsewhere(world, chat_id, ann, "secret")
    again = AppendChange(chat_id, ann.id, "add", (bob.id,), "none", None, None, None, "again", world.now)
    perform(world.store, again)
    world.hear(Hint(EPOCH, HeadMoved(chat_id, 3)))
    assert [frame["type"] for frame in b.take()] == ["event", "chat"]
    elsewhere(world, chat_id, ann, "welcome")
    world.hear(Hint(EPOCH, HeadMoved(chat_id, 4)))
    assert texts(b) == ["welcome"]


@server("The same head with another entry under the same epoch: a new epoch is written")
def same_head_with_another_entry(world: RecordedWorld) -> None:
    ann, _, chat_id = two(world)
    a = ann.connect()
    replica = world.store.copy()
    say(a, chat_id, "1")
    world.store = replica
    world.hold = {Sweep}
    world.sleep(1)
    elsewhere(world, chat_id, ann, "another 1")
    world.hold = set()
    world.release()
    assert (world.store.epoch != EPOCH, a.closed) == (True, (1012, "the log was replaced"))


@server("A new item whose predecessor has another time than the one that was told: a new epoch is written")
def another_entry_before(world: RecordedWorld) -> None:
    ann, _, chat_id = two(world)
    a = ann.connect()
    replica = world.store.copy()
    say(a, chat_id, "1")
    world.sleep(1)
    world.store = replica
    elsewhere(world, chat_id, ann, "another 1")
    say(a, chat_id, "2")
    assert (world.store.epoch != EPOCH, a.closed) == (True, (1012, "the log was replaced"))


@server("What only a page told is known too: another entry in its place is noticed")
def known_from_a_page(world: RecordedWorld) -> None:
    ann, _, chat_id = two(world)
    a = ann.connect()
    replica = world.store.copy()
    elsewhere(world, chat_id, ann, "1")
    a.send(type="sync", id="s", chat_id=chat_id, after_seq=0)
    world.store = replica
    say(a, chat_id, "other-1")
    assert world.store.epoch != EPOCH
