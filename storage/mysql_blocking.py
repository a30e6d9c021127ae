"""A connection to MySQL that blocks, for migrations and for what an operator does to a whole database."""

import pymysql

from storage.mysql_auth import NEEDS_TLS, tls_context
from storage.mysql_url import MySQLSettings


class BlockingConnection(pymysql.connections.Connection):  # type: ignore[misc]
    """PyMySQL as strict about TLS and RSA keys as `storage.mysql_connection` is."""

    def __init__(self, settings: MySQLSettings) -> None:
        self._allow_rsa = settings.allow_rsa
        self._public_key: bytes | None = None
        context = None if settings.tls == "preferred" else tls_context(settings.tls, settings.ca)
        super().__init__(
            host=settings.host,
            port=settings.port,
            user=settings.user,
            password=settings.password.encode(),
            database=settings.database,
            unix_socket=settings.unix_socket,
            charset="utf8mb4",
            connect_timeout=int(settings.connect_timeout),
            ssl=context,
            ssl_disabled=settings.tls == "off",  # without a context PyMySQL takes TLS where it is offered
            init_command="SET time_zone = '+00:00'",
        )

    @property
    def server_public_key(self) -> bytes | None:
        """Asked for only where the password would be encrypted with a key that anyone could have sent."""
        if not self._allow_rsa:
            raise pymysql.err.OperationalError(2061, NEEDS_TLS)
        return self._public_key

    @server_public_key.setter
    def server_public_key(self, key: bytes | None) -> None:
        self._public_key = key
