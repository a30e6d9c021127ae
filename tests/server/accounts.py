"""Requests by which accounts are made and log-ins begin."""

from typing import Any

import httpx

from runtime.config import Settings
from tests.server.house import PASSWORD, House

FAILURES = Settings().limit_login_failures
"""Failed log-ins of an account from one address before it is guarded."""
STRANGE = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"}
"""Of a program that nobody is logged in with."""


async def register(house: House, **body: Any) -> httpx.Response:
    """With the usual password, where no other is named."""
    return await house.http.post("/api/auth/register", json={"password": PASSWORD, **body})


async def log_in(house: House, **body: Any) -> httpx.Response:
    """As the body says."""
    return await house.http.post("/api/auth/login", json=body)


async def guess(house: House, login: str = "anna", **headers: str) -> int:
    """A wrong password from a device on which nobody is known."""
    body = {"login": login, "password": "wrong"}
    return (await house.http.post("/api/auth/login", json=body, headers=STRANGE | headers)).status_code
