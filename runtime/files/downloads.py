"""Files that people are reading, counted: each holds a descriptor, or a connection to the store, as long as its reader
takes."""

from collections.abc import AsyncGenerator
from typing import Final

import trio
from attrs import Factory, define, field

from runtime.files.blobs import Blob, BlobStore
from runtime.files.under_way import UnderWay

MOST: Final = 32
"""Downloads of one user that are under way in this process."""
MOST_OF_S3: Final = 8
"""The same where files are in an S3 store: of its connections there are fewer than of descriptors."""
PATIENCE: Final = 2.0
"""Seconds that a further one waits until one of the same user has ended."""


@define
class Downloads:
    """Those that are under way."""

    _counts: UnderWay = Factory(lambda: UnderWay(MOST))
    _ends: trio.lowlevel.ParkingLot = field(factory=trio.lowlevel.ParkingLot, eq=False, repr=False)

    async def have_room(self, user_id: int) -> bool:
        """Whether this user may begin one now, or within PATIENCE. Whoever is told so has to begin at once."""
        with trio.move_on_after(PATIENCE):
            while self._counts.is_full(user_id):
                await self._ends.park()
        return not self._counts.is_full(user_id)

    async def open(self, store: BlobStore, key: str, user_id: int) -> Blob | None:
        """See BlobStore. It is under way from now on, until it is closed."""
        self._counts.began(user_id)
        blob = None
        try:
            blob = await store.open(key)
        finally:
            if blob is None:
                self.ended(user_id)
        return None if blob is None else CountedBlob(blob, self, user_id)

    def ended(self, user_id: int) -> None:
        """One of them."""
        self._counts.ended(user_id)
        self._ends.unpark_all()


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
