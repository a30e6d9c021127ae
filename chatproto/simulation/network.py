"""WebSockets between devices and servers: ordered, delayed, cut, stalled, half open."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import TYPE_CHECKING

from attrs import define, field

from chatproto.client import lenient_codec

if TYPE_CHECKING:
    from chatproto.simulation.device import Device
    from chatproto.simulation.server import Server
    from chatproto.simulation.world import World


@define(eq=False)
class Link:
    """A device that crashes leaves its link. `silent`: packets of both directions vanish and nobody is told.
    `stalled_until`: the client does not read. `to_client`: what is on its way to it, in order."""

    number: int
    device: Device
    server: Server
    connection_id: int = 0
    at_client: bool = True
    at_server: bool = False
    silent: bool = False
    stalled_until: int = 0
    to_server_at: int = 0
    to_client_at: int = 0
    to_client: deque[bytes] = field(factory=deque)


class Network:
    """Opens links and carries what is written on them. `refusing`: nobody gets through."""

    def __init__(self, world: World, random: Random) -> None:
        self.refusing = False
        self.links: list[Link] = []
        self._world = world
        self._random = random

    def connect(self, device: Device, number: int) -> Link:
        """A device asks for a link; it learns later what came of it."""
        server = self._random.choice(self._world.servers)
        link = Link(number, device, server)
        self.links.append(link)
        self._world.trace.counts["connects"] += 1
        self._world.scheduler.after(self._latency() * 2, self._opened, link)
        return link

    def from_client(self, link: Link, text: str) -> None:
        """The device wrote a frame."""
        if link.at_client and not link.silent:
            link.to_server_at = max(link.to_server_at, self._world.scheduler.now + self._latency())
            self._world.scheduler.after(link.to_server_at - self._world.scheduler.now, self._to_server, link, text)

    def writable(self, link: Link) -> bool:
        """Whether TCP takes another message of the server's."""
        return len(link.to_client) < self._world.options.tcp_window

    def from_server(self, link: Link, data: bytes) -> None:
        """The server wrote a message."""
        link.to_client.append(data)
        now = self._world.scheduler.now
        link.to_client_at = max(link.to_client_at, now + self._latency(), link.stalled_until)
        self._world.scheduler.after(link.to_client_at - now, self._to_client, link)

    def close_by_client(self, link: Link) -> None:
        """The device closed its end, or gave it up."""
        link.at_client = False
        if not link.silent:
            self._world.scheduler.after(self._latency(), self._gone_at_server, link)

    def close_by_server(self, link: Link, code: int, reason: str) -> None:
        """The server sent a close frame behind what it wrote before."""
        link.at_server = False
        now = self._world.scheduler.now
        link.to_client_at = max(link.to_client_at, now + self._latency(), link.stalled_until)
        if not link.silent:
            self._world.scheduler.after(link.to_client_at - now, self._gone_at_client, link, code, reason)

    def cut(self, link: Link, code: int = 1006) -> None:
        """Both ends learn of it; what was on its way is lost."""
        link.silent = True
        self._world.scheduler.after(self._latency(), self._gone_at_server, link)
        self._world.scheduler.after(self._latency(), self._gone_at_client, link, code, "")

    def stall(self, link: Link, milliseconds: int) -> None:
        """The client reads nothing for so long; what is on its way waits."""
        link.stalled_until = max(link.stalled_until, self._world.scheduler.now + milliseconds)
        link.to_client_at = max(link.to_client_at, link.stalled_until)

    def forget_dead(self) -> None:
        """Links of which nothing is left."""
        self.links = [link for link in self.links if link.at_client or link.at_server]

    def _latency(self) -> int:
        return 1 + int(self._random.expovariate(1 / self._world.options.latency))

    def _opened(self, link: Link) -> None:
        if not link.at_client:
            return
        if self.refusing or not link.server.up:
            link.at_client = False
            self._world.note(link.server.name, "refused", to=link.device.name)
            if self._random.random() < 0.95:  # else nobody says anything: the device's own deadline ends it
                self._gone(link, 1006, "")
            return
        link.at_server = True
        link.server.open(link)
        link.device.connected(link)

    def _to_server(self, link: Link, text: str) -> None:
        if link.at_server and not link.silent:
            self._world.note(link.device.name, text, to=link.server.name)
            link.server.received(link, text)

    def _to_client(self, link: Link) -> None:
        if link.stalled_until > self._world.scheduler.now:
            delay = link.stalled_until - self._world.scheduler.now
            return self._world.scheduler.after(delay, self._to_client, link)
        data = link.to_client.popleft()
        link.server.wake(link)
        if not link.at_client or link.silent:
            return
        self._world.note(link.server.name, data, to=link.device.name)
        frames = lenient_codec.decode(data)
        if len(frames) > 1 and self._random.random() < self._world.options.split_arrays:
            for frame in frames:
                link.device.received(link, [frame])
        else:
            link.device.received(link, frames)

    def _gone_at_server(self, link: Link) -> None:
        if link.at_server:
            link.at_server = False
            link.server.gone(link)

    def _gone_at_client(self, link: Link, code: int, reason: str) -> None:
        if link.stalled_until > self._world.scheduler.now:
            delay = link.stalled_until - self._world.scheduler.now
            return self._world.scheduler.after(delay, self._gone_at_client, link, code, reason)
        if link.at_client:
            link.at_client = False
            self._gone(link, code, reason)

    def _gone(self, link: Link, code: int, reason: str) -> None:
        self._world.note(link.server.name, "close", code, reason, to=link.device.name)
        link.device.lost(link, code, reason)
