"""What the checkers of the simulation let pass: they would tell of faults that are none."""

from datetime import timedelta

import attrs
import msgspec
import pytest

from chatproto.client.session_outputs import Apply, DropRow, Failed, Merged, Row, Sent
from chatproto.operations import (
    Appended,
    Expire,
    Mark,
)
from chatproto.operations.log import ForwardSource
from chatproto.simulation.database import time_at
from chatproto.simulation.model_operations import perform
from chatproto.wire.model import Forwarded, Hidden, Message
from tests.simulation.settled import Act, Settled, changed, forwarded, hide, listed_as_read, marks, others_marks


def told_what_was_read(w: Settled) -> None:
    mark = Mark(w.bob.user_id, 1, None, 1, time_at(0))
    w.checkers.hiding.committed(mark, perform(w.world.database.store, mark))
    hide(w, reads=True)
    w.told(others_marks(w, 1))
    listed_as_read(w)


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
    perform(w.world.database.store, Expire(1, w.item(2).created_at + timedelta(days=2), 1, limit=2))
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
