"""What a client knows of one chat: how far its log is whole, durable, read and marked."""

from datetime import datetime

from attrs import define, field

from chatproto.wire.model import LogItem


@define
class Asked:
    """A sync in flight. `heard`: the highest seq heard of when it was sent."""

    ref: str
    after_seq: int
    heard: int
    at: int


@define
class ChatLog:
    """One chat. All seqs up to `applied` were applied, each once, in order; those up to `saved` are durable.

    `last_seq`: the highest seq heard of. `early`: items that came before an earlier one, or while lagging. `lagging`:
    a page must be seen first, as items were dropped for us, or as the log may be another one. `anew`: its log was
    replaced, and where the new one ends is not known yet. `read`: one's own highest mark; `server_*`: what the server
    holds, `told_*`: what it was sent since. `uncounted`: something unread was removed, and a mark, though it raises
    nothing, is to bring the counts of now. `member_seq`: the highest seq after which this user was told to be a
    member. `doubted`: they have left, but were told of a shorter log that has them: it was read before, or is another.
    """

    chat_id: int
    first_seq: int
    last_seq: int
    applied: int
    saved: int
    applied_at: datetime | None = None
    last_at: datetime | None = None
    left_seq: int | None = None
    member_seq: int = 0
    doubted: bool = False
    read: int = 0
    server_delivered: int = 0
    server_read: int = 0
    told_delivered: int = 0
    told_read: int = 0
    uncounted: bool = False
    early: dict[int, LogItem] = field(factory=dict)
    lagging: bool = False
    anew: bool = False
    asked: Asked | None = None
    ask_at: int = 0
    mark_at: int = 0

    @property
    def behind(self) -> bool:
        """A page is wanted."""
        return self.lagging or self.anew or self.applied < self.last_seq

    @property
    def unmarked(self) -> bool:
        """The server holds less than is durable here, or was read, or is to count; a former member marks nothing."""
        delivered, read = self.marks
        wanted = self.uncounted or delivered > self.told_delivered or read > self.told_read
        return self.left_seq is None and wanted

    @property
    def marks(self) -> tuple[int, int]:
        """Delivered and read, as far as durable."""
        return self.saved, min(self.read, self.saved)
