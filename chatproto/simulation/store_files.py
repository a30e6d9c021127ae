"""The model's files (chatproto/operations/files.py): a message holds what its entry of the log names."""

from datetime import datetime

from msgspec import structs

from chatproto.operations import (
    AddFile,
    AppendMessage,
    ChatFilesFound,
    CleanFiles,
    FileAdded,
    FileFound,
    FilesRemoved,
    FindFile,
    ListChatFiles,
    Outcome,
    Refused,
    StoredFile,
)
from chatproto.operations.append_rules import BAD_AVATAR, CID_CONFLICT
from chatproto.operations.files import Kind, file_of_url, kind_of, may_be_avatar
from chatproto.simulation.model_rooms import Room
from chatproto.simulation.model_rows import KeptFile
from chatproto.simulation.model_store import Store
from chatproto.wire.model import Attachment, File, Message, attachment_of


def add_file(store: Store, operation: AddFile) -> Outcome:
    """Equal bytes of one user keep the blob they have."""
    own = [kept for kept in store.files.values() if kept.stored.owner_id == operation.owner_id]
    known = next((kept for kept in own if kept.key == operation.key), None)
    if known is not None:
        if known.source != operation.source:
            return CID_CONFLICT
        known.expires_at = known.expires_at and operation.expires_at
        return FileAdded(known.stored, created=False)
    if sum(kept.stored.file.size for kept in own) + operation.file.size > operation.quota:
        return Refused("quota_exceeded")
    file, blob = operation.file, operation.blob
    for kept in own:
        if (kept.source, kept.as_file) == (operation.source, operation.as_file):
            same, blob = kept.stored.file, kept.stored.blob
            file = structs.replace(
                same, id=file.id, url=file.url, preview_url=file.preview_url, name=file.name, created_at=file.created_at
            )
    stored = StoredFile(file, operation.owner_id, blob, operation.as_file)
    store.files[file.id] = KeptFile(
        stored, operation.source, operation.as_file, operation.key, operation.expires_at
    )  # fmt: skip
    return FileAdded(stored, created=True)


def find_file(store: Store, operation: FindFile) -> Outcome:
    """One's own, held by a message that is seen, or an avatar."""
    kept = store.files.get(operation.file_id)
    if kept is None or not _lives(kept, operation.now):
        return Refused("not_found")
    user_id, url = operation.user_id, kept.stored.file.url
    seen = (
        kept.stored.owner_id == user_id
        or any(account.user.avatar_url == url for account in store.accounts.values())
        or any(_sees(room, user_id, operation.file_id) for room in store.rooms.values())
        or any(room.avatar_url == url and room.membership(user_id) for room in store.rooms.values())
        or any(_was_avatar(room, url, user_id) for room in store.rooms.values())
    )
    return FileFound(kept.stored) if seen else Refused("not_found")


def list_chat_files(store: Store, operation: ListChatFiles) -> Outcome:
    """Whole messages, the newest first, until there are enough."""
    room = store.rooms.get(operation.chat_id)
    member = room.members.get(operation.user_id) if room else None
    if room is None or member is None:
        return Refused("not_found")
    end = room.last_seq if member.left_seq is None else member.left_seq
    if operation.before_seq is not None:
        end = min(end, operation.before_seq - 1)
    groups = [
        [(store.files[one.id].stored.file, item.seq) for one in item.attachments if _is_of(operation.kind, one)]
        for item in reversed(room.log[member.first_seq - 1 : max(end, 0)])
        if isinstance(item, Message)
    ]
    found: list[tuple[File, int]] = []
    rest = [group for group in groups if group]
    while rest and len(found) < operation.limit:
        found += rest.pop(0)
    return ChatFilesFound(tuple(found), has_more=bool(rest))


def _is_of(kind: Kind | None, one: Attachment) -> bool:
    return kind in (None, kind_of(one.content_type))


def clean_files(store: Store, operation: CleanFiles) -> Outcome:
    """The earliest first."""
    ended = sorted(
        (kept.expires_at, file_id)
        for file_id, kept in store.files.items()
        if kept.expires_at is not None and kept.expires_at <= operation.now
    )[: operation.limit]
    blobs = dict.fromkeys(store.files.pop(file_id).stored.blob for _, file_id in ended)
    kept_blobs = {kept.stored.blob for kept in store.files.values()}
    return FilesRemoved(len(ended), tuple(blob for blob in blobs if blob not in kept_blobs))


def own_attachments(store: Store, command: AppendMessage) -> tuple[Attachment, ...] | None:
    """The files that a message is to have; None where one is not there, or is somebody else's."""
    found = [store.files.get(file_id) for file_id in command.attachments]
    usable = [
        kept
        for kept in found
        if kept is not None and kept.stored.owner_id == command.actor_id and _lives(kept, command.now)
    ]
    return tuple(attachment_of(kept.stored.file) for kept in usable) if len(usable) == len(found) else None


def hold(store: Store, message: Message) -> None:
    """A message takes its files."""
    for one in message.attachments:
        store.files[one.id].expires_at = None


def release(store: Store, message: Message, now: datetime) -> None:
    """A message was deleted: what no other one holds ends."""
    for one in message.attachments:
        kept = store.files[one.id]
        if not _is_held(store, kept.stored.file):
            kept.expires_at = now


def change_avatar(store: Store, actor_id: int, old: str | None, new: str | None, now: datetime) -> Refused | None:
    """A file that is to be an avatar is held; asked before the change."""
    file_id = file_of_url(new)
    if file_id is None or new == old:
        return None
    kept = store.files.get(file_id)
    if kept is None or kept.stored.owner_id != actor_id or not _lives(kept, now):
        return BAD_AVATAR
    if not may_be_avatar(kept.stored.file, as_file=kept.as_file):
        return BAD_AVATAR
    kept.expires_at = None
    return None


def release_avatar(store: Store, old: str | None, now: datetime) -> None:
    """To be called after an avatar was replaced or removed at one place: its file ends where nothing else holds it."""
    kept = store.files.get(file_of_url(old) or "")
    if kept is not None and not _is_held(store, kept.stored.file):
        kept.expires_at = now


def _is_held(store: Store, file: File) -> bool:
    return (
        any(_holds(room, file.id) or room.avatar_url == file.url for room in store.rooms.values())
        or any(account.user.avatar_url == file.url for account in store.accounts.values())
        or any(_was_avatar(room, file.url) for room in store.rooms.values())
    )


def _was_avatar(room: Room, url: str, user_id: int | None = None) -> bool:
    """When somebody left, or this user."""
    left = [one.departure for one in room.members.values() if user_id in (None, one.user_id)]
    return any(departure is not None and departure.avatar_url == url for departure in left)


def _lives(kept: KeptFile, now: datetime) -> bool:
    return kept.expires_at is None or kept.expires_at > now


def _sees(room: Room, user_id: int, file_id: str) -> bool:
    member = room.members.get(user_id)
    if member is None:
        return False
    end = room.last_seq if member.left_seq is None else member.left_seq
    return _holds(room, file_id, member.first_seq, end)


def _holds(room: Room, file_id: str, first: int = 1, last: int | None = None) -> bool:
    messages = [item for item in room.log[first - 1 : last] if isinstance(item, Message)]
    return any(one.id == file_id for message in messages for one in message.attachments)
