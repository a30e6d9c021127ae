"""A server with thousands of open sockets is told to stop: how long until it has, and whether all were told."""

import http.client
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from attrs import evolve

from tests.bench.rivals.contest import ROOM, Contest
from tests.bench.rivals.figures import Goal
from tests.bench.rivals.load import LoadError
from tests.bench.rivals.ten_thousand import DEVICES, SPARE, raise_descriptors

SOCKETS: Final = 2000
WITHIN: Final = 5.0
"""Seconds from SIGTERM to the end of the process."""
CONNECTING: Final = 120.0
"""Seconds until all are there."""
LOGGING_IN: Final = 5.0
"""Seconds for the last of them, who are counted before they have logged in."""


def stopping(contest: Contest) -> None:
    """SIGTERM with 2,000 open sockets, once in each round, each time with a server of its own."""
    if (short := raise_descriptors(SOCKETS + SPARE)) is not None:
        raise LoadError(f"{SOCKETS} sockets need {SOCKETS + SPARE} descriptors; the hard limit here is {short}")
    print(f"\nSIGTERM with {SOCKETS:,} open sockets", flush=True)
    took = [_stopped(contest, number) for number in range(contest.pace.rounds)]
    contest.show("until the server has ended", "s", {"Vestnik on MariaDB": took})
    contest.judge(Goal(f"seconds from SIGTERM to the end, {SOCKETS:,} sockets", max(took), "at most", WITHIN))


def _stopped(contest: Contest, number: int) -> float:
    house = contest.start(f"to be stopped {number + 1}", len(ROOM), [ROOM])
    devices = evolve(house.target("devices", range(SOCKETS // DEVICES), house.gathering.rooms), pids=())
    with ThreadPoolExecutor(1) as pool:
        generator = pool.submit(devices.run, connections=SOCKETS, seconds=CONNECTING, warm=0, j=32)
        deadline = time.monotonic() + CONNECTING
        while _connections(house.program.port) < SOCKETS:
            if time.monotonic() > deadline:
                raise LoadError(f"{SOCKETS} sockets were not connected in {CONNECTING:.0f} s")
            time.sleep(0.2)
        time.sleep(LOGGING_IN)
        began = time.monotonic()
        house.program.process.send_signal(signal.SIGTERM)
        house.program.process.wait(CONNECTING)
        took = time.monotonic() - began
        closed = generator.result().closed
    if closed != SOCKETS:
        contest.troubles.append(f"SIGTERM: {SOCKETS - closed} sockets were not closed")
    return took


def _connections(port: int) -> int:
    """As /metrics counts them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    found = re.search(r"^vestnik_websocket_connections (\S+)$", text, re.MULTILINE)
    return int(float(found.group(1))) if found else 0
