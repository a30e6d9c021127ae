"""Settings: where they come from, and what is said of wrong ones."""

from pathlib import Path

import pytest

from runtime.config import Secret, Settings, SettingsError, load_settings
from runtime.mail.smtp import parse_smtp_url


def faults(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        load_settings(environ)
    return refused.value.problems


def dotenv(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / ".env"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_defaults_need_nothing() -> None:
    settings = load_settings({})
    assert (settings.host, settings.port, settings.registration) == ("127.0.0.1", 8000, "open")
    assert settings.database_url == "sqlite:///var/vestnik.sqlite3"


def test_the_command_line_beats_the_environment_and_that_beats_the_file(tmp_path: Path) -> None:
    path = dotenv(tmp_path, "VESTNIK_PORT=1\nVESTNIK_HOST=file\nVESTNIK_DATA_DIR=/file\n")
    settings = load_settings({"VESTNIK_PORT": "2", "VESTNIK_HOST": "env"}, path, {"port": "3", "host": None})
    assert (settings.port, settings.host, settings.data_dir) == (3, "env", Path("/file"))
    assert settings.database_url == "sqlite:////file/vestnik.sqlite3"


def test_empty_variables_are_not_set(tmp_path: Path) -> None:
    path = dotenv(tmp_path, "VESTNIK_PORT=\n")
    assert load_settings({"VESTNIK_HOST": ""}, path) == load_settings({})


def test_all_that_is_wrong_is_told_at_once() -> None:
    problems = faults(
        {
            "VESTNIK_PORT": "70000",
            "VESTNIK_REGISTRATION": "perhaps",
            "VESTNIK_BUCKET_RATE": "nan",
            "VESTNIK_ALLOWED_ORIGINS": "chat.example.org",
            "VESTNIK_PROXY_HOPS": "-1",
            "VESTNIK_BUCKET_BURST": "many",
        }
    )
    assert sorted(problem.split(":")[0] for problem in problems) == [
        "VESTNIK_ALLOWED_ORIGINS",
        "VESTNIK_BUCKET_BURST",
        "VESTNIK_BUCKET_RATE",
        "VESTNIK_PORT",
        "VESTNIK_PROXY_HOPS",
        "VESTNIK_REGISTRATION",
    ]
    assert "VESTNIK_PORT: must be a whole number from 0 to 65535, not '70000'" in problems


@pytest.mark.parametrize("url", ["postgres://a:s3cret@b/c", "s3cret", "sqlite://s3cret", "mysql://[s3cret"])
def test_a_wrong_database_url_is_not_quoted(url: str) -> None:
    [problem] = faults({"VESTNIK_DATABASE_URL": url})
    assert problem.startswith("VESTNIK_DATABASE_URL: must ")
    assert "s3cret" not in problem


def test_secrets_do_not_show_themselves() -> None:
    settings = load_settings({"VESTNIK_DATABASE_URL": "mysql://ann:s3cret@host/db"})
    assert settings.database_url.endswith("ann:s3cret@host/db")
    assert "s3cret" not in repr(settings)
    assert repr(Secret("s3cret")) == "'***'"


def test_origins_are_as_browsers_send_them() -> None:
    settings = load_settings({"VESTNIK_ALLOWED_ORIGINS": " https://Chat.example.org/ , http://localhost:3000,"})
    assert settings.allowed_origins == ("https://chat.example.org", "http://localhost:3000")


@pytest.mark.parametrize("mode", [0o644, 0o606, 0o604])
def test_a_file_that_others_can_read_is_refused_with_its_cure(tmp_path: Path, mode: int) -> None:
    path = dotenv(tmp_path, "VESTNIK_PORT=1\n", mode)
    with pytest.raises(SettingsError, match=f"chmod 600 {path}"):
        load_settings({}, path)


def test_production_takes_nothing_that_is_not_encrypted() -> None:
    plain = {"VESTNIK_PUBLIC_URL": "http://chat.example.org", "VESTNIK_ALLOWED_ORIGINS": "https://a.example,http://b"}
    told = faults(plain)
    assert [problem.split(":")[0] for problem in told] == ["VESTNIK_PUBLIC_URL", "VESTNIK_ALLOWED_ORIGINS"]
    assert all("VESTNIK_ENV=development" in problem for problem in told), "what to do where that is meant"
    assert faults(plain | {"VESTNIK_ENV": "production"}) == told
    for env in ("development", "test"):
        assert load_settings(plain | {"VESTNIK_ENV": env}).env == env
    assert faults({"VESTNIK_ENV": "prod"}) == ("VESTNIK_ENV: must be one of production, development, test, not 'prod'",)


def test_a_server_that_others_reach_is_for_production_unless_it_is_told_otherwise() -> None:
    home: list[dict[str, str]] = [{}, {"HOST": "::1"}, {"HOST": "localhost", "PUBLIC_URL": "http://127.0.0.1:9"}]
    reached = [{"HOST": "0.0.0.0"}, {"HOST": "::"}, {"PROXY_HOPS": "1"}, {"PUBLIC_URL": "https://chat.example.org"}]
    found = [
        load_settings({f"VESTNIK_{name}": value for name, value in some.items()}).env for some in (*home, *reached)
    ]
    assert found == ["development"] * len(home) + ["production"] * len(reached)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert load_settings({}, tmp_path / "none") == load_settings({})
    path = dotenv(tmp_path, "")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="UnicodeDecodeError"):
        load_settings({}, path)


def test_a_mistaken_override_is_told() -> None:
    with pytest.raises(SettingsError, match="colour: is no setting"):
        load_settings({}, None, {"colour": "red"})


def test_every_default_is_a_value_its_own_converter_takes() -> None:
    assert load_settings({}, None, {"port": str(Settings().port), "bucket_rate": "20"}) == load_settings({})


MAIL = {"VESTNIK_MAIL_FROM": "v@example.org", "VESTNIK_PUBLIC_URL": "https://chat.example.org/"}


def test_letters_need_a_sender_and_the_address_of_the_server() -> None:
    settings = load_settings({"VESTNIK_SMTP_URL": "smtps://u:p%40ss@mail.example.org", **MAIL})
    assert (settings.public_url, settings.mail_from) == ("https://chat.example.org", "v@example.org")
    server = parse_smtp_url(settings.smtp_url)
    assert (server.host, server.port, server.user, server.password) == ("mail.example.org", 465, "u", "p@ss")
    assert "p%40ss" not in repr(settings) and "p@ss" not in repr(server)
    assert faults({"VESTNIK_SMTP_URL": "smtp://127.0.0.1"}) == (
        "VESTNIK_MAIL_FROM: is needed with VESTNIK_SMTP_URL",
        "VESTNIK_PUBLIC_URL: is needed with VESTNIK_SMTP_URL",
    )
    for name, wrong in (("PUBLIC_URL", "chat.example.org"), ("PUBLIC_URL", "https://a/b"), ("MAIL_FROM", "v")):
        (problem,) = faults({f"VESTNIK_{name}": wrong})
        assert problem.startswith(f"VESTNIK_{name}: must be")


def test_how_the_server_for_letters_is_spoken_to() -> None:
    ways = {
        "smtp://mail.example.org": (587, "starttls"),
        "smtp://u:p@mail.example.org:25": (25, "starttls"),
        "smtp://mail.example.org?tls=off": (587, "off"),
        "smtp://127.0.0.1:1025": (1025, "off"),
        "smtp://localhost?tls=required&ca=/ca.pem": (587, "starttls"),
        "smtps://localhost": (465, "wrapped"),
    }
    assert {url: (parse_smtp_url(url).port, parse_smtp_url(url).tls) for url in ways} == ways
    for url in (
        "http://a", "smtp://", "smtp://a/b", "smtp://a:x", "smtp://a?x=1", "smtp://a?tls=maybe", "smtps://a?tls=off",
        "smtp://u:secret@a?tls=off", "smtp://a?tls=off&tls=off", "secret", "smtp://a#b",
    ):  # fmt: skip
        with pytest.raises(ValueError) as refused:
            parse_smtp_url(url)
        assert "secret" not in str(refused.value)


def test_where_nginx_finds_files() -> None:
    assert load_settings({"VESTNIK_FILES_ACCEL": "/internal/files/"}).files_accel == "/internal/files/"
    for wrong in ("internal/", "/internal", "/", "//", "/a b/", "/a/../b/", "/api/files/", "/a\n/"):
        [problem] = faults({"VESTNIK_FILES_ACCEL": wrong})
        assert problem.startswith("VESTNIK_FILES_ACCEL: must be the path")
    store = {"VESTNIK_FILES_ACCEL": "/internal/files/", "VESTNIK_FILES_URL": "s3://bucket"}
    [problem, *keys] = faults(store)
    assert problem.startswith("VESTNIK_FILES_ACCEL: is for files in a folder")
    assert [key.partition(":")[0] for key in keys] == ["VESTNIK_FILES_ACCESS_KEY", "VESTNIK_FILES_SECRET_KEY"]


def test_all_that_does_not_go_together_is_told_at_once() -> None:
    environ = {
        "VESTNIK_WORKERS": "2",
        "VESTNIK_REDIS_URL": "redis://localhost",
        "VESTNIK_FILES_ACCEL": "/internal/files/",
        "VESTNIK_FILES_URL": "s3://bucket",
        "VESTNIK_FILES_ACCESS_KEY": "name",
    }
    assert [problem.partition(":")[0] for problem in faults(environ)] == [
        "VESTNIK_WORKERS", "VESTNIK_REDIS_URL", "VESTNIK_FILES_ACCEL", "VESTNIK_FILES_SECRET_KEY",
    ]  # fmt: skip


def test_replicas_are_several_and_belong_to_a_mysql() -> None:
    both = "mysql://a:s3cret@one/vestnik, mariadb://a:s3cret@two/vestnik"
    environ = {"VESTNIK_DATABASE_URL": "mysql://a:b@c/d", "VESTNIK_DATABASE_READ_URL": both}
    assert len(load_settings(environ).database_read_url) == 2
    for wrong in ({"VESTNIK_DATABASE_READ_URL": both}, environ | {"VESTNIK_DATABASE_READ_URL": "sqlite:///s3cret"}):
        with pytest.raises(SettingsError) as caught:
            load_settings(wrong)
        assert "VESTNIK_DATABASE_READ_URL" in str(caught.value)
        assert "s3cret" not in str(caught.value)
