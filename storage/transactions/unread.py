"""How many messages somebody has not read (docs/protocol.md I7)."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Integer, Select, String, bindparam, exists, func, literal_column, or_, select

from storage.statements import Answers, Steps, param
from storage.tables import mentions, messages, revisions

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


def _counting(some: Select[tuple[int]]) -> Answers[_Unread]:
    counted = some.subquery()
    return Answers(select(bindparam("place", type_=Integer), func.count()).select_from(counted), row=_Unread)


_UNREAD: Final = _counting(
    select(messages.c.seq)
    .where(
        messages.c.chat_id == param("chat_id", messages.c.chat_id),
        messages.c.seq > param("read_seq", messages.c.seq),
        messages.c.seq <= param("last_seq", messages.c.seq),
        messages.c.sender_id != param("user_id", messages.c.sender_id),
        messages.c.deleted.is_(False),
    )
    .limit(MANY)
)
"""With values rather than with joined columns, because MySQL reads a range of an index by nothing else."""


_naming = (
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
)
_MENTIONED: Final = _counting(_naming)

# What former members were told last: messages that were edited since count by the text that they had then.
_later, _between = revisions.alias("later"), revisions.alias("between")
_edited_since = exists().where(
    _later.c.chat_id == param("chat_id", _later.c.chat_id), _later.c.at_seq > param("last_seq", _later.c.at_seq)
)
_MENTIONED_THEN: Final = _counting(_naming.where(~_edited_since.where(_later.c.seq == mentions.c.seq)))
_ids = func.replace(func.replace(revisions.c.mentions, "[", ","), "]", ",")
_MENTIONED_BEFORE: Final = _counting(
    select(revisions.c.seq)
    .join(messages, (messages.c.chat_id == revisions.c.chat_id) & (messages.c.seq == revisions.c.seq))
    .where(
        revisions.c.chat_id == param("chat_id", revisions.c.chat_id),
        revisions.c.seq > param("read_seq", revisions.c.seq),
        revisions.c.seq <= param("last_seq", revisions.c.seq),
        revisions.c.at_seq <= param("last_seq", revisions.c.at_seq),
        messages.c.sender_id != param("user_id", messages.c.sender_id),
        or_(revisions.c.mentions_all.is_(True), _ids.like(bindparam("among", type_=String))),
        _edited_since.where(_later.c.seq == revisions.c.seq),
        ~exists().where(
            _between.c.chat_id == revisions.c.chat_id,
            _between.c.seq == revisions.c.seq,
            _between.c.rev > revisions.c.rev,
            _between.c.at_seq <= param("last_seq", _between.c.at_seq),
        ),
    )
    .limit(MANY_MENTIONS)
)


def count_all_unread(behind: Sequence[Behind]) -> Steps[list[int]]:
    """Others' live messages in (read_seq, last_seq], for each of them, in one statement."""
    return (yield from _count(_UNREAD, behind))


def count_all_mentions(behind: Sequence[Behind]) -> Steps[list[int]]:
    """Those of them that name the person, or everybody; 100 stands for more than 99."""
    return (yield from _count(_MENTIONED, behind))


def _count(statement: Answers[_Unread], behind: Sequence[Behind]) -> Steps[list[int]]:
    counts = [0] * len(behind)
    rows = yield from statement.of(
        [{"place": place, **one._asdict()} for place, one in enumerate(behind) if one.read_seq < one.last_seq]
    )
    for row in rows:
        counts[row.place] = row.unread
    return counts


def count_all_mentions_then(behind: Sequence[Behind]) -> Steps[list[int]]:
    """The same of former members, `last_seq` being their removal: by what messages said then, but for deleted ones."""
    params = [
        {"place": place, "among": f"%,{one.user_id},%", **one._asdict()}
        for place, one in enumerate(behind)
        if one.read_seq < one.last_seq
    ]
    unedited = {row.place: row.unread for row in (yield from _MENTIONED_THEN.of(params))}
    edited = {row.place: row.unread for row in (yield from _MENTIONED_BEFORE.of(params))}
    places = range(len(behind))
    return [min(unedited.get(place, 0) + edited.get(place, 0), MANY_MENTIONS) for place in places]


def count_unread(user_id: int, chat_id: int, read_seq: int, last_seq: int) -> Steps[int]:
    """The same of one person in one chat."""
    (count,) = yield from count_all_unread([Behind(chat_id, user_id, read_seq, last_seq)])
    return count
