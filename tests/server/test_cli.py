"""`vestnik` as its operator uses it: what it prints, its exit codes, and what it refuses."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import httpx
import pytest
import trio

from tests.faults.server_process import ServerProcess
from tests.mariadb_server import shared_mariadb
from tests.prepared import Job
from tests.server.house import PASSWORD
from tests.starting import run
from tests.storage.test_migrations import ask

ROOT: Final = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where commands run; without the environment's own settings."""
    return tmp_path


async def vestnik(folder: Path, *arguments: str, said: str = "", **environment: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error. (Not a start of its own; those are in the last test here.)"""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VESTNIK_")}
    with tempfile.TemporaryDirectory() as streams:
        stdin, stderr = Path(streams, "stdin"), Path(streams, "stderr")
        await trio.Path(stdin).write_text(said)
        job = Job(
            program="runtime.cli", arguments=[*arguments], folder=str(folder), environment=clean | environment,
            stdin=str(stdin), stderr=str(stderr),
        )  # fmt: skip
        with trio.fail_after(300):  # a password is hashed at the lowest priority, beside whatever else runs
            code, out = await run(job)
        return code, out, await trio.Path(stderr).read_text()


def write(path: Path, text: str, mode: int = 0o600) -> None:
    path.write_text(text)
    path.chmod(mode)


def make_pages(folder: Path) -> None:
    (folder / "renderer").mkdir(parents=True)
    (folder / "renderer/index.html").write_text("<!doctype html>")


def start_of(path: Path) -> str:
    return path.read_text()[:4]


def make_folder(path: Path) -> None:
    path.mkdir()


def names_in(path: Path) -> list[str]:
    return sorted(found.name for found in path.iterdir())


def exists(path: Path) -> bool:
    return path.exists()


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def test_help_is_everywhere(folder: Path) -> None:
    for arguments in ((), ("serve",), ("migrate",), ("user",), ("user", "create"), ("demo",)):
        code, out, _ = await vestnik(folder, *arguments, "--help")
        assert (code, "usage: vestnik" in out) == (0, True)
    assert (await vestnik(folder))[0] == 2
    assert (await vestnik(folder, "dance"))[0] == 2


async def test_accounts_are_made_listed_and_mended(folder: Path) -> None:
    await vestnik(folder, "migrate")
    code, out, _ = await vestnik(folder, "user", "create", "Ann", "--display-name", "Анна", said=f"{PASSWORD}\n")
    assert (code, out) == (0, "created Ann (id 1)\n")
    code, out, _ = await vestnik(folder, "user", "list")
    assert (code, out.split("\t")[:3]) == (0, ["1", "ann", "Анна"])
    code, _, err = await vestnik(folder, "user", "create", "ANN", said=f"{PASSWORD}\n")
    assert (code, err) == (1, "vestnik: ann: username taken\n")
    code, out, _ = await vestnik(folder, "user", "reset-password", "ann", said="another fine one\n")
    assert (code, "sessions ended: 0" in out) == (0, True)
    assert mode_of(folder / "var/vestnik.sqlite3") & 0o077 == 0, "messages are for the server's user alone"
    url = f"sqlite:///{folder}/var/vestnik.sqlite3"
    async with (
        ServerProcess.on_free_port(folder / "var", url) as server,
        httpx.AsyncClient(base_url=server.url, timeout=120) as http,  # a hash is made at the lowest priority
    ):
        old = await http.post("/api/auth/login", json={"login": "ann", "password": PASSWORD})
        new = await http.post("/api/auth/login", json={"login": "ann", "password": "another fine one"})
    assert (old.status_code, new.status_code) == (401, 200)


@pytest.mark.parametrize(
    ("arguments", "said", "why"),
    [
        (("create", "a b"), PASSWORD, "a username has"),
        (("create", "ann", "--email", "nowhere"), PASSWORD, "no email address"),
        (("create", "ann", "--display-name", "x" * 65), PASSWORD, "a display name has"),
        (("create", "ann", "--display-name", "\u200b"), PASSWORD, "a display name has"),
        (("create", "ann"), "password", "refused: common"),
        (("create", "ann"), "short", "too short"),
        (("create", "ann"), "", "too short"),
        (("reset-password", "nobody"), PASSWORD, "no such account"),
    ],
)
async def test_what_is_refused_is_told_in_one_line(
    folder: Path, arguments: tuple[str, ...], said: str, why: str
) -> None:
    await vestnik(folder, "migrate")
    code, out, err = await vestnik(folder, "user", *arguments, said=said + "\n")
    assert (code, out) == (1, "")
    assert why in err
    assert err.startswith("vestnik: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err


async def test_wrong_settings_are_all_told_with_exit_code_2(folder: Path) -> None:
    code, _, err = await vestnik(folder, "serve", "--port", "x", VESTNIK_PROXY_HOPS="many")
    assert code == 2
    assert [line.split(":")[:2] for line in err.splitlines()] == [
        ["vestnik", " port"],
        ["vestnik", " VESTNIK_PROXY_HOPS"],
    ]
    write(folder / ".env", "VESTNIK_PORT=1", 0o644)
    code, _, err = await vestnik(folder, "serve")
    assert (code, "chmod 600 .env" in err) == (2, True)


async def test_the_settings_in_force_are_told_to_people_and_programs(folder: Path) -> None:
    write(folder / ".env", "VESTNIK_METRICS_TOKEN=a-token-that-nobody-sees\n")
    code, out, _ = await vestnik(folder, "config", "--json", VESTNIK_PROXY_HOPS="1")
    told = {one["name"]: (one["value"], one["source"]) for one in json.loads(out)}
    assert (code, told["VESTNIK_ENV"]) == (0, ("production", "default"))
    assert told["VESTNIK_PROXY_HOPS"] == ("1", "environment")
    assert told["VESTNIK_METRICS_TOKEN"] == ("***", ".env")
    code, out, _ = await vestnik(folder, "config")
    assert code == 0 and [line.split()[0] for line in out.splitlines()] == list(told)


async def test_a_taken_port_and_a_database_that_is_none(folder: Path) -> None:
    with trio.socket.socket() as taken:
        await taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, err = await vestnik(folder, "serve", "--port", str(taken.getsockname()[1]))
        assert (code, "in use" in err, err.count("\n")) == (1, True, 1)
    write(folder / "text", "this is no database, and longer than a header of SQLite would be" * 20)
    code, _, err = await vestnik(folder, "serve", "--port", "0", "--database", f"sqlite:///{folder}/text")
    assert (code, "Traceback" in err) == (1, False)
    assert start_of(folder / "text") == "this"


async def test_a_server_needs_a_migrated_mariadb_and_says_so(folder: Path) -> None:
    url = await trio.to_thread.run_sync(lambda: shared_mariadb().new_database())
    code, _, err = await vestnik(folder, "serve", "--port", "0", "--database", url)
    assert (code, "vestnik migrate" in err) == (1, True)
    code, out, _ = await vestnik(folder, "migrate", "--database", url)
    assert (code, out != "") == (0, True)
    assert await vestnik(folder, "migrate", "--database", url) == (0, out, "")
    async with ServerProcess.on_free_port(folder / "var", url) as server, httpx.AsyncClient(timeout=60) as http:
        assert (await http.get(f"{server.url}/readyz")).status_code == 200


async def test_a_database_that_lets_nobody_in_is_no_reason_to_wait(folder: Path) -> None:
    url = await trio.to_thread.run_sync(lambda: shared_mariadb().new_database())
    scheme, _, rest = url.partition("://")
    _, _, place = rest.rpartition("@")
    serve = ("serve", "--port", "0", "--database")
    code, _, err = await vestnik(folder, *serve, f"{scheme}://nobody:secret-word@{place}")
    assert (code, "user or password are wrong" in err, "secret-word" in err) == (1, True, False)
    code, _, err = await vestnik(folder, *serve, f"{url.rpartition('/')[0]}/elsewhere")
    assert (code, "there is no such database" in err or "no rights" in err) == (1, True)


async def test_backup_restore_and_a_new_epoch(folder: Path) -> None:
    await vestnik(folder, "migrate")
    await vestnik(folder, "user", "create", "ann", said=f"{PASSWORD}\n")
    code, out, _ = await vestnik(folder, "backup", "copy")
    assert (code, out.startswith("copy: ")) == (0, True)
    assert (await vestnik(folder, "backup", "copy"))[0] == 1
    await vestnik(folder, "user", "create", "bob", said=f"{PASSWORD}\n")
    write(folder / "var/token-key", "an old key")
    code, _, err = await vestnik(folder, "restore", "copy")
    assert (code, "--replace" in err) == (1, True)
    code, out, _ = await vestnik(folder, "restore", "copy", "--replace")
    assert (code, "the new epoch is" in out) == (0, True)
    assert "var/token-key is removed" in out
    assert not exists(folder / "var/token-key")
    code, out, _ = await vestnik(folder, "restore", "copy", "--replace")
    assert (code, "no key for access tokens was found at" in out) == (0, True)
    assert (await vestnik(folder, "user", "list"))[1].count("\n") == 1, "bob came after the backup"
    code, out, _ = await vestnik(folder, "epoch", "new")
    assert (code, out.startswith("the new epoch is ")) == (0, True)


async def test_backups_go_round_in_their_folder(folder: Path) -> None:
    await vestnik(folder, "migrate")
    for usage in (("backup",), ("backup", "x", "--to", "y"), ("backup", "--to", "y", "--keep", "long")):
        assert (await vestnik(folder, *usage))[0] == 2
    make_folder(folder / "saved")
    write(folder / "saved/vestnik-20200101T000000Z.backup", "somebody else's")
    for _ in range(2):
        code, out, err = await vestnik(folder, "backup", "--to", "saved", "--keep", "7d")
        assert (code, err) == (0, "")
        await trio.sleep(1.1)  # names tell seconds
    [newest, others] = reversed(names_in(folder / "saved"))
    assert f"saved/{newest}: " in out and "removed: saved/vestnik-" in out
    assert others == "vestnik-20200101T000000Z.backup", "what it did not make it leaves"
    assert mode_of(folder / "saved" / newest) == 0o600
    assert await vestnik(folder, "restore", "--check", f"saved/{newest}") == (0, f"saved/{newest} is whole\n", "")
    assert (await vestnik(folder, "restore", "--check", f"saved/{others}"))[0] == 1


async def test_the_doctor_tells_what_is_not_well(folder: Path) -> None:
    code, out, _ = await vestnik(folder, "doctor", VESTNIK_PROXY_HOP="1")
    lines = out.splitlines()
    assert code == 1 and "fail  settings: VESTNIK_PROXY_HOP is no setting; is VESTNIK_PROXY_HOPS meant?" in lines
    assert any(line.startswith("fail  data folder: var is not there") for line in lines)
    code, _, err = await vestnik(folder, "verify")
    assert (code, "there is no database at" in err) == (1, True)
    assert names_in(folder) == [], "they change nothing"
    await vestnik(folder, "migrate")
    code, out, _ = await vestnik(folder, "verify", "--without-files")
    assert (code, out) == (0, "the database is whole\n")
    harm = "insert into message_words (chat_id, word, seq) values (99, 'x', 1)"
    await trio.to_thread.run_sync(ask, f"sqlite:///{folder}/var/vestnik.sqlite3", harm)
    code, out, _ = await vestnik(folder, "verify", "--repair", "--without-files")
    assert (code, out.splitlines()[1:]) == (0, ["the database is whole"]) and out.startswith("repaired: chat 99: ")
    code, out, _ = await vestnik(folder, "doctor", "--json")
    assert code == 0, out
    verdicts = {one["what"]: one["verdict"] for one in json.loads(out)}
    assert (verdicts["database"], verdicts["data folder"], verdicts["letters"]) == ("ok", "ok", "warn")
    write(folder / "var/token-key", "for everybody", 0o644)
    code, out, _ = await vestnik(folder, "doctor", VESTNIK_PUBLIC_URL="http://127.0.0.1:9")
    assert code == 1 and "fail  signing key: others can read" in out
    assert "fail  public address: http://127.0.0.1:9 does not answer" in out
    url = await trio.to_thread.run_sync(lambda: shared_mariadb().new_database())
    code, out, _ = await vestnik(folder, "doctor", "--database", url)
    assert code == 1 and "fail  schema: the database is empty" in out


async def test_the_index_is_told_and_made_anew(folder: Path) -> None:
    await vestnik(folder, "migrate")
    for action in ("rebuild", "status"):  # what they do: test_index_commands.py
        code, out, _ = await vestnik(folder, "index", action)
        assert (code, out) == (0, "0 of 0 entries in 0 chats are indexed (100.0%)\n")


async def test_a_restore_in_another_folder_touches_the_one_it_was_told_or_says_so(folder: Path) -> None:
    home, elsewhere = folder / "home", folder / "elsewhere"
    make_folder(elsewhere)
    told = ("--data-dir", str(home))
    await vestnik(folder, "migrate", *told)
    await vestnik(folder, "user", "create", "ann", *told, said=f"{PASSWORD}\n")
    await vestnik(folder, "backup", str(folder / "copy"), *told)
    write(home / "token-key", "an old key")
    code, _, err = await vestnik(elsewhere, "restore", str(folder / "copy"), "--replace")
    assert (code, "there is no database at" in err, "--data-dir" in err) == (1, True, True)
    assert names_in(elsewhere) == [], "no stray folder"
    code, out, _ = await vestnik(elsewhere, "restore", str(folder / "copy"), "--replace", *told)
    assert (code, f"{home}/token-key is removed" in out) == (0, True)
    assert not exists(home / "token-key")
    assert names_in(elsewhere) == []


async def test_a_key_is_rotated_where_it_is_kept(folder: Path) -> None:
    code, out, _ = await vestnik(folder, "key", "rotate")
    assert (code, "var/token-key holds a new key" in out, mode_of(folder / "var/token-key")) == (0, True, 0o600)
    code, out, _ = await vestnik(folder, "key", "rotate", "--now")
    assert (code, "what the old one signed opens nothing" in out) == (0, True)
    assert await trio.to_thread.run_sync(lambda: (folder / "var/token-key").read_text().count("\n")) == 1
    shared = {"VESTNIK_JWT_SECRET": "a secret that several machines share"}
    code, _, err = await vestnik(folder, "key", "rotate", **shared)
    assert (code, "VESTNIK_JWT_SECRETS_ACCEPTED" in err, "machines share" in err) == (1, True, False)
    await vestnik(folder, "migrate")
    await vestnik(folder, "backup", "copy")
    code, out, _ = await vestnik(folder, "restore", "copy", "--replace", **shared)
    assert (code, "put a new one there" in out, exists(folder / "var/token-key")) == (0, True, True)


@pytest.mark.parametrize("pages", [True, False])
async def test_serve_says_where_it_listens_and_what_to_do_next(folder: Path, pages: bool) -> None:
    make_pages(folder / "face")
    environment = {"PYTHONPATH": str(ROOT), "VESTNIK_WEB_DIR": str(folder / "face") if pages else "off"}
    environment["VESTNIK_ENV"] = "development" if pages else "production"
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "runtime.cli", "serve", "--port", "0", "--data-dir", str(folder / "var")],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, env=os.environ | environment,
    )  # fmt: skip
    assert process.stdout is not None
    said = b""
    try:
        with trio.fail_after(120):
            while said.count(b"\n") < (6 if pages else 5):
                more = await process.stdout.receive_some()
                assert more, "it ended"
                said += more
        url = said.decode().split()[3]
        assert f"{url}docs" in said.decode()
        assert ("Next: register" in said.decode()) is not pages
        assert (f"The messenger: open {url} in a browser" in said.decode()) is pages
        assert ("For development: http:// is taken" in said.decode()) is pages
        async with httpx.AsyncClient(timeout=60) as http:
            assert (await http.get(url)).status_code == (200 if pages else 404)
            page = await http.get(f"{url}docs")
        assert (page.status_code, "POST" in page.text) == (200, True)
    finally:
        process.terminate()
        with trio.fail_after(60):
            assert await process.wait() == 0
        await process.stdout.aclose()
    assert mode_of(folder / "var/token-key") == 0o600
