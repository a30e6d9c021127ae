"""Other people: /api/users."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chatproto.operations import FindUsers, SearchUsers, UsersFound
from chatproto.wire.model import MAX_ID, User
from chatproto.wire.text import fold, is_email, searched_words
from runtime.http.fields import Search
from runtime.http.problem import Problem, refusal
from runtime.http.reading import Context, Fault, Rule
from runtime.http.routes import Answer, Call, Result, Route
from runtime.http.shapes import Users
from runtime.http.table import ID

MAX_FOUND = 20
MAX_IDS = 100


def _ids(text: str, _context: Context) -> str | Fault:
    parts = text.split(",")
    if len(parts) > MAX_IDS:
        return Fault("too_long", f"Must have at most {MAX_IDS} ids.", MAX_IDS)
    fine = all(ID.fullmatch(part) and int(part) <= MAX_ID for part in parts)
    return text if fine else Fault("bad_format", "Must be ids with commas between them.")


class ByIds(msgspec.Struct, frozen=True, kw_only=True):
    ids: Annotated[
        str,
        # of sixteen digits some are above MAX_ID, which no pattern tells: it names those that are all good
        Meta(description="at most 100", extra_json_schema={"pattern": "^[1-9][0-9]{0,14}(,[1-9][0-9]{0,14}){0,99}$"}),
        Rule(_ids),
    ]


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True):
    query: Search
    limit: Annotated[int, Meta(ge=1, le=MAX_FOUND)] = MAX_FOUND


async def search_users(call: Call[None, SearchQuery]) -> Result:
    """By the beginnings of the username and of words of the display name; the caller is left out."""
    query = call.query.query
    email = fold(query) if is_email(query) else None
    outcome = await call.ask(SearchUsers(call.me.user_id, searched_words(query), email, call.query.limit))
    return Answer(200, Users(users=outcome.users)) if isinstance(outcome, UsersFound) else refusal(outcome)


async def one_user(call: Call[None, None], user_id: int) -> Result:
    """One public profile."""
    outcome = await call.ask(FindUsers(call.me.user_id, (user_id,)))
    if not isinstance(outcome, UsersFound):
        return refusal(outcome)
    return Answer(200, outcome.users[0]) if outcome.users else Problem("not_found")


async def some_users(call: Call[None, ByIds]) -> Result:
    """Public profiles by ids; unknown ids are left out."""
    ids = tuple(sorted({int(part) for part in call.query.ids.split(",")}))
    outcome = await call.ask(FindUsers(call.me.user_id, ids))
    return Answer(200, Users(users=outcome.users)) if isinstance(outcome, UsersFound) else refusal(outcome)


ROUTES = (
    Route(
        method="GET", path="/api/users/search", handler=search_users, summary="Find people by name",
        query=SearchQuery, answers={200: (Users,)}, rate="searches",
    ),
    Route(method="GET", path="/api/users", handler=some_users, summary="People by ids", query=ByIds,
          answers={200: (Users,)}),
    Route(method="GET", path="/api/users/{user_id}", handler=one_user, summary="One person", answers={200: (User,)}),
)  # fmt: skip
