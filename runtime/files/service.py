"""The files of one server: what the routes and the sweep work with."""

import secrets
from collections.abc import Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Final

import trio
from attrs import frozen

from runtime.config import Settings
from runtime.files.blobs import CLEAN_UP, THREADS, Blob, BlobStore, FolderStore
from runtime.files.drafts import Draft, new_draft
from runtime.files.links import FileLinks
from runtime.files.places import Place, S3Place
from runtime.files.s3_signing import Credentials
from runtime.files.two_places import TwoPlaces
from storage.durable import sync

PREVIEWS: Final = (320, 1280)
"""Pixels of the longer side."""
FOLDER: Final = "files"
"""Under the data directory."""


def preview_key(key: str, size: int) -> str:
    """Of the preview of a blob."""
    return f"{key}-{size}"


@frozen
class Files:
    """`drafts`: the folder of what is on its way in."""

    store: BlobStore
    drafts: Path
    links: FileLinks

    async def draft(self) -> Draft:
        """An empty draft; to be discarded at the end, whatever came of it. Raises OSError."""
        return await trio.to_thread.run_sync(new_draft, self.drafts, limiter=THREADS)

    async def keep(self, path: Path, previews: Mapping[int, Path]) -> str:
        """Take a whole file into the store, with its previews; its key. Raises OSError. Where that fails, or is
        cancelled, nothing of it stays."""
        key = secrets.token_hex(16)
        try:
            for size, preview in previews.items():
                await self._put(preview, preview_key(key, size))
            await self._put(path, key)
        except BaseException:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + CLEAN_UP), suppress(OSError):
                await self.remove(key)
            raise
        return key

    async def _put(self, path: Path, key: str) -> None:
        await trio.to_thread.run_sync(sync, path, limiter=THREADS)
        await self.store.put(path, key)

    async def copy(self, blob: Blob, key: str, store: BlobStore) -> None:
        """Put the bytes of a blob into another store. Raises OSError."""
        draft = await self.draft()
        try:
            async with aclosing(blob.pieces(0, blob.size)) as pieces:
                async for piece in pieces:
                    await trio.to_thread.run_sync(draft.write, piece, limiter=THREADS)
            await trio.to_thread.run_sync(sync, draft.path, limiter=THREADS)
            await store.put(draft.path, key)
        finally:
            await self.discard(draft)

    async def put_back(self, key: str, same: str) -> bool:
        """Where the bytes under `key` are lost, put those there that stand under `same`, with their previews; whether
        that was so. Raises OSError."""
        blob = await self.store.open(key)
        if blob is not None:
            await blob.aclose()
            return False
        for size in PREVIEWS:
            await self._copy_within(preview_key(same, size), preview_key(key, size))
        await self._copy_within(same, key)
        return True

    async def _copy_within(self, old: str, new: str) -> None:
        blob = await self.store.open(old)
        if blob is not None:
            async with aclosing(blob):
                await self.copy(blob, new, self.store)

    async def remove(self, key: str) -> None:
        """Nothing is left of a blob and its previews. Raises OSError."""
        for one in (key, *(preview_key(key, size) for size in PREVIEWS)):
            await self.store.remove(one)

    async def discard(self, draft: Draft) -> None:
        """Nothing is left of it, also where the caller is cancelled."""
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(draft.discard, limiter=THREADS)


def open_files(data_dir: Path, links: FileLinks, store: BlobStore | None = None) -> Files:
    """Files in a folder under the data directory, which is made where it is not there, or in that store."""
    return Files(folder_store(data_dir) if store is None else store, _folder(data_dir, "incoming"), links)


def folder_store(data_dir: Path, *, shared: bool = False) -> FolderStore:
    """The folder of the data directory; `shared` with the group of the process."""
    root = _folder(data_dir, "blobs")
    if shared:
        for folder, mode in ((root.parent, 0o710), (root, 0o750)):
            folder.chmod(mode)
    return FolderStore(root, shared=shared)


def _folder(data_dir: Path, name: str) -> Path:
    root = data_dir / FOLDER
    for folder in (root, root / name):  # one by one: to parents the mode would not apply
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return root / name


def open_store(settings: Settings) -> BlobStore:
    """The store that the settings name; one that also reads where files were before, until they are moved."""
    new = open_place(settings, settings.files_url)
    return new if settings.files_old_url is None else TwoPlaces(new, open_place(settings, settings.files_old_url))


def open_place(settings: Settings, place: Place) -> BlobStore:
    """One of the places."""
    if not isinstance(place, S3Place):
        return folder_store(settings.data_dir, shared=bool(settings.files_accel))
    from runtime.files.s3 import S3Store  # its HTTP client takes long to load, and few servers need it

    credentials = Credentials(settings.files_access_key, settings.files_secret_key, place.region)
    return S3Store(place, credentials)
