"""The URL of a MySQL or MariaDB database, and what it says of the way there."""

from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import field, frozen

CONNECT_TIMEOUT: Final = 5.0
"""Seconds for name look-up, TCP, TLS, log-in and session set-up together."""
_TLS_MODES: Final = frozenset({"off", "preferred", "required", "verify-ca"})
_UNCHECKED: Final = frozenset({"off", "preferred"})
"""Those that look at no certificate."""


@frozen
class MySQLSettings:
    """Where the server is and how to log in."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    tls: str = "preferred"
    """`off`; `preferred` (where the server offers it, whoever that is: what MySQL's own client does by default);
    `required` (certificate chain and host name checked); `verify-ca` (the chain only)."""
    ca: str | None = None
    """Path of a PEM file with the trusted authorities; None means those of the system."""
    unix_socket: str | None = None
    """Path of a unix socket, used in place of host and port."""
    allow_rsa: bool = False
    """Trust an RSA key sent in clear text for `caching_sha2_password`; safe only on a private network."""
    connect_timeout: float = CONNECT_TIMEOUT
    """Seconds; see CONNECT_TIMEOUT."""

    @property
    def place(self) -> str:
        """Where the server is, for operators."""
        return self.unix_socket or f"{self.host}:{self.port}"


def parse_url(url: str) -> MySQLSettings:
    """Read `mysql://user:pass@host:port/db?tls=required&ca=path&unix_socket=path&rsa=allow`.

    Without `tls` it is preferred over TCP, and off over a unix socket and where `rsa=allow` says how to do without.
    User, password and database may be percent-encoded. Raises ValueError, whose text never holds the URL (it has a
    password in it).
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 3306
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise ValueError("the MySQL URL cannot be parsed") from None
    options = dict(pairs)
    if parts.scheme not in ("mysql", "mariadb"):
        raise ValueError("a MySQL URL begins with mysql:// or mariadb://")
    if len(options) != len(pairs) or not options.keys() <= {"tls", "ca", "unix_socket", "rsa"} or parts.fragment:
        raise ValueError("a MySQL URL takes tls, ca, unix_socket and rsa, each at most once")
    database = unquote(parts.path[1:])
    if not parts.username or not database or "/" in database:
        raise ValueError("a MySQL URL needs a user and one database name")
    unix_socket = options.get("unix_socket")
    tls = options.get("tls", "off" if unix_socket is not None or "rsa" in options else "preferred")
    if tls not in _TLS_MODES:
        raise ValueError("tls in a MySQL URL is one of off, preferred, required, verify-ca")
    if options.get("rsa", "allow") != "allow":
        raise ValueError("rsa in a MySQL URL can only be allow")
    if unix_socket is not None and tls != "off":
        raise ValueError("a MySQL URL takes either tls or unix_socket, not both")
    if "ca" in options and (tls in _UNCHECKED or not options["ca"]):
        raise ValueError("ca in a MySQL URL is a path and needs tls=required or tls=verify-ca")
    if not parts.hostname and not unix_socket:
        raise ValueError("a MySQL URL needs a host or a unix_socket")
    return MySQLSettings(
        host=parts.hostname or "localhost",
        port=port,
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        database=database,
        tls=tls,
        ca=options.get("ca"),
        unix_socket=unix_socket,
        allow_rsa="rsa" in options,
    )
