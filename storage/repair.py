"""Makes anew what can be computed from the rest (`vestnik verify --repair`): never a text, a log, or a mark.

What is wrong is looked for without a lock, which takes long in a large database; only what was found is locked.
"""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, Select, delete, func, select, update

from storage.migrate import check_schema, connected
from storage.tables import chats, message_words, messages
from storage.verify import is_closed, words_of_no_chat, wrong_blocks, wrong_ends_of_indexes, wrong_heads

_OUTDATED: Final = 0
"""The version of an index that servers, and `vestnik index rebuild`, make anew."""
LOCK_TIMEOUT: Final = 10
"""Seconds to wait for a migration, another repair, or the writing server of SQLite."""

Mend = Callable[[Connection, int], str]
"""What was done to a chat, which is locked first: whoever writes there takes it too."""


def repair(url: str) -> list[str]:
    """What was done, a line each, in a transaction for each chat; servers may run meanwhile.

    Raises MigrationError, SchemaMismatch, ValueError.
    """
    check_schema(url)
    done = []
    for wrong, mend in _PARTS:
        with connected(url) as connection:
            chat_ids = [row[0] for row in connection.execute(wrong()).all()]
        for chat_id in chat_ids:
            with connected(url, LOCK_TIMEOUT) as connection:
                connection.execute(select(chats.c.id).where(chats.c.id == chat_id).with_for_update())
                done.append(f"chat {chat_id}: {mend(connection, chat_id)}")
    return done


def _head(connection: Connection, chat_id: int) -> str:
    last = select(func.coalesce(func.max(messages.c.seq), 0)).where(messages.c.chat_id == chat_id)
    connection.execute(update(chats).where(chats.c.id == chat_id).values(last_message_seq=last.scalar_subquery()))
    return "its last message is found"


def _block(connection: Connection, chat_id: int) -> str:
    connection.execute(update(chats).where(chats.c.id == chat_id).values(closed=is_closed()))
    return "whether a block closes it is found"


def _end_of_index(connection: Connection, chat_id: int) -> str:
    beyond = chats.c.id == chat_id, chats.c.indexed_seq > chats.c.last_seq
    connection.execute(update(chats).where(*beyond).values(indexed_seq=chats.c.last_seq, index_version=_OUTDATED))
    return "its index is made anew by the server or `vestnik index rebuild`"


def _words(connection: Connection, chat_id: int) -> str:
    removed = connection.execute(delete(message_words).where(message_words.c.chat_id == chat_id)).rowcount
    return f"is no more, {removed} words of it are removed"


_PARTS: Final[tuple[tuple[Callable[[], Select[*tuple[Any, ...]]], Mend], ...]] = (
    (wrong_heads, _head),
    (wrong_blocks, _block),
    (wrong_ends_of_indexes, _end_of_index),
    (words_of_no_chat, _words),
)
