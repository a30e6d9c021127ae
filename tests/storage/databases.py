"""Databases on servers, for tests that use them one after the other: migrated once a process, emptied in between.

A server takes a second or more for the tables of a new database, and a few milliseconds for the rows of a used one.
"""

import functools
from typing import Final, Literal

from sqlalchemy import delete, insert, text

from storage.migrate import EPOCH as EPOCH_NAME
from storage.migrate import connected, upgrade
from storage.tables import meta, metadata
from tests.mariadb_server import MariaDB, shared_mariadb
from tests.mysql_server import MySQL, shared_mysql

Kind = Literal["mariadb", "mysql"]
EPOCH: Final = "the first epoch"


def shared_server(kind: Kind) -> MariaDB | MySQL:
    """The server of that kind which tests share; skips the test where there is none."""
    return shared_mariadb() if kind == "mariadb" else shared_mysql()


def empty_database(kind: Kind, use: str = "") -> str:
    """The URL of a migrated database without a row, but for its epoch, EPOCH; ids begin where they ended before.

    It is the same one each time: the one before must be done with. `use` names another, for a test that needs two.
    """
    url = _migrated(kind, use)
    with connected(url) as connection:
        connection.execute(text("set foreign_key_checks = 0"))  # of this connection: rows refer to rows of their table
        tables = list(reversed(metadata.sorted_tables))
        asked = ", ".join(f"exists(select 1 from {table.name})" for table in tables)
        for table, used in zip(tables, connection.execute(text(f"select {asked}")).one(), strict=True):
            if used:  # few of them are
                connection.execute(delete(table))
        connection.execute(insert(meta).values(name=EPOCH_NAME, value=EPOCH))
    return url


def migrated_copy(kind: Kind) -> str:
    """The URL of a database of one's own with today's tables and not a row, its revision aside; not even an epoch.

    It is made of the statements that make the tables of another one: a quarter of those of all migrations.
    """
    url = shared_server(kind).new_database()
    with connected(url) as connection:
        connection.execute(text("set foreign_key_checks = 0"))  # of this connection: tables come by their names
        for statement in _statements(kind):
            connection.exec_driver_sql(statement)
    return url


@functools.cache
def _statements(kind: Kind) -> list[str]:
    """That make the tables of a migrated database, and tell its revision."""
    with connected(_migrated(kind, "")) as connection:
        tables = [row[0] for row in connection.execute(text("show tables"))]
        made = [connection.exec_driver_sql(f"show create table `{name}`").one()[1] for name in tables]
        revision = connection.scalar(text("select version_num from alembic_version"))
    doubled = [statement.replace("%", "%%") for statement in made]
    return [*doubled, f"insert into alembic_version values ('{revision}')"]


@functools.cache
def _migrated(kind: Kind, use: str) -> str:
    url = shared_server(kind).new_database()
    upgrade(url, epoch=EPOCH)
    return url
