"""The bounded queue of what waits for one socket, and what leaves in one write."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from attrs import define, field
from msgspec import Struct

from chatproto.server.hub_outputs import Broadcast, SendFrame
from chatproto.wire import codec
from chatproto.wire.limits import Limits

UNCOUNTED: Final = ("answer", "page", "lag")
"""Frames that do not count against the bound, and are never dropped."""


class Batch(Struct, frozen=True):
    """What leaves in one write. `pages`: how many of the frames are pages of history."""

    frames: list[bytes]
    pages: int


def arrays(frames: Sequence[bytes], limits: Limits) -> Iterator[tuple[int, bytes]]:
    """Frames as the messages they leave in, each with the number of its frames.

    At most `array_items` in `frame_out_bytes`, at least one.
    """
    begin, size = 0, 2
    for place, frame in enumerate(frames):
        size += len(frame) + 1
        if place > begin and (place - begin >= limits.array_items or size > limits.frame_out_bytes):
            yield place - begin, codec.join(frames[begin:place])
            begin, size = place, 2 + len(frame) + 1
    if frames:
        yield len(frames) - begin, codec.join(frames[begin:])


def items_of(broadcast: Broadcast) -> list[SendFrame]:
    """What a broadcast puts into the queue of each of its connections, made once for all of them."""
    chat_id, seqs = broadcast.chat_id, range(broadcast.first_seq, broadcast.last_seq + 1)
    return [SendFrame(0, data, "item", chat_id, seq) for data, seq in zip(broadcast.frames, seqs, strict=True)]


@define
class OutQueue:
    """Frames waiting for one socket, bounded as docs/protocol.md section 4 (back-pressure out) says.

    Answers and pages are never dropped; over the bound first hints go, then marks are merged, then the busiest
    chat's items go, which `put` reports as (chat_id, first dropped seq) so that one `lag` takes their place. Until that
    `lag` comes, further items of the chat are on their way from before the report, and are dropped as well.

    To be read only: `frames`, what waits; `lagging`, the chats whose items are dropped until their `lag` comes.
    """

    limits: Limits
    answers: int = 0
    frames: deque[SendFrame] = field(factory=deque, init=False)
    lagging: set[int] = field(factory=set, init=False)
    _items: int = 0
    _bytes: int = 0

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def bounded_bytes(self) -> int:
        """Bytes of what counts against the bound."""
        return self._bytes

    def put(self, frame: SendFrame) -> tuple[int, int] | None:
        """Queue a frame; a value is returned where a chat's items had to be dropped for it."""
        if frame.kind == "lag":
            self.lagging.discard(frame.chat_id)
        elif frame.kind == "item" and frame.chat_id in self.lagging:
            return None
        self._add(frame)
        if frame.kind in UNCOUNTED or not self._over():
            return None  # an answer takes nobody's place, also where marks alone are over the bound
        self._keep(lambda queued: queued.kind != "hint")
        if self._over():
            self._merge_marks()
        return self._drop_busiest() if self._over() else None

    def take(self) -> Batch:
        """What leaves in one write: at most `array_items` frames within `frame_out_bytes`, at least one."""
        taken: list[bytes] = []
        pages = 0
        size = 2
        while self.frames and len(taken) < self.limits.array_items:
            size += len(self.frames[0].data) + 1
            if taken and size > self.limits.frame_out_bytes:
                break
            frame = self.frames.popleft()
            self._count(frame, -1)
            pages += frame.kind == "page"
            taken.append(frame.data)
        return Batch(taken, pages)

    def _add(self, frame: SendFrame) -> None:
        self.frames.append(frame)
        self._count(frame, 1)

    def _count(self, frame: SendFrame, sign: int) -> None:
        if frame.kind in UNCOUNTED:
            self.answers += sign
        else:
            self._items += sign
            self._bytes += sign * len(frame.data)

    def _over(self) -> bool:
        return self._items > self.limits.queue_items or self._bytes > self.limits.queue_bytes

    def _keep(self, wanted: Callable[[SendFrame], bool]) -> None:
        frames, self.frames = self.frames, deque()
        self.answers = self._items = self._bytes = 0
        for frame in frames:
            if wanted(frame):
                self._add(frame)

    def _merge_marks(self) -> None:
        """Watermarks only grow, so of one user in one chat the last frame says all."""
        newest = {(frame.chat_id, frame.user_id): frame for frame in self.frames if frame.kind == "mark"}
        self._keep(lambda queued: queued.kind != "mark" or newest[queued.chat_id, queued.user_id] is queued)

    def _drop_busiest(self) -> tuple[int, int] | None:
        sizes: dict[int, int] = {}
        first: dict[int, int] = {}
        for frame in self.frames:
            if frame.kind == "item":
                sizes[frame.chat_id] = sizes.get(frame.chat_id, 0) + len(frame.data)
                first.setdefault(frame.chat_id, frame.seq)
        if not sizes:  # marks of very many chats: what a client misses of them comes with its next `ready`
            self._keep(lambda queued: queued.kind != "mark")
            return None
        busiest = max(sizes, key=lambda chat_id: sizes[chat_id])
        self._keep(lambda queued: queued.kind != "item" or queued.chat_id != busiest)
        if self._over():  # it was the marks' weight
            self._keep(lambda queued: queued.kind != "mark")
        self.lagging.add(busiest)
        return busiest, first[busiest]
