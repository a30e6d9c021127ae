"""The commands for settings and keys, which need no database."""

import argparse
import os
from datetime import UTC, datetime

import msgspec
from attrs import asdict

from runtime.age.keys import KeyFileError, make_keys
from runtime.commands.parser import overrides
from runtime.commands.settings_report import report, table
from runtime.config import DOTENV, Settings
from runtime.secrets import signing_keys


def config(arguments: argparse.Namespace, settings: Settings) -> int:
    lines = report(os.environ, DOTENV, overrides(arguments))
    print(msgspec.json.encode([asdict(line) for line in lines]).decode() if arguments.json else table(lines))
    return 0


def key_rotate(arguments: argparse.Namespace, settings: Settings) -> int:
    path = signing_keys.rotate(settings, datetime.now(UTC), at_once=arguments.now)
    dropped = ", and what the old one signed opens nothing" if arguments.now else ""
    print(f"{path} holds a new key. Restart the servers: from then on they sign with it{dropped}")
    print("with several workers restart it now, all at once: one that starts alone signs what the others refuse")
    return 0


def backup_key(arguments: argparse.Namespace, settings: Settings) -> int:
    public = arguments.file.with_name(f"{arguments.file.name}.pub")
    if public.exists():
        raise KeyFileError(f"{public}: is there already")
    text = make_keys(arguments.file)
    public.write_text(f"{text}\n")
    print(
        f"{arguments.file} holds the secret key: keep it away from this server, in two places, or no backup is readable"
    )
    print(f"{public} holds the public one: set VESTNIK_BACKUP_KEY to its path, absolute")
    return 0
