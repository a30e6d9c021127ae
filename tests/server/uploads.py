"""Files on their way to a server that a test runs, as people's programs send them."""

from typing import Any

import httpx

from runtime.files.sweeping import sweep
from tests.server.house import House, Person


async def try_upload(
    person: Person, data: bytes, name: str = "a.txt", *, key: str | None = None, **fields: str
) -> httpx.Response:
    """The answer to a form with these bytes."""
    headers = {"Authorization": f"Bearer {person.token}"} | ({} if key is None else {"Idempotency-Key": key})
    files = {"file": (name, data, "image/png")}
    return await person.http.post("/api/files", files=files, data=fields, headers=headers)


async def upload(person: Person, data: bytes, name: str = "a.txt", **fields: str) -> dict[str, Any]:
    """The file."""
    answer = await try_upload(person, data, name, **fields)
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


async def swept(house: House) -> int:
    """How many files a sweep of the server removes now."""
    services = house.services
    database = f"sqlite:///{services.settings.data_dir}/vestnik.sqlite3"
    return await sweep(services.files, services.ask, house.clock.now, database)
