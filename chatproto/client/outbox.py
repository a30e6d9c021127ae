"""The outbox (docs/protocol.md section 3: C1, C4, C7): rows by chat, each chat in its own order.

What is to be saved, and what became of a row, goes to `emit`; `due` gives the frames to send.

Where several outputs belong together they are ordered so that an end between two of them loses nothing the user wrote:
what takes the place of a row is saved before that row is dropped.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, assert_never

import msgspec
from attrs import define, field, frozen

from chatproto.client.collapse import plan_of
from chatproto.client.session_outputs import DropRow, Failed, LogCommand, Merged, Output, Row, SaveRow, Sent
from chatproto.client.uploads import Uploads
from chatproto.wire.frames import DeleteFrame, EditFrame, PinFrame, ReactFrame, Send

WINDOW: Final = 8
"""Unacknowledged rows a chat (C4)."""
POISON_CODES: Final = (1009, 4400)
"""Close codes that a row can bring about (C7)."""
REPLACED: Final = ("bad_seq", "the message that it is about is not there any more")
REMEMBERED: Final = 1000
"""Messages whose place is remembered for what still names them by their cid."""


@define
class Entry:
    """`tried`: a link has carried it, or may have in an earlier life. `unsaved`: how often it was given to be saved
    without an answer; it is sent only at 0. `sent_at`: when this link last carried it, None before; `unanswered`: how
    often it did without an answer. `renewed`: its files were uploaded a second time."""

    row: Row
    tried: bool = False
    unsaved: int = 0
    sent_at: int | None = None
    unanswered: int = 0
    renewed: bool = False


@define
class Line:
    """One chat's entries: first those in flight, then those that wait."""

    flying: deque[Entry] = field(factory=deque)
    waiting: deque[Entry] = field(factory=deque)


@frozen
class Place:
    """Where a message of this outbox was stored."""

    chat_id: int
    seq: int
    created_at: datetime


@define
class Outbox:
    """What is sent and not acknowledged. `suspect`: the cid that was first unacked when a link ended as poisoned.
    `linked`: a row may be sent at any moment, so it is saved as `tried`. `naming`: the rows that name a message by its
    cid, by that; `places`: where the messages are that were stored lately, by their cids."""

    emit: Callable[[Output], None]
    entries: dict[str, Entry] = field(factory=dict)
    lines: dict[int, Line] = field(factory=dict)
    flying: int = 0
    suspect: str | None = None
    linked: bool = False
    naming: dict[str, list[Entry]] = field(factory=dict)
    places: dict[str, Place] = field(factory=dict)
    uploads: Uploads = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.uploads = Uploads(self.emit)

    # --- rows come ---

    def put(self, row: Row, *, saved: bool = False) -> bool:
        """Take a row at the end of its chat's line, or let it change what was never sent (see collapse).

        `saved`: it is durable already, as it is. False where its cid is on its way already. Raises ValueError where it
        is not whole.
        """
        if row.cid in self.entries:
            return False
        if row.of_cid is None and not row.whole:
            raise ValueError(f"a row of kind {row.kind} without all that it needs")
        if not saved:
            row = msgspec.structs.replace(row, tried=self.linked)
        place = self.places.get(row.of_cid or "")
        if place is not None:
            row = _placed(row, place.seq, place.created_at)
        if row.of_cid is None or row.of_cid in self.entries:
            self._collapse(row, saved and place is None, saved)
        else:  # it names a message that left this outbox long ago, or never was in it
            self._add(row)
            self._fail(row.cid, *REPLACED)
        return True

    def restore(self, rows: Sequence[Row]) -> None:
        """Take what an earlier life saved, in its order: that may have ended before what was never sent was changed."""
        for row in rows:
            if not row.whole and row.of_cid not in self.entries:
                self._add(row)
                self._fail(row.cid, *REPLACED)
            elif row.tried and row.of_cid is None:
                self._add(row, tried=row.uploaded)  # without its files no link has carried it
                self.uploads.want(row)
            else:
                self._collapse(row, saved=True, durable=True)

    def saved(self, cid: str) -> None:
        """The answer to a SaveRow."""
        entry = self.entries.get(cid)
        if entry is not None:
            entry.unsaved = max(0, entry.unsaved - 1)

    def ready(self) -> None:
        """A link is up. Rows saved as never sent are saved as tried (`tried`) before they are sent."""
        self.linked = True
        for entry in self.entries.values():
            if not entry.row.tried:
                self._save(entry, msgspec.structs.replace(entry.row, tried=True))

    def _collapse(self, row: Row, saved: bool, durable: bool) -> None:
        """`saved`: it is durable as it is; `durable`: something of it is."""
        plan = plan_of(row, self._earlier(row))
        if plan.into == row.cid:
            entry = self._add(row)
            if not saved or (self.linked and not row.tried):
                self._save(entry, msgspec.structs.replace(row, tried=self.linked or row.tried))
            self.uploads.want(row)
        if plan.change is not None:
            self._save(self.entries[plan.change.cid], plan.change)
        for cid in plan.drops:
            self._merge(cid, plan.into)
        if plan.into != row.cid:
            if durable:
                self.emit(DropRow(row.cid))
            self.emit(Merged(row.cid, row.chat_id, plan.into))

    def _earlier(self, row: Row) -> list[Row]:
        """The rows about the same message that no link has carried."""
        if row.kind == "send" or row.chat_id not in self.lines:
            return []
        waiting = self.lines[row.chat_id].waiting
        return [entry.row for entry in waiting if not entry.tried and _same_message(entry.row, row)]

    def _add(self, row: Row, *, tried: bool = False) -> Entry:
        entry = self.entries[row.cid] = Entry(row, tried)
        self.lines.setdefault(row.chat_id, Line()).waiting.append(entry)
        if row.of_cid is not None:
            self.naming.setdefault(row.of_cid, []).append(entry)
        return entry

    def _save(self, entry: Entry, row: Row) -> None:
        entry.row = row
        entry.unsaved += 1
        self.emit(SaveRow(row))

    # --- their files ---

    def uploaded(self, local_id: str, file_id: str) -> None:
        """The server has a file."""
        entry = self._with_file(local_id)
        if entry is not None:
            self._put_file(entry, local_id, file_id)

    def upload_failed(self, local_id: str, code: str, detail: str) -> None:
        """It was refused for good, and with it the message."""
        entry = self._with_file(local_id)
        if entry is not None:
            self._fail(entry.row.cid, code, detail)

    def _with_file(self, local_id: str) -> Entry | None:
        """The row of a file that is being brought."""
        if local_id not in self.uploads.running:
            return None
        entries = self.entries.values()
        return next(entry for entry in entries for file in entry.row.files if file.local_id == local_id)

    def _put_file(self, entry: Entry, local_id: str, file_id: str) -> None:
        files = [
            msgspec.structs.replace(file, file_id=file_id) if file.local_id == local_id else file
            for file in entry.row.files
        ]
        self._save(entry, msgspec.structs.replace(entry.row, files=tuple(files)))
        self.uploads.end(*(file for file in files if file.local_id == local_id))

    def _upload_again(self, entry: Entry) -> None:
        """The server has removed what no message held for a day: the row waits for its files once more."""
        entry.renewed = True
        if entry.sent_at is not None:
            line = self.lines[entry.row.chat_id]
            line.flying.remove(entry)
            line.waiting.appendleft(entry)
            self.flying -= 1
            entry.sent_at = None
        files = tuple(msgspec.structs.replace(file, file_id=None) for file in entry.row.files)
        self._save(entry, msgspec.structs.replace(entry.row, files=files))
        self.uploads.want(entry.row, anew=True)

    # --- rows go out ---

    def due(self, inflight: int, resend: int, now: int) -> Iterator[LogCommand]:
        """What is to be sent now: new rows within the windows, and those whose answer did not come in `resend` ms."""
        for line in self.lines.values():
            if line.flying and now - (line.flying[0].sent_at or 0) >= resend:
                for entry in line.flying:  # all of them, or a later one would overtake the one that was lost
                    entry.sent_at = now
                    entry.unanswered += 1
                    yield frame_of(entry.row)
            while self._may_fly(line, inflight):
                entry = line.waiting.popleft()
                entry.tried = True
                entry.sent_at = now
                entry.unanswered = 1
                line.flying.append(entry)
                self.flying += 1
                yield frame_of(entry.row)

    def next_due(self, resend: int) -> int | None:
        """When `due` will have something by the passing of time alone."""
        oldest = [line.flying[0].sent_at or 0 for line in self.lines.values() if line.flying]
        return min(oldest) + resend if oldest else None

    def _may_fly(self, line: Line, inflight: int) -> bool:
        room = len(line.flying) < WINDOW and self.flying < inflight
        return bool(room and line.waiting and _is_due(line.waiting[0]))

    # --- rows leave ---

    def stored(self, cid: str, seq: int | None, created_at: datetime | None, dup: bool) -> None:
        """The row is stored, if it is one that waits. What is about it goes on with its place."""
        entry = self.entries.get(cid)
        if entry is None:
            return
        row = entry.row
        about = self.naming.pop(cid, [])
        if row.kind == "send" and seq is not None and created_at is not None:
            self._remember(cid, Place(row.chat_id, seq, created_at))
            while about:
                one = about.pop(0)
                self._save(one, _placed(one.row, seq, created_at))
        self.settle(cid)
        self.emit(DropRow(cid))
        self.emit(Sent(cid, row.chat_id, seq, created_at, dup))
        for one in about:  # where it is nobody knows: it was stored before the log was replaced
            self._fail(one.row.cid, *REPLACED)

    def refused(self, cid: str, code: str, detail: str) -> None:
        """A final error came. It counts where it is the answer to the last time that the row was sent on this link.

        Where it was sent again meanwhile, what was refused may be accepted now: the later answer decides.
        """
        entry = self.entries[cid]
        entry.unanswered -= 1
        if entry.unanswered > 0:
            return
        if code == "cid_conflict" and entry.row.reply_lost:  # it was stored with its reply before the restore
            self.stored(cid, None, None, True)
        elif code == "attachment_invalid" and entry.row.files and entry.row.uploaded and not entry.renewed:
            self._upload_again(entry)
        else:
            self._fail(cid, code, detail)

    def discard(self, cid: str) -> bool:
        """The user takes a row back, and with it all that is about it; False where it left before."""
        if cid not in self.entries:
            return False
        about = self.naming.pop(cid, [])
        self.settle(cid)
        self.emit(DropRow(cid))
        for one in about:
            self._merge(one.row.cid, None)
        return True

    def settle(self, cid: str) -> Row:
        """The row leaves."""
        entry = self.entries.pop(cid)
        line = self.lines[entry.row.chat_id]
        if entry.sent_at is None:
            line.waiting.remove(entry)
        else:
            line.flying.remove(entry)
            self.flying -= 1
        if not line.flying and not line.waiting:
            del self.lines[entry.row.chat_id]
        named = self.naming.get(entry.row.of_cid or "", [])
        if entry in named:
            named.remove(entry)
        self.uploads.end(*entry.row.files)
        return entry.row

    def disconnected(self, code: int) -> None:
        """The link is gone; all rows wait again. The row that ended two links with 1009 or 4400 fails."""
        self.linked = False
        first = next((entry.row.cid for entry in self.entries.values() if entry.sent_at is not None), None)
        for line in self.lines.values():
            for entry in line.flying:
                entry.sent_at = None
            line.waiting.extendleft(reversed(line.flying))
            line.flying.clear()
        self.flying = 0
        if first is None or code not in POISON_CODES:
            return
        if self.suspect != first:
            self.suspect = first
            return
        self.suspect = None
        self._fail(first, "too_large", "the server closed the connection on it twice")

    def forget_log(self, chat_id: int | None) -> None:
        """The log of a chat (None: of all) was replaced: sends lose what they answer to, what names a seq fails, and so
        does what forwards out of it."""
        self.places = {cid: place for cid, place in self.places.items() if chat_id not in (None, place.chat_id)}
        for entry in list(self.entries.values()):
            row = entry.row
            named = row.forward if row.seq is None else row
            if named is not None and chat_id in (None, named.chat_id):
                self._fail(row.cid, *REPLACED)
            elif row.reply_to is not None and chat_id in (None, row.chat_id):
                self._save(entry, msgspec.structs.replace(row, reply_to=None, target_at=None, reply_lost=True))

    def _fail(self, cid: str, code: str, detail: str) -> None:
        """It is refused for good, and so is all that is about it."""
        about = self.naming.pop(cid, [])
        row = self.settle(cid)
        self.emit(DropRow(cid))
        self.emit(Failed(cid, row.chat_id, code, detail))
        for one in about:
            self._fail(one.row.cid, code, detail)

    def _merge(self, cid: str, into: str | None) -> None:
        row = self.settle(cid)
        self.emit(DropRow(cid))
        self.emit(Merged(cid, row.chat_id, into))

    def _remember(self, cid: str, place: Place) -> None:
        self.places[cid] = place
        if len(self.places) > REMEMBERED:
            del self.places[next(iter(self.places))]


def _is_due(entry: Entry) -> bool:
    return not entry.unsaved and entry.row.whole and entry.row.uploaded


def _same_message(one: Row, other: Row) -> bool:
    """Whether two rows of a chat are about the same message, or the first is the message that the second is about."""
    if other.of_cid is not None:
        return other.of_cid in (one.cid, one.of_cid)
    return other.seq is not None and one.seq == other.seq


def _placed(row: Row, seq: int, created_at: datetime) -> Row:
    """What named a message by its cid names its place."""
    return msgspec.structs.replace(row, seq=seq, target_at=created_at, of_cid=None)


def frame_of(row: Row) -> LogCommand:
    """The command that a whole row is."""
    common: dict[str, Any] = {"chat_id": row.chat_id, "cid": row.cid, "target_at": row.target_at}
    about: dict[str, Any] = {**common, "seq": row.seq}
    switch: dict[str, Any] = {**about, "on": row.on}
    match row.kind:
        case "send":
            text = row.content if row.forward is None else None
            files = [*row.attachments, *(file.file_id for file in row.files if file.file_id is not None)]
            return Send(content=text, forward=row.forward, reply_to=row.reply_to, attachments=files, **common)
        case "edit":
            return EditFrame(content=row.content, **about)
        case "delete":
            return DeleteFrame(**about)
        case "react":
            return ReactFrame(emoji=row.emoji or "", **switch)
        case "pin":
            return PinFrame(**switch)
        case _:
            assert_never(row.kind)
