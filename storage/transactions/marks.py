"""Watermarks (docs/protocol.md I6). A mark locks only its own row, so readers never stand in the way of senders."""

from typing import Final

from sqlalchemy import bindparam, select, update

from chatproto.operations import Mark, Marked, Outcome, Refused
from storage.statements import Statement, Steps
from storage.tables import chat_users, chats
from storage.transactions.log import count_unread

_LOCK_OWN: Final = Statement(
    select(
        chat_users.c.read_seq,
        chat_users.c.delivered_seq,
        chat_users.c.own_read_seq,
        chat_users.c.own_delivered_seq,
    )
    .where(
        chat_users.c.chat_id == bindparam("chat_id"),
        chat_users.c.user_id == bindparam("user_id"),
        chat_users.c.left_seq.is_(None),
    )
    .with_for_update()
)
_HEAD: Final = Statement(select(chats.c.type, chats.c.last_seq).where(chats.c.id == bindparam("chat_id")))
_RAISE: Final = Statement(
    update(chat_users)
    .where(chat_users.c.chat_id == bindparam("chat_key"), chat_users.c.user_id == bindparam("user_key"))
    .values(
        read_seq=bindparam("read_seq"),
        delivered_seq=bindparam("delivered_seq"),
        own_read_seq=bindparam("own_read_seq"),
        own_delivered_seq=bindparam("own_delivered_seq"),
    )
)


def mark(operation: Mark) -> Steps[Outcome]:
    """Raise what is higher. The head is read under the row's lock, so a mark of what was just seen is never too high.

    The first own mark makes a start value count for others, so it may change something at the same height."""
    own = yield from _LOCK_OWN.one(chat_id=operation.chat_id, user_id=operation.user_id)
    head = None if own is None else (yield from _HEAD.one(chat_id=operation.chat_id))
    if own is None or head is None:
        return Refused("not_member")
    chat_type, last_seq = head
    read = last_seq if operation.read_seq == -1 else operation.read_seq
    delivered = operation.delivered_seq
    for name, seq in (("read_seq", read), ("delivered_seq", delivered)):
        if seq is not None and not 0 <= seq <= last_seq:
            return Refused("bad_seq", f"{name} is above the chat's last_seq", name)
    if read is not None:
        delivered = max(read, delivered or 0)
    raised = _merge(own, read, delivered)
    if raised != own:
        yield from _RAISE.run(
            chat_key=operation.chat_id,
            user_key=operation.user_id,
            read_seq=raised[0],
            delivered_seq=raised[1],
            own_read_seq=raised[2],
            own_delivered_seq=raised[3],
        )
    unread = yield from count_unread(operation.user_id, operation.chat_id, raised[0], last_seq)
    return Marked(
        operation.chat_id,
        operation.user_id,
        delivered_seq=raised[1],
        read_seq=raised[0],
        unread_count=unread,
        last_seq=last_seq,
        changed=raised != own,
        is_group=chat_type == "group",
    )


def _merge(own: tuple[int, ...], read: int | None, delivered: int | None) -> tuple[int, ...]:
    read_seq, delivered_seq, own_read_seq, own_delivered_seq = own
    if read is not None:
        read_seq = max(read_seq, read)
        own_read_seq = max(own_read_seq, read_seq)
    if delivered is not None:
        delivered_seq = max(delivered_seq, delivered)
        own_delivered_seq = max(own_delivered_seq, delivered_seq)
    return read_seq, delivered_seq, own_read_seq, own_delivered_seq
