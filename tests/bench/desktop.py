"""The desktop client's benches: opening a long chat, starting the app, memory over traffic, the list of chats on a slow
link, the cost of keys. Each prints its figures beside its goals and fails above them."""

import argparse
import os
import subprocess
import sys
from typing import Final

from tests.desktop.node import DESKTOP, NODE, electron, missing_packages, screen

BENCHES: Final = ("open", "start", "memory", "list", "keys")


def main() -> int:
    """Exit code 0 where all held."""
    parser = argparse.ArgumentParser(prog="tests.bench.desktop", description=__doc__)
    parser.add_argument("bench", nargs="*", help=f"{', '.join(BENCHES)}; by default all")
    parser.add_argument("--minutes", type=float, default=2, help="of traffic; 30 is the whole (%(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="of what is timed; the median counts (%(default)s)")
    arguments = parser.parse_args()
    if unknown := set(arguments.bench) - set(BENCHES):
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    if (reason := missing_packages()) is not None:
        print(f"bench-desktop: {reason}", file=sys.stderr)
        return 1
    files = [f"test/bench/{name}.bench.mjs" for name in arguments.bench or BENCHES]
    runtime = electron()
    with screen() as display:
        environment = os.environ | {"BENCH_MINUTES": str(arguments.minutes), "BENCH_RUNS": str(arguments.runs)}
        environment |= {"DISPLAY": display} if display else {}
        environment |= {"ELECTRON_OVERRIDE_DIST_PATH": str(runtime)} if runtime else {}
        command = [NODE or "node", "--test", "--test-concurrency=1", "--test-reporter=spec", *files]
        return subprocess.call(command, cwd=DESKTOP, env=environment)


if __name__ == "__main__":
    sys.exit(main())
