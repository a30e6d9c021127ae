"""What a client keeps on its own disk: cursors, own marks and the outbox (docs/protocol.md section 3, C1 and C6).

A store is plain and blocking. The driver (client/session_driver.py) calls it from a thread, one call at
a time and in order.
"""

import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

import msgspec
import trio

from chatproto.client.session_outputs import (
    Apply,
    Begins,
    DropRow,
    Expire,
    Forget,
    Jump,
    Output,
    Row,
    SaveEpoch,
    SaveMarks,
    SaveRow,
    Tell,
)
from chatproto.client.snapshot import ChatSnapshot, Snapshot
from chatproto.wire.frames import ChatFrame, Chats, Ready
from client.kept_files import KeptFiles

VERSION: Final = 4
"""Since 2 rows of the outbox are of several kinds, since 3 they may have files; older ones are read as they are. Since
4 it is known where the part of a log begins that the user may see; in older files it is taken to be its first entry."""
COLUMNS: Final = ("chat_id", "applied", "applied_at", "read", "first_seq")
SCHEMA: Final = f"""
create table if not exists me (id integer primary key check (id = 1), user_id integer not null, epoch text not null);
create table if not exists chat (
    chat_id integer primary key, applied integer not null, applied_at text, read integer not null default 0,
    first_seq integer not null default 1
);
create table if not exists outbox (
    place integer primary key autoincrement, cid text not null unique, body text not null
);
pragma user_version = {VERSION};
"""
_ME: Final = """
insert into me values (1, ?, ?)
on conflict (id) do update set user_id = excluded.user_id, epoch = excluded.epoch
"""
_CURSOR: Final = """
insert into chat (chat_id, applied, applied_at) values (?, ?, ?)
on conflict (chat_id) do update set applied = excluded.applied, applied_at = excluded.applied_at
"""


_FIRST_SEQ: Final = "alter table chat add column first_seq integer not null default 1"
_EMPTY: Final = "insert into chat (chat_id, applied) values (?, 0) on conflict (chat_id) do nothing"
Statement = tuple[str, tuple[object, ...]]


class Store(Protocol):
    """Durable memory of one log-in of one user."""

    def concerns(self, outputs: Sequence[Output]) -> bool:
        """Whether `save` would write anything; cheap, and called on the event loop."""
        ...

    def load(self) -> Snapshot | None:
        """What was saved; None where nothing was. Raises StoreError where it cannot be read."""
        ...

    def save(self, outputs: Sequence[Output]) -> None:
        """Make these durable, all or none, before it returns; outputs that concern no store are passed over.

        Raises StoreError where that is not possible.
        """
        ...

    def close(self) -> None:
        """No more calls."""
        ...


class MemoryStore:
    """For a client that may forget: what was not acknowledged at its end is lost with it."""

    def concerns(self, outputs: Sequence[Output]) -> bool:
        """No."""
        return False

    def load(self) -> Snapshot | None:
        """Nothing."""
        return None

    def save(self, outputs: Sequence[Output]) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


class StoreError(Exception):
    """The file is no store of this program or cannot be used, or a write failed (a full disk)."""


class SQLiteStore:
    """A file; each save is one transaction that is on the disk when it returns.

    Not for several processes at once, and for one thread at a time.
    """

    def __init__(self, path: Path | str) -> None:
        """Open or make it, readable by its owner alone. Raises StoreError."""
        path = Path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._connection.execute("pragma locking_mode = exclusive")
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma synchronous = full")
            self._connection.execute("pragma secure_delete = on")  # sent texts; not every build does it by itself
            [version] = self._connection.execute("pragma user_version").fetchone()
            if version > VERSION:
                raise StoreError(f"{path}: was written by a newer version")
            self._connection.execute("begin immediate")
            if 0 < version < 4:
                self._connection.execute(_FIRST_SEQ)
            for statement in SCHEMA.split(";"):
                self._connection.execute(statement)
            self._connection.execute("commit")
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{path}: cannot be used: {error}") from None

    def load(self) -> Snapshot | None:
        """See Store."""
        try:
            return self._load()
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            raise StoreError(f"the store cannot be read: {error}") from None

    def _load(self) -> Snapshot | None:
        me = self._connection.execute("select user_id, epoch from me").fetchone()
        if me is None:
            return None
        chats = self._connection.execute(f"select {', '.join(COLUMNS)} from chat order by chat_id")
        rows = self._connection.execute("select body from outbox order by place")
        return Snapshot(
            user_id=me[0],
            epoch=me[1],
            chats=tuple(msgspec.convert(dict(zip(COLUMNS, chat, strict=True)), ChatSnapshot) for chat in chats),
            rows=tuple(msgspec.json.decode(body, type=Row) for (body,) in rows),
        )

    def concerns(self, outputs: Sequence[Output]) -> bool:
        """See Store."""
        return any(True for output in outputs for _ in _statements(output))

    def save(self, outputs: Sequence[Output]) -> None:
        """See Store."""
        statements = [statement for output in outputs for statement in _statements(output)]
        if not statements:
            return
        try:
            self._connection.execute("begin immediate")
            for sql, values in statements:
                self._connection.execute(sql, values)
            self._connection.execute("commit")
        except sqlite3.Error as error:
            self._roll_back()
            raise StoreError(f"the store cannot be written: {error}") from None
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("rollback")

    def close(self) -> None:
        """See Store."""
        self._connection.close()


@asynccontextmanager
async def opened(path: Path | str | None) -> AsyncIterator[tuple[Store, Snapshot | None, KeptFiles]]:
    """The store, what it holds, and the files beside it. All on a thread, for each waits for the disk."""
    kept = KeptFiles(None if path is None else Path(f"{path}.files"))
    if path is None:
        try:
            yield MemoryStore(), None, kept
        finally:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(kept.close)
        return
    store = await trio.to_thread.run_sync(SQLiteStore, path)
    try:
        snapshot = await trio.to_thread.run_sync(store.load)
        rows = () if snapshot is None else snapshot.rows
        await trio.to_thread.run_sync(kept.sweep, [file.local_id for row in rows for file in row.files])
        yield store, snapshot, kept
    finally:
        with trio.CancelScope(shield=True):  # closing writes what stands in the log, and no more
            await trio.to_thread.run_sync(store.close)


def _statements(output: Output) -> Iterator[Statement]:
    match output:
        case SaveEpoch(user_id, epoch):
            yield _ME, (user_id, epoch)
        case SaveRow(row):
            body = msgspec.json.encode(row).decode()
            yield (
                "insert into outbox (cid, body) values (?, ?) on conflict (cid) do update set body = excluded.body",
                (row.cid, body),
            )
        case DropRow(cid):
            yield "delete from outbox where cid = ?", (cid,)
        case SaveMarks(chat_id, read_seq):
            yield "update chat set read = ? where chat_id = ?", (read_seq, chat_id)
        case Apply(item):
            yield _CURSOR, (item.chat_id, item.seq, msgspec.to_builtins(item.created_at))
        case Jump(chat_id, applied):
            yield _CURSOR, (chat_id, applied, None)
        case Begins(chat_id, first_seq) | Expire(chat_id, first_seq):
            yield "update chat set first_seq = ? where chat_id = ?", (first_seq, chat_id)
        case Forget(chat_id):
            yield "delete from chat where chat_id = ?", (chat_id,)
        case Tell(frame):
            for chat_id in _empty_chats(frame):
                yield _EMPTY, (chat_id,)


def _empty_chats(frame: object) -> list[int]:
    """Chats told of before anything was written in them: all of it will be applied, so each has a cursor, at 0."""
    match frame:
        case Ready() | Chats():
            return [head.chat_id for head in frame.chats if head.last_seq == 0]
        case ChatFrame():
            return [frame.chat.id] if frame.chat.last_seq == 0 else []
        case _:
            return []
