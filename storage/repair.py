"""Makes anew what can be computed from the rest (`vestnik verify --repair`): never a text, a log, or a mark."""

from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from storage.migrate import check_schema, connected
from storage.tables import chats, message_words, messages
from storage.verify import is_closed, words_of_no_chat, wrong_blocks, wrong_heads

_OUTDATED: Final = 0
"""The version of an index that servers, and `vestnik index rebuild`, make anew."""
LOCK_TIMEOUT: Final = 10
"""Seconds to wait for a migration, another repair, or the writing server of SQLite."""


def repair(url: str) -> list[str]:
    """What was done, a line each, in one transaction; servers may run meanwhile.

    Raises MigrationError, SchemaMismatch, ValueError.
    """
    check_schema(url)
    with connected(url, LOCK_TIMEOUT) as connection:
        return [*_heads(connection), *_blocks(connection), *_ends_of_indexes(connection), *_words(connection)]


def _heads(connection: Connection) -> list[str]:
    done = []
    for chat_id, *_ in connection.execute(wrong_heads()).all():
        _lock(connection, chats.c.id == chat_id)  # whoever appends takes it first too: no message comes meanwhile
        last = select(func.coalesce(func.max(messages.c.seq), 0)).where(messages.c.chat_id == chat_id)
        connection.execute(update(chats).where(chats.c.id == chat_id).values(last_message_seq=last.scalar_subquery()))
        done.append(f"chat {chat_id}: its last message is found")
    return done


def _blocks(connection: Connection) -> list[str]:
    done = []
    for (chat_id,) in connection.execute(wrong_blocks()).all():
        _lock(connection, chats.c.id == chat_id)  # as whoever blocks somebody does
        connection.execute(update(chats).where(chats.c.id == chat_id).values(closed=is_closed()))
        done.append(f"chat {chat_id}: whether a block closes it is found")
    return done


def _ends_of_indexes(connection: Connection) -> list[str]:
    beyond = chats.c.indexed_seq > chats.c.last_seq
    found = _lock(connection, beyond)
    connection.execute(update(chats).where(beyond).values(indexed_seq=chats.c.last_seq, index_version=_OUTDATED))
    return [f"chat {chat_id}: its index is made anew by the server or `vestnik index rebuild`" for chat_id in found]


def _words(connection: Connection) -> list[str]:
    done = []
    for (chat_id,) in connection.execute(words_of_no_chat()).all():
        removed = connection.execute(delete(message_words).where(message_words.c.chat_id == chat_id)).rowcount
        done.append(f"chat {chat_id}: is no more, {removed} words of it are removed")
    return done


def _lock(connection: Connection, which: ColumnElement[bool]) -> list[int]:
    return list(connection.scalars(select(chats.c.id).where(which).order_by(chats.c.id).with_for_update()))
