"""What systemd is told of a service with `Type=notify`: ready, stopping, alive. Without systemd nothing is said.

The protocol is sd_notify(3): datagrams of `NAME=value` lines to the socket that `NOTIFY_SOCKET` names.
"""

import os
import socket
from collections.abc import Mapping
from typing import Final

import trio
from attrs import frozen

SERVICE_MANAGER: Final = frozenset({"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"})
"""What it puts into the environment of the process that it starts."""


@frozen
class ServiceManager:
    """Who started this process, as its environment says."""

    address: str
    """A path of a socket, or `@` and an abstract name; empty where nobody listens."""
    watchdog: float | None
    """Seconds between two signs of life: half of what the unit allows; None where none are asked for."""

    def tell(self, state: str) -> None:
        """Send one line. Never waits and never fails: a server does not stop because nobody hears that it lives."""
        if not self.address:
            return
        name = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC) as sender:
            try:
                sender.sendto(state.encode(), name)
            except OSError:
                return

    async def stay_alive(self) -> None:
        """Give signs of life from the event loop until cancelled: one that hangs is killed and started anew."""
        while self.watchdog is not None:
            self.tell("WATCHDOG=1")
            await trio.sleep(self.watchdog)


def service_manager(environ: Mapping[str, str]) -> ServiceManager:
    """From the environment of this process; what does not concern it is left out."""
    for_us = environ.get("WATCHDOG_PID") in (None, str(os.getpid()))
    asked = environ.get("WATCHDOG_USEC", "")
    interval = int(asked) / 2e6 if for_us and asked.isascii() and asked.isdigit() and int(asked) else None
    return ServiceManager(environ.get("NOTIFY_SOCKET", ""), interval)
