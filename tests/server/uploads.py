"""Files on their way to a server that a test runs, as people's programs send them."""

from typing import Any

import httpx

from tests.server.house import Person


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
