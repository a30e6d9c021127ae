"""What people hide of themselves, in every statement that tells of others (docs/protocol.md section 2, "Privacy")."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, bindparam, exists, select

from chatproto.operations import Hides
from storage.statements import Statement, Steps
from storage.tables import users

_viewer = users.alias("viewer")
_IDS: Final[BindParameter[int]] = bindparam("user_ids", expanding=True)
_HIDERS: Final = Statement(
    select(users.c.id, users.c.hide_last_seen, users.c.hide_reads).where(users.c.id.in_(_IDS)).order_by(users.c.id)
)


def shows_last_seen(viewer_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether `users` and the viewer may know of each other when they were last seen."""
    return users.c.hide_last_seen.is_(False) & exists().where(
        _viewer.c.id == viewer_id, _viewer.c.hide_last_seen.is_(False)
    )


def shows_reads(viewer_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the viewer is told what others have read."""
    return exists().where(_viewer.c.id == viewer_id, _viewer.c.hide_reads.is_(False))


def hides_of(user_ids: Iterable[int]) -> Steps[dict[int, Hides]]:
    """By user, of those that there are."""
    ids = sorted(set(user_ids))
    rows = (yield from _HIDERS.rows(user_ids=ids)) if ids else []
    return {user_id: Hides(bool(last_seen), bool(reads)) for user_id, last_seen, reads in rows}


def who_hides_reads(user_ids: Iterable[int]) -> Steps[frozenset[int]]:
    """Those of them who tell nobody what they have read, and are told nothing of others."""
    found = yield from hides_of(user_ids)
    return frozenset(user_id for user_id, hides in found.items() if hides.reads)
