"""Messages that were accepted before and are sent again: as their senders see them."""

from collections.abc import Container, Iterable
from typing import Final

from sqlalchemy import select

from chatproto.wire.model import Message
from storage.statements import Lookup, Steps
from storage.tables import messages
from storage.transactions.hiding import who_hides_reads
from storage.transactions.log import MESSAGE_COLUMNS, READ_BY_NOBODY, MessageRow, Readers, read_message, readers
from storage.transactions.pages import visible_to
from storage.transactions.states import Place, completed

_STORED: Final = Lookup(select(*MESSAGE_COLUMNS), key=(messages.c.chat_id, messages.c.seq), row=MessageRow)


def repeated(places: Iterable[Place], members: Container[tuple[int, int]]) -> Steps[dict[Place, Message]]:
    """Those at these places. `members`: chat and user of all senders who are members now; who has left is told what
    became of a message until then. After a lost link many send again, so members are read together."""
    rows = yield from _STORED.of([{"chat_id": chat_id, "seq": seq} for chat_id, seq in places])
    senders = dict.fromkeys((row.chat_id, row.sender_id) for row in rows)
    hiders = yield from who_hides_reads(user_id for _, user_id in senders)
    have_read: dict[int, Readers] = {}
    found: dict[Place, Message] = {}
    for chat_id, sender_id in senders:
        who, ends = READ_BY_NOBODY, dict[int, int]()
        if (chat_id, sender_id) not in members:
            visible = yield from visible_to(sender_id, chat_id)
            assert visible is not None and visible.viewer.left_seq is not None, "they were a member when they wrote"
            who, ends = visible.viewer.readers, {chat_id: visible.viewer.left_seq}
        elif sender_id not in hiders:
            if chat_id not in have_read:
                have_read[chat_id] = yield from readers(chat_id)
            who = have_read[chat_id]
        own = (row for row in rows if (row.chat_id, row.sender_id) == (chat_id, sender_id))
        sent = [read_message(row, is_read=who.have_read(sender_id, row.seq)) for row in own]
        found |= {(chat_id, one.seq): one for one in (yield from completed(sent, ends, sender_id))}
    return found
