"""`vestnik`: one program for the operator. Exit codes: 0 done, 1 refused or failed, 2 wrong usage or settings.

What a call has no use for is not imported: neither for the help, nor for a wrong option, nor for another command.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from runtime.commands.parser import SERVE, overrides, parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the exit code."""
    arguments = parser().parse_args(argv)
    from runtime.commands.settings_report import names_in, unknown_names
    from runtime.config import DOTENV, SettingsError, load_settings
    from runtime.logs import configure_logging

    try:
        settings = load_settings(os.environ, DOTENV, overrides(arguments))
        # a command for a moment says what it did; only a server tells its story
        level = "INFO" if arguments.run == SERVE else "WARNING"
        configure_logging(settings.log_format, level=level, per_second=settings.limit_log_lines)
        for sentence in unknown_names(names_in(os.environ, DOTENV)):
            print(f"vestnik: {sentence}", file=sys.stderr)
        if (warning := _warning_to_root(settings.data_dir)) is not None:
            print(f"vestnik: {warning}", file=sys.stderr)
        return int(arguments.run.load()(arguments, settings))
    except SettingsError as error:
        for problem in error.problems:
            print(f"vestnik: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except _refusals() as error:
        print(f"vestnik: {error}", file=sys.stderr)
        return 1


def _refusals() -> tuple[type[Exception], ...]:
    """What the operator is told in a line. Asked for when something was raised."""
    from runtime.age.header import NotAge
    from runtime.age.keys import KeyFileError
    from runtime.commands.account_commands import AccountError
    from runtime.commands.file_commands import FilesError
    from runtime.commands.index_commands import IndexFault
    from runtime.files.backup import DamagedBackup
    from runtime.opened_storage import StartupError
    from runtime.secrets.secret_files import SecretFileError
    from storage.migrate import MigrationError

    told = (StartupError, MigrationError, SecretFileError, DamagedBackup, KeyFileError, NotAge)
    return (*told, AccountError, FilesError, IndexFault, OSError)


def _warning_to_root(folder: Path) -> str | None:
    """None: nothing that is made there is in anybody's way."""
    if os.name != "posix" or os.geteuid() != 0 or not folder.is_dir() or folder.stat().st_uid == 0:
        return None
    try:
        owner = folder.owner()
    except KeyError:
        owner = str(folder.stat().st_uid)
    return (
        f"{folder} belongs to {owner}, and you are root: {owner} cannot open what you make there. Call this by "
        f"`runuser -u {owner} -- vestnik ...`; what is there already is given back by `chown -R {owner}: {folder}`"
    )


if __name__ == "__main__":
    sys.exit(main())
