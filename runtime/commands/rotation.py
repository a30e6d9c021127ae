"""Which backups of a folder stay: the newest of so many days, weeks and months (`vestnik backup --to DIR --keep`)."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from socket import gethostname
from typing import Final

from runtime.age.files import is_encrypted
from runtime.age.files import notes_of as notes_in_age
from runtime.commands.encrypted_backup import SUFFIX
from storage.backup_seal import notes_of
from storage.migrate import sqlite_path

_NAME: Final = rf"vestnik-[0-9]{{8}}T[0-9]{{6}}Z\.backup({re.escape(SUFFIX)})?"
"""What `name_for` gives; a file of another name was put aside by somebody."""
MADE_AT: Final = "made_at"
"""The note in a backup that says when it was made: a copied file has another time of its own."""
ROTATED: Final = "rotated"
"""The note of those that `--keep` may remove."""
SERIES: Final = "series"
"""The note of whose they are: several servers may have one folder."""
HOLDS: Final = "holds"
"""The note of what is in them: one with the bytes of files is not replaced by one without."""
DRAFTS_LIVE: Final = timedelta(days=1)
"""For so long a backup may be on its way; what is older was left by one that was killed."""
_PERIODS: Final[dict[str, Callable[[datetime], tuple[int, ...]]]] = {
    "d": lambda at: (at.year, at.month, at.day),
    "w": lambda at: tuple(at.isocalendar()[:2]),
    "m": lambda at: (at.year, at.month),
    "y": lambda at: (at.year,),
}

Keep = Mapping[str, int]
"""How many days, weeks, months and years, by their letters."""


def read_keep(text: str) -> Keep:
    """`7d,4w,12m`. Raises ValueError."""
    keep: dict[str, int] = {}
    for part in text.split(","):
        found = re.fullmatch(r"([1-9][0-9]{0,3})([dwmy])", part.strip())
        if found is None or found[2] in keep:
            raise ValueError(f"--keep is such as 7d,4w,12m (days, weeks, months, years), not {text!r}")
        keep[found[2]] = int(found[1])
    return keep


def kept(times: Iterable[datetime], keep: Keep) -> set[datetime]:
    """Of these the newest, and the newest of each of the latest periods (UTC) that have any."""
    newest_first = sorted(times, reverse=True)
    found = set(newest_first[:1])
    for letter, count in keep.items():
        latest: dict[tuple[int, ...], datetime] = {}
        for at in newest_first:
            latest.setdefault(_PERIODS[letter](at.astimezone(UTC)), at)
        found.update(sorted(latest.values(), reverse=True)[:count])
    return found


def name_for(now: datetime, *, encrypted: bool = False) -> str:
    """Of a backup that is made now."""
    return f"vestnik-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.backup{SUFFIX if encrypted else ''}"


def series_of(database_url: str, public_url: str | None) -> str:
    """Of the backups of this server (by its address, or else the name of the machine, which a container has anew each
    time) and this database; tells neither."""
    scheme, _, rest = database_url.partition("://")
    place = (
        str(sqlite_path(database_url).resolve()) if scheme == "sqlite" else rest.rpartition("@")[2].partition("?")[0]
    )
    return sha256(f"{public_url or gethostname()} {scheme} {place}".encode()).hexdigest()[:16]


def notes_for(now: datetime, series: str, *, files: bool) -> dict[str, str]:
    """What is noted in it. `series`: see `series_of`; `files`: whether their bytes are in it."""
    holds = "files" if files else "rows"
    return {MADE_AT: now.astimezone(UTC).isoformat(), ROTATED: "yes", SERIES: series, HOLDS: holds}


def rotate(folder: Path, keep: Keep, notes: Mapping[str, str]) -> list[Path]:
    """Remove what need not be kept of those with the same series and the same things in them as the one with these
    notes; those removed. Raises OSError."""
    found = sorted(path for path in folder.iterdir() if re.fullmatch(_NAME, path.name))
    made = {path: at for path in found if (at := _made_at(path, notes)) is not None}
    staying = kept(made.values(), keep)
    going = [path for path, at in made.items() if at not in staying]
    for path in going:
        path.unlink()
    return going


def remove_left(folder: Path, name: str | None, now: datetime) -> list[Path]:
    """Remove what killed backups left; those removed. `name`: of the file they were to become, or None for all that
    `name_for` gives. Raises OSError."""
    wanted = _NAME if name is None else re.escape(name)
    draft = re.compile(rf"\.{wanted}\.[0-9a-f]{{8}}(-wal|-shm|-journal)?")
    old = (now - DRAFTS_LIVE).timestamp()
    going = [path for path in folder.iterdir() if draft.fullmatch(path.name) and path.stat().st_mtime < old]
    for path in going:
        path.unlink()
    return going


def _made_at(path: Path, like: Mapping[str, str]) -> datetime | None:
    """None: it was not made by `--to`, is none of `like`, or cannot be read. What is noted in an encrypted one is not
    secret."""
    try:
        notes = notes_in_age(path) if is_encrypted(path) else notes_of(path)
        same = all(notes[name] == like[name] for name in (ROTATED, SERIES, HOLDS))
        return datetime.fromisoformat(notes[MADE_AT]) if same else None
    except (KeyError, ValueError, OSError):
        return None
