"""The keys of access tokens: from the settings or a file, and how one follows another."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chatproto.tokens import AccessClaims, TokenKeys, TokenRefusal
from runtime.config import Secret, Settings, SettingsError, load_settings
from runtime.files.links import FileLinks
from runtime.probing import is_proven, proof
from runtime.secrets.secret_files import SecretFileError
from runtime.secrets.signing_keys import FILE_NAME, load_keys, rotate

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
OLD, NEW = "old key: " + "0123456789abcdef" * 2, "new key: " + "fedcba9876543210" * 2


def sign(keys: TokenKeys, lifetime: int = 3600) -> str:
    return keys.sign(
        user_id=1, session_id=2, session_key=b"s" * 16, refresh_id=b"r" * 32, jti="j", now=NOW, lifetime=lifetime
    )


def opens(keys: TokenKeys, token: str) -> bool:
    found = keys.check(token, NOW)
    assert found is TokenRefusal.INVALID or isinstance(found, AccessClaims)
    return isinstance(found, AccessClaims)


def test_a_file_is_made_once(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert opens(load_keys(settings, lambda: NOW), sign(load_keys(settings, lambda: NOW)))
    other = Settings(data_dir=tmp_path / "other")
    assert not opens(load_keys(other, lambda: NOW), sign(load_keys(settings, lambda: NOW)))


def test_after_a_rotation_tokens_live_out_their_time(tmp_path: Path) -> None:
    """O3 of docs/security.md."""
    settings = Settings(data_dir=tmp_path, access_token_seconds=900)
    first = sign(load_keys(settings, lambda: NOW))
    assert rotate(settings, NOW) == tmp_path / FILE_NAME
    keys = load_keys(settings, lambda: NOW)
    second = sign(keys)
    assert opens(keys, first) and opens(keys, second)
    assert next(iter(keys.keys)) == keys.current, "links to files are signed with the first"
    assert opens(load_keys(settings, lambda: NOW + timedelta(seconds=899)), first)
    assert not opens(load_keys(settings, lambda: NOW + timedelta(seconds=900)), first)
    rotate(settings, NOW)
    keys = load_keys(settings, lambda: NOW)
    assert (opens(keys, first), opens(keys, second)) == (False, True), "a key has one before it, no more"
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_former_key_ends_in_a_process_that_started_before_that(tmp_path: Path) -> None:
    settings, now = Settings(data_dir=tmp_path, access_token_seconds=900), NOW
    leaked = load_keys(settings, lambda: NOW)
    rotate(settings, NOW)
    keys = load_keys(settings, lambda: now)
    links = FileLinks(keys.keys)
    for after, good in ((0, True), (899, True), (900, False), (90_000, False)):
        now = NOW + timedelta(seconds=after)
        made_now = leaked.sign(
            user_id=1, session_id=2, session_key=b"s" * 16, refresh_id=b"r" * 32, jti="j", now=now, lifetime=3600
        )
        assert isinstance(keys.check(made_now, now), AccessClaims) is good, after
        link, _ = FileLinks(leaked.keys).sign("f" * 22, 7, now)
        assert links.viewer(link, "f" * 22, now) == (7 if good else None), after
        assert is_proven(keys, proof(leaked, now), now) is good, after
        assert links.viewer(links.sign("f" * 22, 7, now)[0], "f" * 22, now) == 7
        assert len(keys.keys) == 1 + good


def test_a_key_that_leaked_is_dropped_at_once(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    leaked = load_keys(settings, lambda: NOW)
    rotate(settings, NOW)
    between = load_keys(settings, lambda: NOW)
    rotate(settings, NOW, at_once=True)
    keys = load_keys(settings, lambda: NOW)
    assert (opens(keys, sign(leaked)), opens(keys, sign(between)), opens(keys, sign(keys))) == (False, False, True)
    assert len((tmp_path / FILE_NAME).read_text().split()) == 1, "nothing of the old ones is left in the file"


@pytest.mark.parametrize(
    "second", ["x", f"{OLD} soon", f"{OLD} 2026-03-01T00:00:00", f"{OLD} 2026-03-01T00:00:00Z\nmore"]
)
def test_a_file_that_was_edited_wrongly_is_refused(tmp_path: Path, second: str) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(f"{NEW * 2}\n{second}\n", encoding="ascii")
    path.chmod(0o600)
    with pytest.raises(SecretFileError, match="second line"):
        load_keys(Settings(data_dir=tmp_path), lambda: NOW)


def test_machines_share_a_secret_and_change_it_one_by_one(tmp_path: Path) -> None:
    def machine(name: str, secret: str, accepted: str = "") -> TokenKeys:
        environment = {"VESTNIK_JWT_SECRET": secret, "VESTNIK_JWT_SECRETS_ACCEPTED": accepted}
        return load_keys(load_settings(environment, overrides={"data_dir": tmp_path / name}), lambda: NOW)

    before, ready, changed, after = (
        machine("a", OLD), machine("b", OLD, f" {NEW} "), machine("c", NEW, OLD), machine("d", NEW)
    )  # fmt: skip
    assert opens(before, sign(ready)) and opens(ready, sign(before))
    assert opens(ready, sign(changed)) and opens(changed, sign(ready)) and opens(changed, sign(after))
    assert not opens(after, sign(before)) and not opens(before, sign(after))
    assert list(tmp_path.iterdir()) == [], "no file is made beside it"
    with pytest.raises(SecretFileError, match="VESTNIK_JWT_SECRET"):
        rotate(Settings(data_dir=tmp_path, jwt_secret=Secret(OLD)), NOW)


@pytest.mark.parametrize("name", ["VESTNIK_JWT_SECRET", "VESTNIK_JWT_SECRETS_ACCEPTED"])
@pytest.mark.parametrize("value", ["hunter2", "ключ" * 20, "x" * 40, "change-me-" * 4])
def test_a_weak_secret_is_refused_and_not_told(name: str, value: str) -> None:
    """O3 of docs/security.md."""
    with pytest.raises(SettingsError, match=name) as refused:
        load_settings({name: value})
    assert value not in str(refused.value)
    assert OLD not in repr(load_settings({name: OLD}))
