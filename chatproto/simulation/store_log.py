"""The model's logs: appends and changes (docs/protocol.md I1..I5, I8)."""

from datetime import datetime
from typing import Any, assert_never, cast

from attrs import define, field

from chatproto.operations import (
    AppendBatch,
    AppendChange,
    Appended,
    AppendMessage,
    BatchAppended,
    DeleteMessage,
    EditMessage,
    LogCommand,
    Outcome,
    Pin,
    React,
    Refused,
)
from chatproto.operations.append_rules import (
    FULL,
    NO_CHAT,
    NOT_MEMBER,
    Source,
    barred_from,
    judge_change,
    judge_message,
)
from chatproto.operations.block_rules import NOT_ADDED
from chatproto.operations.message_events import without_erased
from chatproto.simulation.model_rooms import Membership, Room
from chatproto.simulation.model_store import Store
from chatproto.simulation.store_chats import is_any_full, shown, shown_item
from chatproto.simulation.store_files import change_avatar, hold, own_attachments, release_avatar
from chatproto.simulation.store_invites import way_in
from chatproto.simulation.store_messages import change_message, named
from chatproto.wire.digest import command_digest
from chatproto.wire.limits import MAX_MEMBERS
from chatproto.wire.model import ChatType, Event, Forwarded, Hidden, Message, Role, User


def append_message(store: Store, operation: AppendMessage) -> Appended | Refused:
    """As the rules say, and then it is in the log."""
    room = store.rooms.get(operation.chat_id)
    if room is None:
        return NOT_MEMBER
    member = room.membership(operation.actor_id)
    source = _source(store, operation)
    files = own_attachments(store, operation) if source is None else source.attachments
    verdict = judge_message(
        operation,
        accepted=_accepted(room, operation),
        first_seq=None if member is None else member.first_seq,
        barred=None if member is None else _barred(store, room, member),
        target_at=_made_at(room, operation.reply_to),
        source=source,
        has_files=files is not None,
    )
    if isinstance(verdict, Refused):
        return verdict
    if verdict == "repeat":
        return _repeat(room, operation)
    mentions, mentions_all = named(store, room, operation.actor_id, operation.mentions)
    store.messages += 1
    previous_at, seq = room.head[1], room.last_seq + 1
    message = Message(
        id=store.messages,
        chat_id=room.id,
        seq=seq,
        sender_id=operation.actor_id,
        content=operation.content if source is None else source.content,
        created_at=operation.now,
        reply_to=operation.reply_to,
        mentions=mentions,
        mentions_all=mentions_all,
        forwarded=None if source is None else source.author,
        attachment_url=files[0].url if files else None,
        attachments=files or (),
        cid=operation.cid,
    )
    room.log.append(message)
    hold(store, message)
    room.commands[operation.actor_id, operation.cid] = (operation.digest, seq, seq)
    return Appended(room.id, (message,), False, seq, previous_at=previous_at)


def _barred(store: Store, room: Room, member: Membership) -> Refused | None:
    return barred_from(room.writers, cast("Role", member.role), closed=store.is_closed(room))


def _source(store: Store, operation: AppendMessage) -> Source | None:
    """The message that is forwarded, as the actor sees it, or saw it last."""
    forward = operation.forward
    room = None if forward is None else store.rooms.get(forward.chat_id)
    member = None if room is None else room.members.get(operation.actor_id)
    if forward is None or room is None or member is None:
        return None
    end = room.last_seq if member.left_seq is None else member.left_seq
    item = room.log[forward.seq - 1] if member.first_seq <= forward.seq <= end else None
    if not isinstance(item, Message):
        return None
    seen = shown(room, item, member)
    author = Forwarded(user_id=seen.sender_id, display_name=store.plain(seen.sender_id).display_name)
    return Source(seen.created_at, seen.content, seen.forwarded or author, seen.attachments)


def append_batch(store: Store, operation: AppendBatch) -> Outcome:
    """One after another; what is refused changes nothing."""
    return BatchAppended(tuple(without_erased([_append(store, command) for command in operation.commands])))


def _append(store: Store, command: LogCommand) -> Appended | Refused:
    match command:
        case AppendMessage():
            return append_message(store, command)
        case AppendChange():
            return append_change(store, command)
        case EditMessage() | DeleteMessage() | React() | Pin():
            return change_message(store, command)
        case _:
            assert_never(command)


def _accepted(room: Room, operation: AppendMessage | AppendChange) -> bytes | None:
    """The digest of what was accepted under this cid."""
    command = room.commands.get((operation.actor_id, operation.cid))
    return None if command is None else command[0]


def _repeat(room: Room, operation: AppendMessage | AppendChange) -> Appended:
    _, first, last = room.commands[operation.actor_id, operation.cid]
    items = tuple(_again(room, item) for item in room.log[first - 1 : last])
    members = tuple(sorted(room.present())) if isinstance(operation, AppendChange) else ()
    return Appended(room.id, items, True, room.last_seq, members)


def _again(room: Room, item: Message | Event) -> Message | Event:
    """As its sender sees it now, or saw it when they left."""
    return shown(room, item, room.members[item.sender_id]) if isinstance(item, Message) else everybody(room, item)


def _made_at(room: Room, seq: int | None) -> datetime | None:
    """When the message with this seq was made, if it is one."""
    if seq is None or not 1 <= seq <= room.last_seq:
        return None
    target = room.log[seq - 1]
    return target.created_at if isinstance(target, Message) else None


def everybody(room: Room, item: Message | Event, end: int | None = None) -> Message | Event:
    """An item as all see it who may; as it was at `end`, where that is given."""
    found = shown_item(room, item, None, end)
    assert not isinstance(found, Hidden), "without a viewer"
    return found


# --- changes ---


@define
class _Change:
    store: Store
    room: Room
    operation: AppendChange
    events: list[Event] = field(factory=list)
    added_ids: list[int] = field(factory=list)
    removed_ids: list[int] = field(factory=list)

    def log(self, event: str, subject: User | int | None, data: dict[str, Any]) -> None:
        named: dict[str, Any] = {}
        if subject is not None:
            named = {"user": subject} if isinstance(subject, User) else {"user_id": subject}
        entry = Event(
            chat_id=self.room.id,
            seq=self.room.last_seq + 1,
            event=event,
            actor_id=self.operation.actor_id,
            created_at=self.operation.now,
            data=named | data,
        )
        self.room.log.append(entry)
        self.events.append(entry)


def append_change(store: Store, operation: AppendChange) -> Appended | Refused:
    """All or nothing: a change that is refused for one user is refused for all."""
    room = store.rooms.get(operation.chat_id)
    if room is None:
        return NO_CHAT
    digest = _digest(operation)
    actor = room.membership(operation.actor_id)
    verdict = judge_change(
        operation,
        digest,
        accepted=_accepted(room, operation),
        chat_type=cast("ChatType", room.type),
        role=None if actor is None else cast("Role", actor.role),
    )
    if isinstance(verdict, Refused):
        return verdict
    if verdict == "repeat":
        return _repeat(room, operation)
    change = _Change(store, room, operation)
    previous_at = room.head[1]
    refused = _perform(change)
    if refused is not None:
        return refused
    if change.events:
        span = (digest, change.events[0].seq, change.events[-1].seq)
        room.commands[operation.actor_id, operation.cid] = span
    return Appended(
        room.id,
        tuple(change.events),
        False,
        room.last_seq,
        tuple(sorted(room.present())),
        tuple(change.added_ids),
        tuple(change.removed_ids),
        previous_at,
    )


def _digest(operation: AppendChange) -> bytes:
    fields = (
        operation.user_ids,
        operation.history,
        operation.role,
        operation.title,
        operation.avatar_url,
        operation.writers,
        operation.retention_days,
    )
    return command_digest(operation.kind, content=repr(fields))


def _perform(change: _Change) -> Refused | None:
    kind = change.operation.kind
    match kind:
        case "add":
            return _add(change)
        case "remove":
            return _remove(change)
        case "role":
            return _set_role(change)
        case "update":
            return _update(change)
        case _:
            assert_never(kind)


def _add(change: _Change) -> Refused | None:
    room, operation = change.room, change.operation
    invite = None
    if operation.invite_hash is not None:
        invite = way_in(change.store, operation.invite_hash, room.id, operation.user_ids[0], operation.now)
        if invite is None:
            return Refused("invite_invalid")
    present = room.present()
    newcomers = [user_id for user_id in dict.fromkeys(operation.user_ids) if user_id not in present]
    if not change.store.living() >= set(newcomers):
        return Refused("not_found", "no such user", "user_ids")
    if len(present) + len(newcomers) > MAX_MEMBERS:
        return Refused("validation_failed", f"a group has at most {MAX_MEMBERS} members", "user_ids")
    if not change.store.can_add(operation.actor_id, newcomers):
        return NOT_ADDED
    if is_any_full(change.store, newcomers):
        return FULL
    if invite is not None:
        invite.by |= {*newcomers}
    for user_id in newcomers:
        seq = room.last_seq + 1
        old = room.members.get(user_id)
        room.members[user_id] = Membership(
            user_id,
            "member",
            operation.now,
            joined_seq=seq,
            first_seq=room.expired_seq + 1 if operation.history == "all" else seq,
            read_seq=seq,
            delivered_seq=seq,
            own_read_seq=old.own_read_seq if old else 0,
            own_delivered_seq=old.own_delivered_seq if old else 0,
            muted=old.muted if old else False,
            favourite=old.favourite if old else False,
            hides_reads=change.store.hides(user_id).reads,
        )
        if old is not None and old.departure is not None:
            release_avatar(change.store, old.departure.avatar_url, operation.now)
        change.log("member_added", change.store.plain(user_id), {"role": "member"})
        change.added_ids.append(user_id)
    return None


def _remove(change: _Change) -> Refused | None:
    """The last admin hands over before they go."""
    room, operation = change.room, change.operation
    user_id = operation.user_ids[0]
    present = room.present()
    if user_id not in present:
        return Refused("not_found", "no such member", "user_id")
    others = [member for member in present.values() if member.user_id != user_id]
    if others and not any(member.role == "admin" for member in others):
        _give_role(change, others[0], "admin")
    room.depart(user_id)
    reason = "left" if user_id == operation.actor_id else "removed"
    change.log("member_removed", user_id, {"reason": reason})
    change.removed_ids.append(user_id)
    return None


def _set_role(change: _Change) -> Refused | None:
    operation = change.operation
    present = change.room.present()
    member = present.get(operation.user_ids[0])
    if member is None:
        return Refused("not_found", "no such member", "user_id")
    role = operation.role
    if role is None or member.role == role:
        return None
    if role == "member" and sum(other.role == "admin" for other in present.values()) == 1:
        return Refused("forbidden", "a group keeps at least one admin", "role")
    _give_role(change, member, role)
    return None


def _give_role(change: _Change, member: Membership, role: Role) -> None:
    member.role = role
    change.log("role_changed", member.user_id, {"role": role})


def _update(change: _Change) -> Refused | None:
    room, operation = change.room, change.operation
    data: dict[str, Any] = {}
    old = room.avatar_url
    refused = change_avatar(change.store, operation.actor_id, old, operation.avatar_url, operation.now)
    if refused is not None:
        return refused
    if operation.title is not None and operation.title != room.title:
        data["title"] = room.title = operation.title
    if operation.avatar_url is not None and (operation.avatar_url or None) != room.avatar_url:
        data["avatar_url"] = room.avatar_url = operation.avatar_url or None
        release_avatar(change.store, old, operation.now)
    if operation.writers is not None and operation.writers != room.writers:
        data["writers"] = room.writers = operation.writers
    if operation.retention_days is not None and operation.retention_days != room.retention_days:
        data["retention_days"] = room.retention_days = operation.retention_days
    if data:
        change.log("chat_updated", None, data)
    return None
