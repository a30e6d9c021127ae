"""Finding other people."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, bindparam, exists, func, select

from chatproto.operations import FindUsers, Outcome, SearchUsers, UsersFound
from chatproto.wire.text import SEARCHED_WORDS
from storage.columns import LAST_CHARACTER
from storage.statements import Statement, Steps
from storage.tables import user_words, users
from storage.transactions.people import SHARED, users_seen_by


def prefix_params(prefixes: Sequence[str]) -> dict[str, str]:
    """Of each beginning, the range of words for the parameters of `has_word`."""
    low = {f"low_{number}": prefix for number, prefix in enumerate(prefixes)}
    return low | {f"high_{number}": prefix + LAST_CHARACTER for number, prefix in enumerate(prefixes)}


def has_word(number: int, user_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether somebody has a word with the beginning of that number."""
    word = user_words.alias(f"words_{number}")
    return exists().where(
        word.c.user_id == user_id,
        word.c.word >= bindparam(f"low_{number}"),
        word.c.word < bindparam(f"high_{number}"),
    )


def _by_prefixes(count: int) -> Statement:
    """Who has a word with each of so many beginnings; in order of the first word that begins with the first of them."""
    first = func.min(user_words.c.word)
    return Statement(
        select(user_words.c.user_id)
        .where(
            user_words.c.word >= bindparam("low_0"),
            user_words.c.word < bindparam("high_0"),
            user_words.c.user_id != bindparam("caller_id"),
            *(has_word(number, user_words.c.user_id) for number in range(1, count)),
        )
        .group_by(user_words.c.user_id)
        .order_by(first, user_words.c.user_id)
        .limit(bindparam("limit"))
    )


_BY_PREFIXES: Final = {count: _by_prefixes(count) for count in range(1, SEARCHED_WORDS + 1)}
_BY_EMAIL: Final = Statement(
    select(users.c.id).where(users.c.email_key == bindparam("email_key"), users.c.id != bindparam("viewer_id"), SHARED)
)


def find_users(operation: FindUsers) -> Steps[Outcome]:
    """Unknown ids are left out."""
    found = yield from users_seen_by(operation.user_id, operation.user_ids)
    return UsersFound(tuple(found.values()))


def search_users(operation: SearchUsers) -> Steps[Outcome]:
    """Ranges over the words' bytes: no wildcard exists that could be meant literally or not.

    In order of the first word that matched, so exact hits come first."""
    caller_id, prefixes = operation.user_id, operation.prefixes
    addressed, ids = list[int](), list[int]()
    if operation.email_key is not None:
        addressed = yield from _BY_EMAIL.column(email_key=operation.email_key, viewer_id=caller_id)
    if prefixes:
        ids = yield from _BY_PREFIXES[len(prefixes)].column(
            **prefix_params(prefixes), caller_id=caller_id, limit=operation.limit
        )
    found = yield from users_seen_by(caller_id, [*addressed, *ids])
    named = [user_id for user_id in ids if user_id in found and user_id not in addressed]
    return UsersFound(tuple(found[user_id] for user_id in [*addressed, *named][: operation.limit]))
