"""Every checker of the simulation fires: a world that is right is made wrong in one way, and the checker says which."""

from collections import deque
from datetime import timedelta

import pytest
from attrs import evolve

from chatproto.client.session_outputs import Apply, DropRow, Failed, Forget, Jump, Merged, Row, SendFrame, Sent
from chatproto.client.timeline import Timeline
from chatproto.operations import (
    AppendChange,
    Appended,
    ChatCreated,
    ChatFound,
    CreateDirect,
    Expire,
    LoadChat,
    Mark,
    Refused,
    SetBlock,
    SetFlags,
    composing,
)
from chatproto.server.clock import Now
from chatproto.server.hub_outputs import SendFrame as ServerFrame
from chatproto.server.knobs import Knobs
from chatproto.server.lines import Line
from chatproto.server.pending import Queued
from chatproto.simulation.app_items import ShownChat
from chatproto.simulation.database import time_at
from chatproto.simulation.model_operations import perform
from chatproto.simulation.search_checks import check_search
from chatproto.simulation.trace import Violation
from chatproto.wire.frames import MarkFrame, Send
from chatproto.wire.limits import Limits
from chatproto.wire.model import Event, Forwarded
from tests.simulation.settled import Act, Settled, changed, forwarded, hide, listed_as_read, marks, others_marks


def an_old_text(w: Settled) -> None:
    changed(w, "edit")
    w.checkers.at_rest()


def a_deleted_text(w: Settled) -> None:
    changed(w, "delete")
    w.checkers.at_rest()


def found_by_a_stranger(w: Settled) -> None:
    w.world.founders[1] -= {w.bob.user_id}
    w.checkers.at_rest()


def found_otherwise_than_shown(w: Settled) -> None:
    items = w.ann.disk.chats[1].items
    items[1] = w.item(1, content="somebody says another")
    check_search(w.ann, w.world.database.store, lambda *_: True, w.checkers.undone)


def shown_and_not_found(w: Settled) -> None:
    w.room.members[w.ann.user_id].first_seq = 2
    w.ann.disk.chats[1].items[2] = w.item(2, content="nothing")
    check_search(w.ann, w.world.database.store, lambda *_: True, w.checkers.undone)


def without_a_reaction(w: Settled) -> None:
    changed(w, "react")
    w.checkers.at_rest()


def without_a_pin(w: Settled) -> None:
    w.room.type = "direct"  # where everybody may pin
    changed(w, "pin")
    w.checkers.at_rest()


def a_text_that_was_never_written(w: Settled) -> None:
    changed(w, "react")
    w.apply(w.item(1, content="never written"))


def change_acked_elsewhere(w: Settled) -> None:
    row = Row(cid="mine", chat_id=1, kind="react", seq=1, emoji="x", on=True, target_at=w.item(1).created_at)
    w.checkers.commands.written(w.ann, row)
    w.told(Sent("mine", 1, 1, w.item(1).created_at, False))


def change_refused_without_reason(w: Settled) -> None:
    w.checkers.commands.written(w.ann, Row(cid="mine", chat_id=1, kind="delete", seq=1, target_at=w.item(1).created_at))
    w.told(Failed("mine", 1, "too_many", ""))


def forwarded_as_it_was_once(w: Settled) -> None:
    before = w.item(1).content
    changed(w, "edit")
    forwarded(w, seq=4, content=before)


def forwarded_unseen(w: Settled) -> None:
    w.room.members[1].first_seq = 2
    forwarded(w)


def forwarded_text_that_was_never_there(w: Settled) -> None:
    forwarded(w, content="never written")


def forwarded_in_anothers_name(w: Settled) -> None:
    forwarded(w, forwarded=Forwarded(user_id=9, display_name="somebody"))


def without_its_author(w: Settled) -> None:
    author = Forwarded(user_id=1, display_name="user0")
    w.room.log[0] = w.item(1, forwarded=author)
    w.checkers.at_rest()


def told_of_too_many(w: Settled) -> None:
    w.told(marks(w, unread_count=9))
    w.checkers.at_rest()


def told_of_mentions_that_are_not_there(w: Settled) -> None:
    w.told(marks(w))
    w.checkers.at_rest()
    w.told(marks(w, mention_count=2))
    w.checkers.at_rest()


def counts_others_mentions(w: Settled) -> None:
    """It shows them, and they are not stored any more; it was told nothing."""
    w.checkers._counts.booted(w.ann)
    for place in (1, 2):
        w.room.log[place - 1] = w.item(place, mentions=(), mentions_all=False)
    w.checkers._counts.check(w.ann, w.room, w.ann.disk.chats[1], w.room.members[w.ann.user_id])


def told_what_was_read_in_hiding(w: Settled) -> None:
    hide(w, reads=True)
    mark = Mark(w.bob.user_id, 1, None, 1, time_at(0))
    w.checkers.hiding.committed(mark, perform(w.world.database.store, mark))
    w.told(others_marks(w, 1))


def believed_to_hide_nothing(w: Settled) -> None:
    hide(w, reads=True)
    w.checkers.at_rest()


def flagged_otherwise(w: Settled) -> None:
    operation = SetFlags(1, 1, None, None, None, "none", None)
    loaded = perform(w.world.database.store, LoadChat(1, 1))
    assert isinstance(loaded, ChatFound)
    w.checkers.flagged(operation, loaded.chat)


def stored_though_taken_back(w: Settled) -> None:
    cid = w.item(1).cid
    w.checkers.commands.merged(Merged(cid, 1, None))
    w.checkers.commands.saved([DropRow(cid)])
    w.checkers.at_rest()


def stored_though_deleted(w: Settled) -> None:
    """The deletion left before it was sent, and so should have what it was about."""
    cid = w.item(1).cid
    w.checkers.commands.written(w.ann, Row(cid="gone", chat_id=1, kind="delete", of_cid=cid))
    w.checkers.commands.merged(Merged("gone", 1, None))
    w.checkers.commands.saved([DropRow(cid)])
    w.checkers.at_rest()


def sent_otherwise_than_saved(w: Settled) -> None:
    w.ann.disk.rows["mine"] = Row(cid="mine", chat_id=1, content="x")
    w.told(SendFrame(Send(chat_id=1, cid="mine", content="y")))


def two_seqs(w: Settled) -> None:
    w.checkers.commands.appended(w.operation, w.appended(w.item(1)))
    w.checkers.commands.appended(w.operation, w.appended(w.item(2)))


def hole(w: Settled) -> None:
    w.room.log[1] = w.item(2, seq=5)
    w.checkers.commands.appended(w.operation, w.appended(w.item(1)))


def written_where_admins_write(w: Settled) -> None:
    now = w.room.log[0].created_at
    close = AppendChange(1, 1, "update", (), "all", None, None, None, "close", now, "admins")
    assert isinstance(perform(w.world.database.store, close), Appended)
    w.room.log.append(w.item(1, seq=4, sender_id=1))
    w.checkers.commands.appended(w.operation, w.appended(w.item(4)))  # the admin's
    w.room.log.append(w.item(1, seq=5, sender_id=2))
    w.checkers.commands.appended(evolve(w.operation, actor_id=2, cid="d"), w.appended(w.item(5)))


def written_behind_a_block(w: Settled) -> None:
    direct = perform(w.world.database.store, CreateDirect(1, 2, w.room.log[0].created_at))
    assert isinstance(direct, ChatCreated)
    room, block = w.world.database.store.rooms[direct.chat.id], SetBlock(2, 1, True, w.room.log[0].created_at)
    w.checkers.commands.blocked(block, perform(w.world.database.store, block))
    w.checkers.commands.blocked(block, perform(w.world.database.store, evolve(block, user_id=1, peer_id=1)))
    room.log.append(w.item(1, chat_id=room.id))
    w.checkers.commands.appended(evolve(w.operation, chat_id=room.id), Appended(room.id, (room.log[0],), False, 1))


def a_block_that_a_server_does_not_know(w: Settled) -> None:
    w.world.database.store.blocks[1, 2] = w.room.log[0].created_at
    w.checkers.at_rest()


def long_queue(w: Settled) -> None:
    from chatproto.server.out_queue import OutQueue

    queue = OutQueue(Limits(queue_items=1))
    for seq in (1, 2):
        queue._add(ServerFrame(1, b"x", "item", 1, seq))
    w.checkers.queued(queue)


def sent_before_durable(w: Settled) -> None:
    w.told(SendFrame(Send(chat_id=1, cid="never saved", content="x")))


def marked_before_durable(w: Settled) -> None:
    w.told(SendFrame(MarkFrame(id="m", chat_id=1, delivered_seq=9)))


def applied_twice(w: Settled) -> None:
    w.told(Apply(w.item(1)))


def applied_after_a_jump(w: Settled) -> None:
    w.told(Jump(1, 1), Apply(w.item(1)))


def applied_after_a_forget(w: Settled) -> None:
    w.told(Forget(1), Apply(w.item(2)))


def shown_and_not_stored(w: Settled) -> None:
    w.apply(w.item(2, seq=3))


def shown_in_another_body(w: Settled) -> None:
    w.apply(w.item(1, content="something else"))


def shown_in_another_kind(w: Settled) -> None:
    item = w.item(1)
    w.apply(Event(chat_id=1, seq=1, event="danced", actor_id=1, created_at=item.created_at, data={}))


def shown_to_a_stranger(w: Settled) -> None:
    del w.room.members[w.ann.user_id]
    w.apply(w.item(1))


def shown_after_the_removal(w: Settled) -> None:
    event = w.remove(w.bob.user_id)
    w.room.log.append(w.item(1, seq=event.seq + 1))
    w.bob.shown[1] = event.seq
    w.told(Apply(w.room.log[-1]), device=w.bob)


def acked_without_a_place(w: Settled) -> None:
    w.told(Sent("c", 1, None, None, True))


def acked_elsewhere(w: Settled) -> None:
    w.checkers.commands.written(w.ann, Row(cid="mine", chat_id=1, content="x"))
    w.told(Sent("mine", 1, 2, None, False))


def acked_beyond_the_log(w: Settled) -> None:
    w.checkers.commands.written(w.ann, Row(cid="mine", chat_id=1, content="x"))
    w.told(Sent("mine", 1, 9, None, False))


def failed_for_no_reason(w: Settled) -> None:
    w.told(Failed("mine", 1, "not_member", ""))


def failed_and_stored(w: Settled) -> None:
    w.world.members_changed = True
    w.told(Failed(w.item(1).cid, 1, "not_member", ""))


def refused_and_stored(w: Settled) -> None:
    _refused(w)


def named_no_place_and_stored(w: Settled) -> None:
    _refused(w, "cid_conflict")


def _refused(w: Settled, code: str = "forbidden") -> None:
    item = w.item(1)
    command = composing.send(1, 1, item.cid, "refused", None, None, (), Limits(), item.created_at)
    w.checkers.commands.appended(command, Refused(code))


def too_many_in_flight(w: Settled) -> None:
    w.ann.session.outbox.flying = 33
    w.checkers.session(w.ann)


def too_many_early_items(w: Settled) -> None:
    w.ann.session.replica.chats[1].early = {seq: w.item(1) for seq in range(10, 211)}
    w.checkers.session(w.ann)


def too_many_syncs(w: Settled) -> None:
    w.ann.session.replica.asking = 5
    w.checkers.session(w.ann)


def timer_in_the_past(w: Settled) -> None:
    due = w.ann.session.next_timer()
    assert due is not None
    w.checkers.rang(w.ann, due)


def acked_and_gone(w: Settled) -> None:
    w.room.log.pop()
    w.checkers.at_rest()


def acked_and_another_there(w: Settled) -> None:
    w.room.log[0] = w.item(1, cid="another")
    w.checkers.at_rest()


def stored_twice(w: Settled) -> None:
    w.room.log.append(w.item(1, seq=3))
    w.checkers.at_rest()


def nobody_wrote_it(w: Settled) -> None:
    w.room.log.append(w.item(1, seq=3, cid="nobody's"))
    w.checkers.at_rest()


def overtaken(w: Settled) -> None:
    for number in (1, 2):
        w.checkers.commands.written(w.ann, Row(cid=f"c{number}", chat_id=1, content="x"))
    w.room.log += [w.item(1, seq=3, cid="c2"), w.item(1, seq=4, cid="c1")]
    w.checkers.at_rest()


def read_above_delivered(w: Settled) -> None:
    w.room.members[1].read_seq = 99
    w.checkers.at_rest()


def delivered_and_claimed_by_nobody(w: Settled) -> None:
    w.checkers._claims.clear()
    w.checkers.at_rest()


def expire_the_first(w: Settled) -> None:
    """Behind the backs of all servers."""
    perform(w.world.database.store, Expire(1, w.item(2).created_at + timedelta(days=2), 1, limit=1))
    w.checkers.at_rest()


def kept_after_its_time(w: Settled) -> None:
    expire_the_first(w)


def told_later_of_what_expired(w: Settled) -> None:
    changed(w, "edit")
    chat = w.ann.disk.chats[1]
    del chat.items[1]
    chat.items[3] = w.room.log[2]
    expire_the_first(w)


def kept_and_not_stored(w: Settled) -> None:
    w.ann.disk.chats[1].items[3] = w.item(1, seq=3)
    w.checkers.at_rest()


def kept_of_a_chat_that_is_not_there(w: Settled) -> None:
    w.ann.disk.chats[9] = ShownChat(Timeline(9, {1: w.item(1, chat_id=9)}))
    w.checkers.at_rest()


def kept_in_another_body(w: Settled) -> None:
    w.ann.disk.chats[1].items[1] = w.item(1, created_at=w.item(1).created_at + timedelta(seconds=1))
    w.checkers.at_rest()


def waited_for_in_vain(w: Settled) -> None:
    w.world.servers[0].hub.request(LoadChat(1, 1), Now(time_at(0), 0.0))
    w.checkers.at_rest()


def left_in_a_line(w: Settled) -> None:
    w.world.servers[0].hub.parts.lines._lines[1] = Line(deque([Queued(w.operation, 1)]))
    w.checkers.at_rest()


def answered_by_nobody(w: Settled) -> None:
    for session in w.world.servers[0].hub.parts.connections.by_id.values():
        session.admission.in_flight += 1
    w.checkers.at_rest()


def rings_without_end(w: Settled) -> None:
    """A sweep that waits for its answer no time is due again at once."""
    w.world.servers[0].hub.parts.sweeper._knobs = Knobs(store_wait=0.0)
    end = w.world.scheduler.now + 5_000
    while w.world.scheduler.step(end):
        pass


def too_many_connects(w: Settled) -> None:
    w.world.trace.counts["connects"] += 10_000
    w.checkers.at_rest()


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (written_where_admins_write, "S16"),
        (kept_after_its_time, "S19"), (told_later_of_what_expired, "S19"),
        (written_behind_a_block, "S18"), (a_block_that_a_server_does_not_know, "S18"),
        (two_seqs, "S3"), (hole, "S2"), (long_queue, "S7"), (sent_before_durable, "C1"), (marked_before_durable, "S6"),
        (applied_twice, "S4"), (applied_after_a_jump, "S4"), (applied_after_a_forget, "S4"),
        (shown_and_not_stored, "S1"), (shown_in_another_body, "S2"), (shown_in_another_kind, "S2"),
        (shown_to_a_stranger, "S5"), (shown_after_the_removal, "S5"), (acked_without_a_place, "S3"),
        (acked_elsewhere, "S1"), (acked_beyond_the_log, "S1"), (failed_for_no_reason, "S12"), (failed_and_stored, "S3"),
        (refused_and_stored, "S3"), (named_no_place_and_stored, "S3"),
        (too_many_in_flight, "C4"), (too_many_syncs, "S7"), (too_many_early_items, "S7"),
        (timer_in_the_past, "S13"), (acked_and_gone, "S1"),
        (acked_and_another_there, "S1"), (stored_twice, "S3"), (nobody_wrote_it, "S3"), (overtaken, "I-order"),
        (read_above_delivered, "I6"), (delivered_and_claimed_by_nobody, "S6"), (kept_and_not_stored, "S1"),
        (kept_of_a_chat_that_is_not_there, "S1"), (kept_in_another_body, "S2"), (waited_for_in_vain, "S9"),
        (left_in_a_line, "S9"), (answered_by_nobody, "S9"), (an_old_text, "S15"),
        (a_deleted_text, "S15"), (found_by_a_stranger, "S17"), (found_otherwise_than_shown, "S17"),
        (shown_and_not_found, "S17"), (without_a_reaction, "S15"), (without_a_pin, "S15"),
        (a_text_that_was_never_written, "S2"), (change_acked_elsewhere, "S1"), (change_refused_without_reason, "S12"),
        (forwarded_text_that_was_never_there, "S2"), (forwarded_in_anothers_name, "S2"),
        (forwarded_as_it_was_once, "S2"), (forwarded_unseen, "S5"), (stored_though_deleted, "S3"),
        (without_its_author, "S15"),
        (told_of_too_many, "S15"), (told_of_mentions_that_are_not_there, "S15"), (flagged_otherwise, "S15"),
        (counts_others_mentions, "S15"), (stored_though_taken_back, "S3"),
        (told_what_was_read_in_hiding, "S20"), (listed_as_read, "S20"), (believed_to_hide_nothing, "S20"),
        (sent_otherwise_than_saved, "C1"), (rings_without_end, "S13"), (too_many_connects, "L5"),
    ],
)  # fmt: skip
def test_a_wrong_world_is_noticed(act: Act, code: str) -> None:
    world = Settled()
    with pytest.raises(Violation) as caught:
        act(world)
    assert caught.value.code == code, caught.value


def test_what_was_refused_may_be_stored_since() -> None:
    """By another server that had it on its way, or in a history that was put back."""
    world = Settled()
    commands = world.world.database.store.rooms[1].commands
    stored = dict(commands)
    commands.clear()
    _refused(world)
    commands.update(stored)
    failed_and_stored(world)


def test_what_names_no_place_any_more_in_a_log_that_was_replaced_is_refused_though_it_is_stored() -> None:
    world = Settled()
    world.checkers.restored = True
    named_no_place_and_stored(world)
