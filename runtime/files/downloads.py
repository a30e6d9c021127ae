"""How many files one person reads at once: each holds a descriptor, or a connection to the store, as long as its reader
takes."""

from collections.abc import AsyncGenerator
from typing import Final

from attrs import define, field

from runtime.files.blobs import Blob, BlobStore

MOST: Final = 32
"""Downloads of one user that are under way in this process."""


@define
class Downloads:
    """Those that are under way, by user."""

    _open: dict[int, int] = field(factory=dict)

    def is_full(self, user_id: int) -> bool:
        """Whether this user may begin no other one now."""
        return self._open.get(user_id, 0) >= MOST

    async def open(self, store: BlobStore, key: str, user_id: int) -> Blob | None:
        """See BlobStore. It is under way from now on, until it is closed."""
        self._open[user_id] = self._open.get(user_id, 0) + 1
        blob = None
        try:
            blob = await store.open(key)
        finally:
            if blob is None:
                self.ended(user_id)
        return None if blob is None else CountedBlob(blob, self, user_id)

    def ended(self, user_id: int) -> None:
        """One of them."""
        self._open[user_id] -= 1
        if not self._open[user_id]:
            del self._open[user_id]


class CountedBlob:
    """See Blob."""

    def __init__(self, blob: Blob, downloads: Downloads, user_id: int) -> None:
        self._blob, self._downloads, self._user_id = blob, downloads, user_id
        self.size, self.place = blob.size, blob.place

    def pieces(self, offset: int, length: int) -> AsyncGenerator[bytes, None]:
        """See Blob."""
        return self._blob.pieces(offset, length)

    async def aclose(self) -> None:
        """See Blob."""
        self._downloads.ended(self._user_id)
        await self._blob.aclose()
