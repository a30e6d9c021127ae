"""The bytes that the database knows of, for the operator's commands; read apart from what servers do."""

from collections.abc import Sequence
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, func, select

from storage.migrate import connected
from storage.tables import files

PAGE: Final = 1000


@frozen
class KeptBlob:
    """A key of the store, and what is under it. `files`: how many rows name it."""

    key: str
    size: int
    sha256: bytes
    has_previews: bool
    files: int


_PAGE: Final = (
    select(
        files.c.blob,
        func.min(files.c.size),
        func.min(files.c.sha256, type_=files.c.sha256.type),
        func.count(files.c.width),
        func.count(),
    )
    .where(files.c.blob >= bindparam("first", type_=files.c.blob.type))
    .group_by(files.c.blob)
    .order_by(files.c.blob)
    .limit(bindparam("limit"))
)

_NAMED: Final = (
    select(files.c.blob).where(files.c.blob.in_(bindparam("keys", expanding=True, type_=files.c.blob.type))).distinct()
)
_CHUNK: Final = 500
"""Keys in one IN list."""


def named_blobs(url: str, keys: Sequence[str]) -> set[str]:
    """Those of the keys that a file names. Blocks; raises MigrationError."""
    named = set[str]()
    with connected(url) as connection:
        for start in range(0, len(keys), _CHUNK):
            named.update(connection.scalars(_NAMED, {"keys": list(keys[start : start + _CHUNK])}))
    return named


def kept_blobs(url: str, first: str, limit: int = PAGE) -> list[KeptBlob]:
    """Ascending by key, from `first` on. Blocks; raises MigrationError."""
    with connected(url) as connection:
        rows = connection.execute(_PAGE, {"first": first, "limit": limit}).all()
    return [KeptBlob(key, size, bytes(digest), pictures > 0, count) for key, size, digest, pictures, count in rows]


def kept_blob(url: str, key: str) -> KeptBlob | None:
    """The one under a key. Blocks; raises MigrationError."""
    found = kept_blobs(url, key, 1)
    return found[0] if found and found[0].key == key else None
