"""`vestnik`: one program for the operator. Exit codes: 0 done, 1 refused or failed, 2 wrong usage or settings."""

import argparse
import getpass
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import SystemRandom

import trio

from runtime import account_commands, file_commands, index_commands, signing_keys
from runtime.collecting import settle
from runtime.compose import StartupError, compose
from runtime.config import Settings, SettingsError, load_settings
from runtime.files.backup import DamagedBackup, Saved
from runtime.logs import configure_logging, get_logger
from runtime.secret_files import SecretFileError
from runtime.serve import bind, raise_descriptor_limit, serve, url_of
from runtime.settings_report import names_in, report, unknown_names
from runtime.version import VERSION
from storage.backup import back_up, new_epoch, restore
from storage.migrate import MigrationError, sqlite_path, upgrade

log = get_logger(__name__)

DOTENV = Path(".env")
"""Beside what the service is started in."""
MAX_USES, LONGEST_DAYS = 1000, 90
_ACCOUNT_CHANGES: dict[str, tuple[str, dict[str, object]]] = {
    "promote": ("make them an admin of the server", {"role": "admin"}),
    "demote": ("an admin of the server no more", {"role": "member"}),
    "disable": ("end all their sessions and let them in no more", {"disabled": True}),
    "enable": ("let them in again", {"disabled": False}),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        settings = load_settings(os.environ, DOTENV, _overrides(arguments))
        # a command for a moment says what it did; only a server tells its story
        level = "INFO" if arguments.run is _serve else "WARNING"
        configure_logging(settings.log_format, level=level, per_second=settings.limit_log_lines)
        for sentence in unknown_names(names_in(os.environ, DOTENV)):
            print(f"vestnik: {sentence}", file=sys.stderr)
        return int(arguments.run(arguments, settings))
    except SettingsError as error:
        for problem in error.problems:
            print(f"vestnik: {problem}", file=sys.stderr)
        return 2
    except (
        StartupError,
        MigrationError,
        SecretFileError,
        DamagedBackup,
        account_commands.AccountError,
        file_commands.FilesError,
        index_commands.IndexFault,
        OSError,
    ) as error:
        print(f"vestnik: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vestnik", description="A self-hosted messenger.")
    parser.add_argument("--version", action="version", version=f"vestnik {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--database", metavar="URL", help="sqlite:///path or mysql://user:password@host/name")
    common.add_argument("--data-dir", metavar="DIR", help="database, keys and uploads; by default ./var")

    served = commands.add_parser("serve", parents=[common], help="serve until SIGTERM or Ctrl-C")
    served.add_argument("--host", help="address to listen on; by default 127.0.0.1")
    served.add_argument("--port", help="TCP port; by default 8000; 0 takes a free one")
    served.set_defaults(run=_serve)

    migrated = commands.add_parser("migrate", parents=[common], help="bring the database to this version's schema")
    migrated.set_defaults(run=_migrate)

    user = commands.add_parser("user", help="accounts").add_subparsers(required=True, metavar="ACTION")
    created = user.add_parser("create", parents=[common], help="make an account; asks for the password")
    created.add_argument("username")
    created.add_argument("--email")
    created.add_argument("--display-name")
    created.set_defaults(run=_user_create)
    listed = user.add_parser("list", parents=[common], help="all accounts, one a line")
    listed.set_defaults(run=_user_list)
    reset = user.add_parser("reset-password", parents=[common], help="set a new password and end all sessions")
    reset.add_argument("username")
    reset.set_defaults(run=_user_reset)
    link = user.add_parser("reset-link", parents=[common], help="a link to set a new password with, for an hour, once")
    link.add_argument("username")
    link.set_defaults(run=_user_reset_link)

    for action, (help_text, change) in _ACCOUNT_CHANGES.items():
        changed = user.add_parser(action, parents=[common], help=help_text)
        changed.add_argument("username")
        changed.set_defaults(run=_user_change, change=change)

    invite = commands.add_parser("invite", help="invitations").add_subparsers(required=True, metavar="ACTION")
    invited = invite.add_parser("create", parents=[common], help="a link by which people register")
    invited.add_argument("--uses", type=int, default=1, help="how many people may come by it; by default 1")
    invited.add_argument("--days", type=int, default=7, help="how long it counts; by default 7")
    invited.set_defaults(run=_invite_create)
    invites = invite.add_parser("list", parents=[common], help="id, used of uses, end, state")
    invites.set_defaults(run=_invite_list)
    revoked = invite.add_parser("revoke", parents=[common], help="nobody comes by it any more")
    revoked.add_argument("id", type=int)
    revoked.set_defaults(run=_invite_revoke)

    mail = commands.add_parser("mail", help="letters to people").add_subparsers(required=True, metavar="ACTION")
    tested = mail.add_parser("test", parents=[common], help="send one now, and say what the server answered")
    tested.add_argument("address")
    tested.set_defaults(run=_mail_test)

    index = commands.add_parser("index", help="what messages are searched by").add_subparsers(
        required=True, metavar="ACTION"
    )
    told = index.add_parser("status", parents=[common], help="how much of all messages it has")
    told.set_defaults(run=_index_status)
    rebuilt = index.add_parser("rebuild", parents=[common], help="make it anew, or go on where that was stopped")
    rebuilt.set_defaults(run=_index_rebuild)

    backup = commands.add_parser("backup", parents=[common], help="everything to one file, while servers run")
    backup.add_argument("file", type=Path)
    backup.add_argument("--without-files", action="store_true", help="the database alone")
    backup.set_defaults(run=_backup)
    restored = commands.add_parser("restore", parents=[common], help="a backup into a migrated database")
    restored.add_argument("file", type=Path)
    restored.add_argument("--replace", action="store_true", help="lose what is in the database now")
    restored.set_defaults(run=_restore)
    kept = commands.add_parser("files", help="the bytes of files").add_subparsers(required=True, metavar="ACTION")
    checked = kept.add_parser("check", parents=[common], help="what is missing, damaged, or of no file")
    checked.add_argument("--hashes", action="store_true", help="read every byte")
    checked.set_defaults(run=_files_check)
    collected = kept.add_parser("gc", parents=[common], help="remove what no file needs")
    collected.add_argument("--dry-run", action="store_true", help="only say what that is")
    collected.set_defaults(run=_files_gc)
    moved = kept.add_parser("move", parents=[common], help="from VESTNIK_FILES_OLD_URL to VESTNIK_FILES_URL")
    moved.set_defaults(run=_files_move)
    epoch = commands.add_parser("epoch", help="the history that the database belongs to").add_subparsers(
        required=True, metavar="ACTION"
    )
    renewed = epoch.add_parser("new", parents=[common], help="after a restore by other means: clients start anew")
    renewed.set_defaults(run=_epoch_new)

    config = commands.add_parser("config", parents=[common], help="the settings in force, and where they came from")
    config.set_defaults(run=_config)

    key = commands.add_parser("key", help="what signs access tokens").add_subparsers(required=True, metavar="ACTION")
    rotated = key.add_parser("rotate", parents=[common], help="a new one; tokens of the old one live out their time")
    rotated.set_defaults(run=_key_rotate)

    demo = commands.add_parser("demo", help="three people chat over real sockets while links are cut")
    demo.set_defaults(run=_demo)
    return parser


def _overrides(arguments: argparse.Namespace) -> dict[str, object]:
    names = {"host": "host", "port": "port", "database": "database_url", "data_dir": "data_dir"}
    return {setting: getattr(arguments, name, None) for name, setting in names.items()}


def _config(arguments: argparse.Namespace, settings: Settings) -> int:
    print("\n".join(report(os.environ, DOTENV, _overrides(arguments))))
    return 0


def _key_rotate(arguments: argparse.Namespace, settings: Settings) -> int:
    path = signing_keys.rotate(settings, datetime.now(UTC))
    print(f"{path} holds a new key. Restart the servers: from then on they sign with it")
    return 0


# --- serve and migrate ---


def _serve(arguments: argparse.Namespace, settings: Settings) -> int:
    raise_descriptor_limit()
    trio.run(_serve_forever, settings)
    return 0


async def _serve_forever(settings: Settings) -> None:
    with bind(settings.host, settings.port) as listener:  # before anything else: a taken port should fail at once
        async with compose(settings) as composed:
            setup = await account_commands.first_code(composed.driver.request)
            await serve(
                composed.app,
                host=settings.host,
                port=settings.port,
                on_ready=partial(_greet, composed.has_pages, setup, settings.public_url),
                drain=composed.drain,
                endpoint=composed.endpoint,
                listening_socket=listener,
            )


def _greet(has_pages: bool, setup: str | None, public_url: str, url: str) -> None:
    """What to do next, for the one who started it in a terminal; programs wait for the first line."""
    settle()
    log.info("serving", url=url, version=VERSION)
    print(f"Vestnik listens on {url}/", flush=True)
    if has_pages:
        print(f"  The messenger: open {url}/ in a browser, or `./just desktop` in another terminal.", flush=True)
    else:
        print("  Next: register with POST /api/auth/register or `vestnik user create NAME`.", flush=True)
    if setup is not None:
        print(
            f"  Nobody is here yet. The first administrator registers at {public_url or url}/join#{setup}", flush=True
        )
    print(f"  API and docs: {url}/docs   WebSocket: {url.replace('http', 'ws', 1)}/ws", flush=True)
    print("  Alone? `./just echo` in another terminal starts a bot that answers. Ctrl-C stops.", flush=True)


def _migrate(arguments: argparse.Namespace, settings: Settings) -> int:
    print(upgrade(settings.database_url))
    return 0


# --- index ---


def _index_status(arguments: argparse.Namespace, settings: Settings) -> int:
    print(_told(trio.run(index_commands.status, settings)))
    return 0


def _index_rebuild(arguments: argparse.Namespace, settings: Settings) -> int:
    measure = trio.run(index_commands.rebuild, settings, partial(_bar, unit="entries"))
    print(_told(measure))
    return 0


def _told(measure: index_commands.Measure) -> str:
    share = measure.indexed / measure.entries if measure.entries else 1.0
    waiting = f"; the index of {measure.outdated} is to be made anew" if measure.outdated else ""
    return f"{measure.indexed} of {measure.entries} entries in {measure.chats} chats are indexed ({share:.1%}){waiting}"


# --- backup ---


def _bar(done: int, total: int, unit: str = "rows") -> None:
    """A progress bar where somebody looks."""
    if sys.stderr.isatty():
        share = done / total if total else 1.0
        print(f"\r{'█' * int(30 * share):30} {share:6.1%} of {total} {unit} ", end="", file=sys.stderr, flush=True)


def _backup(arguments: argparse.Namespace, settings: Settings) -> int:
    saved: list[Saved] = []

    def add(draft: Path) -> None:
        if not arguments.without_files:
            saved.append(trio.run(file_commands.back_up, settings, draft, _progress))

    rows = back_up(settings.database_url, arguments.file, _bar, add)
    print(f"{arguments.file}: {rows} rows, compared with their source")
    for files in saved:
        print(f"and the bytes of files: {files.blobs} blobs, {files.size / 2**20:.1f} MiB")
        for key in files.missing:
            print(f"vestnik: {key} is not in the store: a file that cannot be read", file=sys.stderr)
    return 1 if any(files.missing for files in saved) else 0


def _progress(line: str) -> None:
    """Where somebody looks."""
    if sys.stderr.isatty():
        print(line, file=sys.stderr, flush=True)


def _restore(arguments: argparse.Namespace, settings: Settings) -> int:
    url = settings.database_url
    if url.startswith("sqlite:"):
        if not sqlite_path(url).exists():  # a wrong folder, most likely: a new one would be filled, and never served
            raise MigrationError(
                f"there is no database at {sqlite_path(url)}: name the server's folder with --data-dir or --database, "
                "or make an empty one first with `vestnik migrate`"
            )
        upgrade(url)
    loaded = trio.run(file_commands.load, settings, arguments.file, _progress) if arguments.file.is_file() else None
    epoch = restore(arguments.file, url, replace=arguments.replace, progress=_bar)
    print(f"{arguments.file} is restored; the new epoch is {epoch}")
    what = f"{loaded} blobs, compared with their digests" if loaded is not None else "none; `vestnik files check` tells"
    print(f"bytes of files in it: {what}")
    _remove_key(settings)
    return 0


def _remove_key(settings: Settings) -> None:
    """Tokens of log-ins that are gone open nothing in any case; under a new key they are not even read."""
    if settings.jwt_secret:
        print("the key for access tokens is in VESTNIK_JWT_SECRET: put a new one there before the servers start")
        return
    path = settings.data_dir / signing_keys.FILE_NAME
    try:
        path.unlink()
    except FileNotFoundError:
        print(f"no key for access tokens was found at {path}: if a server keeps its own elsewhere, remove it there")
    else:
        print(f"the key for access tokens at {path} is removed; the next start makes a new one")


def _epoch_new(arguments: argparse.Namespace, settings: Settings) -> int:
    print(f"the new epoch is {new_epoch(settings.database_url)}")
    return 0


# --- files ---


def _say(line: str) -> None:
    print(line, flush=True)


def _files_check(arguments: argparse.Namespace, settings: Settings) -> int:
    fine = trio.run(partial(file_commands.check, settings, _say, hashes=arguments.hashes))
    return 0 if fine else 1


def _files_gc(arguments: argparse.Namespace, settings: Settings) -> int:
    trio.run(partial(file_commands.collect, settings, _say, dry=arguments.dry_run))
    return 0


def _files_move(arguments: argparse.Namespace, settings: Settings) -> int:
    trio.run(file_commands.bring, settings, _say)
    return 0


# --- accounts ---


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise account_commands.AccountError("the passwords differ")
    return password


def _user_create(arguments: argparse.Namespace, settings: Settings) -> int:
    password = _password()
    user_id = trio.run(
        account_commands.create, settings, arguments.username, arguments.email, arguments.display_name, password
    )
    print(f"created {arguments.username} (id {user_id})")
    return 0


def _user_list(arguments: argparse.Namespace, settings: Settings) -> int:
    for user in trio.run(account_commands.list_all, settings):
        print(f"{user.id}\t{user.username}\t{user.display_name}\t{user.created_at:%Y-%m-%d}")
    return 0


def _user_reset(arguments: argparse.Namespace, settings: Settings) -> int:
    ended = trio.run(account_commands.reset_password, settings, arguments.username, _password())
    print(f"the password of {arguments.username} is set; sessions ended: {ended}")
    return 0


def _user_reset_link(arguments: argparse.Namespace, settings: Settings) -> int:
    print(trio.run(account_commands.reset_link, settings, arguments.username))
    if not settings.public_url:
        print("set VESTNIK_PUBLIC_URL where people find the server elsewhere", file=sys.stderr)
    return 0


def _user_change(arguments: argparse.Namespace, settings: Settings) -> int:
    trio.run(partial(account_commands.set_account, settings, arguments.username, **arguments.change))
    print(f"{arguments.username}: done")
    return 0


def _invite_create(arguments: argparse.Namespace, settings: Settings) -> int:
    if not (1 <= arguments.uses <= MAX_USES and 1 <= arguments.days <= LONGEST_DAYS):
        print(f"vestnik: uses are 1 to {MAX_USES}, days 1 to {LONGEST_DAYS}", file=sys.stderr)
        return 2
    print(trio.run(account_commands.create_invite, settings, arguments.uses, arguments.days))
    return 0


def _invite_list(arguments: argparse.Namespace, settings: Settings) -> int:
    for one in trio.run(account_commands.list_invites, settings):
        state = "revoked" if one.revoked else "-"
        print(f"{one.id}\t{one.used} of {one.uses}\t{one.expires_at:%Y-%m-%d %H:%M}\t{state}")
    return 0


def _invite_revoke(arguments: argparse.Namespace, settings: Settings) -> int:
    trio.run(account_commands.revoke_invite, settings, arguments.id)
    print(f"{arguments.id}: revoked")
    return 0


def _mail_test(arguments: argparse.Namespace, settings: Settings) -> int:
    trio.run(account_commands.send_test, settings, arguments.address)
    print(f"the server for letters has taken one for {arguments.address}")
    return 0


# --- demo ---


def _demo(arguments: argparse.Namespace, settings: Settings) -> int:
    """The server and the three people are processes of their own, as in real life."""
    with tempfile.TemporaryDirectory(prefix="vestnik-demo-") as folder, bind("127.0.0.1", 0) as listener:
        url = url_of(listener)
        port = listener.getsockname()[1]
        listener.close()
        command = [sys.executable, "-m", "runtime.cli", "serve", "--port", str(port), "--data-dir", folder]
        environment = os.environ | {"VESTNIK_LOG_FORMAT": "json", "VESTNIK_DATABASE_URL": ""}
        with open(Path(folder) / "server.log", "wb") as log:
            server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log)
            try:
                assert server.stdout is not None
                if not server.stdout.readline():
                    print((Path(folder) / "server.log").read_text(), file=sys.stderr)
                    return 1
                seed = SystemRandom().randrange(10**6)
                return subprocess.call([sys.executable, "-m", "client.demo", "--url", url, "--seed", str(seed)])
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait(timeout=10)


if __name__ == "__main__":
    sys.exit(main())
