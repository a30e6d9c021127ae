"""The model's edits, deletions, reactions and pins: what the log says is played again (docs/protocol.md I4, I8)."""

from typing import assert_never, cast

from msgspec import structs

from chatproto.operations import (
    Appended,
    DeleteMessage,
    EditMessage,
    FetchPins,
    FetchReaders,
    FetchRevisions,
    MessageChange,
    Outcome,
    Pin,
    PinsFound,
    React,
    ReadersFound,
    Refused,
    RevisionsFound,
)
from chatproto.operations.append_rules import NOT_MEMBER, barred_from, names_everybody
from chatproto.operations.message_events import OF_CONTENT, UNPINNED, tombstone
from chatproto.operations.message_rules import Actor, Target, judge_message_change
from chatproto.simulation.model_rooms import Membership, Room
from chatproto.simulation.model_store import Store
from chatproto.simulation.store_chats import as_of, pinned, reactions_at, shown, shown_item
from chatproto.simulation.store_files import release
from chatproto.wire.limits import MAX_WATCHED
from chatproto.wire.markup import Mentions
from chatproto.wire.model import ChatType, Event, Message, Revision, Role


def change_message(store: Store, operation: MessageChange) -> Appended | Refused:
    """As the rules say, and then it is in the log."""
    room = store.rooms.get(operation.chat_id)
    if room is None:
        return NOT_MEMBER
    accepted = room.commands.get((operation.actor_id, operation.cid))
    member = room.membership(operation.actor_id)
    verdict = judge_message_change(
        operation,
        accepted=None if accepted is None else accepted[0],
        chat_type=cast("ChatType", room.type),
        actor=None if member is None else _actor(store, room, member),
        target=_target(room, operation),
    )
    if isinstance(verdict, Refused):
        return verdict
    if accepted is not None:
        return _repeat(room, accepted[1], accepted[2])
    last_seq, last_at = room.head
    if verdict == "unchanged":
        assert last_at is not None, "there is a message"
        room.commands[operation.actor_id, operation.cid] = (operation.digest, last_seq + 1, last_seq)
        return Appended(room.id, (), False, last_seq, unchanged=(last_seq, last_at))
    seq = last_seq + 1
    room.commands[operation.actor_id, operation.cid] = (operation.digest, seq, seq)
    _perform(store, room, operation)
    event = shown_item(room, room.log[-1], None)
    assert isinstance(event, Event)
    return Appended(room.id, (event,), False, seq, previous_at=last_at)


def _actor(store: Store, room: Room, member: Membership) -> Actor:
    role = cast("Role", member.role)
    return Actor(role, member.first_seq, barred_from(room.writers, role, closed=store.is_closed(room)))


def _repeat(room: Room, first_seq: int, last_seq: int) -> Appended:
    if first_seq > last_seq:
        unchanged = (last_seq, room.log[last_seq - 1].created_at)
        return Appended(room.id, (), True, room.last_seq, unchanged=unchanged)
    event = shown_item(room, room.log[first_seq - 1], None)
    assert isinstance(event, Event)
    return Appended(room.id, (event,), True, room.last_seq)


def _target(room: Room, operation: MessageChange) -> Target | None:
    message = _message(room, operation.seq)
    if message is None:
        return None
    now, reactions, pins = as_of(room, message, None), reactions_at(room, message.seq, None), pinned(room, None)
    return Target(
        sender_id=now.sender_id,
        created_at=now.created_at,
        content=now.content,
        deleted=now.deleted,
        emoji=frozenset(emoji for _, emoji in reactions),
        own_emoji=frozenset(emoji for user_id, emoji in reactions if user_id == operation.actor_id),
        pinned=message.seq in pins,
        pins=len(pins),
        has_files=bool(message.attachments),
    )


def _message(room: Room, seq: int) -> Message | None:
    item = room.log[seq - 1] if 1 <= seq <= room.last_seq else None
    return item if isinstance(item, Message) else None


def _perform(store: Store, room: Room, operation: MessageChange) -> None:
    seq, rev = room.last_seq + 1, len(room.changes.get(operation.seq, ())) + 2
    match operation:
        case EditMessage(content=content):
            room.texts[seq] = content
            room.named[seq] = named(store, room, operation.actor_id, operation.mentions)
            _log(room, operation, "edited", {"rev": rev})
        case React(emoji=emoji, on=on):
            _log(room, operation, "reaction_added" if on else "reaction_removed", {"rev": rev, "emoji": emoji})
        case Pin(on=on):
            room.pins.append((seq, operation.seq, on))
            _log(room, operation, "pinned" if on else "unpinned", {})
        case DeleteMessage():
            was_pinned = operation.seq in pinned(room, None)
            if was_pinned:
                room.pins.append((seq, operation.seq, False))
            _log(room, operation, "deleted", {UNPINNED: True} if was_pinned else {})
            erased = _erase(room, operation.seq)
            release(store, erased, operation.now)
        case _:
            assert_never(operation)


def named(store: Store, room: Room, author_id: int, mentions: Mentions) -> tuple[tuple[int, ...], bool]:
    """Whom a text names: those of its names who are members now, and whether everybody."""
    present = room.present()
    ids = {store.accounts[user_id].user.username: user_id for user_id in present}
    found = tuple(ids[name] for name in mentions.usernames if name in ids)
    role = cast("Role", present[author_id].role)
    return found, names_everybody(mentions.all, members=len(present), role=role)


def _log(room: Room, operation: MessageChange, event: str, data: dict[str, object]) -> None:
    seq = room.last_seq + 1
    room.log.append(
        Event(
            chat_id=room.id,
            seq=seq,
            event=event,
            actor_id=operation.actor_id,
            created_at=operation.now,
            target_seq=operation.seq,
            data=data,
        )
    )
    if event not in ("pinned", "unpinned"):
        room.changes[operation.seq] = (*room.changes.get(operation.seq, ()), seq)


def _erase(room: Room, seq: int) -> Message:
    message, changes = room.log[seq - 1], room.changes[seq]
    assert isinstance(message, Message)
    for change in changes:
        event = room.log[change - 1]
        room.texts.pop(change, None)
        room.named.pop(change, None)
        if isinstance(event, Event) and event.event in OF_CONTENT:
            room.log[change - 1] = structs.replace(event, data={})
    room.log[seq - 1] = tombstone(message, len(changes) + 1)
    return message


def fetch_revisions(store: Store, operation: FetchRevisions) -> Outcome:
    """Every text up to the end of what the caller may see."""
    room = store.rooms.get(operation.chat_id)
    member = room.members.get(operation.user_id) if room else None
    if room is None or member is None:
        return Refused("not_found")
    end = room.last_seq if member.left_seq is None else member.left_seq
    message = _message(room, operation.seq) if member.first_seq <= operation.seq <= end else None
    if message is None or message.deleted:
        return Refused("not_found")
    if message.sender_id != operation.user_id and (room.type == "direct" or member.role != "admin"):
        return Refused("not_found")
    found = [Revision(rev=1, content=cast("str", message.content), edited_at=None)]
    for number, seq in enumerate(room.changes.get(message.seq, ())):
        if seq <= end and seq in room.texts:
            found.append(Revision(rev=number + 2, content=room.texts[seq], edited_at=room.log[seq - 1].created_at))
    return RevisionsFound(tuple(found))


def fetch_readers(store: Store, operation: FetchReaders) -> Outcome:
    """By their own marks, of those who may see it."""
    room = store.rooms.get(operation.chat_id)
    member = room.membership(operation.user_id) if room else None
    message = _message(room, operation.seq) if room and member and operation.seq >= member.first_seq else None
    if room is None or message is None or message.deleted:
        return Refused("not_found")
    present = room.present().values()
    if len(present) > MAX_WATCHED:
        return Refused("too_many", f"the group has more than {MAX_WATCHED} members")
    seeing = [one for one in present if one.user_id != message.sender_id and one.first_seq <= message.seq]
    others = sorted(seeing, key=lambda one: one.user_id)
    sees_none = store.hides(operation.user_id).reads
    read = tuple(one.user_id for one in others if one.own_read_seq >= message.seq and not sees_none)
    received = tuple(one.user_id for one in others if one.user_id not in read and message.seq <= one.own_delivered_seq)
    return ReadersFound(
        read, received, tuple(store.seen_by(operation.user_id, user_id) for user_id in sorted(read + received))
    )


def fetch_pins(store: Store, operation: FetchPins) -> Outcome:
    """Ascending by seq."""
    room = store.rooms.get(operation.chat_id)
    member = room.members.get(operation.user_id) if room else None
    if room is None or member is None:
        return Refused("not_found")
    found = [seq for seq in sorted(pinned(room, member.left_seq)) if seq >= member.first_seq]
    messages = tuple(shown(room, cast("Message", room.log[seq - 1]), member) for seq in found)
    senders = sorted({message.sender_id for message in messages})
    return PinsFound(messages, tuple(store.seen_by(operation.user_id, user_id) for user_id in senders))
