"""`vestnik doctor`: looks whether the installation is well."""

import argparse
import os

import msgspec
from attrs import asdict

from runtime.commands.doctor import examine
from runtime.commands.settings_report import names_in, unknown_names
from runtime.config import DOTENV, Settings


def doctor(arguments: argparse.Namespace, settings: Settings) -> int:
    found = list(examine(settings, unknown_names(names_in(os.environ, DOTENV))))
    if arguments.json:
        print(msgspec.json.encode([asdict(one) for one in found]).decode())
    else:
        for one in found:
            print(f"{one.verdict:4}  {one.what}: {one.told}")
    return 1 if any(one.verdict == "fail" for one in found) else 0
