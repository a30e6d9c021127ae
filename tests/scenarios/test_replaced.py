"""A database that lost its last entries under the same epoch: an operator forgot, or a lagging replica took over."""

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

import pytest

from chatproto.operations import (
    AppendBatch,
    AppendChange,
    AppendMessage,
    Operation,
    OperationFailed,
    Outcome,
    OutcomeUnknown,
    ReadLog,
    RenewEpoch,
    Sweep,
)
from chatproto.server.hints import HeadMoved, Hint
from chatproto.server.history import History
from chatproto.simulation.model_operations import perform
from tests.scenarios.hub_world import START, Peer, Person, World

AWAY = OperationFailed(retryable=True)
REPLACED = (1012, "the log was replaced")
RESTORED = (1012, "the database was restored")


def say(world: World, peer: Peer, chat_id: int, *texts: str) -> None:
    for text in texts:
        world.sleep(0.25)
        peer.send(type="send", chat_id=chat_id, cid=f"c-{text}", content=text)


def elsewhere(world: World, operation: Operation) -> Outcome:
    """Another process does it, and its hint is lost."""
    return perform(world.store, operation)


def appended(world: World, chat_id: int, person: Person, text: str) -> AppendMessage:
    return AppendMessage(chat_id, person.id, f"c-{text}", b"0" * 32, text, None, None, world.now)


def removal(world: World, chat_id: int, admin: Person, person: Person) -> AppendChange:
    kind: Literal["remove"] = "remove"
    return AppendChange(chat_id, admin.id, kind, (person.id,), "all", None, None, None, "removal", world.now)


def renewed(world: World) -> bool:
    """Whether the history got another name, and those who knew the old one were sent to find out."""
    return world.store.epoch != "model"


def noted(world: World) -> list[tuple[str, str, dict[str, object]]]:
    """What the operator was told."""
    return [(note.level, note.event, note.fields) for note in world.notes]


def begin(*texts: str) -> tuple[World, Person, Person, int, Peer, Peer, Callable[[], None]]:
    """Two people in a group; what is said after `begin` is lost by calling the last value."""
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    a, b = ann.connect(), bob.connect()
    say(world, a, chat_id, *texts)
    replica = world.store.copy()

    def lose() -> None:
        world.store = replica

    return world, ann, bob, chat_id, a, b, lose


def test_a_head_that_is_lower_than_it_was_is_seen_by_the_sweep() -> None:
    world, _, _, chat_id, a, b, lose = begin("one")
    say(world, a, chat_id, "two", "three")
    lose()
    assert noted(world) == []
    world.sleep(1.5)
    assert renewed(world)
    assert (a.closed, b.closed) == (REPLACED, REPLACED)
    assert noted(world) == [("error", "log_replaced", {"epoch": "model"})]


def test_the_same_head_with_another_entry_is_seen_by_the_sweep() -> None:
    world, ann, _, chat_id, a, b, lose = begin("one")
    say(world, a, chat_id, "two")
    lose()
    world.hold = {Sweep}
    world.sleep(1.25)
    elsewhere(world, appended(world, chat_id, ann, "another two"))
    world.hold = set()
    world.release()
    assert renewed(world)
    assert b.closed == REPLACED


def test_a_chat_that_is_gone_is_seen_by_the_sweep() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    a = ann.connect()
    replica = world.store.copy()
    say(world, a, world.group(ann, bob), "one")
    world.store = replica
    world.sleep(1.5)
    assert a.closed == REPLACED


def test_a_message_that_is_stored_below_the_known_head_shows_it_at_once() -> None:
    """Everybody is sent away before anything is pushed behind what is gone; what was stored is a dup later."""
    world, ann, _, chat_id, a, b, lose = begin("one")
    say(world, a, chat_id, "two", "three")
    world.sleep(1)
    a.take(), b.take()
    lose()
    world.hold = {Sweep}
    a.send(type="send", chat_id=chat_id, cid="c-4", content="four")
    assert renewed(world)
    assert (a.take(), a.closed, b.take(), b.closed) == ([], REPLACED, [], REPLACED)
    again = ann.connect()
    again.send(type="send", chat_id=chat_id, cid="c-4", content="four")
    assert [(ack["seq"], ack["dup"]) for ack in again.take("ack")] == [(2, True)]


def test_what_was_asked_before_it_was_noticed_is_no_second_proof() -> None:
    """Appends and a sweep that were on their way: the history has its new name already."""
    world, ann, bob, chat_id, a, b, lose = begin("one")
    say(world, a, chat_id, "two", "three")
    world.sleep(1)
    other_id = world.direct(ann, bob)
    world.hold = {Sweep, AppendBatch}
    for where in (chat_id, other_id):
        a.send(type="send", chat_id=where, cid="c-4", content="four")
    world.sleep(1)
    lose()
    sweep = next(run for run in world.held if isinstance(run.operation, Sweep))
    world.held.remove(sweep)
    world.release()
    assert renewed(world)
    epoch = world.store.epoch
    c = ann.connect()
    world.release()
    world.complete(sweep)
    world.pump()
    assert (world.store.epoch, c.closed) == (epoch, None)
    assert (bob.connect().closed, b.closed) == (None, REPLACED)


def test_a_change_over_http_shows_it_as_well() -> None:
    world, ann, bob, chat_id, a, b, lose = begin("one")
    say(world, a, chat_id, "two")
    lose()
    world.hold = {Sweep}
    world.request(removal(world, chat_id, ann, bob))
    say(world, a, chat_id, "secret")
    assert renewed(world)
    assert "secret" not in [message["content"] for message in b.take("message")]


def test_an_entry_behind_another_one_than_the_known_shows_it() -> None:
    """Another process put something into the place of what was lost, and this one the next."""
    world, ann, _, chat_id, a, _, lose = begin("one")
    say(world, a, chat_id, "two")
    world.sleep(1)
    lose()
    elsewhere(world, appended(world, chat_id, ann, "another two"))
    world.hold = {Sweep}
    a.send(type="send", chat_id=chat_id, cid="c-3", content="three")
    assert renewed(world)


def test_it_shows_also_where_a_sweep_was_faster_to_tell_of_the_next() -> None:
    """The append is answered after a sweep that was asked before it and tells of its entry: nothing is pushed behind
    what is gone."""
    world, ann, _, chat_id, a, b, lose = begin("one")
    say(world, a, chat_id, "two")
    world.sleep(1)
    b.take()
    lose()
    elsewhere(world, appended(world, chat_id, ann, "another two"))
    world.hold = {Sweep, AppendBatch}
    a.send(type="send", chat_id=chat_id, cid="c-3", content="three")
    world.sleep(1)
    append = next(run for run in world.held if isinstance(run.operation, AppendBatch))
    world.held.remove(append)
    outcome = perform(world.store, append.operation)
    world.release()  # the sweep, which was asked before and reads after it
    assert not renewed(world), "a head that is higher shows nothing"
    world.complete(append, outcome)
    world.pump()
    assert renewed(world) and b.take("message") == []


def test_another_entry_in_the_place_of_the_head_shows_it() -> None:
    """A page told of it while another one was on its way; then it was lost."""
    world, ann, _, chat_id, a, b, lose = begin("one")
    world.hold = {Sweep, AppendBatch}
    say(world, a, chat_id, "two")
    world.sleep(0.25)
    elsewhere(world, appended(world, chat_id, ann, "another two"))
    a.send(type="sync", id="s", chat_id=chat_id, after_seq=1)
    lose()
    world.sleep(0.25)
    world.release()
    assert renewed(world)
    assert [message["cid"] for message in b.take("message")] == ["c-one"], "the second is not told"


def test_whoever_was_removed_in_the_new_history_gets_nothing_of_it() -> None:
    """The removal stands where its user was given something else: nothing is pushed to former members."""
    world, ann, bob, chat_id, a, b, lose = begin()
    say(world, a, chat_id, "one")
    b.take()
    lose()
    world.hold = {Sweep, RenewEpoch}
    world.sleep(0.25)
    elsewhere(world, removal(world, chat_id, ann, bob))
    a.send(type="send", chat_id=chat_id, cid="c-s", content="secret")
    assert b.take("message") == []
    assert b.closed == (1012, "the log was replaced"), "what they were given is not in their log"


def test_a_reading_behind_an_entry_that_is_not_there_shows_it() -> None:
    world, ann, _, chat_id, a, b, lose = begin("one")
    say(world, a, chat_id, "two")
    lose()
    world.sleep(0.25)
    world.hold = {Sweep}
    for text in ("another two", "another three"):
        elsewhere(world, appended(world, chat_id, ann, text))
    world.hear(Hint("model", HeadMoved(chat_id, 3)))
    assert [type(operation) for operation in world.performed[-2:]] == [ReadLog, RenewEpoch]
    assert renewed(world)
    assert (a.closed, b.closed) == (REPLACED, REPLACED)


def test_the_new_name_is_asked_for_until_it_is_there() -> None:
    world, ann, _, chat_id, a, _, lose = begin("one")
    say(world, a, chat_id, "two", "three")
    lose()
    world.hold = {RenewEpoch}
    world.sleep(1.5)
    world.release(AWAY)
    back = ann.connect()
    assert [ready["epoch"] for ready in back.take("ready")] == ["model"]
    say(world, back, chat_id, *"56789")  # by now the log is longer than it ever was
    world.hold = set()
    world.sleep(2.5)
    assert back.closed == RESTORED
    assert renewed(world)
    assert a.closed == REPLACED
    again = ann.connect()
    world.sleep(2)
    assert again.closed is None


def test_of_two_processes_that_see_it_one_names_the_new_history() -> None:
    here, ann, bob, chat_id, a, _, lose = begin("one")
    there = World(store=here.store)
    b = bob.connect(to=there)
    say(here, a, chat_id, "two")
    there.hear(*here.hints)
    lose()
    there.store = here.store
    here.hold = there.hold = {RenewEpoch}
    here.sleep(1.25)
    there.sleep(1.25)
    here.release()
    epoch = here.store.epoch
    there.release()
    assert (renewed(here), here.store.epoch) == (True, epoch)
    there.sleep(1.25)
    assert b.closed == REPLACED
    again = ann.connect(to=there)
    assert [ready["epoch"] for ready in again.take("ready")] == [epoch]


@pytest.mark.parametrize("late", [ReadLog, Sweep])
def test_an_answer_that_is_late_is_no_proof(late: type) -> None:
    """It was read before the last entry was stored."""
    world, ann, _, chat_id, a, b, _ = begin("one")
    world.hold = {late}
    elsewhere(world, appended(world, chat_id, ann, "two"))
    world.sleep(1.25)
    answers = [perform(world.store, run.operation) for run in world.held]
    say(world, a, chat_id, "three")
    world.hold = set()
    for answer in answers:
        world.release(answer)
    world.sleep(2)
    assert not renewed(world)
    assert (a.closed, b.seqs(chat_id)) == (None, [1, 2, 3])


def test_an_epoch_that_somebody_else_renewed_ends_the_search() -> None:
    world, _, _, chat_id, a, _, lose = begin("one")
    say(world, a, chat_id, "two")
    lose()
    world.store.epoch = "named by the operator"
    world.sleep(1.5)
    assert world.store.epoch == "named by the operator"
    assert a.closed == RESTORED
    assert noted(world) == [("warning", "epoch_changed", {"old": "model", "new": "named by the operator"})]


def test_what_only_a_page_told_is_known_too() -> None:
    """It was stored, but nobody heard of that; then it was lost, and another one took its place."""
    world, _, _, chat_id, a, _, lose = begin("one")
    world.hold = {AppendBatch, Sweep}
    a.send(type="send", chat_id=chat_id, cid="c-2", content="two")
    elsewhere(world, world.held[0].operation)
    world.release(OutcomeUnknown())
    a.send(type="sync", id="s", chat_id=chat_id, after_seq=1)
    assert [item["seq"] for page in a.take("page") for item in page["items"]] == [2]
    lose()
    world.sleep(0.25)
    world.release()
    assert renewed(world)


@pytest.mark.parametrize(("back", "kept"), [(0.0, False), (0.5, False), (3600.0, True)])
def test_two_entries_that_come_at_once_have_different_times(back: float, kept: bool) -> None:
    """Else nobody could tell one from the other, where a replica took over and the second takes the place of the
    first. A clock that was set back a long way is followed all the same."""
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    a.send(type="send", chat_id=chat_id, cid="one", content="one")
    b.send(type="send", chat_id=chat_id, cid="two", content="two")
    world.now -= timedelta(seconds=back)
    a.send(type="send", chat_id=chat_id, cid="three", content="three")
    one, two, three = (entry.created_at for entry in world.store.rooms[chat_id].log[-3:])
    assert one < two
    assert three == (world.now if kept else two + timedelta(microseconds=1))


def test_an_answer_is_compared_with_what_was_known_when_it_was_asked_for() -> None:
    """The log has gone on since: what stands at its head now says nothing of the entry that was the head then."""
    history, before, after = History(), (5, START), (6, START + timedelta(seconds=1))
    history.follow(1)
    assert history.observe(1, before) and history.observe(1, after)
    assert history.observe(1, before, known=before)
    assert not history.observe(1, (5, START + timedelta(milliseconds=1)), known=before)


def test_what_stands_before_a_new_entry_is_compared_with_the_head() -> None:
    """A batch may tell of both: the log is another one where its head is not what the new entry follows."""
    history, head, new = History(), (5, START), (6, START + timedelta(seconds=1))
    history.follow(1)
    assert history.observe(1, head)
    assert not history.observe(1, new, behind=(5, START + timedelta(milliseconds=1)))
    assert history.observe(1, new, behind=head) and history.known(1) == new
