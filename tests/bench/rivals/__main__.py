"""Vestnik beside its rivals, in one interleaved run: ./just bench rivals. docs/benchmarks.md tells how to read it."""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

import attrs

from tests.bench.rivals import load
from tests.bench.rivals.contest import Contest, gathered
from tests.bench.rivals.figures import medians
from tests.bench.rivals.load import LoadError
from tests.bench.rivals.measures import MEASURES, NEEDS
from tests.bench.rivals.places import FOLDER
from tests.bench.rivals.processes import take_the_other_cpu
from tests.bench.rivals.profile import profile
from tests.bench.rivals.runs import Pace
from tests.bench.rivals.ten_thousand import sockets
from tests.mariadb_server import private_mariadb

DATABASE_OPTIONS: Final = ("--innodb-buffer-pool-size=256M", "--innodb-log-file-size=256M")
"""The same server for all; commits are written to disk (innodb_flush_log_at_trx_commit=1)."""


def main() -> int:
    """Exit code 0 where every goal that was measured is reached, 1 where one is missed, 2 where nothing can be
    measured here."""
    arguments = _parser().parse_args()
    unknown = set(arguments.only or ()) - set(MEASURES)
    if unknown:
        _parser().error(f"no such measure: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    if load.compiler() is None or shutil.which("mariadbd", path="/usr/sbin:/usr/bin:/usr/libexec") is None:
        print("bench: needs gcc and mariadbd (Debian: gcc libc6-dev mariadb-server-core)", file=sys.stderr)
        return 2
    take_the_other_cpu()
    try:
        load.build()
        found = _run(arguments)
    except LoadError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    _summarize(found)
    if arguments.json:
        _write(arguments.json, found)
    return 1 if any(goal.reached is False for goal in found.goals) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./just bench rivals", description=__doc__)
    parser.add_argument("--only", action="append", metavar="NAME", help=f"of {', '.join(MEASURES)}; may be repeated")
    parser.add_argument("--quick", action="store_true", help="one short round: does it work? The figures say little")
    parser.add_argument("--rounds", type=int, help="3, or 1 with --quick")
    parser.add_argument("--seconds", type=float, help="of each single run: 10, or 2 with --quick")
    parser.add_argument("--top", type=int, help="messages in the largest store: 10 million, or 100,000 with --quick")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--sockets", type=int, metavar="COUNT", help="instead: so many sockets at once, e.g. 10000")
    parser.add_argument("--profile", action="store_true", help="instead: where the time of a saturated server goes")
    parser.add_argument("--stacks", type=Path, metavar="FILE", help="with --profile: the stacks, for a flame graph")
    return parser


def _run(arguments: argparse.Namespace) -> Contest:
    quick = arguments.quick
    pace = Pace(
        arguments.rounds or (1 if quick else 3), arguments.seconds or (2.0 if quick else 10.0), 0.5 if quick else 2
    )
    alone = arguments.sockets or arguments.profile
    names = () if alone else arguments.only or tuple(MEASURES)
    folder = FOLDER / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tempfile.tempdir = str(folder)  # the database lies there, on a real disk as far as the checkout does
    mariadb = private_mariadb(*DATABASE_OPTIONS, on_disk=True)
    top = arguments.top or (100_000 if quick else 10_000_000)
    try:
        with gathered(pace, mariadb, folder, top, set(names), NEEDS) as contest:
            for name in names:
                MEASURES[name].take(contest)
            if arguments.sockets:
                sockets(contest, arguments.sockets, max(pace.seconds, 5.0))
            if arguments.profile:
                profile(contest, arguments.stacks)
            return contest
    finally:
        mariadb.stop()


def _summarize(found: Contest) -> None:
    if found.goals:
        print("\nAll goals:")
    for goal in found.goals:
        print(goal.line())
    for trouble in found.troubles:
        print(f"  ! {trouble}")


def _write(path: Path, found: Contest) -> None:
    goals = [attrs.asdict(goal) | {"reached": goal.reached} for goal in found.goals]
    figures = {title: {"rounds": rounds, "median": medians(rounds)} for title, rounds in found.figures.items()}
    whole = {"goals": goals, "figures": figures, "absent": found.absent, "troubles": found.troubles}
    path.write_text(json.dumps(whole, indent=1))


if __name__ == "__main__":
    sys.exit(main())
