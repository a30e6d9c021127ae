"""`vestnik`: one program for the operator. Exit codes: 0 done, 1 refused or failed, 2 wrong usage or settings."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom

import msgspec
import trio
from attrs import asdict

from runtime.age.header import NotAge
from runtime.age.keys import KeyFileError
from runtime.collecting import settle
from runtime.commands import account_commands, cli_data, cli_health, cli_people, file_commands, index_commands
from runtime.commands.settings_report import names_in, report, table, unknown_names
from runtime.compose import compose
from runtime.config import DOTENV, RELAXED, Settings, SettingsError, load_settings
from runtime.files.backup import DamagedBackup
from runtime.logs import configure_logging, get_logger
from runtime.opened_storage import StartupError
from runtime.processes.inherited import OPTION, Inherited, parent_says_stop, read_inherited
from runtime.processes.workers import serve_with_workers
from runtime.secrets import signing_keys
from runtime.secrets.secret_files import SecretFileError
from runtime.serve import UNIX, bind, raise_descriptor_limit, serve, url_of
from runtime.version import VERSION
from storage.migrate import MigrationError, upgrade_kept

log = get_logger(__name__)

JUST = Path(__file__).parents[1] / "just"
"""There in a checkout, not where the wheel is installed."""


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
        if (warning := _warning_to_root(settings.data_dir)) is not None:
            print(f"vestnik: {warning}", file=sys.stderr)
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
        KeyFileError,
        NotAge,
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
    served.add_argument("--workers", metavar="N", help="so many processes serve together; by default 1")
    served.add_argument(OPTION, type=read_inherited, help=argparse.SUPPRESS)
    served.set_defaults(run=_serve)

    migrated = commands.add_parser("migrate", parents=[common], help="bring the database to this version's schema")
    migrated.set_defaults(run=_migrate)

    cli_people.add_commands(commands, common)
    cli_data.add_commands(commands, common)
    cli_health.add_commands(commands, common)

    config = commands.add_parser("config", parents=[common], help="the settings in force, and where they came from")
    config.add_argument("--json", action="store_true", help="for programs")
    config.set_defaults(run=_config)

    key = commands.add_parser("key", help="what signs access tokens").add_subparsers(required=True, metavar="ACTION")
    rotated = key.add_parser("rotate", parents=[common], help="a new one; tokens of the old one live out their time")
    rotated.add_argument("--now", action="store_true", help="the old one leaked: what it signed is good no more")
    rotated.set_defaults(run=_key_rotate)

    demo = commands.add_parser("demo", help="three people chat over real sockets while links are cut")
    demo.set_defaults(run=_demo)
    return parser


def _overrides(arguments: argparse.Namespace) -> dict[str, object]:
    names = {"host": "host", "port": "port", "workers": "workers", "database": "database_url", "data_dir": "data_dir"}
    names["key"] = "backup_key"
    return {setting: getattr(arguments, name, None) for name, setting in names.items()}


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


def _config(arguments: argparse.Namespace, settings: Settings) -> int:
    lines = report(os.environ, DOTENV, _overrides(arguments))
    print(msgspec.json.encode([asdict(line) for line in lines]).decode() if arguments.json else table(lines))
    return 0


def _key_rotate(arguments: argparse.Namespace, settings: Settings) -> int:
    path = signing_keys.rotate(settings, datetime.now(UTC), at_once=arguments.now)
    dropped = ", and what the old one signed opens nothing" if arguments.now else ""
    print(f"{path} holds a new key. Restart the servers: from then on they sign with it{dropped}")
    print("with several workers restart it now, all at once: one that starts alone signs what the others refuse")
    return 0


# --- serve and migrate ---


def _serve(arguments: argparse.Namespace, settings: Settings) -> int:
    raise_descriptor_limit()
    inherited: Inherited | None = arguments.inherited
    if inherited is not None:
        trio.run(_serve_as_worker, settings, inherited)
        return 0
    with bind(settings.host, settings.port) as listener:  # before anything else: a taken port should fail at once
        if settings.workers == 1:
            trio.run(_serve_alone, settings, listener)
            return 0
        return trio.run(serve_with_workers, listener, settings.workers)


async def _serve_alone(settings: Settings, listener: socket.socket) -> None:
    async with compose(settings) as composed:
        setup = await account_commands.first_code(composed.driver.request)

        def on_ready(url: str) -> None:
            settle()
            _greet(composed.has_pages, setup, settings, url)

        await serve(
            composed.app,
            host=settings.host,
            port=settings.port,
            on_ready=on_ready,
            drain=composed.drain,
            endpoint=composed.endpoint,
            listening_socket=listener,
        )


async def _serve_as_worker(settings: Settings, inherited: Inherited) -> None:
    async with compose(settings, inherited) as composed:
        setup = await account_commands.first_code(composed.driver.request) if inherited.greets else None

        def on_ready(url: str) -> None:
            settle()
            if inherited.greets:
                _greet(composed.has_pages, setup, settings, url)
            inherited.tell_ready()

        await serve(
            composed.app,
            host=settings.host,
            port=settings.port,
            on_ready=on_ready,
            drain=composed.drain,
            endpoint=composed.endpoint,
            listening_socket=inherited.listening(),
            share=inherited.share(),
            told_to_stop=parent_says_stop,
        )


def _greet(has_pages: bool, setup: str | None, settings: Settings, url: str) -> None:
    """What to do next, for the one who started it in a terminal; programs wait for the first line."""
    log.info("serving", url=url, version=VERSION)
    local = url.startswith(UNIX)
    print(f"Vestnik listens on {url}" if local else f"Vestnik listens on {url}/", flush=True)
    if local:
        print("  A proxy leads to it, which VESTNIK_PROXY_HOPS=1 tells the server.", flush=True)
        url = settings.public_url or "https://..."
    if has_pages:
        desktop = ", or `./just desktop` in another terminal" if JUST.is_file() else ""
        print(f"  The messenger: open {url}/ in a browser{desktop}.", flush=True)
    else:
        print("  Next: register with POST /api/auth/register or `vestnik user create NAME`.", flush=True)
    if setup is not None:
        link = f"{settings.public_url or url}/setup#{setup}"
        print(f"  Nobody keeps this server yet. Its first administrator registers at {link}", flush=True)
    print(f"  API and docs: {url}/docs   WebSocket: {url.replace('http', 'ws', 1)}/ws", flush=True)
    if JUST.is_file():
        print("  Alone? `./just echo` in another terminal starts a bot that answers. Ctrl-C stops.", flush=True)
    if settings.env == "development":
        print(f"  For development: {RELAXED}. For others to use: VESTNIK_ENV=production.", flush=True)


def _migrate(arguments: argparse.Namespace, settings: Settings) -> int:
    print(upgrade_kept(settings.database_url))
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
