"""Who else may use a file with secrets."""

import os
from pathlib import Path

import pytest

from runtime.config import SettingsError, read_dotenv
from runtime.secrets.file_modes import open_to
from runtime.secrets.secret_files import SecretFileError, load_or_create_secret

OWN = os.getegid()
FOREIGN = max({OWN, *os.getgroups()}) + 1


def status(mode: int, group: int) -> os.stat_result:
    return os.stat_result((0o100000 | mode, 1, 1, 1, os.geteuid(), group, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("mode", "group", "seen_by"),
    [(0o600, OWN, None), (0o400, FOREIGN, None), (0o640, OWN, "group"), (0o660, OWN, "group"),
     (0o640, FOREIGN, "others"), (0o604, OWN, "others"), (0o601, OWN, "others")],
)  # fmt: skip
def test_table(mode: int, group: int, seen_by: str | None) -> None:
    assert open_to(status(mode, group)) == seen_by


def test_a_volume_that_is_mounted_for_the_group_of_the_process(tmp_path: Path) -> None:
    """What fsGroup makes of 0600 at each mount must not stop the second start."""
    key, dotenv = tmp_path / "key", tmp_path / ".env"
    secret = load_or_create_secret(key)
    dotenv.write_text("VESTNIK_PORT=1\n", encoding="utf-8")
    for path in (key, dotenv):
        os.chown(path, -1, OWN)
        path.chmod(0o660)
    assert load_or_create_secret(key) == secret
    assert read_dotenv(dotenv) == {"VESTNIK_PORT": "1"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to other groups")
def test_a_group_of_others(tmp_path: Path) -> None:
    key, dotenv = tmp_path / "key", tmp_path / ".env"
    load_or_create_secret(key)
    dotenv.write_text("VESTNIK_PORT=1\n", encoding="utf-8")
    for path in (key, dotenv):
        os.chown(path, -1, FOREIGN)
        path.chmod(0o640)
    with pytest.raises(SecretFileError, match="others can read it"):
        load_or_create_secret(key)
    with pytest.raises(SettingsError, match="others can read it"):
        read_dotenv(dotenv)
