"""Messages can be edited, deleted, reacted to and pinned."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from storage.migrations.steps import add_column, create_index, create_table

revision: Final = "0005"
down_revision: Final = "0004"
branch_labels: Final = None
depends_on: Final = None

TIME: Final = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    """What belongs to a message is found by (chat_id, seq); events by the message they are about."""
    create_table(
        "revisions",
        _key("chat_id"),
        _key("seq"),
        sa.Column("rev", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("edited_at", TIME, nullable=True),
        sa.Column("at_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_revisions_chat_id"),
        sa.PrimaryKeyConstraint("chat_id", "seq", "rev", name="pk_revisions"),
    )
    create_table(
        "reactions",
        _key("chat_id"),
        _key("seq"),
        _key("event_seq"),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("emoji", sa.String(length=64), nullable=False),
        sa.Column("until_seq", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_reactions_chat_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_reactions_user_id"),
        sa.PrimaryKeyConstraint("chat_id", "seq", "event_seq", name="pk_reactions"),
    )
    create_index("ix_reactions_user_id", "reactions", ["user_id"])
    create_table(
        "pins",
        _key("chat_id"),
        _key("seq"),
        _key("event_seq"),
        sa.Column("until_seq", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_pins_chat_id"),
        sa.PrimaryKeyConstraint("chat_id", "seq", "event_seq", name="pk_pins"),
    )
    for table in ("chats", "departures"):
        add_column(table, sa.Column("pinned_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    create_index("ix_chat_events_chat_id_target_seq", "chat_events", ["chat_id", "target_seq"])


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)
