"""The model's chats: making them, and how each member sees them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import cast

import msgspec

from chatproto.operations import (
    ChatCreated,
    ChatFound,
    ChatsFound,
    CreateDirect,
    CreateGroup,
    ListChats,
    LoadChat,
    LoadSession,
    Outcome,
    Refused,
    SessionLoaded,
    SetFlags,
    UserFound,
)
from chatproto.operations.append_rules import FULL
from chatproto.operations.block_rules import CLOSED, NOT_ADDED
from chatproto.operations.message_events import gathered, pinned_from, rendered, seen_from
from chatproto.simulation.model_rooms import Membership, Room
from chatproto.simulation.model_store import Store
from chatproto.simulation.store_accounts import touch
from chatproto.wire.limits import MAX_CHATS, MAX_MEMBERS
from chatproto.wire.model import Chat, ChatType, Event, Head, LogItem, Member, Message, Role

KEY_LIFETIME = timedelta(hours=24)


def create_direct(store: Store, operation: CreateDirect) -> Outcome:
    """A pair of users has one direct chat, always the same."""
    pair = {operation.user_id, operation.peer_id}
    if not pair <= store.living():
        return Refused("not_found", "no such user", "user_id")
    for room in store.rooms.values():
        if room.type == "direct" and room.members.keys() == pair:
            return ChatCreated(_view(store, room, operation.user_id), False, tuple(sorted(pair)))
    if set(store.blocks_of(operation.user_id)) & set(store.blocks_of(operation.peer_id)):
        return CLOSED
    if is_any_full(store, pair):
        return FULL
    room = _new_room(store, "direct", None, operation, dict.fromkeys(sorted(pair), "member"))
    return ChatCreated(_view(store, room, operation.user_id), True, tuple(sorted(pair)))


def create_group(store: Store, operation: CreateGroup) -> Outcome:
    """Under a key used in the last 24 hours: the chat that was made then."""
    user_id, key = operation.user_id, operation.idempotency_key
    known = store.keys.get((user_id, key)) if key is not None else None
    if known is not None and operation.now - known[1] < KEY_LIFETIME:
        room = store.rooms[known[0]]
        return ChatCreated(_view(store, room, user_id), False, tuple(sorted(room.present())))
    everybody = {user_id, *operation.user_ids}
    if not everybody <= store.living():
        return Refused("not_found", "no such user", "user_ids")
    if len(everybody) > MAX_MEMBERS:
        return Refused("validation_failed", f"a group has at most {MAX_MEMBERS} members", "user_ids")
    if not store.can_add(user_id, operation.user_ids):
        return NOT_ADDED
    if is_any_full(store, everybody):
        return FULL
    roles = dict.fromkeys(sorted(everybody), "member") | {user_id: "admin"}
    room = _new_room(store, "group", operation.title, operation, roles)
    if key is not None:
        store.keys[user_id, key] = (room.id, operation.now)
    return ChatCreated(_view(store, room, user_id), True, tuple(sorted(everybody)))


def is_any_full(store: Store, user_ids: Iterable[int]) -> bool:
    """Whether one of them is in so many chats that they can be in no further one."""
    if len(store.rooms) < MAX_CHATS:
        return False
    present = [room.present() for room in store.rooms.values()]
    return any(sum(user_id in members for members in present) >= MAX_CHATS for user_id in user_ids)


def _new_room(
    store: Store, kind: str, title: str | None, operation: CreateDirect | CreateGroup, roles: dict[int, str]
) -> Room:
    room = Room(len(store.rooms) + 1, kind, title, operation.user_id, operation.now)
    for user_id, role in roles.items():
        hides_reads = store.hides(user_id).reads
        room.members[user_id] = Membership(user_id, role, operation.now, hides_reads=hides_reads)
    store.rooms[room.id] = room
    return room


def list_chats(store: Store, operation: ListChats) -> Outcome:
    """The newest first, with the users they name."""
    chats = _views(store, operation.user_id)
    named = {chat.last_message.sender_id for chat in chats if chat.last_message}
    named |= {chat.peer.id for chat in chats if chat.peer}
    users = tuple(store.seen_by(operation.user_id, user_id) for user_id in sorted(named))
    return ChatsFound(tuple(chats), users, store.epoch)


def load_chat(store: Store, operation: LoadChat) -> Outcome:
    """A chat that is not the caller's answers as one that does not exist."""
    room = store.rooms.get(operation.chat_id)
    if room is None or operation.user_id not in room.members:
        return Refused("not_found")
    chat = _view(store, room, operation.user_id)
    if operation.with_members:
        chat = msgspec.structs.replace(chat, members=_members(store, room, operation.user_id))
    return ChatFound(chat)


def _members(store: Store, room: Room, viewer_id: int) -> tuple[Member, ...]:
    viewer = room.members[viewer_id]
    departure = viewer.departure
    members = departure.members if departure else room.present().values()

    def told(member: Membership) -> int:
        if member.user_id == viewer_id:
            return viewer.read_seq
        return 0 if viewer.hides_reads or store.hides(member.user_id).reads else member.told_read_seq

    return tuple(
        Member(
            user=store.seen_by(viewer_id, member.user_id),
            role=cast("Role", member.role),
            joined_at=member.joined_at,
            read_seq=told(member),
            delivered_seq=member.delivered_seq,
        )
        for member in members
    )


def set_flags(store: Store, operation: SetFlags) -> Outcome:
    """Former members may still tidy up their list."""
    room = store.rooms.get(operation.chat_id)
    member = room.members.get(operation.user_id) if room else None
    if room is None or member is None:
        return Refused("not_found")
    if operation.muted is not None:
        member.muted, member.muted_until = operation.muted, operation.muted_until
    if operation.notify is not None:
        member.notify = operation.notify
    if operation.favourite is not None:
        member.favourite = operation.favourite
    if operation.hidden is not None:
        newest = _last_message(room, member)
        member.hidden_seq = (newest.seq if newest else 0) if operation.hidden else None
    return ChatFound(_view(store, room, operation.user_id))


def load_session(store: Store, operation: LoadSession) -> Outcome:
    """What `ready` tells."""
    touched = touch(store, operation, operation.device or None)
    if not isinstance(touched, UserFound):
        return touched
    chats = _views(store, operation.user_id)
    peer_ids = {chat.peer.id for chat in chats if chat.peer} - {operation.user_id}
    heads = tuple(Head(chat_id=chat.id, **{name: getattr(chat, name) for name in _HEAD_FIELDS}) for chat in chats)
    blocks = store.blocks_of(operation.user_id)
    return SessionLoaded(touched.user, heads, tuple(sorted(peer_ids)), store.epoch, blocks)


_HEAD_FIELDS = tuple(name for name in Head.__struct_fields__ if name != "chat_id")


def _views(store: Store, user_id: int) -> list[Chat]:
    chats = [_view(store, room, user_id) for room in store.rooms.values() if user_id in room.members]
    active_at = {chat.id: chat.last_message.created_at if chat.last_message else chat.created_at for chat in chats}
    return sorted(chats, key=lambda chat: (active_at[chat.id], chat.id), reverse=True)


def _view(store: Store, room: Room, user_id: int) -> Chat:
    """The chat as one of its members sees it: for a former one it ended with the entry that removed them."""
    me = room.members[user_id]
    last_seq = room.last_seq if me.left_seq is None else me.left_seq
    last_message = _last_message(room, me)
    then = me.departure
    others = [member for member in room.members.values() if member.user_id != user_id]
    others_read_seq = then.others_read_seq if then else _highest(member.own_read_seq for member in others)
    peer_id = None
    if room.type == "direct":
        peer_id = others[0].user_id if others else user_id
    return Chat(
        id=room.id,
        type=cast("ChatType", room.type),
        is_group=room.type == "group",
        title=then.title if then else room.title,
        avatar_url=then.avatar_url if then else room.avatar_url,
        created_at=room.created_at,
        role=cast("Role", me.role),
        first_seq=me.first_seq,
        last_seq=last_seq,
        last_at=room.log[last_seq - 1].created_at if last_seq else None,
        left_seq=me.left_seq,
        last_message=last_message,
        read_seq=me.read_seq,
        delivered_seq=me.delivered_seq,
        others_read_seq=0 if me.hides_reads else others_read_seq,
        others_delivered_seq=(
            then.others_delivered_seq if then else _highest(member.own_delivered_seq for member in others)
        ),
        unread_count=count_unread(room, user_id, me.read_seq, last_seq),
        mention_count=count_mentions(room, me, last_seq),
        muted=me.muted,
        muted_until=me.muted_until,
        notify=me.notify,
        writers="all" if then else room.writers,
        retention_days=0 if then else room.retention_days,
        favourite=me.favourite,
        hidden=me.hidden_seq is not None and (last_message is None or last_message.seq <= me.hidden_seq),
        peer=None if peer_id is None else store.seen_by(user_id, peer_id),
        pinned_seq=pinned_from(max(pinned(room, me.left_seq), default=None), me.first_seq),
    )


def _highest(seqs: Iterable[int]) -> int:
    return max(seqs, default=0)


def _last_message(room: Room, member: Membership) -> Message | None:
    last_seq = room.last_seq if member.left_seq is None else member.left_seq
    for item in reversed(room.log[member.first_seq - 1 : last_seq]):
        if isinstance(item, Message):
            return shown(room, item, member)
    return None


def shown_item(
    room: Room, item: Message | Event, viewer: Membership | None, end: int | None = None
) -> LogItem:  # fmt: skip
    """An entry as somebody sees it, or as everybody does who may see the whole log, up to `end` (None: all of it)."""
    if isinstance(item, Message):
        return shown(room, item, viewer, end)
    if item.target_seq is None:
        return item
    first_seq, end = (1, end) if viewer is None else (viewer.first_seq, viewer.left_seq)
    viewer_id = 0 if viewer is None else viewer.user_id
    target = room.log[item.target_seq - 1]
    assert isinstance(target, Message)
    highest = pinned_from(max(pinned(room, end), default=None), first_seq)
    return seen_from(rendered(item, as_of(room, target, end, viewer_id), highest), first_seq)


def shown(room: Room, message: Message, viewer: Membership | None, end: int | None = None) -> Message:
    """A message as it is now, or as it was when a former member left: then they were told no more, but of deletions.
    What is for all, and what is for somebody who hides what they read, says of nobody that they have read it."""
    if viewer is None:
        return as_of(room, message, end)
    reads = None
    if viewer.departure is not None and viewer.left_seq is not None:
        reads, end = viewer.departure.reads, viewer.left_seq
    read = is_read(room, message, viewer, reads)
    return msgspec.structs.replace(as_of(room, message, end, viewer.user_id), is_read=read)


def is_read(room: Room, message: Message, viewer: Membership, reads: dict[int, int] | None = None) -> bool:
    """Whether somebody other than its sender has read it, as the viewer may know; `reads`: as they were told then."""
    if reads is None:
        reads = {member.user_id: member.own_read_seq for member in room.members.values()}
    read = any(user_id != message.sender_id and seq >= message.seq for user_id, seq in reads.items())
    return read and not viewer.hides_reads


def as_of(room: Room, message: Message, end: int | None, viewer_id: int = 0) -> Message:
    """A message of the log as the entries up to `end` (None: all) left it; for `viewer_id` alone, 0: for all."""
    if message.deleted or message.seq not in room.changes:
        return message
    changes = [seq for seq in room.changes[message.seq] if end is None or seq <= end]
    changed = msgspec.structs.replace(message, rev=len(changes) + 1)
    edits = [seq for seq in changes if seq in room.texts]
    if edits:
        edited_at = room.log[edits[-1] - 1].created_at
        mentions, mentions_all = room.named[edits[-1]]
        changed = msgspec.structs.replace(
            changed,
            content=room.texts[edits[-1]],
            edited_at=edited_at,
            mentions=mentions,
            mentions_all=mentions_all,
        )
    reactions = reactions_at(room, message.seq, end)
    return msgspec.structs.replace(
        changed, reactions=gathered(((user_id, emoji, seq) for (user_id, emoji), seq in reactions.items()), viewer_id)
    )


def reactions_at(room: Room, seq: int, end: int | None) -> dict[tuple[int, str], int]:
    """Who had put what under a message, and by which entry."""
    found: dict[tuple[int, str], int] = {}
    for change in room.changes.get(seq, ()):
        event = room.log[change - 1]
        if not isinstance(event, Event) or "emoji" not in event.data or (end is not None and change > end):
            continue
        key = event.actor_id, event.data["emoji"]
        if event.event == "reaction_added":
            found[key] = change
        else:
            found.pop(key)
    return found


def pinned(room: Room, end: int | None) -> set[int]:
    """The messages that were pinned after the entry `end` (None: the last one)."""
    found: set[int] = set()
    for change, seq, on in room.pins:
        if end is None or change <= end:
            (found.add if on else found.discard)(seq)
    return found


def count_mentions(room: Room, member: Membership, last_seq: int) -> int:
    """Those of the unread messages that name the member, or everybody; 100 stands for more than 99."""
    messages = [
        as_of(room, item, member.left_seq)
        for item in room.log[member.read_seq : last_seq]
        if isinstance(item, Message) and item.sender_id != member.user_id
    ]
    return min(sum(message.mentions_all or member.user_id in message.mentions for message in messages), 100)


def count_unread(room: Room, user_id: int, read_seq: int, last_seq: int) -> int:
    """Others' live messages in (read_seq, last_seq]; 1000 stands for more than 999 (I7)."""
    count = sum(
        isinstance(item, Message) and item.sender_id != user_id and not item.deleted
        for item in room.log[read_seq:last_seq]
    )
    return min(count, 1000)
