"""`vestnik backup` that is stopped half-way, and backups that only the holder of a key can read."""

import signal
import time
from pathlib import Path

import pymysql
import trio

from runtime.age.files import is_encrypted
from tests.mariadb_server import PASSWORD as DATABASE_PASSWORD
from tests.mariadb_server import USER, MariaDB, shared_mariadb
from tests.prepared import Job
from tests.server.house import PASSWORD
from tests.server.test_cli import exists, mode_of, names_in, vestnik, write
from tests.starting import start


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines()


def hold(server: MariaDB, database: str) -> pymysql.Connection:
    """Lets nobody read the table of messages, until it is closed."""
    held = pymysql.connect(
        host="127.0.0.1", port=server.port, user=USER, password=DATABASE_PASSWORD, database=database
    )  # fmt: skip
    with held.cursor() as cursor:
        cursor.execute("LOCK TABLES messages WRITE")
    return held


def until_it_waits(held: pymysql.Connection) -> None:
    """Somebody wants to read what is held."""
    waiting = "state LIKE 'Waiting for table%' AND db = database()"
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        with held.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM information_schema.processlist WHERE {waiting}")
            if cursor.fetchall() != ((0,),):
                return
        time.sleep(0.02)
    raise TimeoutError("nobody reads the messages")


def is_there(folder: Path, pattern: str) -> bool:
    return any(folder.glob(pattern))


async def until_there(folder: Path, pattern: str) -> None:
    with trio.fail_after(120):
        while True:
            if is_there(folder, pattern):
                return
            await trio.sleep(0.01)


async def stopped_half_way(tmp_path: Path, *options: str) -> tuple[int, list[str]]:
    """Exit code and what it said; it is sent SIGTERM while a draft is there and the database keeps it waiting."""
    server = await trio.to_thread.run_sync(shared_mariadb)
    url = await trio.to_thread.run_sync(server.new_database)
    code, _, err = await vestnik(tmp_path, "migrate", "--database", url)
    assert code == 0, err
    held = await trio.to_thread.run_sync(hold, server, url.rpartition("/")[2])
    told = tmp_path / "told"
    arguments = ["backup", "--to", str(tmp_path / "saved"), "--database", url, *options]
    job = Job(program="runtime.cli", arguments=arguments, folder=str(tmp_path), environment={}, stderr=str(told))
    process = await start(job)
    try:
        await until_there(tmp_path, "var/.backup-*/.*" if options else "saved/.vestnik-*")
        await trio.to_thread.run_sync(until_it_waits, held)
        process.send_signal(signal.SIGTERM)
        with trio.fail_after(120):
            code = await process.wait()
    finally:
        await trio.to_thread.run_sync(held.close)
        await process.aclose()
    return code, lines_of(told)


async def test_a_backup_that_is_stopped_leaves_nothing_and_says_so(tmp_path: Path) -> None:
    code, [said] = await stopped_half_way(tmp_path)
    assert code == 130
    assert said.startswith("vestnik: stopped: ") and said.endswith("was not made, and nothing of it is left")
    assert names_in(tmp_path / "saved") == []


async def test_one_that_is_to_be_encrypted_leaves_nothing_either(tmp_path: Path) -> None:
    await vestnik(tmp_path, "backup-key", "key")
    code, [said] = await stopped_half_way(tmp_path, "--key", "key.pub")
    assert (code, "nothing of it is left" in said) == (130, True)
    assert names_in(tmp_path / "saved") == [] and names_in(tmp_path / "var") == []


async def test_only_the_secret_key_reads_an_encrypted_backup(tmp_path: Path) -> None:
    code, out, _ = await vestnik(tmp_path, "backup-key", "key")
    assert (code, len(out.splitlines()), mode_of(tmp_path / "key")) == (0, 2, 0o600)
    assert (await vestnik(tmp_path, "backup-key", "key"))[0] == 1, "the one that is there may be needed"
    await vestnik(tmp_path, "migrate")
    await vestnik(tmp_path, "user", "create", "ann", said=f"{PASSWORD}\n")
    public = {"VESTNIK_BACKUP_KEY": str(tmp_path / "key.pub")}
    for _ in range(2):
        code, out, err = await vestnik(tmp_path, "backup", "--to", "saved", "--keep", "1d", **public)
        assert (code, err) == (0, "") and "encrypted for the keys in" in out
        await trio.sleep(1.1)  # names tell seconds
    [file] = [tmp_path / "saved" / name for name in names_in(tmp_path / "saved")]
    assert "removed: saved/vestnik-" in out, "what is encrypted is thinned out without its key"
    assert file.name.endswith(".backup.age") and mode_of(file) == 0o600 and is_encrypted(file)
    assert "token-key" not in names_in(tmp_path / "var") or exists(tmp_path / "var/token-key")
    assert not any(name.startswith(".backup-") for name in names_in(tmp_path / "var")), "nothing readable is left"
    (code, _, none), (other, _, wrong) = [
        await vestnik(tmp_path, "restore", "--check", str(file), **given) for given in ({}, public)
    ]
    assert (code, "is encrypted: name the file with its secret key" in none) == (1, True)
    assert (other, "holds no secret key" in wrong) == (1, True)
    code, out, _ = await vestnik(tmp_path, "restore", "--check", "--key", "key", str(file))
    assert (code, out) == (0, f"{file} is whole\n")
    await vestnik(tmp_path, "user", "create", "bob", said=f"{PASSWORD}\n")
    code, out, _ = await vestnik(tmp_path, "restore", "--replace", "--key", "key", str(file))
    assert (code, out.startswith(f"{file} is restored; the new epoch is ")) == (0, True)
    assert (await vestnik(tmp_path, "user", "list"))[1].count("\n") == 1, "bob came after the backup"
    assert not any(name.startswith(".backup-") for name in names_in(tmp_path / "var"))
    for name, verdict in (("key.pub", "ok"), ("key", "warn"), ("nowhere", "fail")):
        _, out, _ = await vestnik(tmp_path, "doctor", VESTNIK_BACKUP_KEY=str(tmp_path / name))
        assert any(line.startswith(f"{verdict:4}  backups: ") for line in out.splitlines()), out
    code, _, err = await vestnik(tmp_path, "backup", "--key", "key.pub", str(file))
    assert (code, "is there already" in err) == (1, True)
    data = file.read_bytes()
    file.write_bytes(data[:-70_000])
    code, _, err = await vestnik(tmp_path, "restore", "--replace", "--key", "key", str(file))
    assert (code, "is damaged or cut off" in err, "Traceback" in err) == (1, True, False)
    write(tmp_path / "others", "AGE-SECRET-KEY-1", 0o600)
    code, _, err = await vestnik(tmp_path, "restore", "--check", "--key", "others", str(file))
    assert (code, "others, line 1: " in err) == (1, True)
