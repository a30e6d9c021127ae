"""Secrets the server makes for itself and keeps in files, such as the key that signs access tokens."""

import contextlib
import os
import secrets
import stat
from pathlib import Path

from runtime.config import Secret
from runtime.logs import get_logger
from runtime.secrets.file_modes import open_to
from storage.durable import sync

log = get_logger(__name__)


SECRET_BYTES = 32
"""Random bytes in a secret, before they are written as URL-safe base64."""

_TEXT_LENGTH = 43


class SecretFileError(Exception):
    """A secret file must not be used as it is."""


def load_or_create_secret(path: Path) -> Secret:
    """The secret in the file at `path`, made first if there is none.

    Of several processes that start at once all get the same secret. A crash leaves no half-written file: the secret
    is on the disk under another name before it gets its own.
    """
    try:
        return _load(path)
    except FileNotFoundError:
        _create(path)
        return _load(path)


def _load(path: Path) -> Secret:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SecretFileError(f"{path}: cannot be opened: {error.strerror}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise SecretFileError(f"{path}: is not a plain file")
        seen_by = open_to(status)
        if seen_by == "others":
            raise SecretFileError(f"{path}: others can read it; make a new one, or run: chmod 600 {path}")
        if status.st_uid not in (os.geteuid(), 0):
            raise SecretFileError(f"{path}: belongs to another user")
        if seen_by == "group":
            log.warning("secret_open_to_group", path=str(path))
        text = os.read(descriptor, 1024).decode("ascii", "replace").strip()
    finally:
        os.close(descriptor)
    if len(text.partition("\n")[0]) < _TEXT_LENGTH or not text.isascii():
        raise SecretFileError(f"{path}: holds no secret of {SECRET_BYTES} bytes")
    return Secret(text)


def new_secret() -> str:
    """A text of SECRET_BYTES random bytes."""
    return secrets.token_urlsafe(SECRET_BYTES)


def replace_secret(path: Path, text: str) -> None:
    """Put another text into a file of secrets, or leave it as it was: never half of one."""
    draft = _draft(path, text)
    draft.replace(path)
    sync(path.parent)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path, new_secret() + "\n")
    try:
        with contextlib.suppress(FileExistsError):  # another process was first: its secret counts
            os.link(draft, path)
    finally:
        draft.unlink()
    sync(path.parent)


def _draft(path: Path, text: str) -> Path:
    """A file beside `path` that holds the text durably, for its owner alone."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink()
        raise
    return draft
