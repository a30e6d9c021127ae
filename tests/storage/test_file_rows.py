"""What the database says of blobs to those who look after them."""

from pathlib import Path
from typing import Literal

import pytest
import trio

from storage.file_rows import named_blobs
from storage.open import open_storage
from tests.storage.databases import empty_database
from tests.storage.store_house import House
from tests.storage.test_contract_files import add


@pytest.mark.parametrize("kind", ["sqlite", "mariadb", "mysql"])
async def test_which_of_many_keys_files_name(kind: Literal["sqlite", "mariadb", "mysql"], sqlite_file: Path) -> None:
    if kind == "sqlite":
        url = f"sqlite:///{sqlite_file}"
    else:
        url = await trio.to_thread.run_sync(empty_database, kind)
    storage = await open_storage(url)
    try:
        house = House(storage)
        (ann,) = await house.people(1)
        one, other = [await add(house, ann, data) for data in (b"1", b"2")]
        await add(house, ann, b"2")  # of the same bytes
    finally:
        await storage.aclose()
    keys = [one.blob, *(f"{number:032}" for number in range(1200)), other.blob]
    assert await trio.to_thread.run_sync(named_blobs, url, keys) == {one.blob, other.blob}
    assert await trio.to_thread.run_sync(named_blobs, url, keys[1:-1]) == set()
