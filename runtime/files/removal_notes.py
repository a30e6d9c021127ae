"""Blobs that are to be removed, written down until they are: no row names them any more, so nothing else knows them.

A note is a file in the folder of drafts, with a key on each line. Several processes may share the folder: whoever
removes what is noted takes the note away, and a blob that was removed may be removed again.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from attrs import frozen

from runtime.files.blobs import KEY
from runtime.files.drafts import new_draft
from storage.durable import sync

SUFFIX: Final = ".gone"


@frozen
class Noted:
    """`keys` of blobs, and the `notes` in which they stand."""

    keys: Sequence[str] = ()
    notes: Sequence[Path] = ()


def note_down(folder: Path, keys: Iterable[str]) -> Noted:
    """Durable when this returns; the same keys in the same order are one note. Blocks; raises OSError."""
    ordered = list(keys)
    if not ordered:
        return Noted()
    data = "".join(f"{key}\n" for key in ordered).encode()
    note = folder / f"{sha256(data).hexdigest()[:32]}{SUFFIX}"
    if not note.exists():
        draft = new_draft(folder)
        try:
            draft.write(data)
            sync(draft.path)
            draft.path.rename(note)
        finally:
            draft.discard()
        sync(folder)
    return Noted(ordered, [note])


def read_notes(folder: Path) -> Noted:
    """All of them, each key once, in their order. Blocks; raises OSError."""
    notes, keys = sorted(folder.glob(f"*{SUFFIX}")), dict[str, None]()
    for note in notes:
        with suppress(FileNotFoundError):
            keys |= dict.fromkeys(filter(KEY.fullmatch, note.read_text("ascii", "replace").split()))
    return Noted(list(keys), notes)


def replace_notes(folder: Path, noted: Noted, kept: Sequence[str]) -> None:
    """What is `kept` of it stands in one note, and those before are gone. Blocks; raises OSError."""
    new = note_down(folder, kept).notes
    for note in noted.notes:
        if note not in new:
            note.unlink(missing_ok=True)
