"""While files move from one store to another: new ones go to the new store, and what is not there yet is in the old."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

from attrs import frozen

from runtime.files.blobs import Blob, BlobStore, Entry


@frozen
class TwoPlaces:
    """See BlobStore. A blob that is moved (runtime/files/upkeep.py) is in the new store before it leaves the old."""

    new: BlobStore
    old: BlobStore

    async def put(self, path: Path, key: str) -> None:
        """See BlobStore."""
        await self.new.put(path, key)

    async def open(self, key: str) -> Blob | None:
        """See BlobStore. It may move between the two looks, hence a third."""
        return await self.new.open(key) or await self.old.open(key) or await self.new.open(key)

    async def remove(self, key: str) -> None:
        """See BlobStore. From the old one first: who moves it looks there once more, and takes it back."""
        await self.old.remove(key)
        await self.new.remove(key)

    async def entries(self) -> AsyncGenerator[Entry, None]:
        """See BlobStore."""
        async with AsyncExitStack() as stack:
            stores = [await stack.enter_async_context(aclosing(store.entries())) for store in (self.new, self.old)]
            heads = [await anext(entries, None) for entries in stores]
            while any(heads):
                least = min(head.key for head in heads if head is not None)
                yield next(head for head in heads if head is not None and head.key == least)
                for number, head in enumerate(heads):
                    if head is not None and head.key == least:
                        heads[number] = await anext(stores[number], None)

    async def aclose(self) -> None:
        """See BlobStore."""
        await self.new.aclose()
        await self.old.aclose()
