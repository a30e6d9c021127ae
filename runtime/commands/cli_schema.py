"""The commands for the database itself: its schema, and the history that it belongs to."""

import argparse

from runtime.config import Settings
from storage.backup import new_epoch
from storage.migrate import upgrade_kept


def migrate(arguments: argparse.Namespace, settings: Settings) -> int:
    print(upgrade_kept(settings.database_url))
    return 0


def epoch_new(arguments: argparse.Namespace, settings: Settings) -> int:
    print(f"the new epoch is {new_epoch(settings.database_url)}")
    return 0
