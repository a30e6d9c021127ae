"""What a deleted account went on seeing of its former groups goes, and so do pictures that nothing but that held."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision: Final = "0024"
down_revision: Final = "0023"
branch_labels: Final = None
depends_on: Final = None

TIME: Final = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
URL: Final = "/api/files/"
CHUNK: Final = 500

USERS: Final = sa.table("users", sa.column("id"), sa.column("avatar_url"), sa.column("deleted_at", TIME))
CHATS: Final = sa.table("chats", sa.column("avatar_url"))
MEMBERS: Final = sa.table("chat_users", *map(sa.column, ("chat_id", "user_id", "left_seq")))
DEPARTURES: Final = sa.table("departures", *map(sa.column, ("chat_id", "user_id", "title", "avatar_url", "members")))
FILES: Final = sa.table("files", sa.column("id", sa.LargeBinary()), sa.column("expires_at", TIME))
HELD: Final = sa.table("message_files", sa.column("file_id", sa.LargeBinary()))


def upgrade() -> None:
    """Files first: a run that was killed is begun anew, and finds by their departures those that are left."""
    connection = op.get_bind()
    gone = connection.scalars(sa.select(USERS.c.id).where(USERS.c.deleted_at.is_not(None))).all()
    for start in range(0, len(gone), CHUNK):
        theirs = DEPARTURES.c.user_id.in_(gone[start : start + CHUNK])
        files = DEPARTURES.c.avatar_url.like(f"{URL}%")
        for url in connection.scalars(sa.select(DEPARTURES.c.avatar_url).where(theirs, files).distinct()).all():
            _end_unheld(connection, url)
        connection.execute(sa.update(DEPARTURES).where(theirs).values(title=None, avatar_url=None, members="[]"))


def _end_unheld(connection: sa.Connection, url: str) -> None:
    """Its row is locked first, as whoever takes or gives up a file does; what is read then is what holds now."""
    this = FILES.c.id == url.removeprefix(URL).encode("ascii", "replace"), FILES.c.expires_at.is_(None)
    found = connection.execute(sa.select(FILES.c.id).where(*this).with_for_update()).first()
    if found is None:
        return
    for held in _holders(url, bytes(found.id)):
        if connection.execute(held.limit(1).with_for_update(read=True)).first() is not None:
            return
    connection.execute(sa.update(FILES).where(*this).values(expires_at=datetime.now(UTC).replace(tzinfo=None)))


def _holders(url: str, file_id: bytes) -> Iterator[sa.Select[Any]]:
    """A message, a user, a group, a former member who is there."""
    yield sa.select(HELD.c.file_id).where(HELD.c.file_id == file_id)
    yield sa.select(USERS.c.id).where(USERS.c.avatar_url == url)
    yield sa.select(CHATS.c.avatar_url).where(CHATS.c.avatar_url == url)
    member = (MEMBERS.c.chat_id == DEPARTURES.c.chat_id) & (MEMBERS.c.user_id == DEPARTURES.c.user_id)
    yield (
        sa.select(DEPARTURES.c.user_id)
        .select_from(DEPARTURES.join(MEMBERS, member).join(USERS, USERS.c.id == DEPARTURES.c.user_id))
        .where(DEPARTURES.c.avatar_url == url, MEMBERS.c.left_seq.is_not(None), USERS.c.deleted_at.is_(None))
    )
