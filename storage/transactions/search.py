"""Finding other people."""

from typing import Final

from sqlalchemy import bindparam, func, select

from chatproto.operations import FindUsers, Outcome, SearchUsers, UsersFound
from chatproto.wire.text import WORD_LENGTH
from storage.statements import Statement, Steps
from storage.tables import user_words
from storage.transactions.people import users_seen_by

_LAST_CHARACTER: Final = "\U0010ffff"

_first_word = func.min(user_words.c.word)
_BY_PREFIX: Final = Statement(
    select(user_words.c.user_id)
    .where(
        user_words.c.word >= bindparam("low"),
        user_words.c.word < bindparam("high"),
        user_words.c.user_id != bindparam("caller_id"),
    )
    .group_by(user_words.c.user_id)
    .order_by(_first_word, user_words.c.user_id)
    .limit(bindparam("limit"))
)


def find_users(operation: FindUsers) -> Steps[Outcome]:
    """Unknown ids are left out."""
    found = yield from users_seen_by(operation.user_id, operation.user_ids)
    return UsersFound(tuple(found.values()))


def search_users(operation: SearchUsers) -> Steps[Outcome]:
    """A range over the words' bytes: no wildcard exists that could be meant literally or not.

    In order of the first word that matched, so exact hits come first."""
    prefix = operation.prefix[:WORD_LENGTH]
    if not prefix or prefix != prefix.rstrip():
        return UsersFound(())  # no word ends in white space, and MySQL pads when it compares
    ids = yield from _BY_PREFIX.column(
        low=prefix, high=prefix + _LAST_CHARACTER, caller_id=operation.user_id, limit=operation.limit
    )
    found = yield from users_seen_by(operation.user_id, ids)
    return UsersFound(tuple(found[user_id] for user_id in ids if user_id in found))
