"""What the peers need, made once under var/bench: a venv for FastAPI, ejabberd unpacked from Debian's packages."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.bench.rivals.places import FOLDER, PEERS

PACKAGES: Final = ("ejabberd", "erlang-p1-mysql")
ERLANG: Final = FOLDER / "ejabberd" / "usr" / "lib" / "erlang"


class Unavailable(Exception):
    """A peer cannot be had on this machine; the text says why."""


def peer_python() -> Path:
    """The Python of the peers' own environment, with the locked packages of requirements.txt in it."""
    requirements, venv = PEERS / "requirements.txt", FOLDER / "venv"
    stamp, wanted = venv / "stamp", hashlib.sha256(requirements.read_bytes()).hexdigest()
    python = venv / "bin" / "python"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print("making the environment of the peers, once", flush=True)
    pip = [str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(requirements)]
    for command in ([sys.executable, "-m", "venv", "--clear", str(venv)], pip):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise Unavailable(f"its environment could not be made: {_last_line(done.stderr)}")
    stamp.write_text(wanted)
    return python


def ejabberd() -> Path:
    """The folder Debian's packages of ejabberd are unpacked in; nothing is installed into the system."""
    root = FOLDER / "ejabberd"
    if (root / "complete").exists():
        return root
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Unavailable("no Debian here")
    print("fetching ejabberd, once", flush=True)
    shutil.rmtree(root, ignore_errors=True)
    archives = FOLDER / "ejabberd-archives"
    archives.mkdir(parents=True, exist_ok=True)
    simulated = _apt("-s", "install", "--no-install-recommends", *PACKAGES)
    names = [line.split()[1] for line in simulated.splitlines() if line.startswith("Inst ")]
    if not names:
        raise Unavailable("it is installed on this system, so its packages are not fetched again; remove it first")
    _apt("download", *names, cwd=archives)
    for archive in sorted(archives.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", str(archive), str(root)], check=True)
    shutil.rmtree(archives)
    (root / "complete").touch()
    return root


def _apt(*words: str, cwd: Path | None = None) -> str:
    environment = os.environ | {"LC_ALL": "C"}
    done = subprocess.run(["apt-get", *words], capture_output=True, text=True, cwd=cwd, env=environment)
    if done.returncode:
        raise Unavailable(f"apt-get {words[0]}: {_last_line(done.stderr)}")
    return done.stdout


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it did not say why"])[-1]
