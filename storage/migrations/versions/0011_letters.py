"""Letters to people and the codes in them; who keeps the server, and who is shut out of it."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from storage.migrations.steps import add_column, create_index, create_table

revision: Final = "0011"
down_revision: Final = "0010"
branch_labels: Final = None
depends_on: Final = None

TIME: Final = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
DIGEST: Final = sa.LargeBinary(length=32).with_variant(mysql.BINARY(32), "mysql", "mariadb")
ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """No address was shown to be its owner's so far."""
    add_column("users", sa.Column("email_verified", sa.Boolean(), server_default=sa.text("0"), nullable=False))
    add_column("users", sa.Column("role", sa.String(length=8), server_default="member", nullable=False))
    add_column("users", sa.Column("disabled_at", TIME, nullable=True))
    create_table(
        "mails",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("login_key", sa.String(length=254), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_mails_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mails"),
    )
    create_index("ix_mails_user_id", "mails", ["user_id"])
    create_index("ix_mails_next_at", "mails", ["next_at"])
    create_table(
        "codes",
        sa.Column("hash", DIGEST, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.Column("again", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_codes_user_id"),
        sa.PrimaryKeyConstraint("hash", name="pk_codes"),
    )
    create_index("ix_codes_user_id", "codes", ["user_id"])
    create_index("ix_codes_expires_at", "codes", ["expires_at"])
