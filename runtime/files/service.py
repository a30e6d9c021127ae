"""The files of one server: what the routes and the sweep work with."""

import secrets
from pathlib import Path
from typing import Final

import trio
from attrs import frozen

from runtime.files.blobs import THREADS, BlobStore, FolderStore
from runtime.files.drafts import Draft, new_draft
from runtime.files.links import FileLinks

FOLDER: Final = "files"
"""Under the data directory."""


@frozen
class Files:
    """`drafts`: the folder of what is on its way in."""

    store: BlobStore
    drafts: Path
    links: FileLinks

    async def draft(self) -> Draft:
        """An empty draft; to be discarded at the end, whatever came of it. Raises OSError."""
        return await trio.to_thread.run_sync(new_draft, self.drafts, limiter=THREADS)

    async def keep(self, draft: Draft) -> str:
        """Take what a draft holds into the store; its key. Raises OSError."""
        key = secrets.token_hex(16)
        await trio.to_thread.run_sync(draft.finish, limiter=THREADS)
        await self.store.put(draft.path, key)
        return key

    async def discard(self, draft: Draft) -> None:
        """Nothing is left of it, also where the caller is cancelled."""
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(draft.discard, limiter=THREADS)


def open_files(data_dir: Path, links: FileLinks) -> Files:
    """Files in a folder under the data directory, which is made where it is not there."""
    root = data_dir / FOLDER
    drafts, blobs = root / "incoming", root / "blobs"
    for folder in (root, drafts, blobs):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Files(FolderStore(blobs), drafts, links)
