"""The commands that look whether all is well: `doctor` at the installation, `verify` at what is stored."""

import argparse
import os
import sys
from functools import partial
from typing import Any

import msgspec
import trio
from attrs import asdict

from runtime.commands import file_commands
from runtime.commands.doctor import examine
from runtime.commands.settings_report import names_in, unknown_names
from runtime.config import DOTENV, Settings
from runtime.opened_storage import require_database
from storage.repair import repair
from storage.verify import verify


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """`commands`: the subparsers of `vestnik`; `common`: the options that each has."""
    doctor = commands.add_parser("doctor", parents=[common], help="is this installation well? changes nothing")
    doctor.add_argument("--json", action="store_true", help="for programs")
    doctor.set_defaults(run=_doctor)
    verified = commands.add_parser(
        "verify", parents=[common], help="is what is stored whole? changes nothing of itself"
    )
    verified.add_argument("--without-files", action="store_true", help="the database alone")
    verified.add_argument("--repair", action="store_true", help="first make anew what follows from the rest")
    verified.set_defaults(run=_verify)


def _doctor(arguments: argparse.Namespace, settings: Settings) -> int:
    found = list(examine(settings, unknown_names(names_in(os.environ, DOTENV))))
    if arguments.json:
        print(msgspec.json.encode([asdict(one) for one in found]).decode())
    else:
        for one in found:
            print(f"{one.verdict:4}  {one.what}: {one.told}")
    return 1 if any(one.verdict == "fail" for one in found) else 0


def _verify(arguments: argparse.Namespace, settings: Settings) -> int:
    url = settings.database_url
    require_database(url)
    for line in repair(url) if arguments.repair else ():
        print(f"repaired: {line}")
    faults = verify(url, _looking)
    for fault in faults:
        print(f"{fault.part}: {fault.text}")
    print(f"the database: {len(faults)} faults" if faults else "the database is whole")
    fine = arguments.without_files or trio.run(partial(file_commands.check, settings, print, hashes=False))
    return 1 if faults or not fine else 0


def _looking(part: str) -> None:
    """Where somebody looks."""
    if sys.stderr.isatty():
        print(f"looking at: {part}", file=sys.stderr, flush=True)
