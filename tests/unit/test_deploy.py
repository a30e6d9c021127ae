"""What is in deploy/ and beside it: what it names is there, and the tools it is for accept it."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from attrs import fields

from runtime.commands.rotation import name_for
from runtime.commands.settings_report import unknown_names
from runtime.config import Settings, load_settings, read_dotenv
from runtime.metrics import Metrics
from tests.server.proxied import certificate

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
UNITS: Final = ("vestnik.service", "vestnik-backup.service", "vestnik-backup.timer")
SETTING: Final = re.compile(r"\bVESTNIK_[A-Z_]+")


def test_the_example_of_settings_is_good_and_sets_nothing(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text()
    assert unknown_names(SETTING.findall(text)) == []
    plain = tmp_path / ".env"
    plain.write_text(text)
    plain.chmod(0o600)
    assert read_dotenv(plain) == {}
    plain.write_text(re.sub(r"(?m)^# (VESTNIK_[A-Z_]+=)", r"\1", text))
    shown, defaults = load_settings({}, plain), load_settings({})
    examples = {"env", "database_url", "public_url", "smtp_url", "mail_from"}
    for attribute in fields(Settings):
        if attribute.name not in examples:
            assert getattr(shown, attribute.name) == getattr(defaults, attribute.name), attribute.name


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", *UNITS])
def test_what_starts_the_server_names_settings_that_there_are(name: str) -> None:
    assert unknown_names(SETTING.findall((DEPLOY / name).read_text())) == []


def test_haproxy_takes_its_settings(tmp_path: Path) -> None:
    if shutil.which("haproxy") is None:
        pytest.skip("no haproxy here (Debian package haproxy)")
    named, pair = tmp_path / "haproxy.cfg", tmp_path / "pair.pem"
    certificate(tmp_path / "keys")
    pair.write_text("".join((tmp_path / "keys" / name).read_text() for name in ("fullchain.pem", "privkey.pem")))
    text = (DEPLOY / "haproxy.cfg").read_text()
    named.write_text(text.replace("/etc/haproxy/chat.example.org.pem", str(pair)))
    done = subprocess.run(["haproxy", "-c", "-f", named], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_units(name: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    unit = tmp_path / name
    unit.write_text((DEPLOY / name).read_text().replace("/usr/bin/vestnik", "/bin/true"))
    if name.endswith(".timer"):  # it looks for the service beside it
        unit.with_suffix(".service").write_text("[Service]\nExecStart=/bin/true\n")
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60, check=False)
    # what it says of other units of this machine is not our concern
    assert [line for line in done.stderr.splitlines() if name in line] == []


def test_the_service_runs_as_its_own_user_and_is_confined() -> None:
    unit = (DEPLOY / "vestnik.service").read_text()
    for line in (
        "Type=notify",
        "User=vestnik",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
    ):
        assert f"\n{line}\n" in unit
    assert "\nKillMode=mixed\n" in unit, "the workers hear of the stop from their parent"
    assert unit.count("\nExecReload=") == 1, "each one would replace all workers"
    container = (DEPLOY / "Dockerfile").read_text()
    assert "\nUSER vestnik\n" in container and "\nHEALTHCHECK " in container


def test_the_services_of_the_compose_file_are_closed_but_for_nginx() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    blocks = re.split(r"(?m)^  (?=[a-z]+:$)", text)
    assert [block.split(":")[0] for block in blocks if "\n    ports:" in block] == ["nginx"]
    shared = text.partition("\nservices:")[0]
    assert "read_only: true" in shared and "cap_drop: [ALL]" in shared
    assert "  inside:\n    internal: true\n" in text


def test_backups_of_the_compose_file_reach_s3_and_are_noticed_where_there_are_none() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    [block] = [one for one in re.split(r"(?m)^  (?=[a-z]+:$)", text) if one.startswith("backup:")]
    assert "\n    networks: [inside, front]" in block and "else sleep 3600" in block
    [check] = re.findall(r"test: \[CMD-SHELL, '(.+)'\]", block)
    check = check.replace("$$", "$")
    with tempfile.TemporaryDirectory() as folder:

        def healthy() -> bool:
            command = ["sh", "-c", check.replace("/backups", folder)]
            return subprocess.run(command, check=False, timeout=60).returncode == 0

        (Path(folder) / ".vestnik-draft").touch()
        assert not healthy()
        made = Path(folder) / name_for(datetime.now(UTC), encrypted=False)
        made.touch()
        assert healthy()
        os.utime(made, (time.time() - 27 * 3600,) * 2)
        assert not healthy()


def test_the_group_of_the_server_gets_through_its_folder_and_a_migration_has_time() -> None:
    unit, script = (DEPLOY / "vestnik.service").read_text(), (DEPLOY / "debian/postinst").read_text()
    assert "\nStateDirectoryMode=0710\n" in unit and "-m 0710 /var/lib/vestnik\n" in script
    assert "\nTimeoutStartSec=3h\n" in unit, "ExecStartPre migrates"


def test_dashboard_and_alerts_ask_for_metrics_that_there_are() -> None:
    names = Metrics().names()
    dashboard = json.loads((DEPLOY / "grafana.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += re.findall(r"(?m)^ +expr: (.+)$", (DEPLOY / "alerts.yml").read_text())
    assert len(asked) > 15
    for expression in asked:
        for name in re.findall(r"\bvestnik_\w+", expression):
            assert re.sub(r"_(bucket|sum|count)$", "", name) in names, name


@pytest.fixture
def packaging() -> ModuleType:
    spec = importlib.util.spec_from_file_location("package_server", DEPLOY / "package_server.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_debian_package_is_put_together(tmp_path: Path, packaging: Any) -> None:
    """All but the libraries, which take minutes to pack."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("no dpkg-deb here")
    tree, deb = tmp_path / "tree", tmp_path / "vestnik.deb"
    packaging.copy_files(tree)
    packaging.write_control(tree / "DEBIAN", "1.2.3", "amd64", 7)
    build = ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(tree), str(deb)]
    subprocess.run(build, check=True, capture_output=True, timeout=60)
    listed = ["dpkg-deb", "--contents", str(deb)]
    contents = subprocess.run(listed, check=True, capture_output=True, text=True, timeout=60).stdout
    for name in (
        "lib/systemd/system/vestnik.service",
        "usr/share/doc/vestnik/operating.md",
        "usr/share/vestnik/env.example",
    ):
        assert "-rw-r--r-- root/root" in contents and f"./{name}\n" in contents
    assert re.search(r"-rwxr-xr-x root/root .* \./usr/bin/vestnik\n", contents)
    for script in ("postinst", "prerm", "postrm"):
        subprocess.run(["sh", "-n", str(tree / "DEBIAN" / script)], check=True, timeout=60)
    assert "@" not in (tree / "DEBIAN/control").read_text().replace("vestnik@localhost", "")


def test_a_version_names_the_commit_where_there_is_one(tmp_path: Path, packaging: Any) -> None:
    if shutil.which("git") is None:
        pytest.skip("no git here")
    assert packaging.commit_of(tmp_path) == ""
    who = ["-c", "user.name=x", "-c", "user.email=x@localhost", "-c", "commit.gpgsign=false"]
    when = {**os.environ, "GIT_COMMITTER_DATE": "2026-03-01T02:30:00+0300"}

    def git(*words: str) -> None:
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True, capture_output=True, env=when, timeout=60)

    git("init", "-q")
    assert packaging.commit_of(tmp_path) == "", "nothing is committed yet"
    (tmp_path / "a").write_text("a")
    git("add", "a")
    git(*who, "commit", "-q", "-m", "a")
    assert re.fullmatch(r"\+20260228233000\.g[0-9a-f]{10,}", packaging.commit_of(tmp_path))
    (tmp_path / "a").write_text("b")
    assert packaging.commit_of(tmp_path).endswith(".changed")


def test_server_and_app_are_packages_of_their_own_and_share_no_file() -> None:
    """Both may be on one machine; an app that was once a package named as the server's is is replaced."""
    app = (ROOT / "client/desktop/build/make-deb.sh").read_text()
    assert "\nPackage: vestnik-desktop\n" in app and (DEPLOY / "debian/control").read_text().startswith(
        "Package: vestnik\n"
    )
    for shared in ("/opt/vestnik", "/usr/bin/vestnik", "/usr/share/doc/vestnik"):
        assert not re.search(rf"{shared}(?![-\w])", app), shared
    assert "\nConflicts: vestnik (<= 0.1.0)\nReplaces: vestnik (<= 0.1.0)\n" in app
    assert "Exec=/opt/vestnik-desktop/vestnik %U" in (ROOT / "client/desktop/build/vestnik.desktop").read_text()
