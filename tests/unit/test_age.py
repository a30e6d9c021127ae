"""Encrypted backups: the program `age` reads what we write, we read what it writes, and no change goes unseen."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.age import bech32
from runtime.age.files import PIECE, decrypt, encrypt, is_encrypted, notes_of
from runtime.age.header import NotAge
from runtime.age.keys import KeyFileError, make_keys, read_public, read_secret

SIZES = (0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE)
needs_age = pytest.mark.skipif(shutil.which("age") is None, reason="no age here (Debian package age)")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    make_keys(tmp_path / "secret")
    return tmp_path / "secret"


def written(folder: Path, size: int) -> Path:
    path = folder / f"plain-{size}"
    path.write_bytes(os.urandom(size))
    return path


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_keys_are_written_and_read(data: bytes) -> None:
    text = bech32.encode("age", data)
    assert bech32.decode(text) == bech32.decode(text.upper()) == ("age", data)


def test_known_words_of_bech32_and_slips_of_the_pen() -> None:
    known = "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"  # of BIP 173
    assert bech32.encode(*bech32.decode(known)) == known
    for place in range(len(known)):
        with pytest.raises(ValueError, match="no key"):
            bech32.decode(known[:place] + ("q" if known[place] != "q" else "p") + known[place + 1 :])
    for wrong in ("", "1", "age1", "age1qqqqqq", "Age1qpzry9x8", "é1qqqqqqq", "x1b4n0q5v"):
        with pytest.raises(ValueError, match="no key"):
            bech32.decode(wrong)


@pytest.mark.parametrize("size", SIZES)
def test_what_was_encrypted_is_read_by_its_key_and_no_other(tmp_path: Path, secret: Path, size: int) -> None:
    plain, file = written(tmp_path, size), tmp_path / "file"
    encrypt(plain, file, read_public(secret), {"made_at": "2026-01-01T00:00:00+00:00"})
    assert is_encrypted(file) and not is_encrypted(plain) and notes_of(plain) == {}
    assert notes_of(file) == {"made_at": "2026-01-01T00:00:00+00:00"}
    assert file.stat().st_mode & 0o777 == 0o600
    decrypt(file, tmp_path / "again", read_secret(secret))
    assert (tmp_path / "again").read_bytes() == plain.read_bytes()
    with pytest.raises(NotAge, match="not for this key"):
        decrypt(file, tmp_path / "others", [X25519PrivateKey.generate()])


@needs_age
@pytest.mark.parametrize("size", SIZES)
def test_age_reads_ours_and_we_read_ages(tmp_path: Path, secret: Path, size: int) -> None:
    plain, file = written(tmp_path, size), tmp_path / "file"
    encrypt(plain, file, read_public(secret), {"made_at": "2026", "rotated": "yes"})
    told = subprocess.run(["age", "-d", "-i", secret, file], capture_output=True, check=False, timeout=60)
    assert told.stdout == plain.read_bytes(), told.stderr
    subprocess.run(["age-keygen", "-o", tmp_path / "theirs"], check=True, capture_output=True, timeout=60)
    public = re.search(r"age1\w+", (tmp_path / "theirs").read_text())
    assert public is not None
    subprocess.run(["age", "-r", public[0], "-o", tmp_path / "aged", plain], check=True, timeout=60)
    decrypt(tmp_path / "aged", tmp_path / "again", read_secret(tmp_path / "theirs"))
    assert (tmp_path / "again").read_bytes() == plain.read_bytes()


def test_no_flipped_bit_no_cut_and_nothing_added_is_read(tmp_path: Path, secret: Path) -> None:
    file, bad = tmp_path / "file", tmp_path / "bad"
    encrypt(written(tmp_path, 2 * PIECE), file, read_public(secret), {"made_at": "2026"})
    good, keys = file.read_bytes(), read_secret(secret)
    head = good.index(b"\n--- ") + 60
    wrong = [
        good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        for place in (*range(head), *range(head, len(good), 999))
    ]
    piece = PIECE + 16
    wrong += [good[:place] for place in (0, 10, head, head + 10, len(good) - piece, len(good) - 1)]
    wrong += [good + b"x", good + good[-piece:], good[:-piece] + good[-16:]]
    start = len(good) - 2 * piece
    wrong += [good[:start] + good[start + piece :] + good[start : start + piece]]
    for data in wrong:
        bad.write_bytes(data)
        (tmp_path / "out").unlink(missing_ok=True)
        with pytest.raises(NotAge):
            decrypt(bad, tmp_path / "out", keys)


def test_files_of_keys(tmp_path: Path, secret: Path) -> None:
    assert secret.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyFileError, match="already"):
        make_keys(secret)
    public = tmp_path / "public"
    public.write_text(f"# mine\n\n{secret.read_text().split()[3]}\n")
    [one], [other] = read_public(public), read_public(secret)
    assert one.public_bytes_raw() == other.public_bytes_raw()
    with pytest.raises(KeyFileError, match="no secret key"):
        read_secret(public)
    secret.chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        read_secret(secret)
    for text in ("", "# nothing\n", "age1qqqqqq", secret.read_text()[:-3], "ssh-ed25519 AAAA", "x" * 70_000):
        public.write_text(text)
        with pytest.raises(KeyFileError) as caught:
            read_public(public)
        assert "SECRET" not in str(caught.value) and "AAAA" not in str(caught.value)
    with pytest.raises(KeyFileError, match="cannot be opened"):
        read_public(tmp_path / "nowhere")
