"""Where a connection stands in one chat (I5), and the bounded queue of what waits for its socket."""

from collections import deque
from collections.abc import Callable
from datetime import datetime

from attrs import define, field, frozen

from chatproto.server.outputs import SendFrame
from chatproto.transitions import CURSOR, CursorState, after
from chatproto.wire.limits import Limits


@define
class ChatCursor:
    """`sent`: the last seq given to this connection; live push happens only for `sent + 1`.

    `sent_at`: when that entry was made, where that is known: another one in its place means a replaced log. `seen`: the
    highest seq known to exist. `relist`: the user was removed and added again while an older part of the log is on its
    way to him, so the chat is listed anew once the item that removed him is out.
    """

    sent: int = 0
    sent_at: datetime | None = None
    seen: int = 0
    state: CursorState = CursorState.LISTING
    relist: bool = False

    @classmethod
    def live(cls, sent: int, sent_at: datetime | None, seen: int) -> "ChatCursor":
        """A cursor of a chat whose state the client was told in `ready`."""
        return cls(sent=sent, sent_at=sent_at, seen=max(sent, seen), state=CursorState.LIVE)

    def accepts(self, seq: int) -> bool:
        """Take `seq` as sent if it is the next one and nothing stands in its way."""
        self.seen = max(self.seen, seq)
        if self.state is not CursorState.LIVE or seq != self.sent + 1:
            return False
        self.sent = seq
        return True

    def move(self, event: str) -> None:
        """Follow the table of transitions."""
        self.state = after(CURSOR, self.state, event)

    def move_to(self, seq: int, at: datetime | None = None) -> None:
        """The client's log goes on above `seq`, an entry made `at`."""
        self.sent, self.sent_at = seq, at

    @property
    def behind(self) -> bool:
        """A page must be read, and none is on its way."""
        return self.state is CursorState.LIVE and self.seen > self.sent


@frozen
class Batch:
    """What leaves in one write. `pages`: how many of the frames are pages of history."""

    frames: list[bytes]
    pages: int


@define
class OutQueue:
    """Frames waiting for one socket, bounded as docs/protocol.md section 4 (back-pressure out) says.

    Answers and pages are never dropped; over the bound first hints go, then marks are merged, then the busiest
    chat's items go, which `put` reports as (chat_id, first dropped seq) so that one `lag` takes their place. Until that
    `lag` comes, further items of the chat are on their way from before the report, and are dropped as well.
    """

    limits: Limits
    answers: int = 0
    _frames: deque[SendFrame] = field(factory=deque)
    _lagging: set[int] = field(factory=set)
    _items: int = 0
    _bytes: int = 0

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def bounded_bytes(self) -> int:
        """Bytes of what counts against the bound."""
        return self._bytes

    def put(self, frame: SendFrame) -> tuple[int, int] | None:
        """Queue a frame; a value is returned where a chat's items had to be dropped for it."""
        if frame.kind == "lag":
            self._lagging.discard(frame.chat_id)
        elif frame.kind == "item" and frame.chat_id in self._lagging:
            return None
        self._add(frame)
        if not self._over():
            return None
        self._keep(lambda queued: queued.kind != "hint")
        if self._over():
            self._merge_marks()
        return self._drop_busiest() if self._over() else None

    def take(self) -> Batch:
        """What leaves in one write: at most `array_items` frames within `frame_out_bytes`, at least one."""
        taken: list[bytes] = []
        pages = 0
        size = 2
        while self._frames and len(taken) < self.limits.array_items:
            size += len(self._frames[0].data) + 1
            if taken and size > self.limits.frame_out_bytes:
                break
            frame = self._frames.popleft()
            self._count(frame, -1)
            pages += frame.kind == "page"
            taken.append(frame.data)
        return Batch(taken, pages)

    def _add(self, frame: SendFrame) -> None:
        self._frames.append(frame)
        self._count(frame, 1)

    def _count(self, frame: SendFrame, sign: int) -> None:
        if frame.kind in ("answer", "page", "lag"):
            self.answers += sign
        else:
            self._items += sign
            self._bytes += sign * len(frame.data)

    def _over(self) -> bool:
        return self._items > self.limits.queue_items or self._bytes > self.limits.queue_bytes

    def _keep(self, wanted: Callable[[SendFrame], bool]) -> None:
        frames, self._frames = self._frames, deque()
        self.answers = self._items = self._bytes = 0
        for frame in frames:
            if wanted(frame):
                self._add(frame)

    def _merge_marks(self) -> None:
        """Watermarks only grow, so of one user in one chat the last frame says all."""
        newest = {(frame.chat_id, frame.user_id): frame for frame in self._frames if frame.kind == "mark"}
        self._keep(lambda queued: queued.kind != "mark" or newest[queued.chat_id, queued.user_id] is queued)

    def _drop_busiest(self) -> tuple[int, int] | None:
        sizes: dict[int, int] = {}
        first: dict[int, int] = {}
        for frame in self._frames:
            if frame.kind == "item":
                sizes[frame.chat_id] = sizes.get(frame.chat_id, 0) + len(frame.data)
                first.setdefault(frame.chat_id, frame.seq)
        if not sizes:  # marks of very many chats: what a client misses of them comes with its next `ready`
            self._keep(lambda queued: queued.kind != "mark")
            return None
        busiest = max(sizes, key=lambda chat_id: sizes[chat_id])
        self._keep(lambda queued: queued.kind != "item" or queued.chat_id != busiest)
        self._lagging.add(busiest)
        return busiest, first[busiest]
