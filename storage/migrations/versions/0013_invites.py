"""Invitations to the server and to groups; the few who keep the server are found at once."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from storage.migrations.steps import create_index, create_table

revision: Final = "0013"
down_revision: Final = "0012"
branch_labels: Final = None
depends_on: Final = None

TIME: Final = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
DIGEST: Final = sa.LargeBinary(length=32).with_variant(mysql.BINARY(32), "mysql", "mariadb")
ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Invitations, who came by them, and an index of roles."""
    create_table(
        "invites",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("hash", DIGEST, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_invites_chat_id"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_invites_created_by"),
        sa.PrimaryKeyConstraint("id", name="pk_invites"),
        sa.UniqueConstraint("hash", name="uq_invites_hash"),
    )
    create_index("ix_invites_chat_id", "invites", ["chat_id"])
    create_index("ix_invites_created_by", "invites", ["created_by"])
    create_table(
        "invite_uses",
        sa.Column("invite_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("used_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_invite_uses_user_id"),
        sa.PrimaryKeyConstraint("invite_id", "user_id", name="pk_invite_uses"),
    )
    create_index("ix_invite_uses_user_id", "invite_uses", ["user_id"])
    create_index("ix_users_role", "users", ["role"])
