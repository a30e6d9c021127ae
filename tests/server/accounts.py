"""Requests by which accounts are made and log-ins begin."""

from typing import Any

import httpx

from runtime.config import Settings
from tests.server.house import PASSWORD, House

FAILURES = Settings().limit_login_failures
"""Failed log-ins of an account from one address before it is guarded."""


async def register(house: House, **body: Any) -> httpx.Response:
    """With the usual password, where no other is named."""
    return await house.http.post("/api/auth/register", json={"password": PASSWORD, **body})


async def log_in(house: House, **body: Any) -> httpx.Response:
    """As the body says."""
    return await house.http.post("/api/auth/login", json=body)
