"""Every checker of the simulation fires: a world that is right is made wrong in one way, and the checker says which."""

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import msgspec
import pytest
from attrs import evolve

from chatproto.client.session_outputs import Apply, DropRow, Failed, Forget, Jump, Merged, Row, SendFrame, Sent, Tell
from chatproto.client.timeline import Timeline
from chatproto.operations import (
    AppendChange,
    Appended,
    AppendMessage,
    ChatCreated,
    ChatFound,
    CreateDirect,
    DeleteMessage,
    EditMessage,
    Expire,
    LoadChat,
    Mark,
    MessageChange,
    Pin,
    React,
    SetBlock,
    SetFlags,
    UpdateUser,
)
from chatproto.operations.log import ForwardSource
from chatproto.server.clock import Now
from chatproto.server.hub_outputs import SendFrame as ServerFrame
from chatproto.server.knobs import Knobs
from chatproto.server.lines import Line
from chatproto.server.pending import Queued
from chatproto.simulation.app_items import ShownChat
from chatproto.simulation.database import time_at
from chatproto.simulation.device import Device
from chatproto.simulation.model_rooms import Room
from chatproto.simulation.options import Options
from chatproto.simulation.search_checks import check_search
from chatproto.simulation.trace import Violation
from chatproto.simulation.world import World
from chatproto.transitions import ClientState
from chatproto.wire.frames import ChatFrame, MarkFrame, Marks, Send
from chatproto.wire.limits import Limits
from chatproto.wire.model import Event, Forwarded, Hidden, Message

Act = Callable[["Settled"], object]


class Settled:
    """A world at rest: two people with a device each, a message of each in their group, everything shown everywhere."""

    def __init__(self) -> None:
        options = Options(users=2, devices=1, duration=4_000, settle=60_000, act_every=10**9)
        self.world = World(1, options)
        for device in self.world.devices:
            self.world.scheduler.after(1_000, device.say, 1)
        self.world.run()
        self.checkers = self.world.checkers
        self.ann, self.bob = self.world.devices
        assert len(self.room.log) == 2

    @property
    def room(self) -> Room:
        return self.world.database.store.rooms[1]

    @property
    def operation(self) -> AppendMessage:
        return AppendMessage(1, 1, "c", b"", "x", None, None, self.room.log[0].created_at)

    def item(self, place: int = 1, **changes: Any) -> Message:
        item = self.room.log[place - 1]
        assert isinstance(item, Message)
        return msgspec.structs.replace(item, **changes)

    def appended(self, *items: Message | Event) -> Appended:
        return Appended(1, items, False, items[-1].seq, (1, 2))

    def told(self, *outputs: Any, device: Device | None = None) -> None:
        self.checkers.told(device or self.ann, list(outputs))

    def apply(self, item: Any) -> None:
        """As if nothing of the chat had been shown before it."""
        self.ann.shown[1] = item.seq - 1
        self.told(Apply(item))

    def remove(self, user_id: int) -> Event:
        """Somebody is put out, by nobody's wish."""
        change = AppendChange(1, 1, "remove", (user_id,), "all", None, None, None, "out", self.room.log[0].created_at)
        outcome = self.world.database.store.perform(change)
        assert isinstance(outcome, Appended)
        event = outcome.items[0]
        assert isinstance(event, Event)
        self.world.members_changed = True
        return event


def changed(w: Settled, kind: str, seq: int = 1) -> None:
    """As if a change had been shown everywhere, which no app took in."""
    common: dict[str, Any] = {
        "chat_id": 1, "actor_id": w.item(seq).sender_id, "cid": f"change {kind}", "digest": b"", "seq": seq,
        "target_at": None, "now": w.item(1).created_at,
    }  # fmt: skip
    commands: dict[str, MessageChange] = {
        "edit": EditMessage(content="another", **common),
        "delete": DeleteMessage(**common),
        "react": React(emoji="x", on=True, **common),
        "pin": Pin(on=True, **common),
    }
    outcome = w.world.database.store.perform(commands[kind])
    assert isinstance(outcome, Appended)
    w.checkers.commands.appended(commands[kind], outcome)
    for device in w.world.devices:
        device.shown[1] = w.room.last_seq


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


def forwarded(w: Settled, **changes: Any) -> None:
    """As if it had been stored like that."""
    source = ForwardSource(1, 1)
    author = Forwarded(user_id=w.item(1).sender_id, display_name=f"user{w.item(1).sender_id - 1}")
    command = attrs.evolve(w.operation, cid="copy", forward=source)
    item = w.item(1, **{"seq": 3, "cid": "copy", "forwarded": author, **changes})
    w.room.log.append(item)
    w.checkers.commands.appended(command, w.appended(item))


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


def marks(w: Settled, **counts: int) -> Tell:
    """One's own, at the head, of nothing read."""
    told: dict[str, Any] = {"unread_count": 1, "mention_count": 1, "delivered_seq": 2, "read_seq": 0, "last_seq": 2}
    told |= counts
    return Tell(Marks(chat_id=1, user_id=w.ann.user_id, **told))


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


def others_marks(w: Settled, read_seq: int) -> Tell:
    return Tell(Marks(chat_id=1, user_id=w.bob.user_id, delivered_seq=2, read_seq=read_seq))


def hide(w: Settled, *, reads: bool) -> None:
    store = w.world.database.store
    store.perform(UpdateUser(w.bob.user_id, None, None, None, None, None, time_at(0), hide_reads=reads))


def told_what_was_read_in_hiding(w: Settled) -> None:
    hide(w, reads=True)
    mark = Mark(w.bob.user_id, 1, None, 1, time_at(0))
    w.checkers.hiding.committed(mark, w.world.database.store.perform(mark))
    w.told(others_marks(w, 1))


def listed_as_read(w: Settled) -> None:
    chat = w.world.database.store.perform(LoadChat(w.ann.user_id, 1))
    assert isinstance(chat, ChatFound)
    w.told(Tell(ChatFrame(chat=msgspec.structs.replace(chat.chat, others_read_seq=1))))


def believed_to_hide_nothing(w: Settled) -> None:
    hide(w, reads=True)
    w.checkers.at_rest()


def told_what_was_read(w: Settled) -> None:
    mark = Mark(w.bob.user_id, 1, None, 1, time_at(0))
    w.checkers.hiding.committed(mark, w.world.database.store.perform(mark))
    hide(w, reads=True)
    w.told(others_marks(w, 1))
    listed_as_read(w)


def flagged_otherwise(w: Settled) -> None:
    operation = SetFlags(1, 1, None, None, None, "none", None)
    loaded = w.world.database.store.perform(LoadChat(1, 1))
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
    assert isinstance(w.world.database.store.perform(close), Appended)
    w.room.log.append(w.item(1, seq=4, sender_id=1))
    w.checkers.commands.appended(w.operation, w.appended(w.item(4)))  # the admin's
    w.room.log.append(w.item(1, seq=5, sender_id=2))
    w.checkers.commands.appended(evolve(w.operation, actor_id=2, cid="d"), w.appended(w.item(5)))


def written_behind_a_block(w: Settled) -> None:
    direct = w.world.database.store.perform(CreateDirect(1, 2, w.room.log[0].created_at))
    assert isinstance(direct, ChatCreated)
    room, block = w.world.database.store.rooms[direct.chat.id], SetBlock(2, 1, True, w.room.log[0].created_at)
    w.checkers.commands.blocked(block, w.world.database.store.perform(block))
    w.checkers.commands.blocked(block, w.world.database.store.perform(evolve(block, user_id=1, peer_id=1)))
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
    w.world.database.store.perform(Expire(1, w.item(2).created_at + timedelta(days=2), 1, limit=1))
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
        (too_many_in_flight, "C4"), (too_many_syncs, "S7"), (too_many_early_items, "S7"),
        (timer_in_the_past, "S13"), (acked_and_gone, "S1"),
        (acked_and_another_there, "S1"), (stored_twice, "S3"), (nobody_wrote_it, "S3"), (overtaken, "I-order"),
        (read_above_delivered, "I6"), (delivered_and_claimed_by_nobody, "S6"), (kept_and_not_stored, "S1"),
        (kept_of_a_chat_that_is_not_there, "S1"), (kept_in_another_body, "S2"), (waited_for_in_vain, "S9"),
        (left_in_a_line, "S9"), (an_old_text, "S15"),
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


def of_a_history_that_was_lost(w: Settled) -> None:
    """Under the same epoch nobody can tell it; at rest it must be gone."""
    w.checkers.database_restored(attrs.evolve(w.world.database.store.copy()))
    w.room.log[:] = [w.item(1, content="another")]
    w.apply(Message(**{**msgspec.structs.asdict(w.ann.disk.chats[1].items[1])}))


def hidden_in_a_history_that_was_lost(w: Settled) -> None:
    """It was on its way when the database was put back to where its place is empty."""
    w.checkers.database_restored(w.world.database.store.copy())
    del w.room.log[1:]
    w.apply(Hidden(chat_id=1, seq=2))


def acked_in_a_history_that_was_lost(w: Settled) -> None:
    item = w.item(1)
    w.checkers.database_restored(w.world.database.store.copy())
    w.room.log.clear()
    author = w.ann if item.sender_id == w.ann.user_id else w.bob
    w.told(Sent(item.cid, 1, 1, item.created_at, False), device=author)


def of_another_epoch(w: Settled) -> None:
    w.world.database.store.epoch = "another"
    w.apply(w.item(2, seq=3))
    w.told(Sent(w.item(1).cid, 1, 9, None, False))


def hidden(w: Settled) -> None:
    w.apply(Hidden(chat_id=1, seq=2))


def before_the_removal(w: Settled) -> None:
    w.remove(w.bob.user_id)
    w.bob.shown[1] = 1
    w.told(Apply(w.item(2)), device=w.bob)


def refused_or_empty(w: Settled) -> None:
    from chatproto.operations import Refused

    w.checkers.commands.appended(w.operation, Refused("not_member"))
    w.checkers.commands.appended(w.operation, Appended(1, (), False, 0, ()))


def change_of_a_history_that_was_lost(w: Settled) -> None:
    w.checkers.commands.written(w.ann, Row(cid="mine", chat_id=1, kind="delete", seq=1, target_at=w.item(1).created_at))
    w.checkers.lost.add((1, 1))
    w.told(Sent("mine", 1, 1, w.item(1).created_at, False))
    w.checkers.restored = True
    w.told(Failed("mine", 1, "bad_seq", ""))


def failed_after_a_restore(w: Settled) -> None:
    w.checkers.restored = True
    w.told(Failed("mine", 1, "bad_seq", ""), Failed("mine", 9, "not_member", ""))
    w.told(Sent("mine", 1, None, None, True))


def what_former_members_need_not_know(w: Settled) -> None:
    w.remove(w.bob.user_id)
    own = next(item.seq for item in w.room.log if isinstance(item, Message) and item.sender_id == w.ann.user_id)
    changed(w, "edit", own)
    changed(w, "delete", own)
    w.bob.shown[1] = w.room.members[w.bob.user_id].left_seq or 0
    w.ann.disk.chats.clear()
    w.checkers.at_rest()


def pinned_in_an_earlier_membership(w: Settled) -> None:
    """The device knows from events alone; an app hears from the `chat` that nothing is pinned for it any more."""
    w.room.members[w.bob.user_id].first_seq = 2
    w.bob.disk.chats[1].pinned_seq = 1
    w.checkers.at_rest()


def what_was_not_seen(w: Settled) -> None:
    """A pin that was hidden, and a message of an earlier membership."""
    w.room.type = "direct"
    changed(w, "pin")
    w.room.members[w.bob.user_id].first_seq = 2
    w.ann.disk.chats[1].items[3] = Hidden(chat_id=1, seq=3)
    w.bob.disk.chats[1].pins_known = False
    w.checkers.at_rest()


def forwarded_twice(w: Settled) -> None:
    """A repetition is answered with what is there, which may be deleted by now."""
    forwarded(w)
    w.checkers.commands.appended(
        attrs.evolve(w.operation, cid="copy", forward=ForwardSource(1, 1)),
        attrs.evolve(w.appended(w.item(3)), dup=True),
    )


def forwarded_by_a_former_member(w: Settled) -> None:
    """They see what it was when they left."""
    seq = next(item.seq for item in w.room.log if isinstance(item, Message) and item.sender_id == w.ann.user_id)
    before = w.item(seq).content
    w.remove(w.bob.user_id)
    changed(w, "edit", seq)
    command = attrs.evolve(w.operation, actor_id=w.bob.user_id, cid="copy", forward=ForwardSource(1, seq))
    author = Forwarded(user_id=w.ann.user_id, display_name="user0")
    w.room.log.append(w.item(seq, seq=5, cid="copy", content=before, forwarded=author))
    w.checkers.commands.appended(command, w.appended(w.item(5)))


def lost_with_the_power(w: Settled) -> None:
    """What was taken back may be sent after all, with the text that the disk has."""
    row = Row(cid="mine", chat_id=1, content="x")
    w.checkers.commands.written(w.ann, row)
    w.ann.disk.rows["mine"] = row
    w.checkers.commands.merged(Merged("mine", 1, None))
    w.checkers.booted(w.ann)
    w.checkers.commands.saved([DropRow("mine")])
    assert not w.checkers.commands.taken_back


def fails_with_what_it_is_about(w: Settled) -> None:
    w.world.members_changed = True
    w.checkers.commands.written(w.ann, Row(cid="mine", chat_id=1, content="x"))
    w.checkers.commands.written(w.ann, Row(cid="gone", chat_id=1, kind="delete", of_cid="mine"))
    w.checkers.commands._failed["mine"] = "message_deleted"
    w.told(Failed("gone", 1, "message_deleted", ""))


def acked_after_it_was_deleted(w: Settled) -> None:
    w.checkers.commands.written(w.ann, Row(cid="mine", chat_id=1, content="x"))
    w.room.log.append(w.item(1, seq=3, cid="mine", sender_id=w.ann.user_id, deleted=True, content=None))
    w.told(Sent("mine", 1, 3, w.item(1).created_at, False))


def undone_ahead_of_the_log(w: Settled) -> None:
    """A page told of a deletion before the log of the device came to it, and the standby that took over lacks it."""
    standby = w.world.database.store.copy()
    changed(w, "delete")
    w.ann.shown[1] = w.bob.shown[1] = 2
    lost = w.world.database.store
    w.world.database.fail_over(standby)
    w.checkers.database_restored(lost)
    w.ann.disk.chats[1].items[1] = w.item(1, rev=2, deleted=True, content=None)
    w.checkers.at_rest()


def told_of_the_past(w: Settled) -> None:
    w.told(marks(w, unread_count=9, last_seq=1), marks(w, unread_count=9, read_seq=2))
    w.checkers.at_rest()


def what_is_told_by_the_next_ready(w: Settled) -> None:
    """They left and came back, or are no member of a chat of the same number."""
    w.ann.shown[1] = 1
    w.ann.disk.chats[1].items[1] = w.item(1, content="an older text")
    del w.room.members[w.bob.user_id]
    w.checkers.at_rest()


def told_of_more_than_is_left(w: Settled) -> None:
    """A hint of a mark was late: the next mark brings the counts of now."""
    for device in w.world.devices:
        device.disk.chats[1].expire(3)
    w.world.database.store.perform(Expire(1, w.item(2).created_at + timedelta(days=2), 1, limit=2))
    w.checkers.at_rest()


@pytest.mark.parametrize(
    "act",
    [
        told_of_more_than_is_left, undone_ahead_of_the_log,
        of_a_history_that_was_lost, acked_in_a_history_that_was_lost, of_another_epoch, hidden, before_the_removal,
        hidden_in_a_history_that_was_lost,
        refused_or_empty, failed_after_a_restore, change_of_a_history_that_was_lost,
        what_former_members_need_not_know, what_was_not_seen, pinned_in_an_earlier_membership,
        what_is_told_by_the_next_ready, forwarded_twice, lost_with_the_power,
        forwarded_by_a_former_member, fails_with_what_it_is_about,
        told_what_was_read, told_of_the_past, acked_after_it_was_deleted,
    ],
)  # fmt: skip
def test_what_is_allowed_is_not_noticed(act: Act) -> None:
    act(Settled())


def test_only_the_life_that_was_signed_out_signs_in_again() -> None:
    w = Settled()
    before = w.ann.session.state
    w.ann._log_in_again(w.ann.life - 1)
    w.ann._log_in_again(w.ann.life)
    assert w.ann.session.state is before is ClientState.LIVE


def sleeps(w: Settled) -> None:
    w.ann.asleep_until = w.world.scheduler.now + 1


def deceived(w: Settled) -> None:
    assert w.ann.link is not None
    w.ann.link.silent = True


def not_live(w: Settled) -> None:
    w.ann.session._connector.state = ClientState.BACKOFF


def unsent(w: Settled) -> None:
    w.ann.session.outbox.put(Row(cid="mine", chat_id=1, content="x"))


def shows_too_little(w: Settled) -> None:
    w.ann.shown[1] = 1


@pytest.mark.parametrize(
    ("act", "code"), [(sleeps, "L1"), (deceived, "L1"), (not_live, "L1"), (unsent, "L3"), (shows_too_little, "L2")]
)
def test_what_is_not_at_rest_is_told(act: Act, code: str) -> None:
    world = Settled()
    assert world.checkers.unsettled() is None
    act(world)
    why = world.checkers.unsettled()
    assert why is not None
    assert why.startswith(f"{code}: ")


def test_who_was_removed_need_not_show_what_came_and_went_since() -> None:
    world = Settled()
    event = world.remove(world.bob.user_id)
    world.ann.shown[1] = world.bob.shown[1] = event.seq
    assert world.checkers.unsettled() is None
    world.room.members[world.bob.user_id].left_seq = event.seq + 2
    assert world.checkers.unsettled() is None


def test_a_world_that_does_not_stay_at_rest_is_noticed() -> None:
    world = Settled().world
    world.network.cut(world.network.links[0])
    with pytest.raises(Violation, match="L4: somebody connected again without a reason"):
        world._stay()


def test_a_world_that_is_disturbed_at_rest_is_noticed() -> None:
    world = Settled().world
    world.scheduler.after(59_000, setattr, world.devices[0], "asleep_until", 10**9)
    with pytest.raises(Violation, match="L4: L1"):
        world._stay()


def test_who_is_out_after_a_restore_has_the_time_to_come_back() -> None:
    for until, comes_back in ((70_000, True), (10**9, False)):
        world = Settled().world
        world.checkers.restored = True
        world.scheduler.after(59_000, setattr, world.devices[0], "asleep_until", world.scheduler.now + until)
        if comes_back:
            world._stay()
            continue
        with pytest.raises(Violation, match="L4: L1"):
            world._stay()
