"""Walks over all routes: what each must do alike."""

from typing import Any

import pytest

from chatproto.server.knobs import Knobs
from runtime.http.api import ROUTES as API
from runtime.http.routes import Route
from tests.server.answers import code_of
from tests.server.conftest import OpenHouse
from tests.server.house import PASSWORD, House

BODIES: dict[tuple[str, str], Any] = {
    ("PATCH", "/api/auth/me"): {"display_name": "x"},
    ("POST", "/api/auth/password"): {"current_password": PASSWORD, "new_password": "another fine one"},
    ("POST", "/api/chats"): {"type": "direct", "user_id": 1},
    ("PATCH", "/api/chats/{chat_id}"): {"title": "x"},
    ("POST", "/api/chats/{chat_id}/members"): {"user_ids": [1]},
    ("PATCH", "/api/chats/{chat_id}/members/{user_id}"): {"role": "admin"},
    ("POST", "/api/chats/{chat_id}/messages"): {"content": "x"},
    ("PATCH", "/api/chats/{chat_id}/messages/{seq}"): {"content": "y"},
    ("POST", "/api/auth/register"): {"username": "boris", "password": PASSWORD},
    ("POST", "/api/auth/login"): {"login": "anna", "password": PASSWORD},
    ("POST", "/api/auth/refresh"): {"refresh_token": "x"},
    ("POST", "/api/auth/logout"): {"refresh_token": "x"},
    ("POST", "/api/auth/reset"): {"login": "anna"},
    ("POST", "/api/auth/reset/confirm"): {"code": "x", "new_password": PASSWORD},
    ("POST", "/api/auth/email/confirm"): {"code": "x"},
    ("PATCH", "/api/admin/users/{user_id}"): {"disabled": False},
    ("DELETE", "/api/auth/me"): {"password": PASSWORD},
    ("POST", "/api/auth/me/export"): {"password": PASSWORD},
    ("POST", "/api/invites"): {},
    ("POST", "/api/invites/accept"): {"code": "x"},
}
MAIL = {"smtp_url": "smtp://127.0.0.1:1", "mail_from": "v@example.org", "public_url": "https://chat.example.org"}
"""Of a server that nobody asks: nothing is ordered."""
QUERIES = {
    "/api/auth/export": "?token=x",
    "/api/users": "?ids=1",
    "/api/users/search": "?query=anna",
    "/api/search": "?query=anna",
}
NAMES = [f"{route.method} {route.path}" for route in API]
STORED = [
    route
    for route in API
    if "store_unavailable" in route.all_codes
    and route.path != "/readyz"
    and not route.form  # test_http_files.py
    and route.path != "/api/auth/export"  # nothing is asked for a link that is none: test_own_data.py
    and not route.path.startswith("/api/uploads")  # on the disk up to the last byte: test_uploads.py
]


def url(route: Route, chat_id: int = 1, user_id: int = 1, seq: int = 1) -> str:
    path = route.path.format(
        chat_id=chat_id,
        user_id=user_id,
        session_id=1,
        seq=seq,
        invite_id=1,
        emoji="👍",
        file_id="f" * 22,
        upload_id="f" * 22,
    )
    return path + (QUERIES.get(route.path, "") if route.method == "GET" else "")


@pytest.mark.parametrize(
    "route", [route for route in API if route.needs_token], ids=lambda route: f"{route.method} {route.path}"
)
async def test_strangers_get_nothing(house: House, route: Route) -> None:
    anna = await house.register("anna")
    house.storage.performed.clear()
    body = BODIES.get((route.method, route.path))
    answers = [
        await house.http.request(route.method, url(route), json=body),
        await house.http.request(
            route.method, url(route), json=body, headers={"Authorization": f"Bearer {anna.token}x"}
        ),
        await house.http.request(route.method, f"{url(route)}{'&' if '?' in url(route) else '?'}token={anna.token}"),
    ]
    codes = ["token_missing", "token_invalid", "not_found" if route.by_link else "token_missing"]
    assert [code_of(answer) for answer in answers] == codes
    assert house.storage.performed == []


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("route", STORED, ids=lambda route: f"{route.method} {route.path}")
async def test_a_store_that_goes_away_is_told(house_at: OpenHouse, route: Route, after: int) -> None:
    """Also between two questions of one request."""
    async with house_at(knobs=Knobs(store_wait=0.1), sends=False, **MAIL) as house:
        anna = await house.register("anna")
        await anna.send(await anna.group("x"), "hello")
        await anna.get("/api/chats")
        body = BODIES.get((route.method, route.path))
        headers = {"Authorization": f"Bearer {anna.token}"} if route.needs_token else {}
        house.storage.breaks_after = after
        answer = await house.http.request(route.method, url(route), json=body, headers=headers)
        assert (answer.status_code == 503) == (house.storage.refused > 0) and answer.status_code != 500
        assert house.storage.refused > 0 or after > 0, "every one of them asks at least once"
        if answer.status_code == 503:
            assert code_of(answer) == "store_unavailable"
            assert int(answer.headers["Retry-After"]) >= 1 and answer.json()["retry_after_ms"] >= 1000


def test_every_body_is_tried() -> None:
    needed = {(route.method, route.path) for route in API if route.body is not None}
    assert needed - set(BODIES) == {("POST", "/api/chats/{chat_id}/read")}, "which needs none"
    assert len(NAMES) == len(set(NAMES))
