"""`vestnik verify`: looks whether what is stored is whole."""

import argparse
import sys
from functools import partial

import trio

from runtime.commands import file_commands
from runtime.config import Settings
from runtime.opened_storage import require_database
from storage.repair import repair
from storage.verify import verify


def verify_all(arguments: argparse.Namespace, settings: Settings) -> int:
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
