"""Where the server's time goes while a room is saturated, by py-spy, which is in the environment of the peers."""

import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Final

from tests.bench.rivals import runs
from tests.bench.rivals.contest import MARIADB, ROOM, Contest
from tests.bench.rivals.environment import peer_python
from tests.bench.rivals.runs import Pace

SAMPLES: Final = 200
"""A second."""
SHOWN: Final = 25


def profile(contest: Contest, output: Path | None) -> None:
    """Print the functions most time is spent in; `output` gets the stacks, a line each (for flamegraph tools)."""
    house = contest.start(MARIADB, 200, [ROOM])
    seconds = max(1, int(contest.pace.seconds))
    stacks = output or contest.folder / "stacks"
    command = [str(peer_python().with_name("py-spy")), "record", "-p", str(house.program.pid), "-d", str(seconds)]
    command += ["-r", str(SAMPLES), "-f", "raw", "-o", str(stacks.absolute()), "--nonblocking", "--threads"]
    room = contest.room(house)
    spy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=dict(os.environ))
    load = runs.saturated(room, Pace(1, seconds + 1.0, 0.5))
    _, said = spy.communicate(timeout=seconds + 60)
    print(f"\nprofile of a saturated room: {load.messages_s:.0f} messages/s, {load.unsound or 'nothing lost'}")
    if spy.returncode:
        print(said.decode())
        return
    print(shares(stacks.read_text()))


def shares(stacks: str) -> str:
    """Of each function the share of the samples it was at work in itself, and in or below."""
    own: Counter[str] = Counter()
    below: Counter[str] = Counter()
    total = 0
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        names = [_function(frame) for frame in stack.split(";") if not frame.startswith(("thread (", "process "))]
        if not names:  # a thread whose stack could not be read at that moment
            continue
        total += int(count)
        own[names[-1]] += int(count)
        for name in dict.fromkeys(names):
            below[name] += int(count)
    lines = [f"  {'itself':>7} {'below':>7}  function ({total} samples)"]
    for counter in (own, below):
        for name, _ in counter.most_common(SHOWN):
            lines.append(f"  {own[name] / total:7.1%} {below[name] / total:7.1%}  {name}")
        lines.append("")
    return "\n".join(lines)


def _function(frame: str) -> str:
    """`name (path/file.py:12)` without the line, which would split one function into many."""
    name, _, place = frame.partition(" (")
    path = place.rpartition(":")[0] or place.rstrip(")")
    return f"{name} ({'/'.join(path.split('/')[-3:])})" if path else name
