"""The outbox (docs/protocol.md section 3: C1, C4, C7): rows by chat, each chat in its own order.

What is to be saved, and what became of a row, goes to `emit`; `due` gives the frames to send.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, assert_never

import msgspec
from attrs import define, field

from chatproto.client.outputs import DropRow, Failed, LogCommand, Output, Row, SaveRow, Sent
from chatproto.wire.frames import DeleteFrame, EditFrame, PinFrame, ReactFrame, Send

WINDOW: Final = 8
"""Unacknowledged rows a chat (C4)."""
POISON_CODES: Final = (1009, 4400)
"""Close codes that a row can bring about (C7)."""
REPLACED: Final = ("bad_seq", "the message that it is about is not there any more")


@define
class Entry:
    """`saved`: it is durable and may be sent. `sent_at`: when this link last carried it, None before; `unanswered`: how
    often it did without an answer."""

    row: Row
    saved: bool = False
    sent_at: int | None = None
    unanswered: int = 0


@define
class Line:
    """One chat's entries: first those in flight, then those that wait."""

    flying: deque[Entry] = field(factory=deque)
    waiting: deque[Entry] = field(factory=deque)


@define
class Outbox:
    """What is sent and not acknowledged. `suspect`: the cid that was first unacked when a link ended as poisoned."""

    emit: Callable[[Output], None]
    entries: dict[str, Entry] = field(factory=dict)
    lines: dict[int, Line] = field(factory=dict)
    flying: int = 0
    suspect: str | None = None

    def put(self, row: Row) -> bool:
        """Take a row at the end of its chat's line; False where its cid is on its way already.

        Raises ValueError where it is not whole.
        """
        if not row.whole:
            raise ValueError(f"a row of kind {row.kind} without all that it needs")
        if row.cid in self.entries:
            return False
        self._add(row, saved=False)
        self.emit(SaveRow(row))
        return True

    def restore(self, rows: Sequence[Row]) -> None:
        """Take what an earlier life saved, in its order."""
        for row in rows:
            self._add(row, saved=True)
            if not row.whole:
                self._fail(row.cid, *REPLACED)

    def _add(self, row: Row, *, saved: bool) -> None:
        entry = self.entries[row.cid] = Entry(row, saved)
        self.lines.setdefault(row.chat_id, Line()).waiting.append(entry)

    def saved(self, cid: str) -> None:
        """The row is durable."""
        if cid in self.entries:
            self.entries[cid].saved = True

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
                entry.sent_at = now
                entry.unanswered = 1
                line.flying.append(entry)
                self.flying += 1
                yield frame_of(entry.row)

    def next_due(self, resend: int) -> int | None:
        """When `due` will have something by the passing of time alone."""
        oldest = [line.flying[0].sent_at or 0 for line in self.lines.values() if line.flying]
        return min(oldest) + resend if oldest else None

    def stored(self, cid: str, seq: int | None, created_at: datetime | None, dup: bool) -> None:
        """The row is stored, if it is one that waits."""
        row = self.settle(cid)
        if row is not None:
            self.emit(DropRow(cid))
            self.emit(Sent(cid, row.chat_id, seq, created_at, dup))

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
        else:
            self._fail(cid, code, detail)

    def discard(self, cid: str) -> bool:
        """The user takes a row back; False where it left before."""
        if self.settle(cid) is None:
            return False
        self.emit(DropRow(cid))
        return True

    def settle(self, cid: str) -> Row | None:
        """The row leaves: acknowledged, refused for good, or discarded. None where it left before."""
        entry = self.entries.pop(cid, None)
        if entry is None:
            return None
        line = self.lines[entry.row.chat_id]
        if entry.sent_at is None:
            line.waiting.remove(entry)
        else:
            line.flying.remove(entry)
            self.flying -= 1
        if not line.flying and not line.waiting:
            del self.lines[entry.row.chat_id]
        return entry.row

    def disconnected(self, code: int) -> None:
        """The link is gone; all rows wait again. The row that ended two links with 1009 or 4400 fails."""
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
        """The log of a chat (None: of all) was replaced: sends lose what they answer to, and all else fails."""
        for entry in list(self.entries.values()):
            row = entry.row
            if chat_id not in (None, row.chat_id):
                continue
            if row.kind != "send":
                self._fail(row.cid, *REPLACED)
            elif row.reply_to is not None:
                entry.row = msgspec.structs.replace(row, reply_to=None, target_at=None, reply_lost=True)
                self.emit(SaveRow(entry.row))

    def _fail(self, cid: str, code: str, detail: str) -> None:
        row = self.settle(cid)
        assert row is not None
        self.emit(DropRow(cid))
        self.emit(Failed(cid, row.chat_id, code, detail))

    def _may_fly(self, line: Line, inflight: int) -> bool:
        return bool(line.waiting and line.waiting[0].saved and len(line.flying) < WINDOW and self.flying < inflight)


def frame_of(row: Row) -> LogCommand:
    """The command that a whole row is."""
    common: dict[str, Any] = {"chat_id": row.chat_id, "cid": row.cid, "target_at": row.target_at}
    about: dict[str, Any] = {**common, "seq": row.seq}
    switch: dict[str, Any] = {**about, "on": row.on}
    match row.kind:
        case "send":
            files = list(row.attachments)
            return Send(content=row.content, reply_to=row.reply_to, attachments=files, **common)
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
