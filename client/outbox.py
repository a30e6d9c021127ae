"""The outbox (docs/protocol.md section 3, C1, C4, C7): what is sent and not acknowledged. Pure; time is an argument."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from attrs import define, field

from chatproto.frames import Send

WINDOW: Final = 8
"""Unacknowledged rows a chat (C4)."""
RESEND_AFTER: Final = 10.0
"""Seconds without an answer on a live link before a row is sent again (docs/protocol.md section 4)."""
_FATAL_CODES: Final = (1009, 4400)


@define(eq=False)
class Row:
    """One message on its way. `sent_at`: when this connection last sent it, None before."""

    cid: str
    chat_id: int
    content: str
    reply_to: int | None = None
    target_at: datetime | None = None
    sent_at: float | None = None

    def frame(self) -> Send:
        """The same bytes each time: the server knows a repetition by its cid and content."""
        return Send(
            chat_id=self.chat_id,
            cid=self.cid,
            content=self.content,
            reply_to=self.reply_to,
            target_at=self.target_at,
        )


@define
class _Line:
    """One chat's rows in the order they were given: first those in flight, then those that wait."""

    flying: deque[Row] = field(factory=deque)
    waiting: deque[Row] = field(factory=deque)


@define
class Outbox:
    """Rows by chat, each chat in order; between chats no order is promised.

    It lives in this process: a program that must not forget what it sent across its own crash keeps text and cid
    itself, and gives both again.
    """

    _rows: dict[str, Row] = field(factory=dict)
    _lines: dict[int, _Line] = field(factory=dict)
    _flying: int = 0
    _suspect: Row | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, cid: str) -> bool:
        return cid in self._rows

    @property
    def flying(self) -> int:
        """Rows sent on this connection and not answered."""
        return self._flying

    def add(self, row: Row) -> None:
        """Take a row; its cid must be new."""
        if row.cid in self._rows:
            raise ValueError(f"cid {row.cid} is on its way already")
        self._rows[row.cid] = row
        self._lines.setdefault(row.chat_id, _Line()).waiting.append(row)

    def due(self, inflight: int, now: float) -> Iterator[Row]:
        """Rows to be sent now: new ones within the windows, and those whose answer did not come."""
        for line in self._lines.values():
            if line.flying and now - (line.flying[0].sent_at or 0) >= RESEND_AFTER:
                for row in line.flying:  # all of them, or a later one would overtake the one that was lost
                    row.sent_at = now
                    yield row
            while line.waiting and len(line.flying) < WINDOW and self._flying < inflight:
                row = line.waiting.popleft()
                row.sent_at = now
                line.flying.append(row)
                self._flying += 1
                yield row

    def next_due(self) -> float | None:
        """When `due` will have something by the passing of time alone."""
        oldest = [line.flying[0].sent_at or 0 for line in self._lines.values() if line.flying]
        return min(oldest) + RESEND_AFTER if oldest else None

    def settle(self, cid: str) -> Row | None:
        """The row leaves: acknowledged, or refused for good. None where it left before."""
        row = self._rows.pop(cid, None)
        if row is None:
            return None
        line = self._lines[row.chat_id]
        if row.sent_at is None:
            line.waiting.remove(row)
        else:
            line.flying.remove(row)
            self._flying -= 1
        if not line.flying and not line.waiting:
            del self._lines[row.chat_id]
        return row

    def disconnected(self, code: int) -> Row | None:
        """The connection is gone; all rows wait again. The row that ended two connections with 1009 or 4400 fails."""
        first = next((row for row in self._rows.values() if row.sent_at is not None), None)
        for line in self._lines.values():
            for row in line.flying:
                row.sent_at = None
            line.waiting.extendleft(reversed(line.flying))
            line.flying.clear()
        self._flying = 0
        if first is None or code not in _FATAL_CODES:
            return None
        if self._suspect is first:
            self._suspect = None
            return self.settle(first.cid)
        self._suspect = first
        return None

    def forget_replies(self, chat_id: int | None) -> None:
        """The log of a chat, or of all, was replaced: what a row answers to is no longer there."""
        for row in self._rows.values():
            if chat_id is None or row.chat_id == chat_id:
                row.reply_to = row.target_at = None
