"""`vestnik config`, and names that are no settings."""

from pathlib import Path

from runtime.commands.settings_report import names_in, report, table, unknown_names


def test_a_name_that_is_no_setting_is_told_with_the_nearest() -> None:
    told = unknown_names(["VESTNIK_PROT", "VESTNIK_PORT", "VESTNIK_SERVER", "VESTNIK_COLOUR_OF_THE_SEA", "PATH"])
    assert told == ["VESTNIK_COLOUR_OF_THE_SEA is no setting", "VESTNIK_PROT is no setting; is VESTNIK_PORT meant?"]


def test_names_come_from_the_environment_and_the_file(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert names_in({"VESTNIK_A": "1"}, path) == {"VESTNIK_A"}
    path.write_text("VESTNIK_B=2\n", encoding="utf-8")
    path.chmod(0o600)
    assert names_in({"VESTNIK_A": "1"}, path) == {"VESTNIK_A", "VESTNIK_B"}


def test_each_setting_stands_with_its_source_and_no_secret(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("VESTNIK_REGISTRATION=closed\nVESTNIK_PORT=1\n", encoding="utf-8")
    path.chmod(0o600)
    environ = {
        "VESTNIK_PORT": "2",
        "VESTNIK_JWT_SECRET": "a secret that several machines share",
        "VESTNIK_JWT_SECRETS_ACCEPTED": "the secret that comes after this one,and another one as long as that one",
        "VESTNIK_DATABASE_URL": "mysql://vestnik:hunter2%40@db.example.org:3307/chat?tls=required",
    }
    told = report(environ, path, {"host": "::"})
    lines = {line.name: [line.value, line.source] for line in told}
    assert [line.split(maxsplit=2) for line in table(told).splitlines()] == [
        [name, *rest] for name, rest in lines.items()
    ]
    assert lines["VESTNIK_ENV"] == ["production", "default"], "what follows from the others"
    assert lines["VESTNIK_HOST"] == ["::", "command line"]
    assert lines["VESTNIK_PORT"] == ["2", "environment"]
    assert lines["VESTNIK_REGISTRATION"] == ["closed", ".env"]
    assert lines["VESTNIK_PROXY_HOPS"] == ["0", "default"]
    assert lines["VESTNIK_ALLOWED_ORIGINS"] == ["-", "default"]
    assert lines["VESTNIK_JWT_SECRET"] == ["***", "environment"]
    assert lines["VESTNIK_JWT_SECRETS_ACCEPTED"] == ["***,***", "environment"]
    assert lines["VESTNIK_DATABASE_URL"] == ["mysql://vestnik:***@db.example.org:3307/chat?***", "environment"]
    socket = {"VESTNIK_DATABASE_URL": "sqlite:////srv/v.sqlite3"}
    assert "sqlite:////srv/v.sqlite3" in table(report(socket, tmp_path / "none", {}))
