"""Sessions get a name that is never used again, for their access tokens."""

import secrets
from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from storage.migrations.steps import add_column, create_index

revision: Final = "0003"
down_revision: Final = "0002"
branch_labels: Final = None
depends_on: Final = None

KEY: Final = sa.LargeBinary(16).with_variant(mysql.BINARY(16), "mysql", "mariadb")
SESSIONS: Final = sa.table("sessions", sa.column("id"), sa.column("key", KEY))


def upgrade() -> None:
    """A random key for each session; access tokens of before name none and are exchanged."""
    add_column("sessions", sa.Column("key", KEY, nullable=True))
    connection = op.get_bind()
    for session_id in connection.scalars(sa.select(SESSIONS.c.id).where(SESSIONS.c.key.is_(None))).all():
        named = sa.update(SESSIONS).where(SESSIONS.c.id == session_id).values(key=secrets.token_bytes(16))
        connection.execute(named)
    create_index("uq_sessions_key", "sessions", ["key"], unique=True)
