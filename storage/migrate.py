"""The schema of a database: bring it up to date, or say how it differs. Synchronous: PyMySQL and sqlite3.

Two migrating at once are put in line, by GET_LOCK on MySQL and by SQLite's own write lock. On SQLite all is one
transaction; on MySQL a run that was killed half-way is finished by the next one. Alembic is loaded only where there is
something to migrate or to compare: a fifth of the time a server needs to start would go into it. So is PyMySQL only
where there is a MySQL.
"""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Boolean, Column, Connection, create_engine, event, insert, inspect, select, text, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from storage.mysql_url import MySQLSettings, parse_url
from storage.tables import chats, message_words, meta, metadata

LOCK_TIMEOUT: Final = 60
"""Whole seconds to wait for another one that is migrating the same database."""
EPOCH: Final = "epoch"
"""The name of the row of `meta` that names this database's history (docs/protocol.md section 4, restored databases)."""


def _default_differs(
    _context: object, _found: object, column: Column[Any], found: str | None, _wanted: object, wanted: str | None
) -> bool | None:
    """MySQL says '0' for what SQLAlchemy writes as false; None leaves the rest to Alembic."""
    if not isinstance(column.type, Boolean) or found is None or wanted is None:
        return None
    return found.strip("'") != {"false": "0", "true": "1"}.get(wanted, wanted)


def _is_compared(thing: object, _name: str | None, _kind: str, _reflected: bool, found: object | None) -> bool:
    """Of generated columns only whether they are there: Alembic takes what they are made of for a default."""
    return found is None or not isinstance(thing, Column) or thing.computed is None


COMPARISON: Final[dict[str, Any]] = {
    "compare_type": True,
    "compare_server_default": _default_differs,
    "include_object": _is_compared,
}
"""How Alembic compares a database with the tables."""

_SQLITE: Final = "sqlite:///"
KEPT: Final = ".before-"
"""Between the name of an SQLite file and the revision that its copy has."""
_FOLDER: Final = Path(__file__).parent / "migrations"
_FILES: Final = "[0-9]*_*.py"
"""Each migration in `versions`, by its revision and what it is about."""


class MigrationError(Exception):
    """The database could not be migrated: out of reach, locked by another, or out of space."""


class SchemaMismatch(MigrationError):
    """The database's schema is not the one this program works with; the text says what to do, without secrets."""


def sqlite_path(url: str) -> Path:
    """The file of `sqlite:///path` (`sqlite:////path` is absolute); ValueError for anything else."""
    path = url.removeprefix(_SQLITE)
    if path == url or not path or ":memory:" in path or path.endswith("/"):
        raise ValueError("an SQLite URL is sqlite:/// and the path of a file")
    return Path(path)


def head() -> str:
    """The revision this program works with."""
    return max(_known())


def earlier() -> frozenset[str]:
    """The revisions before `head()`, which `upgrade` goes on from."""
    return _known() - {head()}


def current(url: str) -> str | None:
    """The revision the database is at; None for an empty one. Raises MigrationError, ValueError."""
    if url.startswith(_SQLITE) and not sqlite_path(url).exists():
        return None
    with connected(url) as connection:
        return _revision(connection)


def check_schema(url: str) -> None:
    """Raise SchemaMismatch unless the database is at `head()`. Raises MigrationError, ValueError."""
    compare(current(url))


def is_newer(revision: str | None) -> bool:
    """Whether a later version of this program made that schema."""
    return revision is not None and revision.isdecimal() and len(revision) == len(head()) and revision > head()


def compare(revision: str | None) -> None:
    """Raise SchemaMismatch unless `revision`, which a database is at, is `head()`."""
    if revision is None:
        raise SchemaMismatch("the database is empty: run `vestnik migrate --database URL`")
    if revision not in _known():
        raise SchemaMismatch(
            f"the database has the schema {revision}, which is newer than this program: install the newer version"
        )
    if revision != head():
        raise SchemaMismatch(
            f"the database has the schema {revision} and this program needs {head()}: "
            "run `vestnik migrate --database URL`"
        )


def upgrade(url: str, *, epoch: str | None = None) -> str:
    """Bring the database to `head()`, whatever state it is in, and give that revision.

    Makes the SQLite file (mode 0600) and its folder where they are missing, the row of the epoch (`epoch`, or a random
    one), and the table of the search where a dump left it out. Raises SchemaMismatch for a schema newer than this
    program, MigrationError, ValueError.
    """
    if url.startswith(_SQLITE):
        path = sqlite_path(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    with connected(url, LOCK_TIMEOUT) as connection:
        revision = _revision(connection)
        if revision is not None and revision not in _known():
            compare(revision)
        if revision != head():
            _run_migrations(connection)
        if connection.scalar(select(meta.c.value).where(meta.c.name == EPOCH)) is None:
            connection.execute(insert(meta).values(name=EPOCH, value=epoch or secrets.token_hex(8)))
        if not inspect(connection).has_table(message_words.name):
            _make_index(connection)
    return head()


def _make_index(connection: Connection) -> None:
    """The table that a dump may leave out, empty; servers fill it, as an index of an earlier version."""
    connection.execute(update(chats).where(chats.c.indexed_seq > 0).values(index_version=0))
    message_words.create(connection)  # last: where it is there, nothing is left to do


def upgrade_kept(url: str) -> str:
    """The same, and an SQLite file that an earlier version served is copied first, to its name and the revision (mode
    0600); the copy of an upgrade before that goes. What `upgrade` raises."""
    if url.startswith(_SQLITE) and (revision := current(url)) in earlier():
        path = sqlite_path(url)
        kept = path.with_name(f"{path.name}{KEPT}{revision}")
        for older in path.parent.glob(f"{path.name}{KEPT}*"):
            if older != kept:
                older.unlink()
        _copy_sqlite(path, kept)  # also over one that is there: since then an earlier version may have served again
    return upgrade(url)


def remake(url: str) -> None:
    """Drop all tables of a database that a later version of this program made, and make those of this one, empty.

    On MySQL that is no transaction: a run that was killed half-way leaves a database without some of its tables.
    Raises SchemaMismatch where its schema is no newer one, MigrationError, ValueError.
    """
    with connected(url, LOCK_TIMEOUT) as connection:
        revision = _revision(connection)
        if not is_newer(revision):
            raise SchemaMismatch(f"the database has the schema {revision}, which is not newer than this program")
        names = sorted(inspect(connection).get_table_names(), key="alembic_version".__eq__)
        quote = connection.dialect.identifier_preparer.quote
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
        for name in names:  # the one by which it is known for ours goes last: what was killed can be done again
            connection.exec_driver_sql(f"DROP TABLE {quote(name)}")
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql("SET SESSION foreign_key_checks = 1")
        _run_migrations(connection)
        connection.execute(insert(meta).values(name=EPOCH, value=secrets.token_hex(8)))


def _copy_sqlite(path: Path, target: Path) -> None:
    draft = target.with_name(f"{target.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(draft)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        draft.rename(target)
    except sqlite3.Error as error:
        raise MigrationError(f"{path} cannot be copied before it is migrated: {error}") from error
    finally:
        draft.unlink(missing_ok=True)


def differences(url: str) -> list[Any]:
    """How the database's tables differ from `storage.tables`, as Alembic tells it; empty where all is well."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with connected(url) as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=COMPARISON), metadata))


def _run_migrations(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@cache
def _known() -> frozenset[str]:
    """All revisions, of which the greatest is the last. They are the beginnings of the files' names."""
    revisions = frozenset(file.name.partition("_")[0] for file in (_FOLDER / "versions").glob(_FILES))
    if not revisions:
        raise LookupError("the migrations are not installed")
    return revisions


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return None if revision is None else str(revision)


@contextmanager
def connected(url: str, lock_timeout: int | None = None) -> Iterator[Connection]:
    """One connection in one transaction; the only migrating one where a time to wait for that, in seconds, is given."""
    engine = _sqlite_engine(url, lock_timeout) if url.startswith(_SQLITE) else _mysql_engine(parse_url(url))
    try:
        with engine.connect() as connection:
            if lock_timeout is not None and engine.dialect.name != "sqlite":
                _take_lock(connection, lock_timeout)
            yield connection
            connection.commit()
    except DBAPIError as error:
        raise MigrationError(f"the database could not do it: {error.orig}") from error
    finally:
        engine.dispose()


def _sqlite_engine(url: str, lock_timeout: int | None) -> Engine:
    engine = create_engine(
        f"{_SQLITE}{sqlite_path(url)}", poolclass=NullPool, connect_args={"timeout": lock_timeout or 5}
    )

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # sqlite3 would begin its transactions too late, after the first DDL
        connection.execute("PRAGMA secure_delete = ON")  # as in storage/sqlite.py

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if lock_timeout is None else "BEGIN IMMEDIATE")

    return engine


def _mysql_engine(settings: MySQLSettings) -> Engine:
    from storage.mysql_blocking import BlockingConnection

    return create_engine("mysql+pymysql://", creator=lambda: BlockingConnection(settings), poolclass=NullPool)


def _take_lock(connection: Connection, timeout: int) -> None:
    """Be the only one who migrates this database; the lock goes with the connection."""
    database = connection.scalar(text("SELECT DATABASE()"))
    name = f"vestnik.migrate.{sha256(str(database).encode()).hexdigest()[:40]}"
    if connection.scalar(text("SELECT GET_LOCK(:name, :timeout)"), {"name": name, "timeout": timeout}) != 1:
        raise MigrationError(f"another migration of this database has been running for {timeout} s")
