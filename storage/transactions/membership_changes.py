"""Changes of a chat's membership, roles and looks: events of its log (docs/protocol.md I4, I8)."""

import json
from typing import Any, Final, NamedTuple, assert_never

from attrs import define, field
from sqlalchemy import bindparam, select, update

from chatproto.operations import AppendChange, Appended, Refused
from chatproto.operations.append_rules import FULL, NO_CHAT, judge_change
from chatproto.operations.block_rules import NOT_ADDED
from chatproto.wire.digest import command_digest
from chatproto.wire.limits import MAX_MEMBERS
from chatproto.wire.model import Event, RetentionDays, Role, User, Writers
from storage.statements import Select, Statement, Steps, into
from storage.tables import chat_users, chats
from storage.transactions.blocks import can_add
from storage.transactions.departures import avatar_then, keep_departure
from storage.transactions.files import change_avatar, release_avatar
from storage.transactions.invites import INVALID, count_use, lock_way_in
from storage.transactions.log import (
    FIND_COMMAND,
    INSERT_COMMAND,
    INSERT_EVENT,
    LOCK_CHAT,
    MEMBER_IDS,
    MEMBERSHIP,
    MOVE_HEAD,
    CommandRow,
    read_entries,
    render_event,
)
from storage.transactions.people import SHARE_LIVING, is_any_full, plain_users


class _MemberRow(NamedTuple):
    """A member, or a former one."""

    user_id: int
    role: Role
    left_seq: int | None


_KEY: Final = (chat_users.c.chat_id == bindparam("chat_key"), chat_users.c.user_id == bindparam("user_key"))

_INSERT_MEMBER: Final = Statement(
    into(
        chat_users, "chat_id", "user_id", "role", "joined_at", "joined_seq", "first_seq", "read_seq", "delivered_seq"
    )
)  # fmt: skip
_REJOIN: Final = Statement(
    update(chat_users)
    .where(*_KEY)
    .values(
        role=bindparam("role"),
        joined_at=bindparam("joined_at"),
        joined_seq=bindparam("joined_seq"),
        first_seq=bindparam("first_seq"),
        read_seq=bindparam("read_seq"),
        delivered_seq=bindparam("delivered_seq"),
        left_seq=None,
        left_at=None,
        hidden_seq=None,
    )
)
_LEAVE: Final = Statement(
    update(chat_users).where(*_KEY).values(left_seq=bindparam("left_seq"), left_at=bindparam("left_at"))
)
_SET_ROLE: Final = Statement(update(chat_users).where(*_KEY).values(role=bindparam("role")))
_MEMBERS: Final = Select(
    select(chat_users.c.user_id, chat_users.c.role, chat_users.c.left_seq)
    .where(chat_users.c.chat_id == bindparam("chat_id"))
    .order_by(chat_users.c.joined_seq, chat_users.c.user_id),
    row=_MemberRow,
)
_SET_LOOKS: Final = Statement(
    update(chats)
    .where(chats.c.id == bindparam("chat_id"))
    .values(
        title=bindparam("title"),
        avatar_url=bindparam("avatar_url"),
        writers=bindparam("writers"),
        retention_days=bindparam("retention_days"),
    )
)


@define
class _Change:
    """One AppendChange on its way, with the chat locked."""

    operation: AppendChange
    title: str | None
    avatar_url: str | None
    writers: Writers
    retention_days: RetentionDays
    last_seq: int
    last_message_seq: int
    pinned_seq: int
    expired_seq: int
    events: list[Event] = field(factory=list)
    added_ids: list[int] = field(factory=list)
    removed_ids: list[int] = field(factory=list)

    @property
    def next_seq(self) -> int:
        return self.last_seq + 1


def append_change(operation: AppendChange) -> Steps[Appended | Refused]:
    """All or nothing: a change that is refused for one user is refused for all."""
    chat_id, actor_id = operation.chat_id, operation.actor_id
    chat = yield from LOCK_CHAT.first(chat_id=chat_id)
    if chat is None:
        return NO_CHAT
    digest = _digest(operation)
    accepted = yield from FIND_COMMAND.first(chat_id=chat_id, actor_id=actor_id, cid=operation.cid)
    actor = yield from MEMBERSHIP.first(chat_id=chat_id, user_id=actor_id)
    verdict = judge_change(
        operation,
        digest,
        accepted=None if accepted is None else accepted.digest,
        chat_type=chat.type,
        role=None if actor is None else actor.role,
    )
    if isinstance(verdict, Refused):
        return verdict
    if accepted is not None:
        return (yield from _repeat(chat_id, accepted, chat.last_seq))
    change = _Change(
        operation, chat.title, chat.avatar_url, chat.writers, chat.retention_days, chat.last_seq, chat.last_message_seq,
        chat.pinned_seq, chat.expired_seq,
    )  # fmt: skip
    refused = yield from _perform(change)
    if refused is not None:
        return refused
    if change.events:
        yield from _write_down(change, digest)
    member_ids = yield from MEMBER_IDS.column(chat_id=operation.chat_id)
    return Appended(
        operation.chat_id,
        tuple(change.events),
        dup=False,
        last_seq=change.last_seq,
        member_ids=tuple(member_ids),
        added_ids=tuple(change.added_ids),
        removed_ids=tuple(change.removed_ids),
        previous_at=chat.last_at,
    )


def _repeat(chat_id: int, accepted: CommandRow, last_seq: int) -> Steps[Appended]:
    items = yield from read_entries(chat_id, accepted.first_seq - 1, accepted.last_seq)
    member_ids = yield from MEMBER_IDS.column(chat_id=chat_id)
    return Appended(chat_id, tuple(items), dup=True, last_seq=last_seq, member_ids=tuple(member_ids))


def _digest(operation: AppendChange) -> bytes:
    fields: tuple[object, ...] = (
        operation.user_ids,
        operation.history,
        operation.role,
        operation.title,
        operation.avatar_url,
    )
    if operation.writers is not None:  # as before where it is not named: a repetition may be older than this server
        fields += (operation.writers,)
    if operation.retention_days is not None:
        fields += (operation.retention_days,)
    return command_digest(operation.kind, content=json.dumps(fields))


def _perform(change: _Change) -> Steps[Refused | None]:
    kind = change.operation.kind
    match kind:
        case "add":
            return (yield from _add(change))
        case "remove":
            return (yield from _remove(change))
        case "role":
            return (yield from _set_role(change))
        case "update":
            return (yield from _update(change))
        case _:
            assert_never(kind)


def _add(change: _Change) -> Steps[Refused | None]:
    operation = change.operation
    invite = None
    if operation.invite_hash is not None:
        asked = operation.invite_hash, operation.chat_id, operation.user_ids[0], operation.now
        invite = yield from lock_way_in(*asked)
        if invite is None:
            return INVALID
    rows = yield from _MEMBERS.all(chat_id=operation.chat_id)
    present = {row.user_id for row in rows if row.left_seq is None}
    known = {row.user_id for row in rows}
    newcomers = [user_id for user_id in dict.fromkeys(operation.user_ids) if user_id not in present]
    living: list[int] = yield from SHARE_LIVING.column(user_ids=sorted(newcomers))
    if len(living) < len(newcomers):
        return Refused("not_found", "no such user", "user_ids")
    if len(present) + len(newcomers) > MAX_MEMBERS:
        return Refused("validation_failed", f"a group has at most {MAX_MEMBERS} members", "user_ids")
    if not (yield from can_add(operation.actor_id, newcomers)):
        return NOT_ADDED
    if (yield from is_any_full(newcomers)):
        return FULL
    found = yield from plain_users(newcomers)
    for user_id in newcomers:
        if invite is not None:
            yield from count_use(invite, user_id, operation.now)
        yield from _join(change, found[user_id], known=user_id in known)
    return None


def _join(change: _Change, user: User, *, known: bool) -> Steps[None]:
    """Watermarks start at the new member's member_added; without history that is also the first they may see."""
    operation, seq = change.operation, change.next_seq
    values = {
        "role": "member",
        "joined_at": operation.now,
        "joined_seq": seq,
        "first_seq": change.expired_seq + 1 if operation.history == "all" else seq,
        "read_seq": seq,
        "delivered_seq": seq,
    }
    if known:
        yield from _REJOIN.run(chat_key=operation.chat_id, user_key=user.id, **values)
        yield from release_avatar((yield from avatar_then(operation.chat_id, user.id)), operation.now)
    else:
        yield from _INSERT_MEMBER.run(chat_id=operation.chat_id, user_id=user.id, **values)
    yield from _log(change, "member_added", user, {"role": "member"})
    change.added_ids.append(user.id)


def _remove(change: _Change) -> Steps[Refused | None]:
    """The last admin hands over before they go, so that a group with members is never without an admin."""
    operation = change.operation
    user_id = operation.user_ids[0]
    members = yield from _present(operation.chat_id)
    if user_id not in members:
        return Refused("not_found", "no such member", "user_id")
    others = [member for member in members if member != user_id]
    if others and not any(members[member] == "admin" for member in others):
        yield from _give_role(change, others[0], "admin")
    yield from keep_departure(
        operation.chat_id,
        user_id,
        title=change.title,
        avatar_url=change.avatar_url,
        last_message_seq=change.last_message_seq,
        pinned_seq=change.pinned_seq,
    )
    yield from _LEAVE.run(chat_key=operation.chat_id, user_key=user_id, left_seq=change.next_seq, left_at=operation.now)
    reason = "left" if user_id == operation.actor_id else "removed"
    yield from _log(change, "member_removed", user_id, {"reason": reason})
    change.removed_ids.append(user_id)
    return None


def _set_role(change: _Change) -> Steps[Refused | None]:
    operation = change.operation
    user_id, role = operation.user_ids[0], operation.role
    members = yield from _present(operation.chat_id)
    if user_id not in members:
        return Refused("not_found", "no such member", "user_id")
    if role is None or members[user_id] == role:
        return None
    if role == "member" and sum(held == "admin" for held in members.values()) == 1:
        return Refused("forbidden", "a group keeps at least one admin", "role")
    yield from _give_role(change, user_id, role)
    return None


def _present(chat_id: int) -> Steps[dict[int, Role]]:
    """Roles of the members by id, the longest-standing first."""
    rows = yield from _MEMBERS.all(chat_id=chat_id)
    return {row.user_id: row.role for row in rows if row.left_seq is None}


def _give_role(change: _Change, user_id: int, role: Role) -> Steps[None]:
    yield from _SET_ROLE.run(chat_key=change.operation.chat_id, user_key=user_id, role=role)
    yield from _log(change, "role_changed", user_id, {"role": role})


def _update(change: _Change) -> Steps[Refused | None]:
    """None leaves a field, "" clears the avatar; the event carries only what changed."""
    operation, data = change.operation, dict[str, Any]()
    if operation.title is not None and operation.title != change.title:
        data["title"] = operation.title
    if operation.avatar_url is not None and (operation.avatar_url or None) != change.avatar_url:
        data["avatar_url"] = operation.avatar_url or None
    if operation.writers is not None and operation.writers != change.writers:
        data["writers"] = operation.writers
    if operation.retention_days is not None and operation.retention_days != change.retention_days:
        data["retention_days"] = operation.retention_days
    looks = {
        "title": change.title,
        "avatar_url": change.avatar_url,
        "writers": change.writers,
        "retention_days": change.retention_days,
    } | data
    refused = yield from change_avatar(operation.actor_id, change.avatar_url, looks["avatar_url"], operation.now)
    if refused is not None:
        return refused
    if data:
        yield from _SET_LOOKS.run(chat_id=operation.chat_id, **looks)
        if "avatar_url" in data:
            yield from release_avatar(change.avatar_url, operation.now)
        yield from _log(change, "chat_updated", None, data)
    return None


def _log(change: _Change, event: str, subject: User | int | None, data: dict[str, Any]) -> Steps[None]:
    """Write one event and keep it for the outcome."""
    operation, seq = change.operation, change.next_seq
    yield from INSERT_EVENT.run(
        chat_id=operation.chat_id,
        seq=seq,
        event=event,
        actor_id=operation.actor_id,
        created_at=operation.now,
        target_seq=None,
        subject_id=subject.id if isinstance(subject, User) else subject,
        data=json.dumps(data, ensure_ascii=False),
    )
    change.events.append(
        render_event(
            chat_id=operation.chat_id,
            seq=seq,
            event=event,
            actor_id=operation.actor_id,
            created_at=operation.now,
            subject=subject,
            data=data,
        )
    )
    change.last_seq = seq


def _write_down(change: _Change, digest: bytes) -> Steps[None]:
    operation, events = change.operation, change.events
    yield from INSERT_COMMAND.run(
        chat_id=operation.chat_id,
        actor_id=operation.actor_id,
        cid=operation.cid,
        digest=digest,
        first_seq=events[0].seq,
        last_seq=events[-1].seq,
    )
    yield from MOVE_HEAD.run(
        chat_id=operation.chat_id,
        last_seq=change.last_seq,
        last_at=operation.now,
        last_message_seq=change.last_message_seq,
    )
