"""What must hold in a database whoever wrote it: dense logs, heads, blocks, marks, references, index. Reads only."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from attrs import frozen
from sqlalchemy import ColumnElement, Connection, Select, Table, and_, distinct, func, or_, select, union_all

from storage.migrate import check_schema, connected
from storage.tables import blocks, chat_events, chat_users, chats, message_words, messages, metadata

SHOWN: Final = 20
"""Of one kind of fault; further ones are only counted."""
MARKS: Final = ("joined_seq", "read_seq", "delivered_seq", "own_read_seq", "own_delivered_seq", "left_seq")
"""Of members: none of them is beyond the end of its log."""

Say = Callable[[str], None]


@frozen
class Fault:
    """`text`: what is wrong, and where: ids, nothing that people wrote."""

    part: str
    text: str


def verify(url: str, say: Say = lambda part: None) -> list[Fault]:
    """All that is wrong, as of one moment; servers may run meanwhile. `say` is told each part before it is looked at.

    Raises MigrationError, SchemaMismatch, ValueError.
    """
    check_schema(url)
    found: list[Fault] = []
    with connected(url) as connection:
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        for part, query, told in _checks():
            say(part)
            found += _look(connection, part, query, told)
    return found


def _look(connection: Connection, part: str, query: Select[*tuple[Any, ...]], told: str) -> list[Fault]:
    result = connection.execution_options(stream_results=True).execute(query)
    found, more = list[Fault](), 0
    for row in result:
        if len(found) < SHOWN:
            found.append(Fault(part, told.format(*row)))
        else:
            more += 1
    return [*found, Fault(part, f"and {more} more")] if more else found


def _checks() -> Iterator[tuple[str, Select[*tuple[Any, ...]], str]]:
    """A part, a query for what is wrong in it, and how a row of its answer is told."""
    entries = union_all(select(messages.c.chat_id, messages.c.seq), select(chat_events.c.chat_id, chat_events.c.seq))
    log = entries.subquery("log")
    sizes = (
        select(
            log.c.chat_id,
            func.count().label("entries"),
            func.count(distinct(log.c.seq)).label("seqs"),
            func.min(log.c.seq).label("first"),
            func.max(log.c.seq).label("last"),
        )
        .group_by(log.c.chat_id)
        .subquery("sizes")
    )
    dense = and_(
        sizes.c.entries == chats.c.last_seq,
        sizes.c.seqs == chats.c.last_seq,
        sizes.c.first == 1,
        sizes.c.last == chats.c.last_seq,
    )
    empty = and_(sizes.c.chat_id.is_(None), chats.c.last_seq == 0)
    yield (
        "logs",
        select(chats.c.id, chats.c.last_seq, func.coalesce(sizes.c.entries, 0), func.coalesce(sizes.c.last, 0))
        .select_from(chats.outerjoin(sizes, sizes.c.chat_id == chats.c.id))
        .where(~func.coalesce(or_(dense, empty), False)),
        "chat {0}: its head is {1}, but there are {2} entries up to {3}",
    )
    yield (
        "heads",
        wrong_heads(),
        "chat {0}: its last message is said to be {1}, and is {2}",
    )
    yield (
        "blocks",
        wrong_blocks(),
        "chat {0}: whether one of the two blocks the other is not what it says",
    )
    yield (
        "marks",
        select(chat_users.c.chat_id, chat_users.c.user_id, chats.c.last_seq)
        .select_from(chat_users.join(chats, chats.c.id == chat_users.c.chat_id))
        .where(or_(*(chat_users.c[name] > chats.c.last_seq for name in MARKS))),
        "chat {0}, user {1}: a mark is beyond the head {2}",
    )
    yield (
        "index",
        wrong_ends_of_indexes(),
        "chat {0}: indexed up to {1}, beyond its head {2}",
    )
    yield (
        "index",
        words_of_no_chat(),
        "chat {0} is no more, but has words",
    )
    for table in metadata.sorted_tables:
        yield from _references(table)


def wrong_heads() -> Select[*tuple[Any, ...]]:
    """Chats whose last message is another one than they say: id, what they say, what is."""
    spoken = select(messages.c.chat_id, func.max(messages.c.seq).label("last")).group_by(messages.c.chat_id).subquery()
    return (
        select(chats.c.id, chats.c.last_message_seq, func.coalesce(spoken.c.last, 0))
        .select_from(chats.outerjoin(spoken, spoken.c.chat_id == chats.c.id))
        .where(chats.c.last_message_seq != func.coalesce(spoken.c.last, 0))
    )


def wrong_blocks() -> Select[*tuple[Any, ...]]:
    """Ids of chats that no block closes, and of those that one should close."""
    return select(chats.c.id).where(chats.c.closed != is_closed())


def is_closed() -> ColumnElement[bool]:
    """Whether one of the two of a direct chat blocks the other."""
    either = or_(
        and_(blocks.c.blocker_id == chats.c.direct_low, blocks.c.blocked_id == chats.c.direct_high),
        and_(blocks.c.blocker_id == chats.c.direct_high, blocks.c.blocked_id == chats.c.direct_low),
    )
    return select(blocks.c.blocker_id).where(either).correlate(chats).exists()


def wrong_ends_of_indexes() -> Select[*tuple[Any, ...]]:
    """Chats that are indexed beyond their head: id, how far they are indexed, the head."""
    return select(chats.c.id, chats.c.indexed_seq, chats.c.last_seq).where(chats.c.indexed_seq > chats.c.last_seq)


def words_of_no_chat() -> Select[*tuple[Any, ...]]:
    """Ids of chats that are no more, of which the index still has words."""
    return (
        select(message_words.c.chat_id)
        .distinct()
        .select_from(message_words.outerjoin(chats, chats.c.id == message_words.c.chat_id))
        .where(chats.c.id.is_(None))
    )


def _references(table: Table) -> Iterator[tuple[str, Select[*tuple[Any, ...]], str]]:
    for key in sorted(table.foreign_keys, key=lambda one: one.parent.name):
        there = key.column.table.alias("there")
        target = there.c[key.column.name]
        yield (
            "references",
            select(func.min(key.parent), func.count())
            .select_from(table.outerjoin(there, target == key.parent))
            .where(key.parent.is_not(None), target.is_(None))
            .having(func.count() > 0),
            f"{table.name}.{key.parent.name}: {{1}} rows name what is not there, such as {{0}}",
        )
