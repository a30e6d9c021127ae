"""Drives one ClientSession: performs its outputs on sockets, HTTP and the store, and tells it what came of them."""

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

import trio
from attrs import define, field

from chatproto.client.outputs import (
    Apply,
    Changed,
    Close,
    Connect,
    Failed,
    Forget,
    Jump,
    Output,
    Renew,
    Row,
    SendFrame,
    Sent,
    Tell,
    saved_by,
)
from chatproto.client.session import ClientSession
from chatproto.wire.frames import FromClient, FromServer
from client.account import PASSING
from client.errors import ChatError
from client.link import Closed, with_link
from client.store import Store

log = logging.getLogger(__name__)

Told = Changed | Sent | Failed | Apply | Jump | Forget | Tell
"""The outputs that a program may want to know of."""

CLOSES: Final = 100
"""Ends of links that are remembered."""


class Tokens(Protocol):
    """Who can exchange tokens: an Account."""

    token: str

    async def refresh(self, used: str) -> None:
        """See Account.refresh."""
        ...


class Carrier(Protocol):
    """A live link: a Link."""

    async def receive(self) -> list[FromServer] | Closed:
        """See Link.receive."""
        ...

    async def send(self, frame: FromClient) -> None:
        """See Link.send."""
        ...

    def cut(self) -> None:
        """See Link.cut."""
        ...


OpenLink = Callable[[str, float, Callable[[Any], Awaitable[Closed]]], Awaitable[Closed]]
"""How links are made: client.link.with_link over the network; a test may have another."""


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


class Driver:
    """`told` is called with what happened, after it was saved; `closes` tells how the last links ended."""

    def __init__(
        self,
        url: str,
        account: Tokens,
        session: ClientSession,
        store: Store,
        told: Callable[[list[Told]], None],
        open_link: OpenLink = with_link,
    ) -> None:
        self.session = session
        self.closes: list[Closed] = []
        self._url = url
        self._account = account
        self._store = store
        self._told = told
        self._open_link = open_link
        self._present: _Present | None = None
        self._nursery: trio.Nursery | None = None
        self._timer_moved = trio.Event()
        self._links = 0
        self._link_gone = trio.Event()

    async def run(self) -> None:
        """Own all tasks until cancelled."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            self.session.start(self._account.token, self.now())
            self.perform()
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

    def typing(self, chat_id: int, on: bool) -> None:
        """See ClientSession.typing."""
        self.session.typing(chat_id, on, self.now())
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
        """Perform the outputs, in order, until there are none; saved is what one input asked for, at once."""
        while outputs := self.session.outputs():
            self._store.save(outputs)
            for output in outputs:
                self._perform(output)
            self._report_saved(outputs)
            if told := [output for output in outputs if isinstance(output, Told)]:
                self._told(told)
        self._timer_moved.set()
        self._timer_moved = trio.Event()

    def _report_saved(self, outputs: Sequence[Output]) -> None:
        cids, seqs = saved_by(outputs)
        for cid in cids:
            self.session.row_saved(cid, self.now())
        for chat_id, seq in seqs.items():
            self.session.saved(chat_id, seq, self.now())

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

    # --- links and tokens ---

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

        closed = Closed(1006, "left")
        self._links += 1
        with present.scope:
            closed = await self._open_link(self._url, self.session.timing.connect / 1000, use)
        self._links -= 1
        self._link_gone.set()
        self._link_gone = trio.Event()
        if self._present is present:
            self._present = None
        ours = present.closing
        self.closes = [*self.closes[1 - CLOSES :], closed if ours is None else Closed(ours.code, ours.reason)]
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
            self.perform()

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
            self.session.not_renewed(refused.code, refused.code in PASSING, self.now())
        else:
            self.session.renewed(self._account.token, self.now())
        self.perform()
