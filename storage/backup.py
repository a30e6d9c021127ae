"""Backup and restore: a whole database to one SQLite file and back, between any two kinds of database, verified.

The file has the very tables of `storage.tables`, so it can be opened, queried, and even served. A restored database
gets a new epoch, by which clients know that what they hold may be void (docs/protocol.md, Restored databases).
"""

import hashlib
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Table, delete, func, insert, select, update

from storage.backup_seal import check_seal, seal
from storage.durable import draft_of, sync
from storage.migrate import (
    EPOCH,
    MigrationError,
    SchemaMismatch,
    check_schema,
    compare,
    connected,
    current,
    earlier,
    is_newer,
    remake,
    upgrade,
)
from storage.tables import chats, hints, message_words, meta, metadata

CHUNK: Final = 1000
"""Rows read and written at a time."""
PACKET: Final = 4 * 2**20
"""Bytes of one statement that a database must take: what is written together here has up to a quarter of it."""
COPIED: Final = [table for table in metadata.sorted_tables if table not in (message_words, hints)]
"""What a backup holds; hints are void soon after. The index of the search is made from the messages: the server
does that after a restore."""
_NOT_INDEXED: Final = {"indexed_seq": 0, "index_version": 0}

Progress = Callable[[int, int], None]
"""Is told rows done, and rows in all."""


@contextmanager
def _system_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vestnik-restore-") as folder:
        yield Path(folder)


def back_up(
    url: str,
    path: Path,
    progress: Progress = lambda done, total: None,
    add: Callable[[Path], None] = lambda draft: None,
    notes: Mapping[str, str] | None = None,
) -> int:
    """Copy everything, as of one moment, to a new file at `path` (mode 0600); how many rows that were. `add` may put
    further tables into the draft of it; `notes` go into its seal.

    Servers may run meanwhile. The file gets its name only when it is whole, sealed, on the disk, compared with the
    source, and read once more. Raises MigrationError where the file is there already, the schema is not this
    program's, or a row differs.
    """
    refuse_to_replace(path)
    check_schema(url)
    draft = draft_of(path)
    copy = f"sqlite:///{draft.absolute()}"
    try:
        with connected(url) as source:
            if source.dialect.name != "sqlite":
                source.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                source.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT")
            upgrade(copy, epoch=_epoch(source))
            with connected(copy) as target:
                rows = _copy(source, target, progress)
        add(draft.absolute())
        seal(draft, notes or {})
        with connected(copy) as written:
            written.commit()
            written.connection.driver_connection.execute("pragma journal_mode = delete")  # type: ignore[union-attr]
        sync(draft)
        check_seal(draft)
        draft.rename(path)
        sync(path.parent)
    finally:
        for leftover in path.parent.glob(f"{draft.name}*"):
            leftover.unlink()
    return rows


def refuse_to_replace(path: Path) -> None:
    """Raise MigrationError where it is there already."""
    if path.exists():
        raise MigrationError(f"{path}: is there already")


def restore(
    path: Path,
    url: str,
    *,
    replace: bool = False,
    progress: Progress = lambda done, total: None,
    prepare: Callable[[], None] = lambda: None,
    drafts: Callable[[], AbstractContextManager[Path]] = _system_folder,
) -> str:
    """Load a backup into a migrated database (a file of SQLite is migrated), in one transaction; the new epoch.

    A database that holds anything is refused unless it is to be replaced; then tables that a later version made are
    dropped and made anew before that transaction. Stop the servers first; one that runs all the same closes its sockets
    when it sees the new epoch. A backup of an earlier version is brought up to date in a copy, in a folder of `drafts`.
    `prepare` is called once the backup was read and found whole and the database is found fit for it: nothing is done
    for a damaged one. Raises MigrationError, and what `prepare` raises.
    """
    if not path.is_file():
        raise MigrationError(f"{path}: there is no such file")
    check_seal(path)
    with _up_to_date(path, drafts) as backup, connected(backup) as source:
        _check_references(source)
        newer = _is_newer(url, replace)
        prepare()
        if newer:
            remake(url)
        check_schema(url)
        with connected(url) as target:
            if target.dialect.name != "sqlite":  # there it is off; a token could not go before its successors
                target.exec_driver_sql("SET SESSION foreign_key_checks = 0")
            if _count(target):
                _refuse_unless(replace)
                for table in reversed(metadata.sorted_tables):
                    target.execute(delete(table))
            _copy(source, target, progress)
            return _write_epoch(target)


def _is_newer(url: str, replace: bool) -> bool:
    """Whether the tables there are those of a later version. Raises MigrationError where nothing may come there."""
    revision = current(url)
    newer = is_newer(revision)
    if newer and not replace:
        raise SchemaMismatch(
            f"the database has the schema {revision}, which is newer than this program; with --replace all tables of "
            "the database are dropped, and everything in them is lost"
        )
    if not newer and url.startswith("sqlite:"):
        upgrade(url)
    if not newer:
        check_schema(url)
    with connected(url) as target:
        _check_packets(target)
        if not newer and _count(target):
            _refuse_unless(replace)
    return newer


def _refuse_unless(replace: bool) -> None:
    if not replace:
        raise MigrationError("the database is not empty; with --replace everything in it is lost")


@contextmanager
def _up_to_date(path: Path, drafts: Callable[[], AbstractContextManager[Path]]) -> Iterator[str]:
    """The URL of the backup, or of a migrated copy of one that an earlier version made. Raises MigrationError."""
    backup = f"sqlite:///{path.absolute()}"
    revision = current(backup)
    if revision is None:
        raise MigrationError(f"{path}: is no backup")
    if revision not in earlier():
        compare(revision)
        yield backup
        return
    with drafts() as folder:
        copy = folder / "of-an-earlier-version"
        shutil.copyfile(path, copy)
        upgrade(f"sqlite:///{copy}")
        yield f"sqlite:///{copy}"


def _check_references(source: Connection) -> None:
    """The target does not check them while it is filled, so the backup must be whole in itself."""
    broken = source.exec_driver_sql("pragma foreign_key_check").first()
    if broken is not None:
        raise MigrationError(
            f"the backup is damaged: a row of {broken[0]} refers to one of {broken[2]} that is missing"
        )


def _check_packets(target: Connection) -> None:
    """A server that gets a larger statement hangs up without a word that helps."""
    if target.dialect.name == "sqlite":
        return
    most = int(target.exec_driver_sql("SELECT @@max_allowed_packet").scalar_one())
    if most < PACKET:
        raise MigrationError(f"the database takes statements of {most} bytes: set max_allowed_packet to 16M, or more")


def new_epoch(url: str) -> str:
    """Give the database another epoch, as after a restore by other means (a snapshot of the disk, a replica)."""
    check_schema(url)
    with connected(url) as connection:
        return _write_epoch(connection)


def _copy(source: Connection, target: Connection, progress: Progress) -> int:
    """All rows but the epoch, then compare what arrived with what was sent."""
    total = sum(_rows_in(source, table) for table in COPIED)
    done = 0
    for table in COPIED:
        sent = hashlib.sha256()
        for rows in _chunks(source, table):
            target.execute(insert(table), rows)
            for row in rows:
                sent.update(_bytes_of(row))
            done += len(rows)
            progress(done, total)
        arrived = hashlib.sha256()
        for rows in _chunks(target, table):
            for row in rows:
                arrived.update(_bytes_of(row))
        if arrived.digest() != sent.digest():
            raise MigrationError(f"the copy of the table {table.name} differs from its source")
    return done


def _chunks(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """Rows in the order of the primary key, found by it; without what the database computes itself."""
    keys = list(table.primary_key.columns)
    query = select(*(column for column in table.columns if column.computed is None)).order_by(*keys)
    if table is meta:
        query = query.where(meta.c.name != EPOCH)
    result = connection.execution_options(stream_results=True).execute(query)
    for part in result.partitions(CHUNK):
        yield [dict(row._mapping) | (_NOT_INDEXED if table is chats else {}) for row in part]


def _bytes_of(row: dict[str, Any]) -> bytes:
    return msgspec.msgpack.encode(row)


def _rows_in(connection: Connection, table: Table) -> int:
    return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def _count(connection: Connection) -> int:
    return sum(_rows_in(connection, table) for table in metadata.sorted_tables if table is not meta)


def _epoch(connection: Connection) -> str | None:
    return connection.scalar(select(meta.c.value).where(meta.c.name == EPOCH))


def _write_epoch(connection: Connection) -> str:
    epoch = secrets.token_hex(8)
    if not connection.execute(update(meta).where(meta.c.name == EPOCH).values(value=epoch)).rowcount:
        connection.execute(insert(meta).values(name=EPOCH, value=epoch))
    return epoch
