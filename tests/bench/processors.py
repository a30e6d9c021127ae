"""Time of processors: of this process and of the program that it talks to, where that runs on the same machine."""

import os
import time
from pathlib import Path
from typing import Final

from attrs import frozen

_LISTENS: Final = "0A"


@frozen
class Processors:
    """`other`: the process id of the other program, if any."""

    other: int | None = None

    def spent(self) -> float:
        """Seconds since both began, all their threads together."""
        own = time.process_time()
        return own if self.other is None else own + time.clock_gettime(_clock_of(self.other))


def _clock_of(process: int) -> int:
    """As `clock_getcpuclockid` of Linux makes it."""
    return (~process << 3) | 2


def listener(port: int) -> int | None:
    """Who listens at this port of IPv4; None where that is not to be seen. Linux only."""
    wanted = set[str]()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        parts = line.split()
        if parts[3] == _LISTENS and int(parts[1].partition(":")[2], 16) == port:
            wanted.add(f"socket:[{parts[9]}]")
    for folder in Path("/proc").glob("[0-9]*/fd"):
        try:
            if any(os.readlink(one) in wanted for one in folder.iterdir()):
                return int(folder.parent.name)
        except OSError:  # it has ended, or belongs to somebody else
            continue
    return None
