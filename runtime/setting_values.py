"""Values of settings, read from text. Each reader raises ValueError with what it wants, and gives what is in force."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

from runtime.addresses import is_mail_address
from runtime.files.places import Place, read_place
from runtime.secrets.secret import Secret
from storage.mysql_url import parse_url

MIN_KEY_KINDS: Final = 10
"""Different characters: with fewer it is no random secret, but "change-me-change-me-"."""
MIN_TOKEN_LENGTH: Final = 20
"""Characters of a token that a program is given once."""


def whole(low: int, high: int) -> Callable[[object], int]:
    """A whole number from `low` to `high`, both included."""

    def convert(raw: object) -> int:
        try:
            value = int(str(raw))
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}, not {raw!r}")
        return value

    return convert


def positive(raw: object) -> float:
    """A finite number above 0."""
    try:
        value = float(str(raw))
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"must be a number above 0, not {raw!r}")
    return value


def one_of(*choices: str) -> Callable[[object], Any]:
    """One of these words."""

    def convert(raw: object) -> str:
        if raw not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}, not {raw!r}")
        return str(raw)

    return convert


def database_url(raw: object) -> Secret:
    """The value is never quoted back, it may hold a password."""
    url = str(raw)
    try:
        scheme, rest = url.split("://", 1)
        urlsplit(url)
    except ValueError:
        raise ValueError("must be a URL such as sqlite:///path or mysql://user:password@host/name") from None
    if scheme.partition("+")[0] not in ("sqlite", "mysql", "mariadb"):
        raise ValueError("must begin with sqlite:, mysql: or mariadb:")
    if scheme == "sqlite" and not rest.startswith("/"):
        raise ValueError("must have three slashes: sqlite:///path")
    if scheme != "sqlite":
        parse_url(url)
    return Secret(url)


def database_read_urls(raw: object) -> tuple[Secret, ...]:
    """Several of MySQL or MariaDB, separated by commas. The values are never quoted back."""
    urls = tuple(Secret(part.strip()) for part in str(raw).split(",") if part.strip())
    for url in urls:
        parse_url(url)
    return urls


def jwt_secret(raw: object) -> Secret:
    """The value is never quoted back."""
    from chatproto.tokens import MIN_KEY_BYTES  # and all of PyJWT, for those who set a secret

    text = str(raw).strip()
    if not text.isascii() or len(text) < MIN_KEY_BYTES or len(set(text)) < MIN_KEY_KINDS:
        raise ValueError(f"must be at least {MIN_KEY_BYTES} random ASCII characters, such as `openssl rand -base64 32`")
    return Secret(text)


def metrics_token(raw: object) -> Secret:
    """The value is never quoted back."""
    text = str(raw).strip()
    if not text.isascii() or len(text) < MIN_TOKEN_LENGTH or " " in text:
        raise ValueError(f"must be at least {MIN_TOKEN_LENGTH} random ASCII characters, such as `openssl rand -hex 24`")
    return Secret(text)


def jwt_secrets(raw: object) -> tuple[Secret, ...]:
    """Several, separated by commas."""
    return tuple(jwt_secret(part) for part in str(raw).split(",") if part.strip())


def place(raw: object) -> Place:
    """Where files are kept; see `read_place`."""
    return read_place(str(raw).strip())


def secret(raw: object) -> Secret:
    """Any text. The value is never quoted back."""
    return Secret(str(raw).strip())


def origins(raw: object) -> tuple[str, ...]:
    """Several, separated by commas."""
    parts = raw.split(",") if isinstance(raw, str) else list(cast("list[str]", raw))
    return tuple(_origin(part.strip()) for part in parts if part.strip())


def _origin(text: str) -> str:
    """As browsers send it: lower case, scheme and host and maybe a port, no path."""
    parts = urlsplit(text)
    if not (parts.scheme and parts.netloc) or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"must be origins such as https://chat.example.org, separated by commas, not {text!r}")
    return f"{parts.scheme}://{parts.netloc}".lower()


def text(raw: object) -> str:
    """Any text, without white space around it."""
    return str(raw).strip()


def path(raw: object) -> Path:
    """A path, in which ~ is the home folder."""
    return Path(str(raw)).expanduser()


def web_dir(raw: object) -> Path | None:
    """A path; `off` is none."""
    return None if str(raw) == "off" else path(raw)


def url_read_by(parse: Callable[[str], object]) -> Callable[[object], Secret]:
    """Not quoted back, as it may hold a password."""

    def convert(raw: object) -> Secret:
        url = str(raw).strip()
        parse(url)
        return Secret(url)

    return convert


def address(raw: object) -> str:
    """An address of e-mail."""
    text = str(raw).strip()
    if not is_mail_address(text):
        raise ValueError(f"must be an address such as vestnik@example.org, not {text!r}")
    return text


def public_url(raw: object) -> str:
    """Scheme and host, maybe a port, and nothing else."""
    text = str(raw).strip().rstrip("/")
    parts = urlsplit(text)
    whole = parts.scheme in ("http", "https") and parts.hostname and not (parts.path or parts.query or parts.fragment)
    if not whole or "@" in parts.netloc or any(character in text for character in " \t\r\n\"'<>\\"):
        raise ValueError(
            f"must be https:// and a host, such as https://chat.example.org, without a path (the server has a name of "
            f"its own, such as chat.example.org, and is not served below another's), not {text!r}"
        )
    return text


def accel(raw: object) -> str:
    """The path of a location of nginx."""
    text = str(raw).strip()
    if not re.fullmatch(r"/([A-Za-z0-9._-]+/)+", text) or "/../" in text or text.startswith("/api/"):
        raise ValueError(f"must be the path of a location of nginx, such as /internal/files/, not {text!r}")
    return text
