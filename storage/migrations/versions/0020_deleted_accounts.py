"""Accounts can be deleted."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from storage.migrations.steps import add_column, create_index

revision: Final = "0020"
down_revision: Final = "0019"
branch_labels: Final = None
depends_on: Final = None

TIME: Final = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
DIGEST: Final = sa.LargeBinary(32).with_variant(mysql.BINARY(32), "mysql", "mariadb")


def upgrade() -> None:
    """When, and what keeps the username from others; by whom forwarded messages were written, to be found."""
    add_column("users", sa.Column("deleted_at", TIME, nullable=True))
    add_column("users", sa.Column("name_digest", DIGEST, nullable=True))
    create_index("ix_users_name_digest", "users", ["name_digest"])
    create_index("ix_messages_forwarded_id", "messages", ["forwarded_id"])
