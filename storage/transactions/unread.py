"""How many messages somebody has not read (docs/protocol.md I7)."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Integer, bindparam, func, literal_column, or_, select

from storage.statements import Answers, Steps, param
from storage.tables import mentions, messages

MANY: Final = 1000
"""Stands for more than 999."""
MANY_MENTIONS: Final = 100
"""Stands for more than 99."""
EVERYBODY: Final = 0
"""In the table `mentions`: it names all members."""


class Behind(NamedTuple):
    """Somebody in a chat, who has read up to `read_seq` of `last_seq`."""

    chat_id: int
    user_id: int
    read_seq: int
    last_seq: int


class _Unread(NamedTuple):
    place: int
    unread: int


_some = (
    select(messages.c.seq)
    .where(
        messages.c.chat_id == param("chat_id", messages.c.chat_id),
        messages.c.seq > param("read_seq", messages.c.seq),
        messages.c.seq <= param("last_seq", messages.c.seq),
        messages.c.sender_id != param("user_id", messages.c.sender_id),
        messages.c.deleted.is_(False),
    )
    .limit(MANY)
    .subquery()
)
_UNREAD: Final = Answers(select(bindparam("place", type_=Integer), func.count()).select_from(_some), row=_Unread)
"""With values rather than with joined columns, because MySQL reads a range of an index by nothing else."""


_named = (
    select(mentions.c.seq)
    .where(
        mentions.c.chat_id == param("chat_id", mentions.c.chat_id),
        or_(
            mentions.c.user_id == param("user_id", mentions.c.user_id),
            mentions.c.user_id == literal_column(str(EVERYBODY)),
        ),
        mentions.c.seq > param("read_seq", mentions.c.seq),
        mentions.c.seq <= param("last_seq", mentions.c.seq),
        mentions.c.sender_id != param("user_id", mentions.c.sender_id),
    )
    .distinct()
    .limit(MANY_MENTIONS)
    .subquery()
)
_MENTIONED: Final = Answers(select(bindparam("place", type_=Integer), func.count()).select_from(_named), row=_Unread)


def count_all_unread(behind: Sequence[Behind]) -> Steps[list[int]]:
    """Others' live messages in (read_seq, last_seq], for each of them, in one statement."""
    counts = [0] * len(behind)
    rows = yield from _UNREAD.of(
        [{"place": place, **one._asdict()} for place, one in enumerate(behind) if one.read_seq < one.last_seq]
    )
    for row in rows:
        counts[row.place] = row.unread
    return counts


def count_all_mentions(behind: Sequence[Behind]) -> Steps[list[int]]:
    """Those of them that name the person, or everybody; 100 stands for more than 99."""
    counts = [0] * len(behind)
    rows = yield from _MENTIONED.of(
        [{"place": place, **one._asdict()} for place, one in enumerate(behind) if one.read_seq < one.last_seq]
    )
    for row in rows:
        counts[row.place] = row.unread
    return counts


def count_unread(user_id: int, chat_id: int, read_seq: int, last_seq: int) -> Steps[int]:
    """The same of one person in one chat."""
    (count,) = yield from count_all_unread([Behind(chat_id, user_id, read_seq, last_seq)])
    return count
