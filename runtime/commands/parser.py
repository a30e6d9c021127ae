"""What `vestnik` understands: its commands and their options. What a command does stands in a module of its own, which
is imported when the command is called: all of them together are more than a second of a processor.
"""

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from attrs import frozen

from runtime.processes.option import OPTION
from runtime.version import VERSION

if TYPE_CHECKING:
    from runtime.config import Settings

ACCOUNT_CHANGES: dict[str, tuple[str, dict[str, object]]] = {
    "promote": ("make them an admin of the server", {"role": "admin"}),
    "demote": ("an admin of the server no more", {"role": "member"}),
    "disable": ("end all their sessions and let them in no more", {"disabled": True}),
    "enable": ("let them in again", {"disabled": False}),
}


@frozen
class Run:
    """What a command does: a function of the arguments and the settings that gives the exit code."""

    module: str
    """Of this package."""
    name: str

    def load(self) -> "Callable[[argparse.Namespace, Settings], int]":
        """Import it."""
        function = getattr(import_module(f"{__package__}.{self.module}"), self.name)
        return cast("Callable[[argparse.Namespace, Settings], int]", function)


SERVE: Final = Run("cli_serve", "serve_here")


def parser() -> argparse.ArgumentParser:
    """Of all of `vestnik`; what it reads has the Run of its command as `run`."""
    whole = argparse.ArgumentParser(prog="vestnik", description="A self-hosted messenger.")
    whole.add_argument("--version", action="version", version=f"vestnik {VERSION}")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--database", metavar="URL", help="sqlite:///path or mysql://user:password@host/name")
    common.add_argument("--data-dir", metavar="DIR", help="database, keys and uploads; by default ./var")

    served = commands.add_parser("serve", parents=[common], help="serve until SIGTERM or Ctrl-C")
    served.add_argument("--host", help="address to listen on; by default 127.0.0.1")
    served.add_argument("--port", help="TCP port; by default 8000; 0 takes a free one")
    served.add_argument("--workers", metavar="N", help="so many processes serve together; by default 1")
    served.add_argument(OPTION, help=argparse.SUPPRESS)
    served.set_defaults(run=SERVE)

    migrated = commands.add_parser("migrate", parents=[common], help="bring the database to this version's schema")
    migrated.set_defaults(run=Run("cli_schema", "migrate"))

    _add_people(commands, common)
    _add_data(commands, common)
    _add_health(commands, common)

    config = commands.add_parser("config", parents=[common], help="the settings in force, and where they came from")
    config.add_argument("--json", action="store_true", help="for programs")
    config.set_defaults(run=Run("cli_settings", "config"))

    key = commands.add_parser("key", help="what signs access tokens").add_subparsers(required=True, metavar="ACTION")
    rotated = key.add_parser("rotate", parents=[common], help="a new one; tokens of the old one live out their time")
    rotated.add_argument("--now", action="store_true", help="the old one leaked: what it signed is good no more")
    rotated.set_defaults(run=Run("cli_settings", "key_rotate"))

    demo = commands.add_parser("demo", help="three people chat over real sockets while links are cut")
    demo.set_defaults(run=Run("cli_demo", "demo"))
    return whole


def overrides(arguments: argparse.Namespace) -> dict[str, object]:
    """The settings that stand on the command line; None where one does not."""
    names = {"host": "host", "port": "port", "workers": "workers", "database": "database_url", "data_dir": "data_dir"}
    names["key"] = "backup_key"
    return {setting: getattr(arguments, name, None) for name, setting in names.items()}


def _add_people(commands: Any, common: argparse.ArgumentParser) -> None:
    user = commands.add_parser("user", help="accounts").add_subparsers(required=True, metavar="ACTION")
    created = user.add_parser("create", parents=[common], help="make an account; asks for the password")
    created.add_argument("username")
    created.add_argument("--email")
    created.add_argument("--display-name")
    created.set_defaults(run=Run("cli_people", "user_create"))
    listed = user.add_parser("list", parents=[common], help="all accounts, one a line, with role and state")
    listed.add_argument("--json", action="store_true", help="one JSON object a line")
    listed.set_defaults(run=Run("cli_people", "user_list"))
    reset = user.add_parser("reset-password", parents=[common], help="set a new password and end all sessions")
    reset.add_argument("username")
    reset.set_defaults(run=Run("cli_people", "user_reset"))
    link = user.add_parser("reset-link", parents=[common], help="a link to set a new password with, for an hour, once")
    link.add_argument("username")
    link.set_defaults(run=Run("cli_people", "user_reset_link"))

    signed_out = user.add_parser("sign-out", parents=[common], help="end all their sessions")
    signed_out.add_argument("username")
    signed_out.add_argument("--session", type=int, metavar="ID", help="this one alone")
    signed_out.set_defaults(run=Run("cli_people", "user_sign_out"))

    seen = user.add_parser("sessions", parents=[common], help="id, log-in, last use, address and device of each")
    seen.add_argument("username")
    seen.set_defaults(run=Run("cli_people", "user_sessions"))

    deleted = user.add_parser("delete", parents=[common], help="erase an account for good; its messages stay")
    deleted.add_argument("username")
    deleted.set_defaults(run=Run("cli_people", "user_delete"))

    exported = user.add_parser("export", parents=[common], help="what the server has of them, as a ZIP for them")
    exported.add_argument("username")
    exported.add_argument("--to", required=True, type=Path, metavar="FILE", help="a file that is not there yet")
    exported.set_defaults(run=Run("cli_people", "user_export"))

    for action, (help_text, change) in ACCOUNT_CHANGES.items():
        changed = user.add_parser(action, parents=[common], help=help_text)
        changed.add_argument("username")
        changed.set_defaults(run=Run("cli_people", "user_change"), change=change)

    invite = commands.add_parser("invite", help="invitations").add_subparsers(required=True, metavar="ACTION")
    invited = invite.add_parser("create", parents=[common], help="a link by which people register")
    invited.add_argument("--uses", type=int, default=1, help="how many people may come by it; by default 1")
    invited.add_argument("--days", type=int, default=7, help="how long it counts; by default 7")
    invited.set_defaults(run=Run("cli_people", "invite_create"))
    invites = invite.add_parser("list", parents=[common], help="id, used of uses, end, state")
    invites.set_defaults(run=Run("cli_people", "invite_list"))
    revoked = invite.add_parser("revoke", parents=[common], help="nobody comes by it any more")
    revoked.add_argument("id", type=int)
    revoked.set_defaults(run=Run("cli_people", "invite_revoke"))

    audit = commands.add_parser("audit", parents=[common], help="what administrators did, the newest first")
    audit.add_argument("--limit", type=int, default=50, help="how many lines; by default 50")
    audit.set_defaults(run=Run("cli_people", "audit"))

    mail = commands.add_parser("mail", help="letters to people").add_subparsers(required=True, metavar="ACTION")
    tested = mail.add_parser("test", parents=[common], help="send one now, and say what the server answered")
    tested.add_argument("address")
    tested.set_defaults(run=Run("cli_people", "mail_test"))


def _add_data(commands: Any, common: argparse.ArgumentParser) -> None:
    index = commands.add_parser("index", help="what messages are searched by").add_subparsers(
        required=True, metavar="ACTION"
    )
    told = index.add_parser("status", parents=[common], help="how much of all messages it has")
    told.set_defaults(run=Run("cli_data", "index_status"))
    rebuilt = index.add_parser("rebuild", parents=[common], help="make it anew, or go on where that was stopped")
    rebuilt.set_defaults(run=Run("cli_data", "index_rebuild"))

    backup = commands.add_parser("backup", parents=[common], help="everything to one file, while servers run")
    backup.add_argument("file", type=Path, nargs="?")
    backup.add_argument("--to", type=Path, metavar="DIR", help="into this folder, named by the time")
    backup.add_argument("--keep", metavar="7d,4w,12m", help="with --to: for days, weeks, months; the others there go")
    backup.add_argument("--without-files", action="store_true", help="the database alone")
    backup.add_argument("--key", metavar="FILE", help="encrypt it for the public keys in this file")
    backup.set_defaults(run=Run("cli_data", "make_backup"))
    keys = commands.add_parser("backup-key", parents=[common], help="a secret key for backups, and its public one")
    keys.add_argument("file", type=Path, help="the secret key comes here; the public one to the same name and .pub")
    keys.set_defaults(run=Run("cli_settings", "backup_key"))
    restored = commands.add_parser("restore", parents=[common], help="a backup into a migrated database")
    restored.add_argument("file", type=Path)
    restored.add_argument("--replace", action="store_true", help="lose what is in the database now")
    restored.add_argument("--check", action="store_true", help="only read all of it, and say whether it is whole")
    restored.add_argument("--key", metavar="FILE", help="the secret key of one that is encrypted")
    restored.set_defaults(run=Run("cli_data", "load_backup"))
    kept = commands.add_parser("files", help="the bytes of files").add_subparsers(required=True, metavar="ACTION")
    checked = kept.add_parser("check", parents=[common], help="what is missing, damaged, or of no file")
    checked.add_argument("--hashes", action="store_true", help="read every byte")
    checked.set_defaults(run=Run("cli_data", "files_check"))
    collected = kept.add_parser("gc", parents=[common], help="remove what no file needs")
    collected.add_argument("--dry-run", action="store_true", help="only say what that is")
    collected.set_defaults(run=Run("cli_data", "files_gc"))
    moved = kept.add_parser("move", parents=[common], help="from VESTNIK_FILES_OLD_URL to VESTNIK_FILES_URL")
    moved.set_defaults(run=Run("cli_data", "files_move"))
    epoch = commands.add_parser("epoch", help="the history that the database belongs to").add_subparsers(
        required=True, metavar="ACTION"
    )
    renewed = epoch.add_parser("new", parents=[common], help="after a restore by other means: clients start anew")
    renewed.set_defaults(run=Run("cli_schema", "epoch_new"))


def _add_health(commands: Any, common: argparse.ArgumentParser) -> None:
    doctor = commands.add_parser("doctor", parents=[common], help="is this installation well? changes nothing")
    doctor.add_argument("--json", action="store_true", help="for programs")
    doctor.set_defaults(run=Run("cli_doctor", "doctor"))
    verified = commands.add_parser(
        "verify", parents=[common], help="is what is stored whole? changes nothing of itself"
    )
    verified.add_argument("--without-files", action="store_true", help="the database alone")
    verified.add_argument("--repair", action="store_true", help="first make anew what follows from the rest")
    verified.set_defaults(run=Run("cli_verify", "verify_all"))
