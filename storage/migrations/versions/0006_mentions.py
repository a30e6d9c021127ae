"""Messages name people and come from elsewhere; everybody chooses what they are told of."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from storage.migrations.steps import add_column, create_table

revision: Final = "0006"
down_revision: Final = "0005"
branch_labels: Final = None
depends_on: Final = None

TIME: Final = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    """Columns of messages, of their former texts, and of members; a table to count by."""
    for table in ("messages", "revisions"):
        add_column(table, sa.Column("mentions", sa.Text(), nullable=True))
        add_column(table, sa.Column("mentions_all", sa.Boolean(), server_default=sa.text("0"), nullable=False))
    add_column("messages", sa.Column("forwarded_id", sa.BigInteger(), nullable=True))
    add_column("messages", sa.Column("forwarded_name", sa.String(length=64), nullable=True))
    add_column("chat_users", sa.Column("notify", sa.String(length=8), server_default="all", nullable=False))
    add_column("chat_users", sa.Column("muted_until", TIME, nullable=True))
    create_table(
        "mentions",
        *(
            sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)
            for name in ("chat_id", "user_id", "seq")
        ),
        sa.Column("sender_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_mentions_chat_id"),
        sa.PrimaryKeyConstraint("chat_id", "user_id", "seq", name="pk_mentions"),
    )
