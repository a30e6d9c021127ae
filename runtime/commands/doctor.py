"""`vestnik doctor`: what an operator would look at, a line each, with what to do. It changes nothing that stays."""

import os
import resource
import shutil
import socket
import ssl
import stat
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from runtime.addresses import is_loopback
from runtime.age.keys import KeyFileError, read_public, read_secret
from runtime.commands.doctor_outside import TIMEOUT, file_store, letters, redis, visitor, websocket
from runtime.commands.doctor_replicas import replicas
from runtime.commands.finding import Finding
from runtime.config import RELAXED, Settings
from runtime.probing import proof
from runtime.secrets.file_modes import open_to
from runtime.secrets.secret_files import SecretFileError
from runtime.secrets.signing_keys import FILE_NAME, load_keys
from storage.backup import PACKET
from storage.migrate import MigrationError, SchemaMismatch, compare, connected, current, sqlite_path

LOW_SPACE: Final = 2**30
NO_SPACE: Final = 100 * 2**20
"""Free bytes beside the data."""
FEW_FILES: Final = 4096
"""Descriptors: each connection takes one."""
CLOCK_OFF: Final = 2.0
"""Seconds between the clock of the database and ours."""
RIGHTS: Final = {
    "SELECT": "SELECT name FROM meta WHERE 1 = 0",
    "INSERT": "INSERT INTO meta (name, value) SELECT name, value FROM meta WHERE 1 = 0",
    "UPDATE": "UPDATE meta SET value = value WHERE 1 = 0",
    "DELETE": "DELETE FROM meta WHERE 1 = 0",
}
"""What a server must be allowed, and statements that need just that and change nothing."""
CLAIMED: Final = "203.0.113.77"
"""An address for documents, which nobody has."""
ENDS_SOON: Final = 14
"""Days that a certificate is still good."""


def examine(settings: Settings, unknown: Sequence[str]) -> Iterator[Finding]:
    """Look at everything, one after another. `unknown`: sentences about variables that are no settings."""
    yield from (Finding("fail", "settings", sentence) for sentence in unknown)
    if not unknown:
        yield Finding("ok", "settings", "all are known")
    if settings.env == "production":
        yield Finding("ok", "environment", "production")
    else:
        told = f"{settings.env}: {RELAXED}; for others set VESTNIK_ENV=production"
        yield Finding("warn", "environment", told)
    yield from _folder(settings.data_dir)
    yield _key(settings)
    yield from _database(settings.database_url)
    yield from replicas(settings)
    yield _backup_key(settings.backup_key)
    yield _descriptors()
    yield _pages(settings.web_dir)
    yield from _public(settings)
    yield from file_store(settings)
    yield letters(settings)
    yield redis(settings)


def _folder(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        yield Finding(
            "fail", "data folder", f"{folder} is not there: name it with --data-dir, or run `vestnik serve` once"
        )
        return
    status = folder.stat()
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(
            "fail", "data folder", f"{folder} is not writable for this user: run as the server's, or chown it"
        )
    elif status.st_uid != os.geteuid() and os.geteuid() == 0:
        yield Finding("warn", "data folder", f"{folder} is another user's: commands as root leave files it cannot open")
    elif stat.S_IMODE(status.st_mode) & 0o002:
        yield Finding("fail", "data folder", f"everybody may write to {folder}: chmod o-w {folder}")
    else:
        yield Finding("ok", "data folder", str(folder))
    free = shutil.disk_usage(folder).free
    told = f"{free / 2**30:.1f} GiB are free"
    if free < LOW_SPACE:
        yield Finding("fail" if free < NO_SPACE else "warn", "disk", f"{told}: messages are refused when it is full")
    else:
        yield Finding("ok", "disk", told)


def _key(settings: Settings) -> Finding:
    if settings.jwt_secret:
        return Finding("ok", "signing key", "VESTNIK_JWT_SECRET, the same for all machines that have it")
    path = settings.data_dir / FILE_NAME
    try:
        seen_by = open_to(path.stat())
    except FileNotFoundError:
        return Finding("ok", "signing key", f"{path} is made at the first start")
    except OSError as error:
        return Finding("fail", "signing key", f"{path}: {error.strerror}")
    if seen_by == "others":
        cure = f"chmod 600 {path}, then `vestnik key rotate --now` and restart"
        return Finding("fail", "signing key", f"others can read {path}: {cure}")
    if seen_by == "group":
        return Finding("warn", "signing key", f"the group of the server can read {path}")
    return Finding("ok", "signing key", str(path))


def _backup_key(path: Path | None) -> Finding:
    if path is None:
        return Finding("ok", "backups", "are not encrypted: see VESTNIK_BACKUP_KEY")
    try:
        readers = read_public(path)
    except KeyFileError as error:
        return Finding("fail", "backups", str(error))
    try:
        read_secret(path)
    except KeyFileError:
        keys = "one key" if len(readers) == 1 else f"any of {len(readers)} keys"
        return Finding("ok", "backups", f"are encrypted, to be read with {keys}")
    return Finding("warn", "backups", f"{path} holds the secret key, too: whoever takes this server reads all of them")


def _database(url: str) -> Iterator[Finding]:
    try:
        if url.startswith("sqlite:") and not sqlite_path(url).exists():
            yield Finding("warn", "database", f"{sqlite_path(url)} is not there yet: `vestnik serve` makes it")
            return
        compare(current(url))
        with connected(url) as connection:
            if connection.dialect.name == "sqlite":
                yield Finding("ok", "database", f"SQLite, {sqlite_path(url)}; for one server process")
            else:
                yield from _mysql(connection)
    except SchemaMismatch as error:
        yield Finding("fail", "schema", str(error))
    except (MigrationError, ValueError, OSError) as error:
        yield Finding("fail", "database", str(error))


def _mysql(connection: Connection) -> Iterator[Finding]:
    query = "SELECT @@version, @@innodb_flush_log_at_trx_commit, @@max_connections, @@character_set_database, "
    query += "@@max_allowed_packet"
    version, flush, most, charset, packet = connection.execute(text(query)).one()
    yield Finding("ok", "database", f"answers, version {version}")
    yield _rights(connection)
    if flush == 1:
        yield Finding("ok", "durability", "innodb_flush_log_at_trx_commit is 1")
    else:
        told = f"innodb_flush_log_at_trx_commit is {flush}: set it to 1, or a power cut loses acknowledged messages"
        yield Finding("warn", "durability", told)
    if charset != "utf8mb4":
        told = f"the database's is {charset}: ALTER DATABASE ... CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        yield Finding("warn", "character set", told)
    if most < 50:
        yield Finding("warn", "connections", f"max_connections is {most}: a server process takes up to 20 of them")
    if packet < PACKET:
        yield Finding("warn", "packets", f"max_allowed_packet is {packet}: set it to 16M, or nothing can be restored")
    there = connection.execute(text("SELECT UTC_TIMESTAMP(6)")).scalar_one()
    off = abs((datetime.now(UTC) - there.replace(tzinfo=UTC)).total_seconds())
    good = off <= CLOCK_OFF
    told = f"{off:.1f} s off the database's" + ("" if good else ": let both follow NTP")
    yield Finding("ok" if good else "warn", "clock", told)


def _rights(connection: Connection) -> Finding:
    """The database is asked by doing it: grants may come by roles, and a replica refuses what they allow."""
    denied: dict[str, str] = {}
    for right, statement in RIGHTS.items():
        try:
            connection.execute(text(statement))
        except DBAPIError as error:
            denied[right] = str(error.orig)
    if not denied:
        return Finding("ok", "rights", f"{', '.join(RIGHTS)}: all that a server needs")
    told = f"no {', '.join(denied)} ({next(iter(denied.values()))}): grant them, or name the primary server"
    return Finding("fail", "rights", told)


def _descriptors() -> Finding:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FEW_FILES:
        return Finding("warn", "open files", f"at most {hard}, one for each connection: LimitNOFILE= or `ulimit -Hn`")
    return Finding("ok", "open files", "as many as there are" if hard == resource.RLIM_INFINITY else f"up to {hard}")


def _pages(folder: Path | None) -> Finding:
    if folder is None:
        return Finding("ok", "pages", "are off")
    if (folder / "renderer" / "index.html").is_file():
        return Finding("ok", "pages", str(folder))
    return Finding("fail", "pages", f"none in {folder}: unset VESTNIK_WEB_DIR, or set it to `off`")


def _public(settings: Settings) -> Iterator[Finding]:
    url = settings.public_url
    if not url:
        yield Finding("warn", "public address", "no VESTNIK_PUBLIC_URL: links cannot be sent to people")
        return
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http" and not is_loopback(host):
        yield Finding("warn", "public address", f"{url} is not encrypted: let a proxy with TLS stand in front")
    try:
        with visitor() as http:
            answer = http.get(f"{url}/healthz")
            metrics = http.get(f"{url}/metrics")
            reached = _reached(metrics)
    except httpx.HTTPError as error:
        yield Finding("fail", "public address", f"{url} does not answer: {error or type(error).__name__}")
        return
    if answer.status_code == 200:
        yield Finding("ok", "public address", f"{url} answers")
        yield websocket(url)
        yield from _proxy(settings, reached)
    else:
        yield Finding("fail", "public address", f"{url}/healthz answers {answer.status_code}: is this the server?")
    if metrics.status_code == 200 and not is_loopback(reached):
        told = "/metrics is open at the public address: see deploy/nginx.conf, or VESTNIK_PROXY_HOPS"
        yield Finding("warn", "metrics", told)
    if parts.scheme == "https":
        yield _certificate(host, parts.port or 443)


def _proxy(settings: Settings, reached: str) -> Iterator[Finding]:
    """Which address the server takes for ours, when we claim another one. `reached`: where the public address leads."""
    try:
        there = bool(settings.jwt_secret) or (settings.data_dir / FILE_NAME).exists()
        keys = load_keys(settings, lambda: datetime.now(UTC)) if there else None
    except (SecretFileError, OSError):  # told as such
        return
    hops = settings.proxy_hops
    if keys is None:
        yield Finding("warn", "proxy", "no key of the server's here, so it does not tell which address it sees")
        return
    headers = {"authorization": proof(keys, datetime.now(UTC)), "x-forwarded-for": CLAIMED}
    try:
        with visitor() as http:
            told = http.get(f"{settings.public_url}/healthz", headers=headers).json()
        seen = told.get("address") if isinstance(told, dict) else None
    except (httpx.HTTPError, ValueError):
        seen = None
    if not isinstance(seen, str):
        yield Finding(
            "warn", "proxy", "the server does not know our key: is it another one, or not started anew since?"
        )
    elif seen == CLAIMED:
        told_of = "everybody can pretend to be anybody: the server believes what clients write into X-Forwarded-For"
        yield Finding("fail", "proxy", f"{told_of}: VESTNIK_PROXY_HOPS is {hops}, or see deploy/nginx.conf")
    elif settings.public_url.startswith("https:") and not hops:
        told_of = f"the server sees the proxy's address ({seen}), and all clients share its limits"
        yield Finding("fail", "proxy", f"{told_of}: set VESTNIK_PROXY_HOPS to the number of proxies")
    elif is_loopback(seen) and not is_loopback(reached):
        told_of = f"the server sees a proxy's address ({seen}) instead of ours"
        yield Finding(
            "fail", "proxy", f"{told_of}: let the proxy set X-Forwarded-For, and count all in VESTNIK_PROXY_HOPS"
        )
    else:
        yield Finding("ok", "proxy", f"the server sees us as {seen}, whatever we write into X-Forwarded-For")


def _reached(answer: httpx.Response) -> str:
    """The address behind the name; asked while the client is open."""
    return str(answer.extensions["network_stream"].get_extra_info("server_addr")[0])


def _certificate(host: str, port: int) -> Finding:
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), TIMEOUT) as raw,
            context.wrap_socket(raw, server_hostname=host) as tls,
        ):
            ends = ssl.cert_time_to_seconds(str((tls.getpeercert() or {})["notAfter"]))
    except (OSError, KeyError, ValueError) as error:
        return Finding("fail", "certificate", str(error))
    days = int((ends - time.time()) // 86_400)
    return Finding("ok" if days >= ENDS_SOON else "warn", "certificate", f"good for {days} more days")
