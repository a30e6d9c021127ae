"""A machine of its own, and on it what the pages for operators tell people to do: `python -m tests.documents.machine`.

It runs in namespaces of its own (`unshare --mount --net --pid`), as the first process there: it has this Debian's
programs, but what it writes to /etc, /var, /opt, /usr/local and /root is gone with it; its ports and processes are its
own. Nothing but loopback is reached from there. Standard output tells the steps and what they said.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pymysql

from tests.documents import visitors
from tests.documents.steps import Step, steps_of
from tests.mariadb_server import MariaDB, greets

WRITTEN: Final = ("/etc", "/var", "/opt", "/usr/local", "/root")
HOST: Final = "chat.example.org"
LIBRARIES: Final = Path("/opt/libraries")
"""Where the libraries are that the wheel needs: nothing is downloaded."""
CERTIFICATE: Final = f"/etc/letsencrypt/live/{HOST}/fullchain.pem"
PATIENCE: Final = 300.0
"""Seconds for one step."""
BEFORE: Final = "# of the version before\n"
"""Ends a file of the program that is updated; its version is the same."""
PASSWORD: Final = "correct horse battery"
PORT: Final = 3306
PAGES: Final = {
    "sqlite": ("installing.md", "accounts.md", "watching.md", "updating.md", "backups.md"),
    "mysql": ("installing.md", "backups.md"),
    "mariadb": ("installing.md",),
}
"""What is walked through with each kind: all of it with SQLite, with a server of databases what is another thing there.
The steps are the same for both of these, and so is what they do; tests/storage/test_backup.py restores on both."""


def main() -> int:
    """Become the machine and do all; the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["sqlite", "mariadb", "mysql"])
    parser.add_argument("folder", type=Path, help="with the wheel and the source distribution in `home`")
    parser.add_argument("--libraries", type=Path, required=True)
    parser.add_argument("--mysql", type=Path, help="an unpacked MySQL, to be used by chroot")
    told = parser.parse_args()
    assert os.getpid() == 1, "this would change the machine that it runs on: call it by unshare"
    become_a_machine(told.folder, told.libraries)
    administer = start_database(told.kind, told.folder, told.mysql)
    say = _Steps(told.folder, administer)
    for page in PAGES[told.kind]:
        program = Path("/opt/vestnik").glob("lib/python3*/site-packages/runtime/version.py")
        [installed] = program if page == "updating.md" else [None]
        if installed is not None:
            installed.write_text(f"{installed.read_text()}{BEFORE}")
        for step in steps_of(page, told.kind):
            say.take(step)
        if installed is not None and BEFORE in installed.read_text():
            raise SystemExit("the program is the one from before the update")
        if page == "installing.md":
            visitors.write(CERTIFICATE, HOST, PASSWORD)
    visitors.read(CERTIFICATE, HOST, PASSWORD)
    say.run("systemctl stop vestnik")
    print("all done", flush=True)
    return 0


def become_a_machine(folder: Path, libraries: Path) -> None:
    """Layers over what is written to, a network, and what Debian's packages would have started."""
    layers = folder / "layers"
    layers.mkdir()
    _do("mount", "-t", "tmpfs", "none", str(layers))
    for place in WRITTEN:
        upper, work = (layers / place.strip("/").replace("/", "-") / part for part in ("upper", "work"))
        for one in (upper, work):
            one.mkdir(parents=True)
        upper.chmod(Path(place).stat().st_mode & 0o777)
        _do("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={place},upperdir={upper},workdir={work}", place)
    _do("mount", "-t", "tmpfs", "none", "/run")
    LIBRARIES.mkdir()
    _do("mount", "--bind", str(libraries), str(LIBRARIES))
    _do("ip", "link", "set", "lo", "up")
    with Path("/etc/hosts").open("a") as hosts:
        hosts.write(f"\n127.0.0.1 {HOST}\n")
    shutil.rmtree("/etc/vestnik", ignore_errors=True)
    stand_in = folder / "bin" / "systemctl"
    stand_in.parent.mkdir()
    shutil.copy(Path(__file__).with_name("systemctl.py"), stand_in)
    stand_in.chmod(0o755)
    _do("nginx")


def start_database(kind: str, folder: Path, unpacked: Path | None) -> Callable[[str], None]:
    """As its packages would have; what its administrator says to it."""
    if kind == "sqlite":
        return lambda text: None
    if kind == "mariadb":
        server = MariaDB(folder / "mariadb")
        server.port = PORT
        server.start()
        place = server.folder / "s"
    else:
        assert unpacked is not None
        place = start_mysql(unpacked)

    def administer(text: str) -> None:
        login: dict[str, Any] = {"unix_socket": str(place), "user": "root", "autocommit": True}
        with pymysql.connect(**login) as connection, connection.cursor() as cursor:
            for statement in text.split(";\n"):
                if statement.strip():
                    cursor.execute(statement)

    return administer


def start_mysql(root: Path) -> Path:
    """With its own settings but for places; its socket. Its data is in a layer over what was unpacked."""
    base = root / "documents"
    base.mkdir(exist_ok=True)
    _do("mount", "-t", "tmpfs", "none", str(base))
    (base / "tmp").mkdir()
    command = ["chroot", str(root), "/usr/sbin/mysqld", "--no-defaults", "--user=root", "--datadir=/documents/data"]
    command += ["--secure-file-priv=NULL", "--innodb-redo-log-capacity=16M"]
    with (base / "log").open("ab") as log:
        subprocess.run([*command, "--initialize-insecure"], stdout=log, stderr=log, check=True, timeout=PATIENCE)
        options = ["--socket=/documents/s", "--pid-file=/documents/pid", "--tmpdir=/documents/tmp", f"--port={PORT}"]
        process = subprocess.Popen(
            [*command, *options, "--mysqlx=OFF"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    visitors.until(lambda: greets(PORT) or process.poll() is not None)
    assert process.poll() is None, (base / "log").read_text()[-1000:]
    return base / "s"


class _Steps:
    """Takes them one by one; raises where one fails."""

    def __init__(self, folder: Path, administer: Callable[[str], None]) -> None:
        self._home = folder / "home"
        self._administer = administer
        self._environment = {
            "PATH": f"{folder}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            "SSL_CERT_FILE": CERTIFICATE,
        }

    def take(self, step: Step) -> None:
        print(f"--- {step.page}: {step.name}", flush=True)
        match step.language:
            case "sql":
                self._administer(step.text)
            case "sh":
                self.run(step.text, own=step.own)
            case _:
                raise ValueError(f"nobody knows how to run {step.language}")
        for packages in Path("/opt").glob("vestnik/lib/python3*/site-packages"):
            (packages / "libraries.pth").write_text(f"{LIBRARIES}\n")

    def run(self, text: str, *, own: bool = False) -> None:
        script = ["sh", "-eu", "-c", text]
        command = ["runuser", "-u", "vestnik", "--", "env", "-C", "/etc/vestnik", *script] if own else script
        with (self._home.parent / "password").open("w+") as said:
            said.write(f"{PASSWORD}\n")
            said.flush()
            said.seek(0)
            done = subprocess.run(
                command, cwd=self._home, env=self._environment, stdin=said,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False,
            )  # fmt: skip
        print(done.stdout, flush=True)
        if done.returncode:
            logs = Path("/run/test-units").glob("*.log")
            raise SystemExit(f"exit code {done.returncode}\n{''.join(log.read_text()[-3000:] for log in logs)}")


def _do(*command: str) -> None:
    subprocess.run(command, check=True, timeout=60)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.exit(main())
