"""Docs are run, not read: the steps of the pages for operators, taken from the pages, on a machine of their own."""

import os
import shutil
import site
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests import mysql_server
from tests.documents.machine import PAGES
from tests.documents.steps import ROOT, steps_of
from tests.server.test_installed import build

TOOLS = ("curl", "unshare", "ip", "nginx", "systemd-analyze", "adduser", "runuser", "setpriv", "openssl")
UNSHARE = ("unshare", "--mount", "--net", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc")
LAYERED = (
    "mount -t tmpfs none /mnt && mkdir /mnt/upper /mnt/work && ip link set lo up && "
    "mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc"
)
PATIENCE = 900


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what `./just package-server` makes."""
    if os.geteuid() != 0:
        pytest.skip("a machine of its own needs root")
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [tool for tool in TOOLS if shutil.which(tool, path=path) is None]
    if missing or not Path("/usr/bin/python3").exists():
        pytest.skip(f"not here: {', '.join(missing) or '/usr/bin/python3'}")
    if subprocess.run([*UNSHARE, "sh", "-c", LAYERED], capture_output=True, timeout=60, check=False).returncode:
        pytest.skip("namespaces and layers of file systems cannot be made here")
    asked = f"import ensurepip, sys; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})"
    if subprocess.run(["/usr/bin/python3", "-c", asked], capture_output=True, timeout=60, check=False).returncode:
        pytest.skip("Debian's Python has no venv, or is not the version that the libraries here are for")
    folder = tmp_path_factory.mktemp("dist")
    build(folder)
    return folder


@pytest.mark.parametrize("kind", ["sqlite", "mariadb", "mysql"])
def test_the_documented_steps_lead_to_a_server_that_works(kind: str, packages: Path) -> None:
    more: list[str] = []
    if kind == "mariadb" and shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
        pytest.skip("no mariadbd here (Debian package mariadb-server-core)")
    if kind == "mysql":
        mysql_server.shared_mysql()
        root = mysql_server.SERVER_CA.parents[2]
        if not (root / "usr/sbin/mysqld").exists():
            pytest.skip("no MySQL here that could be started once more")
        more = ["--mysql", str(root)]
    [libraries] = [path for path in site.getsitepackages() if Path(path, "trio").is_dir()]
    with tempfile.TemporaryDirectory(prefix="vestnik-machine-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copytree(packages, folder / "home")
        inside = [sys.executable, "-m", "tests.documents.machine", kind, name, "--libraries", libraries, *more]
        done = subprocess.run(
            [*UNSHARE, *inside], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    assert done.returncode == 0 and done.stdout.endswith("all done\n"), done.stdout[-6000:]
    for page in PAGES[kind]:
        assert steps_of(page, kind), page
        for step in steps_of(page, kind):
            assert f"--- {page}: {step.name}\n" in done.stdout


def test_a_step_is_for_the_databases_that_it_names() -> None:
    names = {kind: [step.name for step in steps_of("installing.md", kind)] for kind in ("sqlite", "mysql", "mariadb")}
    assert names["mysql"] == names["mariadb"]
    assert set(names["mysql"]) - set(names["sqlite"]) == {"database", "the database's settings"}
    assert names["sqlite"][0] == "program" and {"nginx", "doctor", "people"} < set(names["sqlite"])
