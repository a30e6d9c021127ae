"""What is in deploy/ and beside it: what it names is there, and the tools it is for accept it."""

import importlib.util
import json
import marshal
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
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
from tests.haproxy_server import CONFINES, HAProxy, can_confine, confined
from tests.server.proxied import certificate

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
UPDATING: Final = ROOT / "docs/updating.md"
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
    text = confined((DEPLOY / "haproxy.cfg").read_text())
    named.write_text(text.replace("/etc/haproxy/chat.example.org.pem", str(pair)))
    done = subprocess.run(["haproxy", "-c", "-f", named], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_haproxy_is_reached_by_is_not_root(tmp_path: Path) -> None:
    text = (DEPLOY / "haproxy.cfg").read_text()
    settings = text.partition("\nglobal\n")[2].partition("\ndefaults\n")[0].splitlines()
    assert {f"    {line}" for line in CONFINES} <= set(settings)
    if shutil.which("haproxy") is None or not can_confine():
        pytest.skip("no haproxy here, or nobody who may start it as another user")
    server = HAProxy(tmp_path, 1, 1)
    try:
        server.start()
        [pid] = server.pids
        owner = (Path("/proc") / str(pid)).stat().st_uid
        assert owner == pwd.getpwnam("haproxy").pw_uid
        assert (Path("/proc") / str(pid) / "root").readlink() == Path("/var/lib/haproxy")
    finally:
        server.kill()


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
    assert "\n    networks: [inside, front]" in block and "else pause=3600" in block
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


def test_the_backups_of_the_compose_file_end_when_they_are_told(tmp_path: Path) -> None:
    """Docker kills what does not end within ten seconds, also in the midst of a backup."""
    text = (DEPLOY / "compose.yaml").read_text()
    [lines] = re.findall(r"(?m)^    entrypoint:\n      - sh\n      - -c\n      - >-\n((?: {8}\S.*\n)+)", text)
    script = " ".join(line.strip() for line in lines.splitlines()).replace("$$", "$")
    assert "pause=3600" in script and "pause=86400" in script
    stub = tmp_path / "vestnik"
    path = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    for in_the_midst in (True, False):
        began = tmp_path / f"began-{in_the_midst}"
        os.mkfifo(began)
        work = f'echo "$@" >{began}; exec sleep 1000' if in_the_midst else "exit 0"
        stub.write_text(f"#!/bin/sh\n{work}\n")
        stub.chmod(0o755)
        pause = tmp_path / "sleep"
        pause.write_text(f'#!/bin/sh\necho "$@" >{began}\nexec /bin/sleep 1000\n')
        pause.chmod(0o755)
        if in_the_midst:
            pause.unlink()
        shell = subprocess.Popen(["sh", "-c", script], env=path, start_new_session=True)
        try:
            assert began.read_text() == ("backup --to /backups --keep 7d,4w,12m\n" if in_the_midst else "86400\n")
            shell.terminate()
            assert shell.wait(60) == 0
            with pytest.raises(ProcessLookupError):  # nothing of it is left
                os.killpg(shell.pid, 0)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
            shell.wait(60)


def test_nginx_of_the_compose_file_finds_what_it_names_after_the_edits_of_its_head() -> None:
    compose, nginx = (DEPLOY / "compose.yaml").read_text(), (DEPLOY / "nginx.conf").read_text()
    edits = re.findall(r"(?m)^#   in nginx\.conf( and in this file \(`volumes` of nginx\))?:  (\S+) -> (\S+)$", compose)
    assert len(edits) == 4
    for here_too, old, new in edits:
        new = new.replace("HOST", "talk.example.net")
        assert old in nginx
        nginx = nginx.replace(old, new)
        if here_too:
            volumes = compose.partition("\n  nginx:\n")[2]
            assert old in volumes
            compose = compose.replace(old, new)
    mounts = re.findall(r"(?m)^      - (\S+?):(\S+):ro$", compose)
    [tls] = [inside for outside, inside in mounts if outside == "./tls"]
    keys = re.findall(r"(?m)^ *ssl_certificate(?:_key)? +(\S+);", nginx)
    assert keys == [f"{tls}/fullchain.pem", f"{tls}/privkey.pem"] and "talk.example.net" in tls
    logs = re.findall(r"(?m)^ *(?:access|error)_log +(\S+)", nginx)
    assert set(logs) - {"off;"} == {"/dev/stdout", "/dev/stderr"}, "a file would fill the container"
    assert "127.0.0.1:8000" not in nginx and nginx.count("server vestnik:8000;") == 3
    assert "docker compose restart nginx" in compose and "docker compose restart nginx" in UPDATING.read_text()


def test_the_group_of_the_server_gets_through_its_folder_and_a_migration_has_time() -> None:
    unit, script = (DEPLOY / "vestnik.service").read_text(), (DEPLOY / "debian/postinst").read_text()
    assert "\nStateDirectoryMode=0710\n" in unit and "-m 0710 /var/lib/vestnik\n" in script
    assert "\nTimeoutStartSec=3h\n" in unit, "ExecStartPre migrates"


def test_dashboard_and_alerts_ask_for_metrics_that_there_are() -> None:
    names = Metrics().names()
    dashboard = json.loads((DEPLOY / "grafana.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += alerts().values()
    assert len(asked) > 15
    for expression in asked:
        for name in re.findall(r"\bvestnik_\w+", expression):
            assert re.sub(r"_(bucket|sum|count)$", "", name) in names, name


def alerts() -> dict[str, str]:
    """The expressions of the rules by their names."""
    text = (DEPLOY / "alerts.yml").read_text()
    rules = re.findall(r"(?m)^      - alert: (\w+)\n(?:        #.*\n)*        expr: (?:>-)?(.*(?:\n {10}.+)*)", text)
    assert len(rules) == text.count("- alert:")
    return {name: " ".join(expression.split()) for name, expression in rules}


def test_no_rule_waits_for_the_second_of_what_is_worth_waking_somebody() -> None:
    """A series with labels begins with its first event, at 1, and has not grown then."""
    for name, expression in alerts().items():
        for series in re.findall(r"increase\((\w+\{.+?\})\[\w+\]\)\) > 0", expression):
            assert f"{series} offset " in expression, name
    assert "vestnik_connection_failures_total" in alerts()["VestnikBugs"]


def test_the_rules_speak_when_they_should(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool here (Debian package prometheus)")
    shutil.copy(DEPLOY / "alerts.yml", tmp_path)
    broken = 'vestnik_operations_total{job="vestnik",instance="a",operation="send",end="broken"}'
    up = {'up{job="vestnik",instance="a"}': "1x60", 'vestnik_build_info{job="vestnik",instance="a"}': "1x60"}
    dead = {**up, 'up{job="vestnik",instance="b"}': "1x20 0x40"}
    fault = {**up, 'vestnik_connection_failures_total{job="vestnik",instance="a"}': "0x20 1x40"}
    tests = []
    for series, minute, speaking in (
        ({**up, broken: "3x60"}, 30, set()),
        ({**up, broken: "_x20 1x40"}, 19, set()),
        ({**up, broken: "_x20 1x40"}, 23, {"VestnikBugs"}),
        ({**up, broken: "_x20 1x40"}, 40, set()),
        ({**up, broken: "3x20 _x5 1x35"}, 28, {"VestnikBugs"}),
        (fault, 23, {"VestnikBugs"}),
        (dead, 19, set()),
        (dead, 25, {"VestnikSilent"}),
        ({}, 5, {"VestnikSilent"}),
    ):
        query = "count by (alertname) (ALERTS{alertstate='firing'}) > bool 0"
        told = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(speaking)]
        given = [{"series": name, "values": values} for name, values in series.items()]
        check = {"expr": query, "eval_time": f"{minute}m", "exp_samples": told}
        tests.append({"interval": "1m", "input_series": given, "promql_expr_test": [check]})
    case = tmp_path / "case.json"
    case.write_text(json.dumps({"rule_files": ["alerts.yml"], "tests": tests}))
    done = subprocess.run([promtool, "test", "rules", case], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


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


def test_what_the_debian_package_brings_is_compiled(
    tmp_path: Path, packaging: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an installer that brings one module alone."""
    installer = tmp_path / "uv"
    installer.write_text(
        "#!/bin/sh\n"
        'while [ "$1" != --target ]; do shift; done\n'
        f'mkdir -p "$2/runtime" && cp {ROOT}/runtime/cli.py "$2/runtime"\n'
    )
    installer.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    packaging.fill_environment(tmp_path / "tree" / packaging.HOME, tmp_path / "vestnik.whl")
    [packages] = (tmp_path / "tree").rglob("site-packages")
    [compiled] = (packages / "runtime/__pycache__").glob("cli.*.pyc")
    head, code = compiled.read_bytes()[:16], marshal.loads(compiled.read_bytes()[16:])
    assert int.from_bytes(head[4:8], "little") == 0b01, "by hash, and not compared"
    assert code.co_filename == f"/{packages.relative_to(tmp_path / 'tree')}/runtime/cli.py"


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
