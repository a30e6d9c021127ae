"""What stands between the Hub and one socket."""

from collections.abc import Sequence

import trio
from attrs import define, field

from chatproto.server.out_queue import OutQueue
from chatproto.wire import codec
from runtime.sockets.direct_stream import DirectStream
from runtime.sockets.websocket_frames import text_frames


@define(eq=False)
class Connection:
    """What stands between the Hub and one socket. `closing`: code and reason, once the Hub has ended it.

    `direct`: of a transport that can write without waiting. It is written to only while nothing is queued, and while
    nothing of the queue is being written (`writing`). `reader_waits`: the reader reads on once something is answered.
    """

    id: int
    queue: OutQueue
    closing: tuple[int, str] | None = None
    ping_wanted: bool = False
    direct: DirectStream | None = None
    joins_frames: bool = True
    writing: bool = False
    reader_waits: bool = False
    _changed: trio.Event = field(factory=trio.Event)

    @property
    def is_free(self) -> bool:
        """Whether nothing stands before what is written now, and nobody waits for it to leave."""
        return not (self.queue.frames or self.writing or self.reader_waits) and self.closing is None

    def take(self) -> tuple[Sequence[bytes], int]:
        """What leaves next of the queue: its messages, and how many pages are in them."""
        batch = self.queue.take()
        return [codec.join(batch.frames)] if self.joins_frames else batch.frames, batch.pages

    def flush(self) -> int:
        """Write what is queued, as far as that can be done at once; how many pages have left."""
        pages = 0
        while self.queue and self.direct is not None and not self.writing and self.direct.is_clear:
            messages, taken = self.take()
            self.direct.write_now(text_frames(messages))
            pages += taken
        return pages

    def wake(self) -> None:
        """Something was queued, written, answered or closed."""
        self._changed.set()
        self._changed = trio.Event()

    async def wait(self) -> None:
        """Until the next `wake`."""
        await self._changed.wait()
