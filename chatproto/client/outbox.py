"""The outbox (docs/protocol.md section 3: C1, C4, C7): rows by chat, each chat in its own order."""

from collections import deque
from collections.abc import Iterator
from typing import Final

import msgspec
from attrs import define, field

from chatproto.client.outputs import Row
from chatproto.wire.frames import Send

WINDOW: Final = 8
"""Unacknowledged rows a chat (C4)."""
POISON_CODES: Final = (1009, 4400)
"""Close codes that a row can bring about (C7)."""


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

    entries: dict[str, Entry] = field(factory=dict)
    lines: dict[int, Line] = field(factory=dict)
    flying: int = 0
    suspect: str | None = None

    def add(self, row: Row, *, saved: bool = False) -> bool:
        """Take a row at the end of its chat's line; False where its cid is on its way already."""
        if row.cid in self.entries:
            return False
        entry = self.entries[row.cid] = Entry(row, saved)
        self.lines.setdefault(row.chat_id, Line()).waiting.append(entry)
        return True

    def saved(self, cid: str) -> None:
        """The row is durable."""
        if cid in self.entries:
            self.entries[cid].saved = True

    def due(self, inflight: int, resend: int, now: int) -> Iterator[Send]:
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

    def refused(self, cid: str) -> bool:
        """A final error came: whether it is the answer to the last time that the row was sent on this link.

        Where it was sent again meanwhile, what was refused may be accepted now: the later answer decides.
        """
        entry = self.entries[cid]
        entry.unanswered -= 1
        return entry.unanswered <= 0

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

    def disconnected(self, code: int) -> Row | None:
        """The link is gone; all rows wait again. The row that ended two links with 1009 or 4400 leaves, and is told."""
        first = next((entry.row.cid for entry in self.entries.values() if entry.sent_at is not None), None)
        for line in self.lines.values():
            for entry in line.flying:
                entry.sent_at = None
            line.waiting.extendleft(reversed(line.flying))
            line.flying.clear()
        self.flying = 0
        if first is None or code not in POISON_CODES:
            return None
        if self.suspect != first:
            self.suspect = first
            return None
        self.suspect = None
        return self.settle(first)

    def forget_replies(self, chat_id: int | None) -> list[Row]:
        """The log of a chat (None: of all) was replaced: what rows answer to is gone. The rows that changed."""
        changed = []
        for entry in self.entries.values():
            row = entry.row
            if row.reply_to is not None and chat_id in (None, row.chat_id):
                entry.row = msgspec.structs.replace(row, reply_to=None, target_at=None, reply_lost=True)
                changed.append(entry.row)
        return changed

    def _may_fly(self, line: Line, inflight: int) -> bool:
        return bool(line.waiting and line.waiting[0].saved and len(line.flying) < WINDOW and self.flying < inflight)


def frame_of(row: Row) -> Send:
    """The command that a row is."""
    return Send(
        chat_id=row.chat_id,
        cid=row.cid,
        content=row.content,
        reply_to=row.reply_to,
        target_at=row.target_at,
        attachments=list(row.attachments),
    )
