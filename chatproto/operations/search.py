"""Messages by their words, and the index that they are found by."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, assert_never

from attrs import frozen

from chatproto.wire.markup import has_link
from chatproto.wire.model import Attachment, Message, User
from chatproto.wire.query import Query, Span
from chatproto.wire.words import is_image

Has = Literal["file", "image", "link"]


def has_what(wanted: Has | None, content: str, files: Sequence[Attachment]) -> bool:
    """Whether a message has what a search asks for besides its words."""
    match wanted:
        case None:
            return True
        case "link":
            return has_link(content)
        case "file":
            return bool(files)
        case "image":
            return any(map(is_image, files))
        case _ as never:
            assert_never(never)


@frozen
class FoundPlace:
    """Where a search stopped: results are ordered by these three, the newest first."""

    created_at: datetime
    chat_id: int
    seq: int

    @property
    def key(self) -> tuple[datetime, int, int]:
        """To compare by."""
        return self.created_at, self.chat_id, self.seq


@frozen
class SearchMessages:
    """Live messages within what the user may see (for a former member as long as the text is what it was when they
    left), which have all of `query`; in one chat, of one sender, made in [after, before), with a file, an image or a
    link, where that is asked for. A `query` of ANYTHING needs `sender_id` or `has`: the index finds by these then.
    `cursor`: only what comes after it, in the order the newest first. Limits: `limit` results, and a bound of messages
    that are looked at, so that there may be fewer results and still a next place.

    Outcome: MessagesMatched; Refused not_found: the user never was in `chat_id`."""

    user_id: int
    query: Query
    limit: int
    chat_id: int | None = None
    sender_id: int | None = None
    after: datetime | None = None
    before: datetime | None = None
    has: Has | None = None
    cursor: FoundPlace | None = None


@frozen
class Match:
    """A message, and where it has what was searched for."""

    message: Message
    spans: tuple[Span, ...]


@frozen
class MessagesMatched:
    """The newest first. `next_place`: where to go on, None at the end. `complete`: false where the index has not
    reached messages that are too many to be read one by one, so that a later search may find more."""

    matches: tuple[Match, ...]
    users: tuple[User, ...]
    next_place: FoundPlace | None
    complete: bool


@frozen
class FindUnindexed:
    """Which of the `limit` chats above `after_id` have entries that the index lacks. Outcome: UnindexedFound."""

    after_id: int
    limit: int


@frozen
class UnindexedFound:
    """`outdated`: chats whose index an earlier version of the words made, or which is being removed: they are for
    ClearIndex first. `next_id`: where to go on, None at the end."""

    chat_ids: tuple[int, ...]
    next_id: int | None
    outdated: tuple[int, ...] = ()


@frozen
class ClearIndex:
    """Remove what an earlier version of the words made of these chats, at most about `limit` rows, so that it can be
    made anew; chats of which this is not wanted are left as they are. May be run again. Outcome: IndexCleared."""

    chat_ids: tuple[int, ...]
    limit: int


@frozen
class IndexCleared:
    """`left`: the chats of which there is more."""

    left: tuple[int, ...]


@frozen
class OutdateIndex:
    """Take the index of the `limit` chats above `after_id` for one of an earlier version. Outcome: IndexMeasured, as
    it is then."""

    after_id: int
    limit: int


@frozen
class MeasureIndex:
    """How far the index of the `limit` chats above `after_id` reaches. Outcome: IndexMeasured."""

    after_id: int
    limit: int


@frozen
class IndexMeasured:
    """`chats` that were looked at, `outdated` ones among them, their `entries`, and how many of these are `indexed` in
    this version. `next_id`: where to go on, None at the end."""

    chats: int
    outdated: int
    entries: int
    indexed: int
    next_id: int | None


@frozen
class ReadUnindexed:
    """What the index lacks of these chats: messages among at most `limit` entries. Outcome: UnindexedRead."""

    chat_ids: tuple[int, ...]
    limit: int


@frozen
class Unindexed:
    """The live messages of one chat in (after_seq, upto_seq], ascending."""

    chat_id: int
    after_seq: int
    upto_seq: int
    messages: tuple[Message, ...]


@frozen
class UnindexedRead:
    """`more`: some of these chats have more than this."""

    chats: tuple[Unindexed, ...]
    more: bool


@frozen
class IndexedMessage:
    """What the index is to hold of a message, as it was at `rev`."""

    seq: int
    rev: int
    entries: frozenset[str]


@frozen
class IndexedSpan:
    """The index of one chat in (after_seq, upto_seq]."""

    chat_id: int
    after_seq: int
    upto_seq: int
    messages: tuple[IndexedMessage, ...]


@frozen
class StoreIndex:
    """Put spans into the index. A message that was changed since it was read is put there as it is now; a span that no
    longer begins where the index of its chat ends, or is of another version, is left out. May be run again.

    Outcome: Done."""

    spans: tuple[IndexedSpan, ...]
