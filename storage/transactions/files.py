"""Files: who has them, which messages hold them, when they end (chatproto/operations/files.py).

Whatever decides whether a file is held locks its row first: a message or an avatar that takes it, a deletion or a
change that lets it go, and the sweep that removes it cannot miss each other.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, bindparam, delete, func, or_, select, update

from chatproto.operations import (
    AddFile,
    AppendMessage,
    CleanFiles,
    FileAdded,
    FileFound,
    FilesRemoved,
    FindFile,
    Outcome,
    Refused,
    StoredFile,
)
from chatproto.operations.append_rules import BAD_AVATAR, CID_CONFLICT
from chatproto.operations.files import file_of_url, kind_of, may_be_avatar, preview_url_of, url_of
from chatproto.wire.model import Attachment, File, Message, attachment_of
from storage.statements import Lookup, Select, Statement, Steps, into
from storage.tables import chat_users, files, message_files, users
from storage.transactions.avatars import SEEN_AS_AVATAR, urls_in_use
from storage.transactions.departures import within_sight


class FileRow(NamedTuple):
    id: str
    owner_id: int
    name: str
    size: int
    content_type: str
    sha256: bytes
    width: int | None
    height: int | None
    created_at: datetime
    blob: str
    source: bytes
    as_file: bool
    expires_at: datetime | None


class _Held(NamedTuple):
    file_id: str


class _Ended(NamedTuple):
    id: str
    blob: str


FILE_COLUMNS: Final = tuple(files.c[name] for name in FileRow._fields)
_NOW: Final = bindparam("now", type_=files.c.expires_at.type)
_LIVES: Final = or_(files.c.expires_at.is_(None), files.c.expires_at > _NOW)

_LOCK_OWNER: Final = Statement(select(users.c.id).where(users.c.id == bindparam("owner_id")).with_for_update())
_BY_KEY: Final = Select(
    select(*FILE_COLUMNS)
    .where(
        files.c.owner_id == bindparam("owner_id"),
        files.c.key_hash == bindparam("key_hash", type_=files.c.key_hash.type),
    )
    .with_for_update(),
    row=FileRow,
)
_SAME: Final = Select(
    select(*FILE_COLUMNS)
    .where(
        files.c.owner_id == bindparam("owner_id"),
        files.c.source == bindparam("source", type_=files.c.source.type),
        files.c.as_file == bindparam("as_file", type_=files.c.as_file.type),
    )
    .limit(1)
    .with_for_update(),
    row=FileRow,
)
_USED: Final = Statement(
    select(func.coalesce(func.sum(files.c.size), 0)).where(files.c.owner_id == bindparam("owner_id"))
)
_INSERT: Final = Statement(into(files, *(*FileRow._fields, "key_hash")))
_SET_END: Final = Statement(
    update(files)
    .where(files.c.id == bindparam("file_id", type_=files.c.id.type))
    .values(expires_at=bindparam("expires_at", type_=files.c.expires_at.type))
)
_LOCKED: Final = Lookup(select(*FILE_COLUMNS).order_by(files.c.id).with_for_update(), key=(files.c.id,), row=FileRow)
_CHUNK: Final = 256
"""Files locked by one statement."""
_INSERT_LINK: Final = Statement(into(message_files, "chat_id", "seq", "place", "file_id", "kind"))
_FORGET_LINKS: Final = Statement(
    delete(message_files).where(
        message_files.c.chat_id == bindparam("chat_id"), message_files.c.seq == bindparam("seq")
    )
)
_HELD: Final = Lookup(select(message_files.c.file_id), key=(message_files.c.file_id,), row=_Held)
_SEEN: Final = and_(chat_users.c.user_id == bindparam("user_id"), within_sight(message_files.c.seq))
_FIND: Final = Select(
    select(*FILE_COLUMNS).where(
        files.c.id == bindparam("file_id", type_=files.c.id.type),
        _LIVES,
        or_(
            files.c.owner_id == bindparam("user_id"),
            select(message_files.c.file_id)
            .join(chat_users, chat_users.c.chat_id == message_files.c.chat_id)
            .where(message_files.c.file_id == files.c.id, _SEEN)
            .exists(),
            SEEN_AS_AVATAR,
        ),
    ),
    row=FileRow,
)
_ENDED: Final = Select(
    select(files.c.id, files.c.blob)
    .where(files.c.expires_at <= _NOW)
    .order_by(files.c.expires_at, files.c.id)
    .limit(bindparam("limit"))
    .with_for_update(),
    row=_Ended,
)
_REMOVE: Final = Statement(delete(files).where(files.c.id.in_(bindparam("ids", expanding=True, type_=files.c.id.type))))
_BLOBS: Final = Lookup(select(files.c.id, files.c.blob), key=(files.c.blob,), row=_Ended)


def add_file(operation: AddFile) -> Steps[Outcome]:
    """One of a user after another, so that the quota holds and equal bytes are kept once."""
    owner_id = operation.owner_id
    yield from _LOCK_OWNER.one(owner_id=owner_id)
    known = yield from _BY_KEY.first(owner_id=owner_id, key_hash=operation.key)
    if known is not None:
        return (yield from _again(operation, known))
    (used,) = yield from _USED.column(owner_id=owner_id)
    if used + operation.file.size > operation.quota:
        return Refused("quota_exceeded")
    same = yield from _SAME.first(owner_id=owner_id, source=operation.source, as_file=operation.as_file)
    file = operation.file
    row = FileRow(
        id=file.id,
        owner_id=owner_id,
        name=file.name,
        size=file.size if same is None else same.size,
        content_type=file.content_type if same is None else same.content_type,
        sha256=bytes.fromhex(file.sha256) if same is None else same.sha256,
        width=file.width if same is None else same.width,
        height=file.height if same is None else same.height,
        created_at=file.created_at,
        blob=operation.blob if same is None else same.blob,
        source=operation.source,
        as_file=operation.as_file,
        expires_at=operation.expires_at,
    )
    yield from _INSERT.run(**row._asdict(), key_hash=operation.key)
    return FileAdded(stored_file(row), created=True)


def _again(operation: AddFile, known: FileRow) -> Steps[Outcome]:
    """What was uploaded with this key before; it lives on as if it had just come."""
    if known.source != operation.source:
        return CID_CONFLICT
    if known.expires_at is not None:
        yield from _SET_END.run(file_id=known.id, expires_at=operation.expires_at)
    return FileAdded(stored_file(known), created=False)


def find_file(operation: FindFile) -> Steps[Outcome]:
    """One statement, whatever it finds."""
    file_id = operation.file_id
    row = yield from _FIND.first(file_id=file_id, url=url_of(file_id), user_id=operation.user_id, now=operation.now)
    return Refused("not_found") if row is None else FileFound(stored_file(row))


def clean_files(operation: CleanFiles) -> Steps[Outcome]:
    """Blobs are free where no other file has them."""
    ended = yield from _ENDED.all(now=operation.now, limit=operation.limit)
    if not ended:
        return FilesRemoved(0, ())
    yield from _REMOVE.run(ids=[one.id for one in ended])
    blobs = dict.fromkeys(one.blob for one in ended)
    kept = {one.blob for one in (yield from _BLOBS.of([{"blob": blob} for blob in blobs]))}
    return FilesRemoved(len(ended), tuple(blob for blob in blobs if blob not in kept))


def own_attachments(command: AppendMessage) -> Steps[tuple[Attachment, ...] | None]:
    """The files that a message is to have, locked; None where one is not there, or is somebody else's."""
    found = {one.id: one for one in (yield from _LOCKED.of([{"id": one} for one in command.attachments]))}
    rows = [found.get(file_id) for file_id in command.attachments]
    usable = [one for one in rows if one is not None and _is_own(one, command.actor_id, command.now)]
    return tuple(attachment_of(stored_file(one).file) for one in usable) if len(usable) == len(rows) else None


def lock_attachments(attachments: Sequence[Attachment]) -> Steps[tuple[Attachment, ...] | None]:
    """The same, with their files locked; None where one is gone."""
    found = yield from _LOCKED.of([{"id": one.id} for one in attachments])
    return tuple(attachments) if len(found) == len(attachments) else None


def hold_files(holders: Sequence[tuple[int, int, Sequence[Attachment] | None]]) -> Steps[None]:
    """Messages, each with its chat and seq, take files that are locked."""
    rows: list[dict[str, Any]] = [
        {"chat_id": chat_id, "seq": seq, "place": place, "file_id": one.id, "kind": kind_of(one.content_type)}
        for chat_id, seq, attachments in holders
        for place, one in enumerate(attachments or ())
    ]
    yield from _INSERT_LINK.many(rows)
    yield from _SET_END.many([{"file_id": one, "expires_at": None} for one in sorted({row["file_id"] for row in rows})])


def release_files(message: Message, now: datetime) -> Steps[None]:
    """A message that is deleted lets its files go; those that no other message holds end now."""
    if not message.attachments:
        return
    locked = yield from _LOCKED.of([{"id": one.id} for one in message.attachments])
    yield from _FORGET_LINKS.run(chat_id=message.chat_id, seq=message.seq)
    yield from _end_unheld(locked, now)


def release_expired_files(chat_id: int, released: Sequence[Message], now: datetime) -> Steps[None]:
    """The same of messages of one chat that are removed after their time."""
    ids = {one.id for message in released for one in message.attachments}
    if not ids:
        return
    locked = yield from _lock_many(ids)
    yield from _FORGET_LINKS.many([{"chat_id": chat_id, "seq": one.seq} for one in released if one.attachments])
    yield from _end_unheld(locked, now)


def change_avatar(actor_id: int, old: str | None, new: str | None, now: datetime) -> Steps[Refused | None]:
    """To be called before an avatar is changed: locks the files of both, and holds the new one, which must be as the
    actor was given it by the routes of avatars. None and "" name no file."""
    ids = {file_id for file_id in (file_of_url(old), file_of_url(new)) if file_id is not None}
    if old == new or not ids:
        return None
    found = {one.id: one for one in (yield from _LOCKED.of([{"id": one} for one in sorted(ids)]))}
    wanted = file_of_url(new)
    if wanted is None:
        return None
    row = found.get(wanted)
    if row is None or not _is_own(row, actor_id, now) or not _may_be_avatar(row):
        return BAD_AVATAR
    yield from _SET_END.run(file_id=wanted, expires_at=None)
    return None


def release_avatar(old: str | None, now: datetime) -> Steps[None]:
    """To be called after an avatar was replaced or removed: its file ends where nothing else holds it."""
    file_id = file_of_url(old)
    if file_id is not None:
        yield from _end_unheld((yield from _LOCKED.of([{"id": file_id}])), now)


def lock_avatars(urls: Iterable[str | None]) -> Steps[list[FileRow]]:
    """The files of avatars that are about to be given up; to be called before that."""
    return (yield from _lock_many({file_id for file_id in map(file_of_url, urls) if file_id is not None}))


def release_avatars(locked: Sequence[FileRow], now: datetime) -> Steps[None]:
    """To be called after that: those of the locked files end that nothing else holds."""
    if locked:
        yield from _end_unheld(locked, now)


def _lock_many(ids: Collection[str]) -> Steps[list[FileRow]]:
    """In their order. SQLite takes no more than 1,000 conditions in one statement."""
    ordered, locked = sorted(ids), list[FileRow]()
    for start in range(0, len(ordered), _CHUNK):
        locked += yield from _LOCKED.of([{"id": one} for one in ordered[start : start + _CHUNK]])
    return locked


def _end_unheld(locked: Sequence[FileRow], now: datetime) -> Steps[None]:
    held = {one.file_id for one in (yield from _HELD.of([{"file_id": one.id} for one in locked]))}
    urls = [url_of(one.id) for one in locked if _may_be_avatar(one)]
    held |= {file_of_url(url) or "" for url in (yield from urls_in_use(urls))}
    yield from _SET_END.many([{"file_id": one.id, "expires_at": now} for one in locked if one.id not in held])


def _is_own(row: FileRow, user_id: int, now: datetime) -> bool:
    return row.owner_id == user_id and (row.expires_at is None or row.expires_at > now)


def _may_be_avatar(row: FileRow) -> bool:
    return may_be_avatar(stored_file(row).file, as_file=row.as_file)


def stored_file(row: FileRow) -> StoredFile:
    """A row as it is told."""
    file = File(
        id=row.id,
        url=url_of(row.id),
        preview_url=preview_url_of(row.id, row.width),
        name=row.name,
        size=row.size,
        content_type=row.content_type,
        width=row.width,
        height=row.height,
        sha256=row.sha256.hex(),
        created_at=row.created_at,
    )
    return StoredFile(file, row.owner_id, row.blob, row.as_file)
