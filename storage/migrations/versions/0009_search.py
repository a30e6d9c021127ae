"""The words of messages, to search by; the server fills the table behind the commits, from the first message on."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from storage.migrations.steps import add_column, create_table

revision: Final = "0009"
down_revision: Final = "0008"
branch_labels: Final = None
depends_on: Final = None

WORD: Final = sa.LargeBinary(128).with_variant(mysql.VARBINARY(128), "mysql", "mariadb")


def upgrade() -> None:
    """A table, and how far each chat stands in it."""
    create_table(
        "message_words",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("word", WORD, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "word", "seq", name="pk_message_words"),
        sqlite_with_rowid=False,
    )
    add_column("chats", sa.Column("indexed_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
