"""The model's pages of a log (docs/protocol.md section 4, `sync`; I5, I8)."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

import msgspec

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
from chatproto.simulation.model_rooms import Room
from chatproto.simulation.model_store import Store
from chatproto.simulation.store_chats import shown, shown_item
from chatproto.simulation.store_log import everybody
from chatproto.wire.limits import Limits
from chatproto.wire.model import Event, LogItem, Message, Page, named_ids

PAGE_BYTES = Limits().page_bytes


def fetch_page(store: Store, operation: FetchPage) -> Outcome:
    """Items of exactly the seqs in (from_seq, to_seq]; cut on the side away from the cursor where they are too big."""
    room = store.rooms.get(operation.chat_id)
    member = room.members.get(operation.user_id) if room else None
    if room is None or member is None:
        return Refused("not_member")
    last_seq = room.last_seq if member.left_seq is None else member.left_seq
    before_all = member.first_seq - 1
    forward = operation.after_seq is not None
    if operation.after_seq is not None:
        if operation.after_seq > last_seq or _replaced(room, operation):
            return Refused("bad_seq", "after_seq is not in this log", "after_seq")
        start = max(operation.after_seq, before_all)
        end = min(start + operation.limit, last_seq)
    else:
        end = max(min(cast("int", operation.before_seq) - 1, last_seq), before_all)
        start = max(end - operation.limit, before_all)
    items = [shown_item(room, item, member) for item in room.log[start:end]]
    items = _fitting(store, operation.user_id, items, forward)
    if forward:
        end = start + len(items)
    else:
        start = end - len(items)
    named = sorted(named_ids(items))
    page = Page(
        chat_id=room.id,
        from_seq=start,
        to_seq=end,
        items=tuple(items),
        users=tuple(store.seen_by(operation.user_id, user_id) for user_id in named),
        more=end < last_seq if forward else start > before_all,
        last_seq=last_seq,
        last_at=room.log[last_seq - 1].created_at if last_seq else None,
    )
    return PageFound(page)


def fetch_around(store: Store, operation: FetchAround) -> Outcome:
    """Half a page of bytes for each side, so that the entry itself is always there."""
    room = store.rooms.get(operation.chat_id)
    member = room.members.get(operation.user_id) if room else None
    if room is None or member is None:
        return Refused("not_member")
    last_seq = room.last_seq if member.left_seq is None else member.left_seq
    before_all = member.first_seq - 1
    seq = operation.seq
    if seq is None and last_seq > before_all:
        at = cast("datetime", operation.at)
        visible = room.log[before_all:last_seq]
        seq = next((item.seq for item in visible if item.created_at >= at), last_seq)
    elif seq is not None and not before_all < seq <= last_seq:
        return Refused("bad_seq", "around_seq is not in this log", "around_seq")
    target = last_seq + 1 if seq is None else seq
    start = max(target - 1 - operation.limit // 2, before_all)
    end = min(target - 1 + (operation.limit + 1) // 2, last_seq)
    items = [shown_item(room, item, member) for item in room.log[start:end]]
    below = target - 1 - start
    viewer = operation.user_id
    older = _fitting(store, viewer, items[:below], forward=False, size_limit=PAGE_BYTES // 2)
    newer = _fitting(store, viewer, items[below:], forward=True, size_limit=PAGE_BYTES // 2)
    start, end = target - 1 - len(older), target - 1 + len(newer)
    named = sorted(named_ids(older + newer))
    page = Page(
        chat_id=room.id,
        from_seq=start,
        to_seq=end,
        items=(*older, *newer),
        users=tuple(store.seen_by(viewer, user_id) for user_id in named),
        more=end < last_seq,
        last_seq=last_seq,
        last_at=room.log[last_seq - 1].created_at if last_seq else None,
    )
    return AroundFound(page, seq, has_before=start > before_all)


def read_log(store: Store, operation: ReadLog) -> Outcome:
    """What comes after `after_seq`, the same for every reader."""
    room = store.rooms.get(operation.chat_id)
    if room is None or operation.after_seq > room.last_seq or _replaced(room, operation):
        return Refused("bad_seq", "after_seq is not in this log", "after_seq")
    entries = room.log[operation.after_seq : operation.after_seq + operation.limit]
    ends = [item.seq for item in entries if _departs_for_good(room, item)]
    entries = [item for item in entries if not ends or item.seq <= ends[0]]
    items = _first_fitting([everybody(room, item, ends[0] if ends else None) for item in entries])
    return LogRead(room.id, tuple(items), *room.head)


def _departs_for_good(room: Room, item: Message | Event) -> bool:
    """Whether this removed somebody who has not come back: they see the log up to here, and no later changes of it."""
    if not isinstance(item, Event) or item.event != "member_removed":
        return False
    return room.members[item.data["user_id"]].left_seq == item.seq


def _first_fitting(items: Sequence[Message | Event]) -> list[Message | Event]:
    """As many of the first ones as fit into a page, but at least one."""
    size, kept = 0, list[Message | Event]()
    for item in items:
        size += len(msgspec.json.encode(item)) + 1
        if size > PAGE_BYTES and kept:
            break
        kept.append(item)
    return kept


def _replaced(room: Room, operation: FetchPage | ReadLog) -> bool:
    """The entry at after_seq has another time than is remembered."""
    if operation.after_at is None or not operation.after_seq:
        return False
    return room.log[operation.after_seq - 1].created_at != operation.after_at


def _fitting(
    store: Store, viewer_id: int, items: list[LogItem], forward: bool, size_limit: int = PAGE_BYTES
) -> list[LogItem]:
    size, counted, kept = 0, set[int](), list[LogItem]()
    for item in items if forward else reversed(items):
        named = named_ids([item]) - counted
        size += len(msgspec.json.encode(item)) + 1
        size += sum(len(msgspec.json.encode(store.seen_by(viewer_id, user_id))) + 1 for user_id in named)
        if size > size_limit and kept:
            break
        counted |= named
        kept.append(item)
    return kept if forward else kept[::-1]


def fetch_messages(store: Store, operation: FetchMessages) -> Outcome:
    """Messages only, ascending; by offset from the newest, or below `before_seq`."""
    room = store.rooms.get(operation.chat_id)
    member = room.members.get(operation.user_id) if room else None
    if room is None or member is None:
        return Refused("not_found")
    last_seq = room.last_seq if member.left_seq is None else member.left_seq
    upto = last_seq if operation.before_seq is None else min(operation.before_seq - 1, last_seq)
    log = room.log[member.first_seq - 1 : upto]
    found = [shown(room, item, member) for item in log if isinstance(item, Message)]
    end = max(0, len(found) - (operation.offset or 0))
    kept = found[max(0, end - operation.limit) : end]
    users = tuple(store.seen_by(operation.user_id, user_id) for user_id in sorted(named_ids(kept)))
    return MessagesFound(tuple(kept), users, end > operation.limit, last_seq)
