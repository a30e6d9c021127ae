"""Proofs of a log-in: `caching_sha2_password`, the only one that MySQL 9 has, and what TLS must prove of the server."""

import os
import ssl
from functools import cache, lru_cache
from typing import Any, Final

from trio_mysql import _auth, err

AUTH_PLUGIN_ERROR: Final = 2061
NEEDS_TLS: Final = (
    "this log-in needs TLS, which the server does not offer or tls=off in the URL forbids; over a private network "
    "?rsa=allow does without, and on the same machine ?unix_socket=/path"
)
"""Why a password is not sent, and what to write."""


def auth_error(text: str) -> err.OperationalError:
    """A way to log in that cannot be gone."""
    return err.OperationalError(AUTH_PLUGIN_ERROR, text)


class CachingSha2:
    """Answers `caching_sha2_password` after an auth switch; upstream's own coroutine is not awaited in places."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def authenticate(self, packet: Any) -> Any:
        """Finish the log-in begun by `packet` and give the server's last packet."""
        connection = self._connection
        if not connection.password:
            return await _auth._roundtrip(connection, b"")
        if packet.is_auth_switch_request():
            connection.salt = packet.read_all().rstrip(b"\0")
            scramble = _auth.scramble_caching_sha2(connection.password, connection.salt)
            packet = await _auth._roundtrip(connection, scramble)
        if packet.is_ok_packet():
            return packet
        packet.advance(1)
        step = packet.read_uint8()
        if step == 3:  # the server had the password in its cache
            packet = await connection._read_packet()
            packet.check_error()
            return packet
        if step != 4:
            raise auth_error(f"unexpected caching_sha2_password step {step}")
        if connection._secure:
            return await _auth._roundtrip(connection, connection.password + b"\0")
        if not connection.settings.allow_rsa:
            raise auth_error(NEEDS_TLS)
        packet = await _auth._roundtrip(connection, b"\x02")
        encrypted = _auth.sha2_rsa_encrypt(connection.password, connection.salt, packet._data[1:])
        return await _auth._roundtrip(connection, encrypted)


def tls_context(tls: str, ca: str | None) -> ssl.SSLContext | None:
    """What TLS has to prove, by the settings of these names; None where none is asked for.

    Connections share one until the file of the authorities is another one: to read all that a system trusts takes
    50 ms, in which the server does nothing else. OSError where there is no file `ca`.
    """
    if tls == "off":
        return None
    if tls == "preferred":
        return _unchecked()
    file = ca or ssl.get_default_verify_paths().cafile
    return _checked(tls == "required", ca, file and os.stat(file).st_mtime_ns)


@cache
def _unchecked() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@lru_cache(maxsize=4)
def _checked(host_name: bool, ca: str | None, changed_ns: int | None) -> ssl.SSLContext:
    """`changed_ns`: when the file of the authorities was written, in whose place another one may be put."""
    context = ssl.create_default_context(cafile=ca)
    context.check_hostname = host_name
    return context
