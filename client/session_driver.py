"""Drives one ClientSession: performs its outputs on sockets, HTTP and the store, and tells it what came of them.

What is for the sockets is performed at once. What must be durable lines up, in order, for a task that saves on a
thread, so that no disk holds the event loop up; the session and the program are told when it is durable. A row is sent
only after that: the session gives its frame as the answer to `row_saved` (docs/protocol.md, C1).
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, Protocol, TypeVar

import trio
from attrs import define, field, frozen

from chatproto.client.client_session import ClientSession
from chatproto.client.session_outputs import (
    Apply,
    Begins,
    Changed,
    Close,
    Connect,
    DropRow,
    Expire,
    Failed,
    Forget,
    Jump,
    Merged,
    Output,
    Renew,
    Row,
    SaveRow,
    SendFrame,
    Sent,
    Tell,
    Upload,
    saved_by,
)
from chatproto.transitions import ClientState
from chatproto.wire.frames import FromClient
from chatproto.wire.model import LogItem
from client.account import ENDS
from client.exceptions import ChatError
from client.link import NO_CLOSE_FRAME, Carrier, Closed, OpenLink, with_link
from client.store import Store, StoreError
from client.uploading import Brought, Uploader, Uploading

T = TypeVar("T")
log = logging.getLogger(__name__)

Told = Changed | Sent | Failed | Merged | Apply | Jump | Expire | Begins | Forget | Tell | Uploading
"""What a program may want to know of."""

ORDINARY: Final = frozenset({1000, NO_CLOSE_FRAME, 4401})
"""Ends that a link may have before it is of use: one's own, the network's, that of a token."""
CLOSES: Final = 100
"""Ends of links that are remembered."""
FULL: Final = 1000
"""Batches that wait to be saved; while there are more, nothing is read from the link."""
BATCH: Final = 256
"""Batches in one transaction of the store."""
UNCOMMITTED: Final = 10_000
"""Items a chat that may be committed one by one; of more, the oldest are committed with those after them."""
SAVE_TIMEOUT: Final = 5.0
"""Seconds that the end of a client waits for what is still to be saved."""


class Tokens(Protocol):
    """Who can exchange tokens: an Account."""

    token: str

    async def refresh(self, used: str) -> None:
        """See Account.refresh."""
        ...


@define(eq=False)
class _Present:
    """The link that the session means. `closing`: how this side ends it, by leaving the `talk` or the whole `scope`."""

    number: int
    scope: trio.CancelScope = field(factory=trio.CancelScope)
    talk: trio.CancelScope = field(factory=trio.CancelScope)
    link: Carrier | None = None
    frames: deque[FromClient] = field(factory=deque)
    written: trio.Event = field(factory=trio.Event)
    closing: Close | None = None
    ready: bool = False


@frozen(eq=False)
class _Batch:
    """What one input asked for: what is to be saved, and what is to be told when that is durable."""

    saves: Sequence[Output]
    told: list[Told]


class Driver:
    """`told` is called with what happened, after it was saved; `closes` tells how the last links ended.

    With `auto_commit` the cursor of a chat moves with each item that is applied; without it only by `commit`, so that
    what was not committed comes again in the next life of the store.
    """

    def __init__(
        self,
        url: str,
        account: Tokens,
        session: ClientSession,
        store: Store,
        told: Callable[[list[Told]], None],
        open_link: OpenLink = with_link,
        *,
        auto_commit: bool = True,
        uploader: Uploader | None = None,
    ) -> None:
        self.session = session
        self.closes: list[Closed] = []
        self._url = url
        self._account = account
        self._store = store
        self._told = told
        self._open_link = open_link
        self._auto_commit = auto_commit
        self._uploader = uploader
        self._thread = trio.CapacityLimiter(1)
        self._line: deque[_Batch] = deque()
        self._lined_up = trio.Event()
        self._moved_on = trio.Event()
        self._failed: StoreError | None = None
        self._uncommitted: dict[int, deque[LogItem]] = {}
        self._present: _Present | None = None
        self._nursery: trio.Nursery | None = None
        self._timer_moved = trio.Event()
        self._links = 0
        self._link_gone = trio.Event()

    async def run(self) -> None:
        """Own all tasks until cancelled; what is still to be saved then is saved. Raises StoreError."""
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                nursery.start_soon(self._save_for_ever, nursery.cancel_scope)
                self.session.start(self._account.token, self.now())
                self.perform()
                await self._keep_time()
        finally:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + SAVE_TIMEOUT):
                while self._line and self._failed is None:
                    await self._save_some()
        if self._failed is not None:
            raise self._failed

    async def _keep_time(self) -> None:
        while True:
            moved = self._timer_moved
            due = self.session.next_timer()
            with trio.move_on_at(float("inf") if due is None else due / 1000):
                await moved.wait()
            if due is not None and self.now() >= due:
                self.session.handle_timer(self.now())
                self.perform()

    def now(self) -> int:
        """Milliseconds of trio's clock. A deadline set in them is reached when it rings: 1.003 * 1000 is 1002.999..."""
        return int(trio.current_time() * 1000 + 0.001)

    def send(self, row: Row) -> bool:
        """See ClientSession.send."""
        taken = self.session.send(row, self.now())
        self.perform()
        return taken

    def read(self, chat_id: int, seq: int) -> None:
        """See ClientSession.read."""
        self.session.read(chat_id, seq, self.now())
        self.perform()

    def commit(self, item: LogItem) -> None:
        """The program has done with this item of a chat, and with all before it: they need not come again.

        An item that was not told, or of a log that was replaced since, changes nothing.
        """
        items = self._uncommitted.get(item.chat_id)
        if items and 0 <= (place := item.seq - items[0].seq) < len(items) and items[place] is item:
            for _ in range(place + 1):
                items.popleft()
            self._line_up(_Batch([Apply(item)], []))
            self.perform()

    def typing(self, chat_id: int, on: bool) -> None:
        """See ClientSession.typing."""
        self.session.typing(chat_id, on, self.now())
        self.perform()

    def network_up(self) -> None:
        """See ClientSession.network_up."""
        self.session.network_up(self.now())
        self.perform()

    def stop(self) -> None:
        """See ClientSession.stop."""
        self.session.stop(self.now())
        self.perform()

    def cut(self) -> None:
        """Break the TCP connection at once, if there is one, as a pulled cable would."""
        if self._present is not None and self._present.link is not None:
            self._present.link.cut()

    async def ended(self) -> None:
        """Wait until nothing is left of any link."""
        while self._links:
            await self._link_gone.wait()

    # --- outputs ---

    def perform(self) -> None:
        """Perform the outputs, in order, until there are none; what is to be saved lines up."""
        while outputs := self.session.outputs():
            for output in outputs:
                self._perform(output)
            saves = outputs if self._auto_commit else [output for output in outputs if not self._held_back(output)]
            self._line_up(_Batch(saves, [output for output in outputs if isinstance(output, Told)]))
        self._timer_moved.set()
        self._timer_moved = trio.Event()

    # --- saving ---

    async def saved(self) -> None:
        """Wait until all that was asked for so far is durable. Raises StoreError."""
        while self._line and self._failed is None:
            await self._moved_on.wait()
        if self._failed is not None:
            raise self._failed

    def _held_back(self, output: Output) -> bool:
        """Whether `commit` will save it; and note what can be committed, in the order of the outputs."""
        if isinstance(output, Apply):
            items = self._uncommitted.setdefault(output.item.chat_id, deque(maxlen=UNCOMMITTED))
            items.append(output.item)
            return True
        if isinstance(output, Jump | Forget):
            self._uncommitted.pop(output.chat_id, None)
        return False

    def _line_up(self, batch: _Batch) -> None:
        if not self._line and not self._store.concerns(batch.saves):
            self._finish(batch)
        else:
            self._line.append(batch)
            self._lined_up.set()

    def _finish(self, batch: _Batch) -> None:
        """It is durable: tell the session, then the program."""
        cids, seqs = saved_by(batch.saves)
        for cid in cids:
            self.session.row_saved(cid, self.now())
        for chat_id, seq in seqs.items():
            self.session.saved(chat_id, seq, self.now())
        if self._uploader is not None and self._nursery is not None:
            for output in batch.saves:
                if isinstance(output, DropRow):
                    self._nursery.start_soon(self._uploader.forget, output.cid)
        if batch.told:
            self._told(batch.told)

    async def _save_for_ever(self, scope: trio.CancelScope) -> None:
        while self._failed is None:
            await self._lined_up.wait()
            for batch in await self._save_some():
                self._finish(batch)
            self.perform()
        scope.cancel()

    async def _save_some(self) -> list[_Batch]:
        """Save the head of the line in one transaction, and take it out of the line."""
        batches = list(islice(self._line, BATCH))
        saves = [output for batch in batches for output in batch.saves]
        try:
            await trio.to_thread.run_sync(self._store.save, saves, limiter=self._thread)
        except StoreError as error:
            self._failed, batches = error, []
        for _ in batches:
            self._line.popleft()
        if not self._line:
            self._lined_up = trio.Event()
        self._moved_on.set()
        self._moved_on = trio.Event()
        return batches

    # --- links and tokens ---

    def _perform(self, output: Output) -> None:
        assert self._nursery is not None, "run comes first"
        if isinstance(output, Connect):
            self._present = _Present(output.link)
            self._nursery.start_soon(self._keep, self._present)
        elif isinstance(output, SendFrame):
            if self._present is not None:
                self._present.frames.append(output.frame)
                self._present.written.set()
        elif isinstance(output, Close):
            if self._present is not None:
                self._present.closing = output
                polite = output.code == 1000 and self._present.link is not None
                (self._present.talk if polite else self._present.scope).cancel()
                self._present = None
        elif isinstance(output, Renew):
            self._nursery.start_soon(self._renew, output.token)
        elif self._uploader is not None:
            if isinstance(output, Upload):
                self._nursery.start_soon(self._uploader.bring, output)
            elif isinstance(output, SaveRow):
                self._uploader.knows(output.row)
            elif isinstance(output, DropRow):
                self._uploader.stop(output.cid)
            elif isinstance(output, Changed) and output.state == ClientState.RESUMING:
                self._uploader.hurry()

    def uploading(self, told: Uploading | Brought) -> None:
        """For the uploader: how far a file has come, or how its upload ended."""
        if isinstance(told, Uploading):
            self._told([told])
            return
        if told.file_id is not None:
            self.session.uploaded(told.local_id, told.file_id, self.now())
        else:
            self.session.upload_failed(told.local_id, told.code, told.detail, self.now())
        self.perform()

    async def _keep(self, present: _Present) -> None:
        """One link from its beginning to its end."""

        async def use(link: Carrier) -> Closed:
            present.link = link
            self.session.connected(present.number, self.now())
            self.perform()
            closed = Closed(1000, "left")
            with present.talk:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._write, present, link)
                    closed = await self._read(present, link)
                    nursery.cancel_scope.cancel()
            return closed

        closed = Closed(NO_CLOSE_FRAME, "left")
        self._links += 1
        with present.scope:
            closed = await self._open_link(self._url, self.session.timing.connect / 1000, use)
        self._links -= 1
        self._link_gone.set()
        self._link_gone = trio.Event()
        if self._present is present:
            self._present = None
        ours = present.closing
        end = closed if ours is None else Closed(ours.code, ours.reason)
        self.closes = [*self.closes[1 - CLOSES :], end]
        if not present.ready:
            level = logging.INFO if end.code in ORDINARY else logging.WARNING
            log.log(level, "the link ended before the server was ready: %d %s", end.code, end.reason)
        if ours is None:
            self.session.lost(present.number, closed.code, closed.reason, self.now())
        self.perform()
        self._told([])

    async def _read(self, present: _Present, link: Carrier) -> Closed:
        while True:
            frames = await link.receive()
            if isinstance(frames, Closed):
                return frames
            self.session.receive(present.number, frames, self.now())
            present.ready |= self.session.state in (ClientState.RESUMING, ClientState.LIVE)
            self.perform()
            while len(self._line) > FULL:
                await self._moved_on.wait()

    async def _write(self, present: _Present, link: Carrier) -> None:
        while True:
            while present.frames:
                await link.send(present.frames.popleft())
            await present.written.wait()
            present.written = trio.Event()

    async def _renew(self, used: str) -> None:
        try:
            await self._account.refresh(used)
        except ChatError as refused:
            log.info("the token was not renewed: %s", refused.code)
            self.session.not_renewed(refused.code, refused.code not in ENDS, self.now())
        else:
            self.session.renewed(self._account.token, self.now())
        self.perform()
