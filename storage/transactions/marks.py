"""Watermarks (docs/protocol.md I6). A mark locks only its own row, so readers never stand in the way of senders.

The marks of many people in many chats take as many statements as one.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from sqlalchemy import BindParameter, bindparam, select

from chatproto.operations import Mark, Marked, Outcome, Refused
from chatproto.wire.model import ChatType
from storage.statements import Lookup, Select, Steps, updates
from storage.tables import chat_users, chats
from storage.together import together
from storage.transactions.hiding import who_hides_reads
from storage.transactions.unread import Behind, count_all_mentions, count_all_unread


class _Marks(NamedTuple):
    """How far somebody is in a chat; see the table `chat_users`."""

    chat_id: int
    user_id: int
    read_seq: int
    delivered_seq: int
    own_read_seq: int
    own_delivered_seq: int

    def raised(self, read: int | None, delivered: int | None, *, hidden: bool) -> "_Marks":
        """With what is higher. The first own mark makes a start value count for others, so it may change something at
        the same height. `hidden`: what is read counts for nobody else."""
        merged = self
        if read is not None:
            read_seq = max(self.read_seq, read)
            own = self.own_read_seq if hidden else max(self.own_read_seq, read_seq)
            merged = merged._replace(read_seq=read_seq, own_read_seq=own)
        if delivered is not None:
            delivered_seq = max(self.delivered_seq, delivered)
            own = max(self.own_delivered_seq, delivered_seq)
            merged = merged._replace(delivered_seq=delivered_seq, own_delivered_seq=own)
        return merged


class _Head(NamedTuple):
    id: int
    type: ChatType
    last_seq: int


_LOCK: Final = Lookup(
    select(
        chat_users.c.chat_id,
        chat_users.c.user_id,
        chat_users.c.read_seq,
        chat_users.c.delivered_seq,
        chat_users.c.own_read_seq,
        chat_users.c.own_delivered_seq,
    )
    .with_hint(chat_users, "FORCE INDEX (PRIMARY)", "mysql")  # no other row may be locked, however few there are
    .where(chat_users.c.left_seq.is_(None))
    .order_by(chat_users.c.chat_id, chat_users.c.user_id)  # two transactions cannot wait for each other
    .with_for_update(),
    key=(chat_users.c.chat_id, chat_users.c.user_id),
    row=_Marks,
)
_CHAT_IDS: Final[BindParameter[int]] = bindparam("chat_ids", expanding=True)
_HEADS: Final = Select(select(chats.c.id, chats.c.type, chats.c.last_seq).where(chats.c.id.in_(_CHAT_IDS)), row=_Head)
_RAISE: Final = updates(
    chat_users,
    [chat_users.c.chat_id, chat_users.c.user_id],
    [
        chat_users.c.read_seq,
        chat_users.c.delivered_seq,
        chat_users.c.own_read_seq,
        chat_users.c.own_delivered_seq,
    ],
)


def mark(operation: Mark) -> Steps[Outcome]:
    """For transaction_for."""
    (outcome,) = yield from mark_all([operation])
    return outcome


def mark_all(operations: Sequence[Mark]) -> Steps[list[Marked | Refused]]:
    """Raise what is higher. Heads are read under the rows' locks, so a mark of what was just seen is never too high; so
    is who hides what they read, and whoever begins to hide locks the same rows.

    Each ends as it would have, one after another; but that several marks of one person in one chat are all told the
    state after the last of them, which is what is committed."""
    keys = dict.fromkeys((operation.chat_id, operation.user_id) for operation in operations)
    rows, found, hiders = yield from together(
        _LOCK.of([{"chat_id": chat_id, "user_id": user_id} for chat_id, user_id in keys]),
        _HEADS.all(chat_ids=sorted({chat_id for chat_id, _ in keys})),
        who_hides_reads(user_id for _, user_id in keys),
    )
    before = {(row.chat_id, row.user_id): row for row in rows}
    heads = {head.id: head for head in found}
    after = dict(before)
    verdicts = [_raise(operation, after, heads, hiders) for operation in operations]
    raised = [
        {"chat_id_key": marks.chat_id, "user_id_key": marks.user_id, **marks._asdict()}
        for key, marks in after.items()
        if marks != before[key]
    ]
    _, (unread, named) = yield from together(_RAISE.many(raised), _unread(after, heads))
    outcomes: list[Marked | Refused] = []
    for operation, verdict in zip(operations, verdicts, strict=True):
        if isinstance(verdict, Refused):
            outcomes.append(verdict)
            continue
        key = (operation.chat_id, operation.user_id)
        marks, head = after[key], heads[operation.chat_id]
        outcomes.append(
            Marked(
                operation.chat_id,
                operation.user_id,
                delivered_seq=marks.delivered_seq,
                read_seq=marks.read_seq,
                unread_count=unread.get(key, 0),
                mention_count=named.get(key, 0),
                last_seq=head.last_seq,
                changed=bool(verdict),
                is_group=head.type == "group",
                received=verdict == "received",
                told_read_seq=marks.own_read_seq,
            )
        )
    return outcomes


def _raise(
    operation: Mark, marks: dict[tuple[int, int], _Marks], heads: dict[int, _Head], hiders: frozenset[int]
) -> Refused | Literal["received", "read", ""]:
    """What rises, which it has in `marks` then: what was received, or only what was read of it."""
    key = (operation.chat_id, operation.user_id)
    own, head = marks.get(key), heads.get(operation.chat_id)
    if own is None or head is None:
        return Refused("not_member")
    read = head.last_seq if operation.read_seq == -1 else operation.read_seq
    delivered = operation.delivered_seq
    for name, seq in (("read_seq", read), ("delivered_seq", delivered)):
        if seq is not None and not 0 <= seq <= head.last_seq:
            return Refused("bad_seq", f"{name} is above the chat's last_seq", name)
    if read is not None:
        delivered = max(read, delivered or 0)
    marks[key] = own.raised(read, delivered, hidden=operation.user_id in hiders)
    if marks[key].own_delivered_seq != own.own_delivered_seq:
        return "received"
    return "read" if marks[key] != own else ""


def _unread(
    marks: dict[tuple[int, int], _Marks], heads: dict[int, _Head]
) -> Steps[tuple[dict[tuple[int, int], int], dict[tuple[int, int], int]]]:
    """Messages, and those that name somebody, by chat and user."""
    behind = [Behind(one.chat_id, one.user_id, one.read_seq, heads[one.chat_id].last_seq) for one in marks.values()]
    counts = yield from count_all_unread(behind)
    some = [one for one, count in zip(behind, counts, strict=True) if count]
    named = yield from count_all_mentions(some)
    return (
        {(one.chat_id, one.user_id): count for one, count in zip(behind, counts, strict=True)},
        {(one.chat_id, one.user_id): count for one, count in zip(some, named, strict=True)},
    )
