"""/openapi.json and /docs tell the truth. (Every answer of every other test is held against it as well.)"""

import json
from typing import Any

import msgspec
from jsonschema import Draft202012Validator

from runtime.http.api import ROUTES as API
from runtime.http.problem import CODES
from tests.server.documented import DOCUMENT
from tests.server.house import House

PROMISED = {
    ("post", "/api/auth/register"), ("post", "/api/auth/login"), ("get", "/api/auth/me"), ("patch", "/api/auth/me"),
    ("post", "/api/auth/refresh"), ("post", "/api/auth/logout"), ("post", "/api/auth/password"),
    ("get", "/api/auth/sessions"), ("delete", "/api/auth/sessions/{session_id}"), ("get", "/api/users/search"),
    ("get", "/api/users/{user_id}"), ("get", "/api/users"), ("post", "/api/chats"), ("get", "/api/chats"),
    ("get", "/api/chats/{chat_id}"), ("patch", "/api/chats/{chat_id}"), ("post", "/api/chats/{chat_id}/members"),
    ("patch", "/api/chats/{chat_id}/members/{user_id}"), ("delete", "/api/chats/{chat_id}/members/{user_id}"),
    ("get", "/api/chats/{chat_id}/messages"), ("post", "/api/chats/{chat_id}/messages"),
    ("post", "/api/chats/{chat_id}/read"), ("get", "/healthz"), ("get", "/readyz"), ("get", "/metrics"),
    ("get", "/openapi.json"), ("get", "/docs"), ("get", "/api/server"), ("post", "/api/files"),
    ("get", "/api/files/{file_id}"), ("post", "/api/files/{file_id}/link"), ("get", "/api/search"),
    ("post", "/api/auth/reset"), ("post", "/api/auth/reset/confirm"), ("post", "/api/auth/email/confirm"),
    ("get", "/api/invites"), ("post", "/api/invites"), ("delete", "/api/invites/{invite_id}"),
    ("post", "/api/invites/accept"), ("post", "/api/auth/me/export"), ("get", "/api/auth/export"),
}  # fmt: skip
PUBLIC = {
    "/api/auth/register", "/api/auth/login", "/api/auth/refresh", "/api/auth/logout", "/healthz", "/readyz",
    "/metrics", "/openapi.json", "/docs", "/api/server", "/api/auth/reset", "/api/auth/reset/confirm",
    "/api/auth/email/confirm", "/api/auth/export",
}  # fmt: skip


async def test_it_is_served(house: House) -> None:
    answer = await house.http.get("/openapi.json")
    assert answer.json() == json.loads(msgspec.json.encode(DOCUMENT)) and answer.json()["openapi"] == "3.1.0"


def test_every_promised_route_stands_there() -> None:
    listed = {(method, path) for path, operations in DOCUMENT["paths"].items() for method in operations}
    assert listed >= PROMISED


def test_security() -> None:
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            assert ("security" in operation) == (path not in PUBLIC and method != "options")
            assert ("security" not in operation) or "401" in operation["responses"]
    links = [path for path, item in DOCUMENT["paths"].items() if {} in item.get("get", {}).get("security", [])]
    assert links == ["/api/files/{file_id}", "/api/files/{file_id}/preview"], "a link opens them too"
    for path in ("/api/chats", "/api/chats/{chat_id}/members"):
        assert "409" in DOCUMENT["paths"][path]["post"]["responses"]


def test_names_are_unique_and_references_lead_somewhere() -> None:
    names = [operation["operationId"] for path in DOCUMENT["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            if "$ref" in part:
                assert part["$ref"].rpartition("/")[2] in DOCUMENT["components"]["schemas"]
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(DOCUMENT)
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_code_has_its_status_in_the_document() -> None:
    for route in API:
        answers = DOCUMENT["paths"][route.path][route.method.lower()]["responses"]
        for code in route.all_codes:
            assert code in answers[str(CODES[code][0])]["description"]


async def test_the_page_for_people(house: House) -> None:
    answer = await house.http.get("/docs")
    page = answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<script" not in page and "javascript:" not in page and "://" not in page
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
    for _, path in PROMISED:
        assert f"<code>{path}</code>" in page
    for code in CODES:
        assert f'id="{code}"' in page
