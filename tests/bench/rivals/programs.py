"""The programs that are compared, as targets of the load generator."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import jwt
import pymysql
import trio
from attrs import fields, frozen

from runtime.config import Settings, load_settings
from storage.migrate import upgrade
from tests.bench.rivals.environment import ERLANG, Unavailable, ejabberd, peer_python
from tests.bench.rivals.load import Target
from tests.bench.rivals.places import PEERS, ROOT
from tests.bench.rivals.processes import Program, start
from tests.bench.rivals.seeding import Gathering, gather
from tests.mariadb_server import MariaDB, free_ports

TEXT: Final = "~%M and a line of an ordinary length, such as people write."
"""What is said: 91 characters, so that a delivered frame of the peers has about 245 bytes."""
SEND: Final = '{"type":"send","chat_id":%C,"cid":"%M","content":"' + TEXT + '"}'
PEER_KEY: Final = "the key of a bench, and of nothing else"
PEER_PEOPLE: Final = 1200


@frozen
class Contestant:
    """A running program. `room`: everybody is in one chat and one commit a message; `fanout`: the same without a
    database; `page`: 50 messages over HTTP; the last two None where it has no such thing."""

    name: str
    program: Program
    room: Target
    fanout: Target | None = None
    page: Target | None = None


# --- Vestnik ---


@frozen
class Vestnik:
    """Our server, with its people. `database_pid` is 0 for SQLite, whose work the server's processor time holds."""

    name: str
    program: Program
    settings: Settings
    gathering: Gathering
    database_pid: int
    folder: Path

    def target(self, label: str, people: range, chat_ids: tuple[int, ...]) -> Target:
        """These people, connected, and what is said goes to these chats in turn."""
        tokens, login = self.folder / f"tokens-{label}", self.folder / "login"
        tokens.write_text("".join(f"{self.gathering.people[number].token}\n" for number in people))
        login.write_text('{"type":"hello","v":[1],"token":"%T","device":"bench"}\n"type":"ready"\n')
        words = ["-u", "/ws", "-q", "chatproto.v1", "-T", str(tokens), "-x", str(login), "-m", SEND]
        for chat_id in chat_ids:
            words += ["-c", str(chat_id)]
        return Target(self.name, self.program.port, self.pids, words)

    def page(self, people: range, chat_id: int) -> Target:
        """A page of that chat, asked for by these people in turn."""
        target = self.target("page", people, (chat_id,))
        words = ("-T", target.arguments[target.arguments.index("-T") + 1])
        path = f"/api/chats/{chat_id}/messages?limit=50"
        return Target(self.name, self.program.port, self.pids, (*words, "-g", path))

    @property
    def pids(self) -> tuple[int, ...]:
        """The server's, then its database's."""
        return (self.program.pid, self.database_pid) if self.database_pid else (self.program.pid,)

    def stop(self) -> None:
        """End it."""
        self.program.stop()


def vestnik(name: str, database_url: str, folder: Path, people: int, rooms: list[range], database_pid: int) -> Vestnik:
    """A fresh database with people and rooms, and `vestnik serve` on it as users start it."""
    folder.mkdir(parents=True)
    settings = load_settings({}, overrides={"data_dir": folder / "data", "database_url": database_url})
    settings.data_dir.mkdir()
    upgrade(settings.database_url)
    gathering = trio.run(gather, settings, people, rooms)
    return serve_vestnik(name, settings, gathering, folder, database_pid)


def serve_vestnik(name: str, settings: Settings, gathering: Gathering, folder: Path, database_pid: int) -> Vestnik:
    """`vestnik serve` on a database that is ready."""
    port = next(free_ports())
    command = [str(Path(sys.executable).with_name("vestnik")), "serve", "--port", str(port)]
    command += ["--data-dir", str(settings.data_dir), "--database", settings.database_url]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("VESTNIK_")}
    program = start(name, command, port, environ | unlimited(), folder)
    return Vestnik(name, program, settings, gathering, database_pid, folder)


def unlimited() -> dict[str, str]:
    """The settings that bound what one user or address may do, as far as they go: the load of all comes from few."""
    names = [attribute.name for attribute in fields(Settings)]
    bounds = [name for name in names if name.endswith(("_rate", "_burst")) or name.startswith("limit_")]
    bounds.remove("limit_log_lines")  # else a flood of them would be measured
    return {f"VESTNIK_{name.upper()}": "1000000" for name in bounds} | {"VESTNIK_LOG_FORMAT": "json"}


# --- the peers ---


def _peer_database(mariadb: MariaDB) -> str:
    """A database of the peers' tables, with one chat in which everybody is."""
    url = mariadb.new_database()
    script = (PEERS / "schema.sql").read_text()
    script += "".join(f"INSERT INTO members VALUES (1, {number});\n" for number in range(PEER_PEOPLE))
    _run_script(url, script)
    return url


def fastapi(mariadb: MariaDB, database_pid: int, folder: Path) -> Contestant:
    """FastAPI with uvicorn, in the environment of the peers."""
    python, port = peer_python(), next(free_ports())
    url = _peer_database(mariadb).replace("mysql://", "mysql+asyncmy://")
    command = [str(python), "-m", "uvicorn", "fastapi_peer:app", "--app-dir", str(PEERS), "--port", str(port)]
    command += ["--log-level", "warning", "--no-access-log"]
    environ = os.environ | {"PEER_DATABASE": url, "PEER_KEY": PEER_KEY, "PYTHONDONTWRITEBYTECODE": "1"}
    program = start("FastAPI", command, port, environ, folder)
    tokens = folder / "tokens"
    until = datetime.now(UTC) + timedelta(days=1)
    issued = [jwt.encode({"sub": str(number), "exp": until}, PEER_KEY, "HS256") for number in range(PEER_PEOPLE)]
    tokens.write_text("".join(f"{token}\n" for token in issued))
    pids, common = (program.pid, database_pid), ("-T", str(tokens), "-m", SEND, "-c", "1")
    return Contestant(
        "FastAPI",
        program,
        Target("FastAPI", port, pids, ("-u", "/ws?token=%T", *common)),
        fanout=Target("FastAPI", port, pids, ("-u", "/fanout", *common)),
        page=Target("FastAPI", port, pids, ("-T", str(tokens), "-g", "/chats/1/messages?limit=50")),
    )


def limit(mariadb: MariaDB, database_pid: int, folder: Path) -> Contestant:
    """The practical limit of one trio process (limit.py)."""
    port = next(free_ports())
    command = [sys.executable, "-m", "tests.bench.rivals.limit", str(port)]
    environ = os.environ | {"PEER_DATABASE": _peer_database(mariadb), "PYTHONPATH": str(ROOT)}
    program = start("practical limit", command, port, environ, folder)
    words = ("-u", "/ws?u=%I", "-m", SEND, "-c", "1")
    return Contestant("practical limit", program, Target("practical limit", port, (program.pid, database_pid), words))


def ejabberd_room(mariadb: MariaDB, database_pid: int, folder: Path) -> Contestant:
    """A multi-user chat of ejabberd with its archive in MariaDB."""
    root, port = ejabberd(), next(free_ports())
    url = mariadb.new_database()
    parts = urlsplit(url)
    found = {"PORT": port, "SQL_PORT": mariadb.port, "SQL_DATABASE": parts.path[1:],
             "SQL_USER": parts.username, "SQL_PASSWORD": parts.password}  # fmt: skip
    configuration = (PEERS / "ejabberd.yml").read_text()
    for name, value in found.items():
        configuration = configuration.replace(f"@{name}@", str(value))
    folder.mkdir(parents=True)
    (folder / "ejabberd.yml").write_text(configuration)
    _run_script(url, (root / "usr/share/ejabberd/sql/mysql.sql").read_text() + "\n")
    binaries = next(ERLANG.glob("erts-*")) / "bin"
    environ = os.environ | {
        "ROOTDIR": str(ERLANG),
        "BINDIR": str(binaries),
        "EMU": "beam",
        "PROGNAME": "erl",
        "ERL_LIBS": str(root / "usr" / "lib" / "x86_64-linux-gnu"),
        "LD_LIBRARY_PATH": str(root / "usr" / "lib" / "x86_64-linux-gnu"),
        "EJABBERD_CONFIG_PATH": str(folder / "ejabberd.yml"),
        "EJABBERD_LOG_PATH": str(folder / "ejabberd.log"),
        "HOME": str(folder),
    }
    command = [str(binaries / "erlexec"), "-noinput", "-mnesia", "dir", f'"{folder}/mnesia"', "-s", "ejabberd"]
    # schedulers that wait busily would be charged for it
    command += ["+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"]
    try:
        program = start("ejabberd", command, port, environ, folder)
    except RuntimeError as error:
        raise Unavailable(str(error).strip().splitlines()[-1]) from None
    body = '<message xmlns="jabber:client" to="room%R@conference.localhost" type="groupchat" id="%M"><body>'
    words = ["-u", "/ws", "-q", "xmpp", "-x", str(PEERS / "ejabberd-login.txt"), "-X", "-e"]
    words += ["-m", f"{body}{TEXT}</body></message>"]
    return Contestant("ejabberd", program, Target("ejabberd", port, (program.pid, database_pid), words))


def _run_script(url: str, script: str) -> None:
    """Statements that end with a semicolon at the end of a line."""
    parts = urlsplit(url)
    assert parts.hostname
    connection = pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=parts.username,
        password=parts.password or "",
        database=parts.path[1:],
        autocommit=True,
    )
    lines = [line for line in script.splitlines() if not line.startswith("--")]
    with connection, connection.cursor() as cursor:
        for statement in "\n".join(lines).split(";\n"):
            if statement.strip():
                cursor.execute(statement)
