"""Keeps a client connected: one link after another, and when to return (docs/protocol.md section 4)."""

import logging
import platform
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

import trio

from chatproto.frames import Auth, AuthExpiring, Bye, ClientInfo, ErrorFrame, FromServer, Hello, Ping, Ready
from client.account import PASSING, Account
from client.errors import ChatError
from client.link import Closed, Link, with_link
from client.pace import Backoff, Pace
from client.replica import Happening, Replica, Stalled

log = logging.getLogger(__name__)

STOPS: Final = {1000: "stopped", 4403: "revoked", 4426: "unsupported_version"}
"""Close codes after which nobody returns, and what callers are told where the server gave no code."""


class Keeper:
    """Owns the link of one client. `happened` is called with what each frame brought.

    `links` counts those that became ready; `closes` tells how the last ones ended, the newest last; `stopped` is why it
    will not return.
    """

    def __init__(
        self,
        url: str,
        account: Account,
        replica: Replica,
        happened: Callable[[list[Happening]], None],
        *,
        device: str,
        pace: Pace,
        random: Random,
    ) -> None:
        self._url = url
        self._account = account
        self._replica = replica
        self._happened = happened
        self._device = device
        self._pace = pace
        self._backoff = Backoff(pace, random)
        self._link: Link | None = None
        self._woken = trio.Event()
        self._scope = trio.CancelScope()
        self._leaving = False
        self._bye: float | None = None
        self._told_delay: float | None = None
        self._live_since: float | None = None
        self._token = ""
        self._renewed = False
        self.links = 0
        self.closes: list[Closed] = []
        self.stopped: ChatError | None = None
        self.changed = trio.Event()

    async def run(self) -> None:
        """Stay connected until `leave`, or until the server ends it for good."""
        while not self._leaving:
            self._bye = self._told_delay = self._live_since = None
            closed = await with_link(self._url, self._pace, self._use)
            self._link = None
            self.closes = [*self.closes[-99:], closed]
            self._happened(self._replica.disconnected(closed.code))
            if self._leaving:
                break
            try:
                pause = await self._pause_after(closed)
            except ChatError as stopped:
                self._stop(stopped)
                return
            self._pulse()
            self._scope = trio.CancelScope()
            with self._scope:
                await trio.sleep(pause)
        self._stop(ChatError("stopped"))

    def wake(self) -> None:
        """The replica may have something to send."""
        self._woken.set()

    def leave(self) -> None:
        """Close politely and do not return."""
        self._leaving = True
        self._scope.cancel()

    def cut(self) -> None:
        """Break the TCP connection at once, if there is one."""
        if self._link is not None:
            self._link.cut()
            self._link = None

    @property
    def live(self) -> bool:
        """Whether the server has said `ready` on the present link."""
        return self._link is not None and self._live_since is not None

    def _pulse(self) -> None:
        self.changed.set()
        self.changed = trio.Event()

    def _stop(self, why: ChatError) -> None:
        self.stopped = why
        self._happened([])
        self._pulse()

    # --- one link ---

    async def _use(self, link: Link) -> Closed:
        self._link = link
        self._scope = trio.CancelScope()
        closed = Closed(1000, "left")
        with self._scope:
            if self._leaving:
                return closed
            refused = await self._greet(link)
            if refused is not None:
                return refused
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._pump, link)
                nursery.start_soon(self._beat, link)
                closed = await self._read(link, nursery)
                nursery.cancel_scope.cancel()
        return closed

    async def _greet(self, link: Link) -> Closed | None:
        """Say hello and wait for `ready`; how the link ended where that did not come."""
        self._token = self._account.token
        info = ClientInfo(name="vestnik-python", version="1", os=platform.system()[:64] or None)
        hello = Hello(v=[1], token=self._token, device=self._device, client=info, epoch=self._replica.epoch)
        with trio.move_on_after(self._pace.connect):
            await link.send(hello)
            while True:
                frames = await link.receive()
                if isinstance(frames, Closed):
                    return frames
                for index, frame in enumerate(frames):
                    if isinstance(frame, Ready):
                        self._greeted(frame)
                        return self._take(frames[index + 1 :], link, None)
                self._take(frames, link, None)
        link.cut()
        return Closed(1006, "no ready")

    def _greeted(self, ready: Ready) -> None:
        now = trio.current_time()
        self._live_since, self._renewed = now, False
        self.links += 1
        self._happened(self._replica.ready(ready, now))
        self._pulse()
        self.wake()

    async def _read(self, link: Link, nursery: trio.Nursery) -> Closed:
        while True:
            frames = await link.receive()
            closed = frames if isinstance(frames, Closed) else self._take(frames, link, nursery)
            if closed is not None:
                return closed

    def _take(self, frames: Sequence[FromServer], link: Link, nursery: trio.Nursery | None) -> Closed | None:
        """Give frames to the replica; a Closed is a reason to leave this link."""
        now = trio.current_time()
        happened: list[Happening] = []
        for frame in frames:
            if isinstance(frame, Bye):
                self._bye = frame.reconnect_after_ms / 1000
            elif isinstance(frame, AuthExpiring) and nursery is not None:
                nursery.start_soon(self._renew, link)
            elif isinstance(frame, ErrorFrame) and frame.retry_after_ms is not None:
                self._told_delay = frame.retry_after_ms / 1000
            happened += self._replica.receive(frame, now)
        stalled = next((one for one in happened if isinstance(one, Stalled)), None)
        self._happened(happened)
        self.wake()
        return None if stalled is None else Closed(4503, stalled.code)

    async def _pump(self, link: Link) -> None:
        """The only writer of log commands, syncs and marks."""
        while True:
            woken = self._woken = trio.Event()
            for frame in self._replica.due(trio.current_time()):
                await link.send(frame)
            due = self._replica.next_due()
            with trio.CancelScope(deadline=float("inf") if due is None else due):
                await woken.wait()

    async def _beat(self, link: Link) -> None:
        """A link that says nothing after a `ping` is cut."""
        while True:
            due = min(link.sent_at, link.heard_at) + self._pace.quiet
            if trio.current_time() < due:
                await trio.sleep_until(due)
                continue
            heard = link.heard
            with trio.move_on_after(self._pace.busy_answer if self._replica.outbox.flying else self._pace.answer):
                await link.send(Ping())
                await heard.wait()
            if not heard.is_set():
                log.info("the server is silent: cutting the link")
                return link.cut()

    async def _renew(self, link: Link) -> None:
        """A fresh token in band. Should it fail, the server ends the link with 4401, and we take it from there."""
        try:
            await self._account.refresh(self._token)
        except ChatError as refused:
            log.info("the token was not renewed: %s", refused.code)
            return
        self._token = self._account.token
        await link.send(Auth(token=self._token))

    # --- between links ---

    async def _pause_after(self, closed: Closed) -> float:
        """Seconds to wait before the next link. Raises ChatError where there shall be none."""
        if self._live_since is not None and trio.current_time() - self._live_since >= self._pace.steady:
            self._backoff.reset()
        if closed.code in STOPS:
            raise ChatError(closed.reason or STOPS[closed.code])
        if closed.code == 4401 and await self._fetch_token():
            return 0.0
        if self._bye is not None:
            return self._bye
        if closed.code == 4409:
            return self._pace.crowded
        if closed.code == 4429:
            return self._told_delay if self._told_delay is not None else self._pace.limited
        return self._backoff.next()

    async def _fetch_token(self) -> bool:
        """Renew a token that was refused; False: it did not help before, or cannot be done now."""
        if self._renewed:
            return False
        try:
            await self._account.refresh(self._token)
        except ChatError as refused:
            if refused.code not in PASSING:
                raise
            return False
        self._renewed = True
        return True
