"""The files of a chat: /api/chats/{chat_id}/files."""

import msgspec

from chatproto.operations import ChatFilesFound, ListChatFiles
from chatproto.operations.files import Kind
from runtime.http.fields import Id, Limit
from runtime.http.problem import refusal
from runtime.http.routes import Answer, Call, Result, Route
from runtime.http.shapes import ChatFile, ChatFiles


class FilesQuery(msgspec.Struct, frozen=True, kw_only=True):
    """All kinds where none is named. `before_seq`: the last seq of the page before."""

    kind: Kind | None = None
    before_seq: Id | None = None
    limit: Limit = 50


async def list_files(call: Call[None, FilesQuery], chat_id: int) -> Result:
    """Files of messages that one may see, the newest first."""
    query = call.query
    found = await call.ask(ListChatFiles(call.me.user_id, chat_id, query.kind, query.before_seq, query.limit))
    if not isinstance(found, ChatFilesFound):
        return refusal(found)
    files = tuple(ChatFile(file=file, seq=seq) for file, seq in found.files)
    return Answer(200, ChatFiles(files=files, has_more=found.has_more))


ROUTES = (
    Route(
        method="GET", path="/api/chats/{chat_id}/files", handler=list_files, summary="Files of a chat",
        query=FilesQuery, answers={200: (ChatFiles,)},
    ),
)  # fmt: skip
