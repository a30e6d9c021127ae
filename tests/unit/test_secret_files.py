"""The files in which the server keeps secrets that it made for itself."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runtime.secrets.secret_files import SecretFileError, load_or_create_secret


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "data" / "key"
    secret = load_or_create_secret(path)
    assert load_or_create_secret(path) == secret
    assert len(secret) >= 43
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["key"], "no draft is left"
    assert secret not in repr(secret)


def test_two_servers_have_two_secrets(tmp_path: Path) -> None:
    assert load_or_create_secret(tmp_path / "a") != load_or_create_secret(tmp_path / "b")


def test_all_who_start_at_once_get_the_same(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: str(load_or_create_secret(path)), range(64)))
    assert len(found) == 1
    assert os.listdir(tmp_path) == ["key"]


@pytest.mark.parametrize("mode", [0o644, 0o606, 0o601])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    load_or_create_secret(path)
    path.chmod(mode)
    with pytest.raises(SecretFileError, match="others can read it"):
        load_or_create_secret(path)


@pytest.mark.parametrize("text", ["", "short", "ключ" * 20, "\n" * 50])
def test_what_is_no_secret_is_refused_and_not_overwritten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(SecretFileError, match="holds no secret"):
        load_or_create_secret(path)
    assert path.read_text(encoding="utf-8") == text


def test_links_pipes_and_folders_are_refused(tmp_path: Path) -> None:
    load_or_create_secret(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(0o700)
    for name in ("link", "pipe", "folder"):
        with pytest.raises(SecretFileError):
            load_or_create_secret(tmp_path / name)
