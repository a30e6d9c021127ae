"""What a ClientSession asks of its driver, and tells it; drained with `ClientSession.outputs()` after every input.

As JSON each has its name under `do`; the vectors compare them so.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from chatproto.wire.frames import (
    BlockFrame,
    ChatFrame,
    Chats,
    ForwardField,
    FromClient,
    Marks,
    MessageCommand,
    Presence,
    Ready,
    Send,
    Typing,
    UserFrame,
)
from chatproto.wire.model import LogItem


class ClientOutput(msgspec.Struct, frozen=True, tag_field="do"):
    """The base of all."""


Kind = Literal["send", "edit", "delete", "react", "pin"]
LogCommand = Send | MessageCommand
"""What a row is on the wire."""


class LocalFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a message, whose bytes are durable on this machine until the message leaves. `file_id`: what the server
    calls it, once it has all of them. `as_file`: a picture is kept as it is."""

    local_id: str
    name: str
    size: int
    content_type: str = ""
    as_file: bool = False
    file_id: str | None = None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A command of the log on its way (C1). Once it was sent its bytes never change: the server knows a repetition by
    cid and content.

    All but sends name the message that they are about, by `seq` and its created_at, `target_at`; while that one is not
    acknowledged itself, by its cid, `of_cid`. `content`: the text of a send or an edit; `emoji` and `on` of a reaction,
    `on` of a pin. `forward`: a send takes its text from there, and `content` is shown until then. What was saved by
    version 0.1 is a send.
    """

    cid: str
    chat_id: int
    kind: Kind = "send"
    content: str = ""
    seq: int | None = None
    target_at: datetime | None = None
    """When the message was made that `seq` or `reply_to` names."""
    of_cid: str | None = None
    emoji: str | None = None
    on: bool | None = None
    reply_to: int | None = None
    forward: ForwardField | None = None
    attachments: tuple[str, ...] = ()
    """Ids of files that the server has."""
    files: tuple[LocalFile, ...] = ()
    """Files that are brought there first; in the message they stand behind `attachments`."""
    reply_lost: bool = False
    """It answered to a message of a log that was replaced, and goes out without `reply_to`."""
    tried: bool = True
    """Some link may have carried it. False, as long as it was saved while there was none: then it may be changed, or
    dropped, and nobody has seen it."""

    @property
    def uploaded(self) -> bool:
        """Whether the server has all of its files: before that no link carries it."""
        return all(file.file_id is not None for file in self.files)

    @property
    def whole(self) -> bool:
        """Whether it can be put on the wire."""
        if self.kind == "send":
            return True
        missing = self.seq is None or self.target_at is None or (self.kind == "react" and self.emoji is None)
        return not missing and (self.kind in ("edit", "delete") or self.on is not None)


# --- to be done ---


class Connect(ClientOutput, frozen=True, tag="connect"):
    """Open a WebSocket; then `connected(link)` or `lost(link)`. Whatever an earlier link still says is ignored."""

    link: int


class SendFrame(ClientOutput, frozen=True, tag="send"):
    """Write a frame on the present link, in the order of these outputs."""

    frame: FromClient


class Close(ClientOutput, frozen=True, tag="close"):
    """End the present link. The session has left it already; nothing is to be reported."""

    code: int
    reason: str


class Renew(ClientOutput, frozen=True, tag="renew"):
    """Exchange the tokens, unless somebody did since `token` was the access token; then `renewed` or `not_renewed`."""

    token: str


class SaveRow(ClientOutput, frozen=True, tag="save_row"):
    """Make a row of the outbox durable, or its change, at the end of its chat's rows; then `row_saved`."""

    row: Row


class DropRow(ClientOutput, frozen=True, tag="drop_row"):
    """A row left the outbox, and its files with it: what is being uploaded of them ends."""

    cid: str


class Upload(ClientOutput, frozen=True, tag="upload"):
    """Bring a file to the server, going on where an earlier life stopped; then `uploaded` or `upload_failed`. `anew`:
    the server has removed what was uploaded before."""

    cid: str
    file: LocalFile
    anew: bool = False


class SaveMarks(ClientOutput, frozen=True, tag="save_marks"):
    """Make one's own highest read mark durable (C6)."""

    chat_id: int
    read_seq: int


class SaveEpoch(ClientOutput, frozen=True, tag="save_epoch"):
    """Who is logged in, and the history of which database everything saved belongs to."""

    user_id: int
    epoch: str


# --- of the logs: to be saved and shown ---


class Apply(ClientOutput, frozen=True, tag="apply"):
    """The next item of a chat's log: exactly one above the last. Once it is durable: `saved`."""

    item: LogItem


class Jump(ClientOutput, frozen=True, tag="jump"):
    """A chat's log goes on above `applied`; what lies between is hidden from this user, or is paged back on demand."""

    chat_id: int
    applied: int


class Expire(ClientOutput, frozen=True, tag="expire"):
    """The part of a chat's log that this user may see begins at `first_seq`, later than before: what came before was
    removed after its time, or they were added again without it.

    What is held of those items goes, and what later ones tell of them: all that was written by whom it is not for any
    more. The rest stays as it is.
    """

    chat_id: int
    first_seq: int


class Begins(ClientOutput, frozen=True, tag="begins"):
    """The part of a chat's log that this user may see begins at `first_seq`, earlier than before, or it is told for the
    first time.

    Its cursor stays. What is held of its items is out of date (what they could not see has changed it, and may be seen
    now) and is read anew when it is wanted.
    """

    chat_id: int
    first_seq: int


class Forget(ClientOutput, frozen=True, tag="forget"):
    """The log of a chat is another one now (the database was restored): what was applied is void."""

    chat_id: int


# --- to be told ---


class Changed(ClientOutput, frozen=True, tag="state"):
    """The session is in another state; `code` tells why where it is logged_out or stopped."""

    state: str
    code: str | None = None


class Sent(ClientOutput, frozen=True, tag="sent"):
    """A row is stored. `seq` is None where only that is known (a repetition after the database was restored)."""

    cid: str
    chat_id: int
    seq: int | None
    created_at: datetime | None
    dup: bool = False


class Failed(ClientOutput, frozen=True, tag="failed"):
    """A row was refused for good, or is poison (C7)."""

    cid: str
    chat_id: int
    code: str
    detail: str


class Merged(ClientOutput, frozen=True, tag="merged"):
    """A row left before it was sent. What it was for is done by the row `into`; None: nothing is left to be done, as a
    message was deleted, or a reaction taken back, before it was sent."""

    cid: str
    chat_id: int
    into: str | None


class Tell(ClientOutput, frozen=True, tag="tell"):
    """A frame that is for the application."""

    frame: Ready | Chats | ChatFrame | UserFrame | BlockFrame | Marks | Typing | Presence


Output = (
    Connect | SendFrame | Close | Renew | SaveRow | DropRow | Upload | SaveMarks | SaveEpoch
    | Apply | Jump | Expire | Begins | Forget | Changed | Sent | Failed | Merged | Tell
)  # fmt: skip


def saved_by(outputs: Sequence[Output]) -> tuple[list[str], dict[int, int]]:
    """What is durable once these are saved: cids for `row_saved`, and by chat the seq for `saved`."""
    cids = [output.row.cid for output in outputs if isinstance(output, SaveRow)]
    seqs = {output.item.chat_id: output.item.seq for output in outputs if isinstance(output, Apply)}
    return cids, seqs
