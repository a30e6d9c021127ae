"""How Alembic runs the migrations: on the connection that `storage.migrate` hands over, never on one of its own."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from storage.columns import ASCIIBytes, UTCDateTime
from storage.migrate import COMPARISON
from storage.tables import metadata


def render(kind: str, value: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own column types as the plain ones they stand for: a migration must not change when they do."""
    if kind != "type" or not isinstance(value, UTCDateTime | ASCIIBytes):
        return False
    autogen.imports.add("from sqlalchemy.dialects import mysql")
    if isinstance(value, UTCDateTime):
        return "sa.DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql', 'mariadb')"
    return f"sa.LargeBinary({value.length}).with_variant(mysql.VARBINARY({value.length}), 'mysql', 'mariadb')"


def run(connection: Connection) -> None:
    """Run what Alembic was asked for."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        **COMPARISON,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
