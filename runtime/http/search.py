"""Messages by what is said in them: /api/search."""

from typing import Annotated, Final, cast

import msgspec
from msgspec import Meta

from chatproto.operations import FoundPlace, MessagesMatched, SearchMessages
from chatproto.operations.search import Has
from chatproto.wire.query import ANYTHING, LONGEST_QUERY, Query, read_query
from chatproto.wire.text import check_text
from runtime.http.cursors import NOT_OURS, microseconds, moment_of, numbers
from runtime.http.fields import Id, Until
from runtime.http.problem import FieldError, refusal, wrong_fields
from runtime.http.reading import Context, Fault, Rule
from runtime.http.routes import Answer, Call, Result, Route
from runtime.http.shapes import FoundMessage, FoundMessages

MOST: Final = 50
_DIGITS: Final = 17
"""Microseconds of no more are a moment that can be told."""


def _words(text: str, _context: Context) -> Query | Fault:
    if check_text(text) is not None:
        return Fault("bad_unicode", "Control characters are not allowed.")
    if len(text) > LONGEST_QUERY:
        return Fault("too_long", f"Must have at most {LONGEST_QUERY} characters.", LONGEST_QUERY)
    return read_query(text) or Fault("too_short", "Must have a word: letters or digits.", 1)


def _cursor(text: str, _context: Context) -> FoundPlace | Fault:
    read = numbers(text, 3, _DIGITS)
    if read is None:
        return NOT_OURS
    moment, chat_id, seq = read
    return FoundPlace(moment_of(moment), chat_id, seq)


class MessageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`after` counts in, `before` does not. `query` may be missing where `sender_id` or `has` is there."""

    query: Annotated[
        str | None,
        Meta(
            description='all words in any form, the last one perhaps begun, a phrase in "quotation marks"',
            extra_json_schema={"minLength": 1, "maxLength": LONGEST_QUERY},
        ),
        Rule(_words),
    ] = None
    chat_id: Id | None = None
    sender_id: Id | None = None
    after: Until | None = None
    before: Until | None = None
    has: Has | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 20
    cursor: Annotated[str, Meta(description="next_cursor of the page before"), Rule(_cursor)] | None = None


async def search_messages(call: Call[None, MessageQuery]) -> Result:
    """The newest first, in chats that the caller is or was in."""
    query = call.query
    if query.query is None and query.sender_id is None and query.has is None:
        return wrong_fields(FieldError(field="query", code="required", detail="What to search for."))
    outcome = await call.ask(
        SearchMessages(
            call.me.user_id,
            ANYTHING if query.query is None else cast("Query", query.query),
            query.limit,
            query.chat_id,
            query.sender_id,
            query.after,
            query.before,
            query.has,
            cast("FoundPlace | None", query.cursor),
        )
    )
    if not isinstance(outcome, MessagesMatched):
        return refusal(outcome)
    results = tuple(
        FoundMessage(message=match.message, chat_id=match.message.chat_id, matches=match.spans)
        for match in outcome.matches
    )
    cursor = None if outcome.next_place is None else _written(outcome.next_place)
    page = FoundMessages(results=results, users=outcome.users, next_cursor=cursor, complete=outcome.complete)
    return Answer(200, page)


def _written(place: FoundPlace) -> str:
    return f"{microseconds(place.created_at)}-{place.chat_id}-{place.seq}"


ROUTES = (
    Route(
        method="GET", path="/api/search", handler=search_messages, summary="Find messages by their words",
        query=MessageQuery, answers={200: (FoundMessages,)}, codes=("not_found",), rate="searches",
    ),
)  # fmt: skip
