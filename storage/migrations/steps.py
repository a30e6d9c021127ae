"""Steps of a migration that may be run again.

MySQL commits each DDL statement by itself, so a migration killed half-way leaves some of its steps done. Each step
here looks first and does only what is missing; a migration made of nothing else can simply be started once more.
"""

from typing import Any, Final

from alembic import op
from sqlalchemy import Column, inspect
from sqlalchemy.sql.schema import SchemaItem

OPTIONS: Final[dict[str, Any]] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_bin",
}


def create_table(name: str, *items: SchemaItem, **options: Any) -> None:
    """Create the table unless it is there. Constraints belong to `items`; indexes are steps of their own."""
    if not inspect(op.get_bind()).has_table(name):
        op.create_table(name, *items, **OPTIONS, **options)


def create_index(name: str, table: str, columns: list[str], *, unique: bool = False, prefix: int | None = None) -> None:
    """Create the index unless it is there. `prefix`: characters of a text that MySQL and MariaDB put into it."""
    if not any(index["name"] == name for index in inspect(op.get_bind()).get_indexes(table)):
        op.create_index(name, table, columns, unique=unique, mysql_length=prefix, mariadb_length=prefix)


def add_column(table: str, column: Column[Any]) -> None:
    """Add the column unless it is there. On SQLite it must be nullable or have a default."""
    if not any(found["name"] == column.name for found in inspect(op.get_bind()).get_columns(table)):
        op.add_column(table, column)
