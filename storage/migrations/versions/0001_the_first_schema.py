"""The first schema."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from storage.migrations.steps import create_index, create_table

revision: Final = "0001"
down_revision: Final = None
branch_labels: Final = None
depends_on: Final = None

ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME: Final = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
DIGEST: Final = sa.LargeBinary(32).with_variant(mysql.BINARY(32), "mysql", "mariadb")
CID: Final = sa.LargeBinary(64).with_variant(mysql.VARBINARY(64), "mysql", "mariadb")


def upgrade() -> None:
    """Every table of the beginning."""
    create_table(
        "meta",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )
    create_table(
        "users",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("username_key", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("email_key", sa.String(length=254), nullable=True),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("display_name", sa.String(length=64), nullable=False),
        sa.Column("avatar_url", sa.String(length=2048), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_seen_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email_key", name="uq_users_email_key"),
        sa.UniqueConstraint("username_key", name="uq_users_username_key"),
    )
    create_table(
        "chats",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=True),
        sa.Column("avatar_url", sa.String(length=2048), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("direct_low", sa.BigInteger(), nullable=True),
        sa.Column("direct_high", sa.BigInteger(), nullable=True),
        sa.Column("last_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_at", TIME, nullable=True),
        sa.Column("last_message_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_chats_created_by"),
        sa.ForeignKeyConstraint(["direct_high"], ["users.id"], name="fk_chats_direct_high"),
        sa.ForeignKeyConstraint(["direct_low"], ["users.id"], name="fk_chats_direct_low"),
        sa.PrimaryKeyConstraint("id", name="pk_chats"),
        sa.UniqueConstraint("direct_low", "direct_high", name="uq_chats_direct_low_direct_high"),
    )
    create_index("ix_chats_created_by", "chats", ["created_by"])
    create_index("ix_chats_direct_high", "chats", ["direct_high"])
    create_table(
        "sessions",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )
    create_index("ix_sessions_user_id_ended_at", "sessions", ["user_id", "ended_at"])
    create_table(
        "user_words",
        sa.Column("word", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_user_words_user_id"),
        sa.PrimaryKeyConstraint("word", "user_id", name="pk_user_words"),
    )
    create_index("ix_user_words_user_id", "user_words", ["user_id"])
    create_table(
        "chat_events",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("target_seq", sa.BigInteger(), nullable=True),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name="fk_chat_events_actor_id"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_chat_events_chat_id"),
        sa.ForeignKeyConstraint(["subject_id"], ["users.id"], name="fk_chat_events_subject_id"),
        sa.PrimaryKeyConstraint("chat_id", "seq", name="pk_chat_events"),
    )
    create_index("ix_chat_events_actor_id", "chat_events", ["actor_id"])
    create_index("ix_chat_events_subject_id", "chat_events", ["subject_id"])
    create_table(
        "chat_users",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("joined_at", TIME, nullable=False),
        sa.Column("joined_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("left_seq", sa.BigInteger(), nullable=True),
        sa.Column("left_at", TIME, nullable=True),
        sa.Column("read_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("delivered_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("own_read_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("own_delivered_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("muted", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("favourite", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("hidden_seq", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_chat_users_chat_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_chat_users_user_id"),
        sa.PrimaryKeyConstraint("chat_id", "user_id", name="pk_chat_users"),
    )
    create_index(
        "ix_chat_users_chat_id_own_delivered_seq_user_id", "chat_users", ["chat_id", "own_delivered_seq", "user_id"]
    )
    create_index("ix_chat_users_chat_id_own_read_seq_user_id", "chat_users", ["chat_id", "own_read_seq", "user_id"])
    create_index("ix_chat_users_user_id_chat_id", "chat_users", ["user_id", "chat_id"])
    create_table(
        "commands",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cid", CID, nullable=False),
        sa.Column(
            "digest",
            sa.LargeBinary(length=32)
            .with_variant(sa.BINARY(length=32), "mariadb")
            .with_variant(sa.BINARY(length=32), "mysql"),
            nullable=False,
        ),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name="fk_commands_actor_id"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_commands_chat_id"),
        sa.PrimaryKeyConstraint("chat_id", "actor_id", "cid", name="pk_commands"),
    )
    create_index("ix_commands_actor_id", "commands", ["actor_id"])
    create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "key_hash",
            sa.LargeBinary(length=32)
            .with_variant(sa.BINARY(length=32), "mariadb")
            .with_variant(sa.BINARY(length=32), "mysql"),
            nullable=False,
        ),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_idempotency_keys_chat_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_idempotency_keys_user_id"),
        sa.PrimaryKeyConstraint("user_id", "key_hash", name="pk_idempotency_keys"),
    )
    create_index("ix_idempotency_keys_chat_id", "idempotency_keys", ["chat_id"])
    create_table(
        "messages",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("sender_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("attachment_url", sa.String(length=2048), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("is_read", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("rev", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("edited_at", TIME, nullable=True),
        sa.Column("deleted", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("reply_to", sa.BigInteger(), nullable=True),
        sa.Column("cid", CID, nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_messages_chat_id"),
        sa.ForeignKeyConstraint(["sender_id"], ["users.id"], name="fk_messages_sender_id"),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("chat_id", "seq", name="uq_messages_chat_id_seq"),
    )
    create_index("ix_messages_sender_id", "messages", ["sender_id"])
    create_table(
        "refresh_tokens",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "hash",
            sa.LargeBinary(length=32)
            .with_variant(sa.BINARY(length=32), "mariadb")
            .with_variant(sa.BINARY(length=32), "mysql"),
            nullable=False,
        ),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("exchanged_at", TIME, nullable=True),
        sa.Column("late_exchanges", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("used", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["refresh_tokens.id"], name="fk_refresh_tokens_parent_id"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_refresh_tokens_session_id"),
        sa.PrimaryKeyConstraint("id", name="pk_refresh_tokens"),
        sa.UniqueConstraint("hash", name="uq_refresh_tokens_hash"),
    )
    create_index("ix_refresh_tokens_parent_id", "refresh_tokens", ["parent_id"])
    create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"])
