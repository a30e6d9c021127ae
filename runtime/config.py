"""Settings of the server: from the command line, the environment (`VESTNIK_*`), a `.env` file, then defaults."""

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, cast
from urllib.parse import urlsplit

from attrs import field, fields, frozen
from dotenv import dotenv_values

from runtime import setting_values as read
from runtime.addresses import is_loopback
from runtime.files.places import FOLDER, Place, S3Place
from runtime.mail.smtp import parse_smtp_url
from runtime.redis.address import parse_redis_url
from runtime.secrets.file_modes import open_to
from runtime.secrets.secret import Secret as Secret

Environment = Literal["production", "development", "test"]
Registration = Literal["open", "invite", "closed"]
LogFormat = Literal["auto", "json", "console"]

_T = TypeVar("_T")
PREFIX = "VESTNIK_"
DOTENV = Path(".env")
"""Beside what the service is started in."""
DESKTOP = Path(__file__).parents[1] / "client" / "desktop"
"""Where the messenger's pages stand in a checkout."""

RELAXED = "http:// is taken for the public address, for origins, and for pictures of people and groups"
"""What `development` and `test` let pass and `production` refuses."""
_OF_MAIL = frozenset({"mail_from", "public_url"})


class SettingsError(Exception):
    """The settings cannot be used; `problems` holds one line for each, beginning with the name."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def _setting(convert: Callable[[object], _T], default: _T) -> _T:
    """An attrs field; the converter is run by `load_settings`, so that all faults can be told at once."""
    return field(default=default, metadata={"convert": convert})


@frozen(kw_only=True)
class Settings:
    """What the server was told. The environment variable of each is `VESTNIK_` and its name in capitals."""

    env: Environment = _setting(read.one_of("production", "development", "test"), "production")
    """What the server is for. In production nothing is taken that travels without encryption (RELAXED); by default
    `development` where only this machine reaches the server."""
    host: str = _setting(read.text, "127.0.0.1")
    """Address to listen on."""
    port: int = _setting(read.whole(0, 65535), 8000)
    """TCP port; 0 lets the system choose."""
    workers: int = _setting(read.whole(1, 64), 1)
    """Processes that serve together; more than one needs MySQL or MariaDB."""
    data_dir: Path = _setting(read.path, Path("var"))
    """Directory for the database, the secret keys and uploads."""
    database_url: Secret = _setting(read.database_url, Secret(""))
    """Where the messages live; by default `vestnik.sqlite3` in `data_dir`."""
    database_read_url: tuple[Secret, ...] = _setting(read.database_read_urls, ())
    """Replicas of that database, which answer history, lists of chats and searches when they are up to date."""
    redis_url: Secret = _setting(read.url_read_by(parse_redis_url), Secret(""))
    """Carries news between processes faster; without one they go by way of the database."""
    registration: Registration = _setting(read.one_of("open", "invite", "closed"), "open")
    """Who may make an account."""
    jwt_secret: Secret = _setting(read.jwt_secret, Secret(""))
    """Signs access tokens, on all machines that serve one database; by default each keeps its own in `data_dir`."""
    jwt_secrets_accepted: tuple[Secret, ...] = _setting(read.jwt_secrets, ())
    """Further secrets whose tokens are good: the one before, or the next one, while it is being changed."""
    metrics_token: Secret = _setting(read.metrics_token, Secret(""))
    """Opens /metrics to other machines; without one it is for this machine alone."""
    access_token_seconds: int = _setting(read.whole(30, 86400), 900)
    """Lifetime of an access token in seconds."""
    proxy_hops: int = _setting(read.whole(0, 16), 0)
    """Trusted reverse proxies in front; 0 ignores `X-Forwarded-*`."""
    log_format: LogFormat = _setting(read.one_of("auto", "json", "console"), "auto")
    """`auto` is console on a terminal, else JSON."""
    limit_log_lines: int = _setting(read.whole(1, 1_000_000), 20)
    """Lines of the log per second that tell of the same event; ten times as many at once."""
    bucket_rate: float = _setting(read.positive, 20.0)
    """Frames or requests per second that one user may send in the long run."""
    bucket_burst: int = _setting(read.whole(1, 1_000_000), 100)
    """Frames or requests that one user may send at once."""
    limit_reads_rate: float = _setting(read.positive, 50.0)
    """Requests per second that read over HTTP and that one user may send in the long run."""
    limit_reads_burst: int = _setting(read.whole(1, 1_000_000), 200)
    """The same at once."""
    limit_searches_rate: float = _setting(read.positive, 5.0)
    """Searches per second of one user in the long run."""
    limit_searches_burst: int = _setting(read.whole(1, 1_000_000), 50)
    """The same at once."""
    limit_uploads: int = _setting(read.whole(1, 1_000_000), 60)
    """Files that one user may begin to upload a minute."""
    limit_file_bytes: int = _setting(read.whole(1, 2**40), 25 * 1024 * 1024)
    """Bytes of one file."""
    limit_user_file_bytes: int = _setting(read.whole(1, 2**50), 5 * 1024**3)
    """Bytes of all files of one user."""
    retention_days: int = _setting(read.whole(0, 36_500), 0)
    """After so many days messages are removed, from all chats; 0: never."""
    files_url: Place = _setting(read.place, cast("Place", FOLDER))
    """Where the bytes of files are kept: `folder` (in `data_dir`), or s3://bucket/prefix?endpoint=...&region=..."""
    files_old_url: Place | None = _setting(read.place, cast("Place | None", None))
    """Where they were kept before, as long as not all are moved (`vestnik files move`)."""
    files_accel: str = _setting(read.accel, "")
    """Location of nginx from which that sends files of the folder (X-Accel-Redirect); empty: the server sends them."""
    backup_key: Path | None = _setting(read.path, cast("Path | None", None))
    """File of public keys that backups are encrypted for; without one they are not encrypted."""
    files_access_key: str = _setting(read.text, "")
    """Names the S3 account."""
    files_secret_key: Secret = _setting(read.secret, Secret(""))
    """Its secret."""
    limit_new_chats: int = _setting(read.whole(1, 1_000_000), 30)
    """Chats that one user may begin an hour."""
    limit_new_members: int = _setting(read.whole(1, 1_000_000), 200)
    """People whom one user may add to groups an hour, those named when a group is made aside."""
    limit_registrations: int = _setting(read.whole(1, 1_000_000), 10)
    """Accounts that one address may make an hour."""
    limit_login_failures: int = _setting(read.whole(1, 1_000_000), 10)
    """Failed log-ins of one address for one account in 15 minutes."""
    limit_address_failures: int = _setting(read.whole(1, 1_000_000), 1000)
    """Failed log-ins of one address in 15 minutes, to accounts that are not known there."""
    limit_refused_tokens: int = _setting(read.whole(1, 1_000_000), 100)
    """Refresh tokens of one address that are refused, a minute."""
    limit_sockets: int = _setting(read.whole(1, 1_000_000), 2000)
    """WebSockets that one address may hold at one process."""
    limit_sockets_before_hello: int = _setting(read.whole(1, 1_000_000), 200)
    """Of these, such as have not said whose they are."""
    limit_resets: int = _setting(read.whole(1, 1_000_000), 30)
    """Requests for a new password of one address that are listened to, an hour."""
    allowed_origins: tuple[str, ...] = _setting(read.origins, ())
    """Origins of browsers that may connect besides the server's own."""
    public_url: str = _setting(read.public_url, "")
    """Where people find the server; links in letters begin with it."""
    smtp_url: Secret = _setting(read.url_read_by(parse_smtp_url), Secret(""))
    """The server that takes letters; without one none are sent."""
    mail_from: str = _setting(read.address, "")
    """The address letters come from."""
    web_dir: Path | None = _setting(read.web_dir, cast("Path | None", DESKTOP))
    """Folder with the messenger's pages, served at `/`: `renderer` and `locales` are in it; `off` serves none."""


def load_settings(
    environ: Mapping[str, str], dotenv_path: Path | None = None, overrides: Mapping[str, object] | None = None
) -> Settings:
    """Settings from, in order of precedence: `overrides` (by field name; None is not given), `environ`, `.env`.

    Empty variables count as not set. Raises SettingsError with all that is wrong.
    """
    problems: list[str] = []
    try:
        from_file = {} if dotenv_path is None else read_dotenv(dotenv_path)
    except SettingsError as error:
        problems += error.problems
        from_file = {}
    known = {attribute.name: attribute for attribute in fields(Settings)}
    problems += [f"{name}: is no setting" for name in overrides or {} if name not in known]
    given = given_settings(environ, from_file, overrides or {})
    values: dict[str, Any] = {}
    for name, one in given.items():
        try:
            values[name] = known[name].metadata["convert"](one.value)
        except (ValueError, TypeError) as error:
            problems.append(f"{one.name}: {error}")
    if "smtp_url" in given:
        problems += [
            f"{PREFIX}{name.upper()}: is needed with VESTNIK_SMTP_URL" for name in sorted(_OF_MAIL - given.keys())
        ]
    problems += _conflicts(values)
    values.setdefault("env", _usual_environment(Settings(**values)))
    problems += _unencrypted(values)
    if problems:
        raise SettingsError(problems)
    data_dir = values.get("data_dir", known["data_dir"].default)
    values.setdefault("database_url", Secret(f"sqlite:///{data_dir}/vestnik.sqlite3"))
    return Settings(**values)


def _usual_environment(settings: Settings) -> Environment:
    """Behind a proxy on the same machine the address is loopback too, so that alone tells nothing."""
    public = urlsplit(settings.public_url).hostname
    alone = is_loopback(settings.host) and not settings.proxy_hops and (public is None or is_loopback(public))
    return "development" if alone else "production"


def _unencrypted(values: Mapping[str, Any]) -> list[str]:
    """What production does not take."""
    if values["env"] != "production":
        return []
    public, cure = urlsplit(values.get("public_url", "")), "or set VESTNIK_ENV=development"
    problems = []
    if public.scheme == "http" and not is_loopback(public.hostname or ""):
        problems.append(f"{PREFIX}PUBLIC_URL: must begin with https:// in production, {cure}")
    if any(origin.startswith("http://") for origin in values.get("allowed_origins", ())):
        problems.append(f"{PREFIX}ALLOWED_ORIGINS: must begin with https:// in production, {cure}")
    return problems


def _conflicts(values: Mapping[str, Any]) -> list[str]:
    """What does not go together."""
    problems = []
    shared = values.get("database_url", "").startswith(("mysql", "mariadb"))
    if values.get("workers", 1) > 1 and not shared:
        problems.append(f"{PREFIX}WORKERS: SQLite has one server; more than one worker needs MySQL or MariaDB")
    if values.get("redis_url") and not shared:
        problems.append(f"{PREFIX}REDIS_URL: SQLite has one server, which has nobody to tell; leave it out")
    if values.get("database_read_url") and not shared:
        problems.append(f"{PREFIX}DATABASE_READ_URL: SQLite has no replicas; leave it out")
    if any(isinstance(values.get(name), S3Place) for name in ("files_url", "files_old_url")):
        if values.get("files_accel"):
            problems.append(f"{PREFIX}FILES_ACCEL: is for files in a folder, and not while they move")
        keys = [name for name in ("files_access_key", "files_secret_key") if not values.get(name)]
        problems += [f"{PREFIX}{name.upper()}: is needed where files are in an S3 store" for name in keys]
    return problems


@frozen
class Given:
    """A setting that was given: under which name, what, and where."""

    name: str
    value: object = field(repr=False)
    source: str


def given_settings(
    environ: Mapping[str, str], from_file: Mapping[str, str], overrides: Mapping[str, object]
) -> dict[str, Given]:
    """By the field's name, what is not left at its default."""
    given: dict[str, Given] = {}
    for attribute in fields(Settings):
        name = attribute.name
        variable = PREFIX + name.upper()
        if overrides.get(name) is not None:
            given[name] = Given(name, overrides[name], "command line")
        elif environ.get(variable):
            given[name] = Given(variable, environ[variable], "environment")
        elif from_file.get(variable):
            given[name] = Given(variable, from_file[variable], ".env")
    return given


def read_dotenv(path: Path) -> dict[str, str]:
    """Variables of a `.env` file, {} if there is none; refused if others than its owner and its group may use it."""
    try:
        with path.open(encoding="utf-8") as file:
            status = os.fstat(file.fileno())
            if open_to(status) == "others":
                mode = stat.S_IMODE(status.st_mode)
                if not mode & 0o007:  # as root sees a server's file
                    told = (
                        f"others can read it (a group that you are not in, mode {mode:04o}): call this as the server's"
                    )
                    raise SettingsError([f"{path}: {told} user, or run: chmod 600 {path}"])
                raise SettingsError([f"{path}: others can read it (mode {mode:04o}); run: chmod 600 {path}"])
            return {name: value for name, value in dotenv_values(stream=file, interpolate=False).items() if value}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: cannot be read: {type(error).__name__}"]) from None
