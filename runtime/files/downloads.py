"""Files that people are reading, counted: each holds a descriptor, or a connection to the store, as long as its reader
takes."""

from collections.abc import AsyncGenerator
from typing import Final

from attrs import Factory, define

from runtime.files.blobs import Blob, BlobStore
from runtime.files.under_way import UnderWay

MOST: Final = 32
"""Downloads of one user that are under way in this process."""


@define
class Downloads:
    """Those that are under way."""

    _counts: UnderWay = Factory(lambda: UnderWay(MOST))

    def is_full(self, user_id: int) -> bool:
        """Whether this user may begin no other one now."""
        return self._counts.is_full(user_id)

    async def open(self, store: BlobStore, key: str, user_id: int) -> Blob | None:
        """See BlobStore. It is under way from now on, until it is closed."""
        self._counts.began(user_id)
        blob = None
        try:
            blob = await store.open(key)
        finally:
            if blob is None:
                self._counts.ended(user_id)
        return None if blob is None else CountedBlob(blob, self._counts, user_id)


class CountedBlob:
    """See Blob."""

    def __init__(self, blob: Blob, counts: UnderWay, user_id: int) -> None:
        self._blob, self._counts, self._user_id = blob, counts, user_id
        self.size, self.place = blob.size, blob.place

    def pieces(self, offset: int, length: int) -> AsyncGenerator[bytes, None]:
        """See Blob."""
        return self._blob.pieces(offset, length)

    async def aclose(self) -> None:
        """See Blob."""
        self._counts.ended(self._user_id)
        await self._blob.aclose()
