"""Where a Redis is, as it stands in the settings."""

from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import field, frozen

PORT: Final = 6379
SENTINEL_PORT: Final = 26379
FORM: Final = "must be like redis://:password@host:6379, rediss://... or redis+sentinel://:password@one,two,three/name"


@frozen
class RedisAddress:
    """`places`: host and port of the server, or of those that know which one it is (Sentinel) under the name `master`.

    `user` is empty for the default one. `ca`: file of authorities for TLS, the system's where None. `prefix`: what
    names of channels and keys begin with, so that several deployments may share one Redis.
    """

    places: tuple[tuple[str, int], ...]
    master: str | None
    tls: bool
    user: str
    password: str = field(repr=False)
    ca: str | None
    prefix: str


def parse_redis_url(url: str) -> RedisAddress:
    """Read `redis://user:password@host:port?prefix=vestnik`, `rediss://` (TLS; `ca=path`), `redis+sentinel://` and
    `rediss+sentinel://`, which take several hosts and the name of the master behind them.

    Raises ValueError, whose text never holds the URL (it has a password in it).
    """
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise ValueError(FORM) from None
    options, (kind, _, sentinel) = dict(pairs), parts.scheme.partition("+")
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    master = unquote(parts.path[1:])
    if kind not in ("redis", "rediss") or sentinel not in ("", "sentinel") or parts.fragment:
        raise ValueError(FORM)
    if (not sentinel and (master not in ("", "0") or "," in hosts)) or (sentinel and (not master or "/" in master)):
        raise ValueError(f"{FORM}; there are no databases by number, use prefix=")
    if len(options) != len(pairs) or not options.keys() <= {"prefix", "ca"} or ("ca" in options and kind != "rediss"):
        raise ValueError("takes prefix, and ca with rediss://, each at most once")
    prefix = options.get("prefix", "vestnik")
    if not (prefix.isascii() and prefix.isprintable() and 0 < len(prefix) <= 64):
        raise ValueError("prefix has 1 to 64 printable ASCII characters")
    return RedisAddress(
        places=tuple([_place(host, SENTINEL_PORT if sentinel else PORT) for host in hosts.split(",")]),
        master=master if sentinel else None,
        tls=kind == "rediss",
        user=unquote(user),
        password=unquote(password),
        ca=options.get("ca"),
        prefix=prefix,
    )


def _place(text: str, usual_port: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(FORM) from None
    if not host:
        raise ValueError(FORM)
    return host, usual_port if port is None else port
