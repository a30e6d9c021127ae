#!/usr/bin/python3
"""Stands in for systemctl on the machine of tests, where no systemd runs: it does what a unit says, as far as needed.

`daemon-reload`, `enable --now`, `start`, `restart`, `reload`, `stop`. A service starts as systemd would start it: its
folders, its user without rights, its working directory, an empty environment, and it is ready when it says so. nginx is
Debian's.
"""

import os
import pwd
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

UNITS = Path("/etc/systemd/system")
STATE = Path("/run/test-units")
PATIENCE = 120.0
HTTPS = 443


def main(arguments: list[str]) -> int:
    """Do it; the exit code."""
    verb, *names = [one for one in arguments if not one.startswith("--")]
    if verb == "daemon-reload":
        return 0
    for name in names:
        if name == "nginx":
            reload_nginx()
        elif name.endswith(".timer"):
            read(name)
        elif verb in ("enable", "start"):
            start(name)
        elif verb == "restart":
            stop(name)
            start(name)
        elif verb == "stop":
            stop(name)
        else:
            raise SystemExit(f"what is {verb}?")
    return 0


def read(unit: str) -> dict[str, list[str]]:
    """What stands in it: names with lists of values."""
    found: dict[str, list[str]] = {}
    for line in (UNITS / unit).read_text().splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def start(name: str) -> None:
    """And wait until it is ready; a oneshot until it is done."""
    unit = read(f"{name.removesuffix('.service')}.service")
    [user] = unit["User"]
    owner = pwd.getpwnam(user)
    for kind, parent in (("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run")):
        for folder in unit.get(kind, []):
            path = Path(parent, folder)
            path.mkdir(mode=0o755, exist_ok=True)
            os.chown(path, owner.pw_uid, owner.pw_gid)
    confined = [
        "setpriv",
        f"--reuid={user}",
        f"--regid={user}",
        "--init-groups",
        "--no-new-privs",
        "--bounding-set=-all",
    ]
    STATE.mkdir(exist_ok=True)
    place = STATE / "notify"
    place.unlink(missing_ok=True)
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": owner.pw_dir,
        "USER": user,
        "NOTIFY_SOCKET": str(place),
    }
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard, (STATE / f"{name}.log").open("ab") as log:
        heard.bind(str(place))
        place.chmod(0o666)
        how: dict[str, Any] = {
            "cwd": unit["WorkingDirectory"][0],
            "env": environment,
            "stdin": subprocess.DEVNULL,
            "stdout": log,
            "stderr": log,
        }
        for command in unit.get("ExecStartPre", []):
            subprocess.run(confined + shlex.split(command), check=True, timeout=PATIENCE, **how)
        [command] = unit["ExecStart"]
        if unit["Type"] == ["oneshot"]:
            subprocess.run(confined + shlex.split(command), check=True, timeout=PATIENCE, **how)
            return
        process = subprocess.Popen(confined + shlex.split(command), start_new_session=True, **how)
        (STATE / f"{name}.pid").write_text(str(process.pid))
        heard.settimeout(PATIENCE)
        while b"READY=1" not in heard.recv(1000).splitlines():
            pass


def stop(name: str) -> None:
    """And wait until it has ended."""
    pid = int((STATE / f"{name}.pid").read_text())
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + PATIENCE
    while Path(f"/proc/{pid}/stat").exists() and time.monotonic() < end:
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.02)
    else:
        assert not Path(f"/proc/{pid}").exists(), f"{name} did not end"


def reload_nginx() -> None:
    """Until it listens for TLS, as it does after some time."""
    subprocess.run(["nginx", "-s", "reload"], check=True, timeout=PATIENCE)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", HTTPS), 1):
                return
        except OSError:
            time.sleep(0.02)
    raise SystemExit("nginx does not listen")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
