"""The files of a chat: a list that goes back from the newest."""

from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

from sqlalchemy import bindparam, select

from chatproto.operations import ChatFilesFound, ListChatFiles, Outcome, Refused
from chatproto.wire.limits import MAX_FILES
from storage.statements import Lookup, Select, Steps
from storage.tables import chat_users, chats, files, message_files
from storage.transactions.departures import END
from storage.transactions.files import FILE_COLUMNS, FileRow, stored_file


class _Bounds(NamedTuple):
    first_seq: int
    end: int


class _Held(NamedTuple):
    seq: int
    file_id: str


_BOUNDS: Final = Select(
    select(chat_users.c.first_seq, END)
    .select_from(chat_users.join(chats, chats.c.id == chat_users.c.chat_id))
    .where(chat_users.c.chat_id == bindparam("chat_id"), chat_users.c.user_id == bindparam("user_id")),
    row=_Bounds,
)
_PAGE: Final = (
    select(message_files.c.seq, message_files.c.file_id)
    .where(
        message_files.c.chat_id == bindparam("chat_id"),
        message_files.c.seq >= bindparam("first"),
        message_files.c.seq <= bindparam("last"),
    )
    .order_by(message_files.c.seq.desc(), message_files.c.place.desc())
    .limit(bindparam("limit"))
)
"""Backwards within a message too, as the indexes go; they are turned round here."""
_ALL_KINDS: Final = Select(_PAGE.with_hint(message_files, "FORCE INDEX (PRIMARY)", "mysql"), row=_Held)
"""MySQL would read all files of the chat by the index of kinds, and sort them."""
_ONE_KIND: Final = Select(_PAGE.where(message_files.c.kind == bindparam("kind")), row=_Held)
_FILES: Final = Lookup(select(*FILE_COLUMNS), key=(files.c.id,), row=FileRow)


def list_chat_files(operation: ListChatFiles) -> Steps[Outcome]:
    """Deleted messages hold nothing any more."""
    chat_id = operation.chat_id
    bounds = yield from _BOUNDS.first(chat_id=chat_id, user_id=operation.user_id)
    if bounds is None:
        return Refused("not_found")
    last = bounds.end if operation.before_seq is None else min(bounds.end, operation.before_seq - 1)
    statement, kind = (_ALL_KINDS, {}) if operation.kind is None else (_ONE_KIND, {"kind": operation.kind})
    # one more than the last message of a page can bring, so that it is known to be whole
    rows = yield from statement.all(
        chat_id=chat_id, first=bounds.first_seq, last=last, limit=operation.limit + MAX_FILES, **kind
    )
    page: list[_Held] = []
    for _, of_one in groupby(rows, key=attrgetter("seq")):
        if len(page) >= operation.limit:
            break
        page += reversed(list(of_one))
    known = {row.id: row for row in (yield from _FILES.of([{"id": row.file_id} for row in page]))}
    found = [(stored_file(known[row.file_id]).file, row.seq) for row in page if row.file_id in known]
    return ChatFilesFound(tuple(found), has_more=len(page) < len(rows))
