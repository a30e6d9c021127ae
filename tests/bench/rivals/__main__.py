"""Vestnik beside its rivals, in one interleaved run: ./just bench rivals. docs/benchmarks.md tells how to read it."""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import attrs

from tests.bench.rivals import contest, load
from tests.bench.rivals.figures import medians
from tests.bench.rivals.measures import Pace
from tests.bench.rivals.places import FOLDER
from tests.bench.rivals.processes import take_the_other_cpu
from tests.mariadb import MariaDB, private_mariadb

DATABASE_OPTIONS = ("--innodb-buffer-pool-size=256M", "--innodb-log-file-size=256M")
"""The same server for all; commits are written to disk (innodb_flush_log_at_trx_commit=1)."""


def main() -> int:
    """Exit code 0 where every goal that was measured is reached, 1 where one is missed, 2 where nothing can be
    measured here."""
    arguments = _parser().parse_args()
    unknown = set(arguments.only or ()) - set(contest.MEASURES)
    if unknown:
        _parser().error(f"no such measure: {', '.join(sorted(unknown))}; there are {', '.join(contest.MEASURES)}")
    if load.compiler() is None or shutil.which("mariadbd", path="/usr/sbin:/usr/bin:/usr/libexec") is None:
        print("bench: needs gcc and mariadbd (Debian: gcc libc6-dev mariadb-server-core)", file=sys.stderr)
        return 2
    rounds = arguments.rounds or (1 if arguments.quick else 3)
    seconds = arguments.seconds or (2.0 if arguments.quick else 10.0)
    pace = Pace(rounds, seconds, 0.5 if arguments.quick else 2.0)
    take_the_other_cpu()
    load.build()
    folder = _fresh_folder()
    tempfile.tempdir = str(folder)  # the database lies there, on a real disk as far as the checkout does
    mariadb = private_mariadb(*DATABASE_OPTIONS)
    try:
        found = _contest(arguments, pace, mariadb, folder)
    finally:
        mariadb.stop()
    missed = [goal for goal in found.goals if goal.reached is False]
    print("\nAll goals:")
    for goal in found.goals:
        print(goal.line())
    for trouble in found.troubles:
        print(f"  ! {trouble}")
    if arguments.json:
        _write(arguments.json, found)
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./just bench rivals", description=__doc__)
    parser.add_argument("--only", action="append", metavar="NAME", help=f"of {', '.join(contest.MEASURES)}")
    parser.add_argument("--quick", action="store_true", help="one short round: does it work? The figures say little")
    parser.add_argument("--rounds", type=int, help="3, or 1 with --quick")
    parser.add_argument("--seconds", type=float, help="of each single run: 10, or 2 with --quick")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    return parser


def _contest(arguments: argparse.Namespace, pace: Pace, mariadb: MariaDB, folder: Path) -> contest.Contest:
    names = arguments.only or list(contest.MEASURES)
    pid = int((mariadb.folder / "pid").read_text())
    with contest.gathered(pace, mariadb, pid, folder, set(names)) as found:
        for name in names:
            contest.MEASURES[name].take(found)
    return found


def _fresh_folder() -> Path:
    folder = FOLDER / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _write(path: Path, found: contest.Contest) -> None:
    goals = [attrs.asdict(goal) | {"reached": goal.reached} for goal in found.goals]
    figures = {title: {"rounds": rounds, "median": medians(rounds)} for title, rounds in found.figures.items()}
    whole = {"goals": goals, "figures": figures, "absent": found.absent, "troubles": found.troubles}
    path.write_text(json.dumps(whole, indent=1))


if __name__ == "__main__":
    sys.exit(main())
