"""Pages of a log: for `sync` by seq, for the customer's HTTP route by offset."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import BindParameter, bindparam, select, true, union_all

from chatproto.operations import (
    AroundFound,
    FetchAround,
    FetchMessages,
    FetchPage,
    LogRead,
    MessagesFound,
    Outcome,
    PageFound,
    ReadLog,
    Refused,
)
from chatproto.wire.limits import Limits
from chatproto.wire.model import Event, Hidden, LogItem, Message, Page, User, named_ids
from storage.statements import Lookup, Select, Statement, Steps
from storage.tables import chat_events, chat_users, chats, departures, messages
from storage.transactions.departures import DEPARTED, READERS_THEN, readers_then
from storage.transactions.hiding import shows_reads
from storage.transactions.log import (
    MESSAGE_COLUMNS,
    READ_BY_NOBODY,
    READERS,
    MessageRow,
    Readers,
    read_entries,
    read_message,
)
from storage.transactions.people import users_seen_by
from storage.transactions.states import Viewer, completed, read_items, seen_by

PAGE_BYTES: Final = Limits().page_bytes
"""Items and users of a page, encoded; a page with one item may be larger."""

_readers = READERS.subquery("readers")
_SHOWS_READS: Final = shows_reads(bindparam("user_id"))
_RANGE: Final = Statement(
    select(
        _readers.c.user_id,
        _readers.c.own_read_seq,
        chat_users.c.first_seq,
        chat_users.c.left_seq,
        chat_users.c.left_at,
        chats.c.last_seq,
        chats.c.last_at,
        chats.c.pinned_seq,
        departures.c.pinned_seq,
        _SHOWS_READS,
        *READERS_THEN,
    )
    .select_from(chat_users.join(chats, chats.c.id == chat_users.c.chat_id).outerjoin(*DEPARTED).join(_readers, true()))
    .where(chat_users.c.chat_id == bindparam("chat_id"), chat_users.c.user_id == bindparam("user_id"))
)
"""A row for each of the two who have read furthest; there is one at least, the viewer."""
_HEAD: Final = Statement(
    select(chats.c.last_seq, chats.c.last_at, chats.c.pinned_seq).where(chats.c.id == bindparam("chat_id"))
)
_NEWEST: Final = Select(
    select(*MESSAGE_COLUMNS)
    .where(
        messages.c.chat_id == bindparam("chat_id"),
        messages.c.seq >= bindparam("first_seq"),
        messages.c.seq <= bindparam("upto"),
    )
    .order_by(messages.c.seq.desc())
    .limit(bindparam("limit"))
    .offset(bindparam("offset")),
    row=MessageRow,
)


_PROBES: Final = 32
"""Entries whose times are looked at together, to find a moment in a log: a log of a million takes four such looks."""
_SEQS: Final[BindParameter[int]] = bindparam("seqs", expanding=True)
_TIMES: Final = Statement(
    union_all(
        *(
            select(table.c.seq, table.c.created_at).where(
                table.c.chat_id == bindparam("chat_id"), table.c.seq.in_(_SEQS)
            )
            for table in (messages, chat_events)
        )
    )
)


class _Departed(NamedTuple):
    user_id: int
    left_seq: int
    pinned_seq: int


_DEPARTED: Final = Lookup(
    select(chat_users.c.user_id, chat_users.c.left_seq, departures.c.pinned_seq)
    .select_from(chat_users.join(*DEPARTED))
    .where(chat_users.c.left_seq.is_not(None)),
    key=(chat_users.c.chat_id, chat_users.c.user_id),
    row=_Departed,
)


class Visible(NamedTuple):
    """The part of a log that somebody may see."""

    last_seq: int
    last_at: datetime | None
    viewer: Viewer


def fetch_page(operation: FetchPage) -> Steps[Outcome]:
    """Items of exactly the seqs in (from_seq, to_seq]; cut on the side away from the cursor where they are too big."""
    visible = yield from visible_to(operation.user_id, operation.chat_id)
    if visible is None:
        return Refused("not_member")
    last_seq = visible.last_seq
    before_all = visible.viewer.first_seq - 1
    forward = operation.after_seq is not None
    if operation.after_seq is not None:
        if operation.after_seq > last_seq:
            return Refused("bad_seq", "after_seq is above the chat's last_seq", "after_seq")
        if (yield from _replaced(operation)):
            return Refused("bad_seq", "the entry at after_seq has another time", "after_seq")
        start = max(operation.after_seq, before_all)
        end = min(start + operation.limit, last_seq)
    else:
        assert operation.before_seq is not None
        end = max(min(operation.before_seq - 1, last_seq), before_all)
        start = max(end - operation.limit, before_all)
    items = yield from read_items(operation.chat_id, start, end, visible.viewer)
    users = yield from users_seen_by(operation.user_id, named_ids(items))
    items = _fitting(items, users, forward=forward)
    if forward:
        end = start + len(items)
    else:
        start = end - len(items)
    named = named_ids(items)
    return PageFound(
        Page(
            chat_id=operation.chat_id,
            from_seq=start,
            to_seq=end,
            items=tuple(items),
            users=tuple(user for user in users.values() if user.id in named),
            more=end < last_seq if forward else start > before_all,
            last_seq=last_seq,
            last_at=visible.last_at,
        )
    )


def fetch_around(operation: FetchAround) -> Steps[Outcome]:
    """Half a page of bytes for each side, so that the entry itself is always there."""
    visible = yield from visible_to(operation.user_id, operation.chat_id)
    if visible is None:
        return Refused("not_member")
    last_seq, before_all, seq = visible.last_seq, visible.viewer.first_seq - 1, operation.seq
    if seq is None and last_seq > before_all:
        assert operation.at is not None
        seq = yield from _first_since(operation.chat_id, before_all + 1, last_seq, operation.at)
    elif seq is not None and not before_all < seq <= last_seq:
        return Refused("bad_seq", "around_seq is not in this log", "around_seq")
    target = last_seq + 1 if seq is None else seq
    start = max(target - 1 - operation.limit // 2, before_all)
    end = min(target - 1 + (operation.limit + 1) // 2, last_seq)
    items = yield from read_items(operation.chat_id, start, end, visible.viewer)
    users = yield from users_seen_by(operation.user_id, named_ids(items))
    below = target - 1 - start
    older = _fitting(items[:below], users, forward=False, most=PAGE_BYTES // 2)
    newer = _fitting(items[below:], users, forward=True, most=PAGE_BYTES // 2)
    start, end = target - 1 - len(older), target - 1 + len(newer)
    named = named_ids(older + newer)
    page = Page(
        chat_id=operation.chat_id,
        from_seq=start,
        to_seq=end,
        items=(*older, *newer),
        users=tuple(user for user in users.values() if user.id in named),
        more=end < last_seq,
        last_seq=last_seq,
        last_at=visible.last_at,
    )
    return AroundFound(page, seq, has_before=start > before_all)


def _first_since(chat_id: int, first: int, last: int, at: datetime) -> Steps[int]:
    """The first entry in [first, last] that was made at this time or later, else the last one. Times rise with the
    seqs, unless a clock was set back."""
    low, high = first, last + 1
    while low < high:
        seqs = sorted({low + (high - low) * step // _PROBES for step in range(_PROBES)})
        times: dict[int, datetime] = dict((yield from _TIMES.rows(chat_id=chat_id, seqs=seqs)))
        late = next((place for place, seq in enumerate(seqs) if times[seq] >= at), len(seqs))
        low, high = (seqs[late - 1] + 1 if late else low), (seqs[late] if late < len(seqs) else high)
    return min(low, last)


def read_log(operation: ReadLog) -> Steps[Outcome]:
    """What comes after `after_seq`, as many as fit into a page, but at least one."""
    head = yield from _HEAD.one(chat_id=operation.chat_id)
    refused = Refused("bad_seq", "after_seq is not in this log", "after_seq")
    if head is None or operation.after_seq > head[0]:
        return refused
    last_seq, last_at, pinned_seq = head
    upto = min(operation.after_seq + operation.limit, last_seq)
    known = 1 if operation.after_seq and operation.after_at is not None else 0  # read along: by its time it is known
    entries = yield from read_entries(operation.chat_id, operation.after_seq - known, upto)
    if known and entries.pop(0).created_at != operation.after_at:
        return refused
    departed = yield from _first_departed(operation.chat_id, entries)
    if departed is None:
        viewer = Viewer(pinned_seq)
    else:  # this user must not learn what became of messages later; all others are told by what follows
        entries = [entry for entry in entries if entry.seq <= departed.left_seq]
        viewer = Viewer(departed.pinned_seq, left_seq=departed.left_seq)
    items = yield from seen_by(viewer, operation.chat_id, entries)
    kept = _fitting(items, {}, forward=True)
    return LogRead(operation.chat_id, tuple(one for one in kept if not isinstance(one, Hidden)), last_seq, last_at)


def _first_departed(chat_id: int, entries: Sequence[Message | Event]) -> Steps[_Departed | None]:
    """The first of those whom these entries remove, and who did not come back."""
    removals = {
        (entry.data["user_id"], entry.seq)
        for entry in entries
        if isinstance(entry, Event) and entry.event == "member_removed"
    }
    users = {user_id for user_id, _ in removals}
    rows = yield from _DEPARTED.of([{"chat_id": chat_id, "user_id": user_id} for user_id in sorted(users)])
    return min((row for row in rows if (row.user_id, row.left_seq) in removals), key=_left_seq, default=None)


def _left_seq(departed: _Departed) -> int:
    return departed.left_seq


def _replaced(operation: FetchPage) -> Steps[bool]:
    """Whether another log is remembered: the entry at after_seq was made at another time."""
    if not operation.after_seq or operation.after_at is None:
        return False
    items = yield from read_entries(operation.chat_id, operation.after_seq - 1, operation.after_seq)
    return items[0].created_at != operation.after_at


def visible_to(user_id: int, chat_id: int) -> Steps[Visible | None]:
    """For a former member the log ends with the entry that removed them. None: they never were a member."""
    rows = yield from _RANGE.rows(chat_id=chat_id, user_id=user_id)
    if not rows:
        return None
    first_seq, left_seq, left_at, last_seq, last_at, pinned_seq, pinned_then, shows, *then = rows[0][2:]
    if left_seq is None:
        who = Readers(tuple(row[:2] for row in rows)) if shows else READ_BY_NOBODY
        return Visible(last_seq, last_at, Viewer(pinned_seq, first_seq, readers=who, user_id=user_id))
    who = readers_then(*then) if shows else READ_BY_NOBODY
    viewer = Viewer(pinned_then or 0, first_seq, left_seq, who, user_id)
    return Visible(left_seq, left_at, viewer)


def _fitting(
    items: Sequence[LogItem], users: dict[int, User], *, forward: bool, most: int = PAGE_BYTES
) -> list[LogItem]:
    """As many items from the cursor's side as fit with their users, but at least one."""
    size, counted, kept = 0, set[int](), list[LogItem]()
    for item in items if forward else reversed(items):
        named = named_ids([item]) - counted
        size += len(msgspec.json.encode(item)) + 1
        size += sum(len(msgspec.json.encode(users[user_id])) + 1 for user_id in named if user_id in users)
        if size > most and kept:
            break
        counted |= named
        kept.append(item)
    return kept if forward else kept[::-1]


def fetch_messages(operation: FetchMessages) -> Steps[Outcome]:
    """Messages only, tombstones too, ascending; by offset from the newest, or below `before_seq`."""
    visible = yield from visible_to(operation.user_id, operation.chat_id)
    if visible is None:
        return Refused("not_found")
    last_seq = visible.last_seq
    upto = last_seq if operation.before_seq is None else min(operation.before_seq - 1, last_seq)
    rows = yield from _NEWEST.all(
        chat_id=operation.chat_id,
        first_seq=visible.viewer.first_seq,
        upto=upto,
        limit=operation.limit + 1,
        offset=operation.offset or 0,
    )
    viewer = visible.viewer
    who, shown = viewer.readers, reversed(rows[: operation.limit])
    found = [read_message(row, is_read=who.have_read(row.sender_id, row.seq)) for row in shown]
    kept = yield from completed(
        found, {} if viewer.left_seq is None else {operation.chat_id: viewer.left_seq}, operation.user_id
    )
    users = yield from users_seen_by(operation.user_id, named_ids(kept))
    return MessagesFound(tuple(kept), tuple(users.values()), has_more=len(rows) > operation.limit, last_seq=last_seq)
