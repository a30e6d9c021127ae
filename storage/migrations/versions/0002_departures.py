"""What former members go on seeing is written down; for those of today as far as the log tells it.

The log tells titles, pictures, members and roles. It does not tell the marks of others, which are taken as they are
now, up to the removal, nor the first title of a group that was renamed after the removal only: that one stays unknown.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from storage.migrations.steps import create_index, create_table

revision: Final = "0002"
down_revision: Final = "0001"
branch_labels: Final = None
depends_on: Final = None

TIME: Final = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
KINDS: Final = ("member_added", "member_removed", "role_changed", "chat_updated")

CHATS: Final = sa.table(
    "chats", *map(sa.column, ("id", "title", "avatar_url", "created_by")), sa.column("created_at", TIME)
)
MEMBERS: Final = sa.table(
    "chat_users",
    *map(sa.column, ("chat_id", "user_id", "left_seq")),
    *map(sa.column, ("read_seq", "delivered_seq", "own_read_seq", "own_delivered_seq")),
)
EVENTS: Final = sa.table(
    "chat_events", *map(sa.column, ("chat_id", "seq", "event", "subject_id", "data")), sa.column("created_at", TIME)
)
MESSAGES: Final = sa.table("messages", *map(sa.column, ("chat_id", "seq")))
DEPARTURES: Final = sa.table(
    "departures",
    *map(sa.column, ("chat_id", "user_id", "title", "avatar_url", "last_message_seq", "others_read_seq")),
    *map(sa.column, ("others_delivered_seq", "reader_id", "reader_seq", "second_reader_seq", "members")),
)


def upgrade() -> None:
    """The table, and a row for each former member."""
    zeros = (
        "last_message_seq",
        "others_read_seq",
        "others_delivered_seq",
        "reader_id",
        "reader_seq",
        "second_reader_seq",
    )
    create_table(
        "departures",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(length=100), nullable=True),
        sa.Column("avatar_url", sa.String(length=2048), nullable=True),
        *(sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False) for name in zeros),
        sa.Column("members", sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb"), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_departures_chat_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_departures_user_id"),
        sa.PrimaryKeyConstraint("chat_id", "user_id", name="pk_departures"),
    )
    create_index("ix_departures_user_id", "departures", ["user_id"])
    connection = op.get_bind()
    connection.execute(sa.delete(DEPARTURES))  # of a run that was killed
    left = sa.select(MEMBERS.c.chat_id).where(MEMBERS.c.left_seq.is_not(None)).distinct()
    for chat_id in connection.scalars(left).all():
        for row in _departures(connection, chat_id):
            connection.execute(sa.insert(DEPARTURES).values(row))


def _departures(connection: sa.Connection, chat_id: int) -> Iterator[dict[str, Any]]:
    """A row for each former member of a chat."""
    chat = connection.execute(sa.select(CHATS).where(CHATS.c.id == chat_id)).one()
    members = connection.execute(sa.select(MEMBERS).where(MEMBERS.c.chat_id == chat_id)).all()
    chosen = sa.select(EVENTS).where(EVENTS.c.chat_id == chat_id, EVENTS.c.event.in_(KINDS)).order_by(EVENTS.c.seq)
    events = connection.execute(chosen).all()
    for me in members:
        end = me.left_seq
        if end is None:
            continue
        newest = sa.select(sa.func.max(MESSAGES.c.seq)).where(MESSAGES.c.chat_id == chat_id, MESSAGES.c.seq <= end)
        others = [one for one in members if one.user_id != me.user_id]
        readers = sorted(members, key=lambda one: one.own_read_seq, reverse=True)[:2]
        yield {
            "chat_id": chat_id,
            "user_id": me.user_id,
            "title": _look("title", chat.title, events, end),
            "avatar_url": _look("avatar_url", chat.avatar_url, events, end),
            "last_message_seq": connection.scalar(newest) or 0,
            "others_read_seq": min(end, max((one.own_read_seq for one in others), default=0)),
            "others_delivered_seq": min(end, max((one.own_delivered_seq for one in others), default=0)),
            "reader_id": readers[0].user_id,
            "reader_seq": min(end, readers[0].own_read_seq),
            "second_reader_seq": min(end, readers[1].own_read_seq) if len(readers) > 1 else 0,
            "members": json.dumps(_members(chat, others, events, end), separators=(",", ":")),
        }


def _look(name: str, now: str | None, events: Sequence[sa.Row[Any]], end: int) -> str | None:
    """A title or picture as it was at `end`; None where it was changed later and never before."""
    changes = [(event.seq, json.loads(event.data)) for event in events if event.event == "chat_updated"]
    changes = [(seq, data) for seq, data in changes if name in data]
    before = [data[name] for seq, data in changes if seq <= end]
    if before:
        found: str | None = before[-1]
        return found
    return None if changes else now


def _members(
    chat: sa.Row[Any], others: Sequence[sa.Row[Any]], events: Sequence[sa.Row[Any]], end: int
) -> list[list[int]]:
    """Who was there at `end`, as `storage.transactions.departures.write_members` writes it."""
    found = []
    for one in others:
        own = [event for event in events if event.subject_id == one.user_id]
        first = next((event.event for event in own if event.event != "role_changed"), "member_removed")
        is_there, joined_seq, joined_at = first == "member_removed", 0, chat.created_at
        role = "admin" if one.user_id == chat.created_by else "member"
        for event in own:
            if event.seq > end:
                break
            if event.event == "role_changed":
                role = json.loads(event.data)["role"]
                continue
            is_there = event.event == "member_added"
            if is_there:
                role, joined_seq, joined_at = "member", event.seq, event.created_at
        if is_there:
            since = (joined_at.replace(tzinfo=UTC) - BEGINNING) // timedelta(microseconds=1)
            marks = [one.read_seq, one.delivered_seq]
            if any(event.seq > end and event.event == "member_added" for event in own):  # they count anew since then
                marks = [one.own_read_seq, one.own_delivered_seq]
            found.append((joined_seq, [one.user_id, int(role == "admin"), since, *(min(end, mark) for mark in marks)]))
    return [row for _, row in sorted(found)]
