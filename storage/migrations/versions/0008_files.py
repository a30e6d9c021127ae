"""Messages hold files."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from storage.migrations.steps import add_column, create_index, create_table

revision: Final = "0008"
down_revision: Final = "0007"
branch_labels: Final = None
depends_on: Final = None

TIME: Final = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
DIGEST: Final = sa.LargeBinary(length=32).with_variant(mysql.BINARY(32), "mysql", "mariadb")


def _ascii(length: int) -> sa.types.TypeEngine[bytes]:
    return sa.LargeBinary(length=length).with_variant(mysql.VARBINARY(length), "mysql", "mariadb")


def upgrade() -> None:
    """Files, which messages hold them, and what messages tell of them."""
    add_column("messages", sa.Column("attachments", sa.Text(), nullable=True))
    create_table(
        "files",
        sa.Column("id", _ascii(22), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", DIGEST, nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("blob", _ascii(64), nullable=False),
        sa.Column("source", DIGEST, nullable=False),
        sa.Column("as_file", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("key_hash", DIGEST, nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_files_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
        sa.UniqueConstraint("owner_id", "key_hash", name="uq_files_owner_id_key_hash"),
    )
    create_index("ix_files_owner_id_source", "files", ["owner_id", "source"])
    create_index("ix_files_blob", "files", ["blob"])
    create_index("ix_files_expires_at", "files", ["expires_at"])
    create_table(
        "message_files",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("file_id", _ascii(22), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_message_files_chat_id"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_message_files_file_id"),
        sa.PrimaryKeyConstraint("chat_id", "seq", "place", name="pk_message_files"),
    )
    create_index("ix_message_files_file_id", "message_files", ["file_id"])
    create_index("ix_message_files_chat_id_kind_seq", "message_files", ["chat_id", "kind", "seq"])
