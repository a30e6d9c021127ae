"""What is in force and where it came from (`vestnik config`), and names that are no settings."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import asdict, fields, frozen

from runtime.config import PREFIX, Given, Secret, Settings, given_settings, load_settings, read_dotenv

OF_OTHERS: Final = frozenset({"VESTNIK_SERVER", "VESTNIK_USER_DATA"})
"""Variables of the desktop app, which may run on the same machine."""
HIDDEN: Final = "***"


def unknown_names(names: Iterable[str]) -> list[str]:
    """A sentence for each of these variables that looks like a setting and is none."""
    known = [PREFIX + attribute.name.upper() for attribute in fields(Settings)]
    wrong = sorted(name for name in names if name.startswith(PREFIX) and name not in known and name not in OF_OTHERS)
    return [_sentence(name, get_close_matches(name, known, 1, 0.8)) for name in wrong]


def names_in(environ: Mapping[str, str], dotenv_path: Path) -> set[str]:
    """The variables that are set, here or there. Raises SettingsError."""
    return {*environ, *read_dotenv(dotenv_path)}


@frozen
class Line:
    """A setting in force: its variable, its value without secrets (`-` for none), and where that came from."""

    name: str
    value: str
    source: str


def report(environ: Mapping[str, str], dotenv_path: Path, overrides: Mapping[str, object]) -> list[Line]:
    """All settings, in the order of the documents. Raises SettingsError."""
    settings = load_settings(environ, dotenv_path, overrides)
    given = given_settings(environ, read_dotenv(dotenv_path), overrides)
    return [
        Line(PREFIX + name.upper(), _shown(value, given.get(name)), given[name].source if name in given else "default")
        for name, value in asdict(settings, recurse=False).items()
    ]


def table(lines: Sequence[Line]) -> str:
    """In columns, for people."""
    names, values = max(len(line.name) for line in lines), max(len(line.value) for line in lines)
    return "\n".join(f"{line.name:{names}}  {line.value:{values}}  {line.source}" for line in lines)


def _sentence(name: str, near: list[str]) -> str:
    return f"{name} is no setting" + (f"; is {near[0]} meant?" if near else "")


def _shown(value: Any, given: Given | None) -> str:
    """As it was given, but for secrets."""
    if isinstance(value, Secret):
        return _without_password(value)
    if isinstance(value, tuple):
        return ",".join(_shown(one, None) for one in value) or "-"
    return "-" if value in (None, "") else str(value if given is None else given.value)


def _without_password(secret: Secret) -> str:
    """Of a URL all but the password and what stands behind `?`, which may hold one; of anything else nothing."""
    if not secret:
        return "-"
    parts = urlsplit(secret)
    if not parts.scheme or "://" not in secret:
        return HIDDEN
    user, at, host = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    query = f"?{HIDDEN}" if parts.query else ""
    return f"{parts.scheme}://{name}{colon}{HIDDEN if colon else ''}{at}{host}{parts.path}{query}"
