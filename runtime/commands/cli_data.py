"""The commands for what is kept: backups, the bytes of files, the index, the epoch; what they take and print."""

import argparse
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import trio

from runtime.age.keys import make_keys, read_public
from runtime.commands import file_commands, index_commands
from runtime.commands.encrypted_backup import folder_for_drafts, lock_away, own_folder, unlocked
from runtime.commands.ending import end_on_sigterm
from runtime.commands.rotation import name_for, notes_for, read_keep, remove_left, rotate, series_of
from runtime.config import Settings
from runtime.files.backup import Saved
from runtime.opened_storage import require_database
from runtime.secrets import signing_keys
from storage.backup import back_up, new_epoch, refuse_to_replace, restore
from storage.backup_seal import check_seal


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """`commands`: the subparsers of `vestnik`; `common`: the options that each has."""
    index = commands.add_parser("index", help="what messages are searched by").add_subparsers(
        required=True, metavar="ACTION"
    )
    told = index.add_parser("status", parents=[common], help="how much of all messages it has")
    told.set_defaults(run=_index_status)
    rebuilt = index.add_parser("rebuild", parents=[common], help="make it anew, or go on where that was stopped")
    rebuilt.set_defaults(run=_index_rebuild)

    backup = commands.add_parser("backup", parents=[common], help="everything to one file, while servers run")
    backup.add_argument("file", type=Path, nargs="?")
    backup.add_argument("--to", type=Path, metavar="DIR", help="into this folder, named by the time")
    backup.add_argument("--keep", metavar="7d,4w,12m", help="with --to: for days, weeks, months; the others there go")
    backup.add_argument("--without-files", action="store_true", help="the database alone")
    backup.add_argument("--key", metavar="FILE", help="encrypt it for the public keys in this file")
    backup.set_defaults(run=_backup)
    keys = commands.add_parser("backup-key", parents=[common], help="a secret key for backups, and its public one")
    keys.add_argument("file", type=Path, help="the secret key comes here; the public one to the same name and .pub")
    keys.set_defaults(run=_backup_key)
    restored = commands.add_parser("restore", parents=[common], help="a backup into a migrated database")
    restored.add_argument("file", type=Path)
    restored.add_argument("--replace", action="store_true", help="lose what is in the database now")
    restored.add_argument("--check", action="store_true", help="only read all of it, and say whether it is whole")
    restored.add_argument("--key", metavar="FILE", help="the secret key of one that is encrypted")
    restored.set_defaults(run=_restore)
    kept = commands.add_parser("files", help="the bytes of files").add_subparsers(required=True, metavar="ACTION")
    checked = kept.add_parser("check", parents=[common], help="what is missing, damaged, or of no file")
    checked.add_argument("--hashes", action="store_true", help="read every byte")
    checked.set_defaults(run=_files_check)
    collected = kept.add_parser("gc", parents=[common], help="remove what no file needs")
    collected.add_argument("--dry-run", action="store_true", help="only say what that is")
    collected.set_defaults(run=_files_gc)
    moved = kept.add_parser("move", parents=[common], help="from VESTNIK_FILES_OLD_URL to VESTNIK_FILES_URL")
    moved.set_defaults(run=_files_move)
    epoch = commands.add_parser("epoch", help="the history that the database belongs to").add_subparsers(
        required=True, metavar="ACTION"
    )
    renewed = epoch.add_parser("new", parents=[common], help="after a restore by other means: clients start anew")
    renewed.set_defaults(run=_epoch_new)


# --- index ---


def _index_status(arguments: argparse.Namespace, settings: Settings) -> int:
    print(_told(trio.run(index_commands.status, settings)))
    return 0


def _index_rebuild(arguments: argparse.Namespace, settings: Settings) -> int:
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


def _backup(arguments: argparse.Namespace, settings: Settings) -> int:
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


def _backup_key(arguments: argparse.Namespace, settings: Settings) -> int:
    public = arguments.file.with_name(f"{arguments.file.name}.pub")
    refuse_to_replace(public)
    text = make_keys(arguments.file)
    public.write_text(f"{text}\n")
    print(
        f"{arguments.file} holds the secret key: keep it away from this server, in two places, or no backup is readable"
    )
    print(f"{public} holds the public one: set VESTNIK_BACKUP_KEY to its path, absolute")
    return 0


def _restore(arguments: argparse.Namespace, settings: Settings) -> int:
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


def _epoch_new(arguments: argparse.Namespace, settings: Settings) -> int:
    print(f"the new epoch is {new_epoch(settings.database_url)}")
    return 0


# --- files ---


def _say(line: str) -> None:
    print(line, flush=True)


def _files_check(arguments: argparse.Namespace, settings: Settings) -> int:
    require_database(settings.database_url)
    fine = trio.run(partial(file_commands.check, settings, _say, hashes=arguments.hashes))
    return 0 if fine else 1


def _files_gc(arguments: argparse.Namespace, settings: Settings) -> int:
    require_database(settings.database_url)
    trio.run(partial(file_commands.collect, settings, _say, dry=arguments.dry_run))
    return 0


def _files_move(arguments: argparse.Namespace, settings: Settings) -> int:
    require_database(settings.database_url)
    trio.run(file_commands.bring, settings, _say)
    return 0
