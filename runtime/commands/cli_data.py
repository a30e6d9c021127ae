"""The commands for what is kept: backups, the bytes of files, the index, the epoch; what they take and print."""

import argparse
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import trio

from runtime.age.keys import read_public
from runtime.commands import file_commands, index_commands
from runtime.commands.encrypted_backup import folder_for_drafts, lock_away, own_folder, unlocked
from runtime.commands.ending import end_on_sigterm
from runtime.commands.rotation import name_for, notes_for, read_keep, remove_left, rotate, series_of
from runtime.config import Settings
from runtime.files.backup import Saved
from runtime.opened_storage import require_database
from runtime.secrets import signing_keys
from storage.backup import back_up, refuse_to_replace, restore
from storage.backup_seal import check_seal

# --- index ---


def index_status(arguments: argparse.Namespace, settings: Settings) -> int:
    print(_told(trio.run(index_commands.status, settings)))
    return 0


def index_rebuild(arguments: argparse.Namespace, settings: Settings) -> int:
    measure = trio.run(index_commands.rebuild, settings, partial(_bar, unit="entries"))
    print(_told(measure))
    return 0


def _told(measure: index_commands.Measure) -> str:
    share = measure.indexed / measure.entries if measure.entries else 1.0
    waiting = f"; the index of {measure.outdated} is to be made anew" if measure.outdated else ""
    return f"{measure.indexed} of {measure.entries} entries in {measure.chats} chats are indexed ({share:.1%}){waiting}"


# --- backup ---


def _bar(done: int, total: int, unit: str = "rows") -> None:
    """A progress bar where somebody looks."""
    if sys.stderr.isatty():
        share = done / total if total else 1.0
        print(f"\r{'█' * int(30 * share):30} {share:6.1%} of {total} {unit} ", end="", file=sys.stderr, flush=True)


def make_backup(arguments: argparse.Namespace, settings: Settings) -> int:
    file, keep, now = arguments.file, None, datetime.now(UTC)
    if (file is None) == (arguments.to is None) or (arguments.keep and arguments.to is None):
        print("vestnik: name a file, or a folder with --to (and --keep)", file=sys.stderr)
        return 2
    if arguments.keep:
        try:
            keep = read_keep(arguments.keep)
        except ValueError as error:
            print(f"vestnik: {error}", file=sys.stderr)
            return 2
    require_database(settings.database_url)
    end_on_sigterm()
    notes: dict[str, str] = {}
    if file is None:
        arguments.to.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = arguments.to / name_for(now, encrypted=settings.backup_key is not None)
        notes = notes_for(now, series_of(settings.database_url, settings.public_url), files=not arguments.without_files)
    try:
        code = _save(settings, file, notes, files=not arguments.without_files)
    except KeyboardInterrupt:
        print(f"vestnik: stopped: {file} was not made, and nothing of it is left", file=sys.stderr)
        raise
    removed = remove_left(file.parent, file.name if arguments.to is None else None, now)
    if keep is not None and code:
        print("vestnik: no older backup is removed for one that lacks something", file=sys.stderr)
    elif keep is not None:
        removed += rotate(arguments.to, keep, notes)
    for path in removed:
        print(f"removed: {path}")
    return code


def _save(settings: Settings, file: Path, notes: dict[str, str], *, files: bool) -> int:
    saved: list[Saved] = []

    def add(draft: Path) -> None:
        if files:
            saved.append(trio.run(file_commands.back_up, settings, draft, _progress))

    if settings.backup_key is None:
        rows, how = back_up(settings.database_url, file, _bar, add, notes), ""
    else:
        readers = read_public(settings.backup_key)
        refuse_to_replace(file)
        with folder_for_drafts(settings.data_dir, datetime.now(UTC)) as folder:
            rows = back_up(settings.database_url, folder / "plain", _bar, add, notes)
            lock_away(folder / "plain", file, readers, notes)
        how = f", encrypted for the keys in {settings.backup_key}"
    print(f"{file}: {rows} rows, compared with their source{how}")
    for found in saved:
        print(f"and the bytes of files: {found.blobs} blobs, {found.size / 2**20:.1f} MiB")
        for key in found.missing:
            print(f"vestnik: {key} is not in the store: a file that cannot be read", file=sys.stderr)
    return 1 if any(found.missing for found in saved) else 0


def _progress(line: str) -> None:
    """Where somebody looks."""
    if sys.stderr.isatty():
        print(line, file=sys.stderr, flush=True)


def load_backup(arguments: argparse.Namespace, settings: Settings) -> int:
    end_on_sigterm()
    with unlocked(arguments.file, settings.backup_key, settings.data_dir, datetime.now(UTC)) as readable:
        return _restore_from(readable, arguments, settings)


def _restore_from(readable: Path, arguments: argparse.Namespace, settings: Settings) -> int:
    """`readable`: the named file, or what was encrypted in it."""
    file, url = arguments.file, settings.database_url
    if arguments.check and file.is_file():
        sealed = check_seal(readable)
        print(f"{file} " + ("is whole" if sealed else "has no seal: it was not made by `vestnik backup`"))
        return 0 if sealed else 1
    require_database(url)
    loaded: int | None = None

    def prepare() -> None:
        nonlocal loaded
        loaded = trio.run(file_commands.load, settings, readable, _progress)

    drafts = partial(own_folder, settings.data_dir, datetime.now(UTC))
    epoch = restore(readable, url, replace=arguments.replace, progress=_bar, prepare=prepare, drafts=drafts)
    print(f"{file} is restored; the new epoch is {epoch}")
    what = f"{loaded} blobs, compared with their digests" if loaded is not None else "none; `vestnik files check` tells"
    print(f"bytes of files in it: {what}")
    _remove_key(settings)
    return 0


def _remove_key(settings: Settings) -> None:
    """Tokens of log-ins that are gone open nothing in any case; under a new key they are not even read."""
    if settings.jwt_secret:
        print("the key for access tokens is in VESTNIK_JWT_SECRET: put a new one there before the servers start")
        return
    path = settings.data_dir / signing_keys.FILE_NAME
    try:
        path.unlink()
    except FileNotFoundError:
        print(f"no key for access tokens was found at {path}: if a server keeps its own elsewhere, remove it there")
    else:
        print(f"the key for access tokens at {path} is removed; the next start makes a new one")


# --- files ---


def _say(line: str) -> None:
    print(line, flush=True)


def files_check(arguments: argparse.Namespace, settings: Settings) -> int:
    require_database(settings.database_url)
    fine = trio.run(partial(file_commands.check, settings, _say, hashes=arguments.hashes))
    return 0 if fine else 1


def files_gc(arguments: argparse.Namespace, settings: Settings) -> int:
    require_database(settings.database_url)
    trio.run(partial(file_commands.collect, settings, _say, dry=arguments.dry_run))
    return 0


def files_move(arguments: argparse.Namespace, settings: Settings) -> int:
    require_database(settings.database_url)
    trio.run(file_commands.bring, settings, _say)
    return 0
