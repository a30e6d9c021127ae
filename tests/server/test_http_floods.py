"""What floods over HTTP cost: the operations that reach storage are counted, and every refusal says when to return."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from unittest.mock import ANY

import httpx
import pytest
import trio

from chatproto.operations import (
    CreateDirect,
    CreateGroup,
    CreateUser,
    FindFile,
    FindLogin,
    ListChats,
    Mark,
    Operation,
    RotateRefresh,
    SearchMessages,
    SearchUsers,
    TouchSession,
)
from runtime.http.api import ROUTES
from runtime.http.guards import LONGEST_WAIT, Kind
from tests.server.answers import code_of
from tests.server.conftest import OpenHouse
from tests.server.house import PASSWORD, House, Person
from tests.server.test_http_routes import BODIES, url

FLOOD = 120
BURST = 10
WAITING = 2
"""Requests that are held back at a rate of one a second, beyond the burst."""


async def flood(house: House, request: Callable[[], Awaitable[httpx.Response]]) -> list[httpx.Response]:
    """All at once; what storage was asked before is forgotten."""
    answers: list[httpx.Response] = []

    async def one() -> None:
        answers.append(await request())

    house.storage.performed.clear()
    async with trio.open_nursery() as nursery:
        for _ in range(FLOOD):
            nursery.start_soon(one)
    for refused in (answer for answer in answers if answer.status_code == 429):
        assert code_of(refused) == "rate_limited"
        assert int(refused.headers["Retry-After"]) >= 1 and refused.json()["retry_after_ms"] > 0
    return answers


def asked(house: House, kind: type[Operation]) -> int:
    return sum(isinstance(operation, kind) for operation in house.storage.performed)


READS: list[tuple[str, str, Any, type[Operation]]] = [
    ("GET", "/api/chats", None, ListChats),
    ("POST", "/api/chats/1/read", {}, Mark),
    ("GET", "/api/users/search?query=anna", None, SearchUsers),
    ("GET", "/api/search?query=anna", None, SearchMessages),
]


@pytest.mark.parametrize(("method", "path", "body", "kind"), READS, ids=[read[1] for read in READS])
async def test_reads_marks_and_searches_are_rated(
    house_at: OpenHouse, method: str, path: str, body: Any, kind: type[Operation]
) -> None:
    limits = {"reads_rate": 1.0, "reads_burst": BURST, "searches_rate": 1.0, "searches_burst": BURST}
    async with house_at(**{f"limit_{name}": value for name, value in limits.items()}) as house:
        anna, boris = await house.register("anna"), await house.register("boris")
        await anna.direct(anna)
        began = trio.current_time()
        answers = await flood(house, lambda: anna.call(method, path, body))
        assert {answer.status_code for answer in answers} == {200, 429}
        assert asked(house, kind) <= BURST + WAITING + 1 + (trio.current_time() - began)
        assert (await boris.call("GET", "/api/chats")).status_code == 200, "others do not notice"


async def test_every_route_with_a_token_costs_its_user_something(house_at: OpenHouse) -> None:
    """What is left in the buckets decides, route by route: a new one cannot forget it."""
    slow = {"limit_reads_rate": 0.001, "limit_searches_rate": 0.001, "bucket_rate": 0.001, "limit_uploads": 1}
    async with house_at(**slow) as house:
        anna, boris = await house.register("anna"), await house.register("boris")
        assert (await anna.get("/api/chats")).status_code == 200  # the token is known from now on
        emptied: list[Kind] = ["reads", "writes", "searches", "uploads"]
        for kind in emptied:
            while house.services.guards.delay(kind, anna.id, house.clock.seconds()) <= LONGEST_WAIT:
                pass
        house.storage.performed.clear()
        let_through = []
        for route in [route for route in ROUTES if route.needs_token or route.by_link]:
            answer = await anna.call(route.method, url(route), BODIES.get((route.method, route.path)))
            if (answer.status_code, answer.json().get("code")) != (429, "rate_limited"):
                let_through.append(f"{route.method} {route.path}: {answer.status_code}")
        assert let_through == []
        link, _ = house.services.files.links.sign("f" * 22, boris.id, house.clock.now())
        assert (await house.http.get(f"/api/files/{'f' * 22}?token={link}")).status_code == 404
        link, _ = house.services.files.links.sign("f" * 22, anna.id, house.clock.now())
        assert (await house.http.get(f"/api/files/{'f' * 22}?token={link}")).status_code == 429
        assert asked(house, FindFile) == 1, "for Boris"
        assert (await boris.get("/api/chats")).status_code == 200, "others do not notice"


async def test_a_token_is_asked_about_once_however_slow_storage_is(house: House) -> None:
    anna = await house.register("anna")
    began = trio.current_time()
    answers = await flood(house, lambda: anna.get("/api/chats"))
    assert {answer.status_code for answer in answers} == {200}
    assert asked(house, TouchSession) <= 2 + (trio.current_time() - began), "one a second"


async def test_a_revoked_token_costs_one_question_a_minute(house: House) -> None:
    anna = await house.register("anna")
    await anna.post("/api/auth/logout")
    answers = await flood(house, lambda: anna.get("/api/chats"))
    assert {code_of(answer) for answer in answers} == {"revoked"}
    assert len(house.storage.performed) == 1
    await flood(house, lambda: anna.post("/api/auth/logout"))
    assert house.storage.performed == []


async def test_forged_tokens_cost_nothing(house: House) -> None:
    answers = await flood(house, lambda: house.http.get("/api/chats", headers={"Authorization": "Bearer x.y.z"}))
    assert {code_of(answer) for answer in answers} == {"token_invalid"}
    assert house.storage.performed == []


@pytest.mark.parametrize("path", ["/api/auth/refresh", "/api/auth/logout"])
async def test_refused_refresh_tokens_are_rated_by_address(house_at: OpenHouse, path: str) -> None:
    async with house_at(limit_refused_tokens=BURST) as house:
        anna = await house.register("anna")
        for _ in range(2 * BURST):  # good ones are free
            renewed = await house.http.post("/api/auth/refresh", json={"refresh_token": anna.refresh_token})
            assert renewed.status_code == 200
        answers = await flood(house, lambda: house.http.post(path, json={"refresh_token": "rubbish"}))
        assert {code_of(answer) for answer in answers} == {"token_invalid", "rate_limited"}
        assert asked(house, RotateRefresh) <= BURST + 2


async def test_failed_log_ins_are_rated(house: House) -> None:
    await house.register("anna")
    body = {"login": "anna", "password": "wrong"}
    await flood(house, lambda: house.http.post("/api/auth/login", json=body))
    assert asked(house, FindLogin) <= 2 * house.services.settings.limit_login_failures + 1, "from a known device"


async def test_good_log_ins_are_rated_like_writes(house_at: OpenHouse) -> None:
    async with house_at(bucket_rate=1.0, bucket_burst=3) as house:
        await house.register("anna")
        body = {"login": "anna", "password": PASSWORD}
        began = trio.current_time()
        answers = [await house.http.post("/api/auth/login", json=body) for _ in range(3)]
        assert {answer.status_code for answer in answers} == {200}
        answers = await flood(house, lambda: house.http.post("/api/auth/login", json=body))
        assert sum(answer.status_code == 200 for answer in answers) <= WAITING + 1 + (trio.current_time() - began)


async def test_ten_accounts_an_hour_of_an_address(house_at: OpenHouse) -> None:
    async with house_at(proxy_hops=1, limit_registrations=10) as house:
        made = 0

        async def register(address: str) -> httpx.Response:
            nonlocal made
            made += 1
            body = {"username": f"user{made}", "password": PASSWORD}
            return await house.http.post("/api/auth/register", json=body, headers={"X-Forwarded-For": address})

        answers = [await register("2001:db8::1") for _ in range(10)]
        assert {answer.status_code for answer in answers} == {201}
        house.storage.performed.clear()
        refused = await register("2001:db8::2")  # the same customer
        assert refused.status_code == 429 and 300 <= int(refused.headers["Retry-After"]) <= 360
        assert asked(house, CreateUser) == 0
        assert (await register("2001:db8:1::1")).status_code == 201
        house.clock.advance(minutes=6)
        assert (await register("2001:db8::2")).status_code == 201


async def test_new_chats_are_counted_by_the_hour(house_at: OpenHouse) -> None:
    async with house_at(limit_new_chats=3, access_token_seconds=86400) as house:
        anna, boris = await house.register("anna"), await house.register("boris")
        await anna.direct(boris)
        for _ in range(5):
            await anna.direct(boris)  # it is there already
        assert (await anna.post("/api/chats", {"type": "direct", "user_id": 99})).status_code == 404
        group = {"type": "group", "title": "x", "user_ids": [boris.id]}
        for _ in range(5):
            answer = await anna.post("/api/chats", group, headers={"Idempotency-Key": "one"})
            assert answer.status_code in (200, 201)
        assert (await anna.post("/api/chats", group)).status_code == 201
        refused = await anna.post("/api/chats", group)
        assert refused.status_code == 429 and code_of(refused) == "rate_limited"
        assert 1100 <= int(refused.headers["Retry-After"]) <= 1200
        assert (await boris.post("/api/chats", group)).status_code == 201
        direct = await anna.post("/api/chats", {"type": "direct", "user_id": boris.id})
        assert (direct.status_code, direct.json()["peer"]["id"]) == (200, boris.id), "what is there is not new"
        shown = (await anna.get(f"/api/chats/{direct.json()['id']}")).json()
        assert shown == {**direct.json(), "members": ANY}
        keyed = await anna.post("/api/chats", group, headers={"Idempotency-Key": "one"})
        assert (keyed.status_code, keyed.json()["id"]) == (200, answer.json()["id"])
        house.storage.performed.clear()
        for body, key in ((group, None), (group, "two"), ({"type": "direct", "user_id": anna.id}, None)):
            refused = await anna.post("/api/chats", body, headers={"Idempotency-Key": key} if key else {})
            assert (refused.status_code, code_of(refused)) == (429, "rate_limited")
            assert 1100 <= int(refused.headers["Retry-After"]) <= 1200
        assert [asked(house, kind) for kind in (CreateGroup, ListChats, CreateDirect)] == [1, 1, 0]
        assert len((await anna.get("/api/chats")).json()["chats"]) == 3
        house.clock.advance(minutes=20)
        assert (await anna.post("/api/chats", group)).status_code == 201


async def test_looking_for_a_chat_that_is_not_new_costs_a_read(house_at: OpenHouse) -> None:
    async with house_at(limit_new_chats=1, limit_reads_rate=1.0, limit_reads_burst=BURST) as house:
        anna, boris = await house.register("anna"), await house.register("boris")
        await anna.direct(boris)
        began, looked = trio.current_time(), 0
        for body, kind in (
            ({"type": "direct", "user_id": boris.id}, ListChats),
            ({"type": "group", "title": "x"}, CreateGroup),
        ):
            look = partial(anna.post, "/api/chats", body, headers={"Idempotency-Key": "one"})
            await flood(house, look)
            looked += asked(house, kind)
        assert BURST <= looked <= BURST + 2 * (WAITING + 1) + (trio.current_time() - began)


async def test_new_members_are_counted_by_the_hour(house_at: OpenHouse) -> None:
    async with house_at(limit_new_members=3, access_token_seconds=86400) as house:
        anna = await house.register("anna")
        others = [await house.register(f"user{number}") for number in range(6)]
        group = await anna.group("x", *others[:2])  # those named when it is made are free

        async def add(*people: Person) -> httpx.Response:
            return await anna.post(f"/api/chats/{group}/members", {"user_ids": [person.id for person in people]})

        for _ in range(3):
            assert (await add(others[0], others[1])).status_code == 200, "who is in it already is not added"
        assert (await add(others[2], others[3])).status_code == 200
        refused = await add(others[4], others[5])
        assert refused.status_code == 429 and 1100 <= int(refused.headers["Retry-After"]) <= 1200
        assert (await add(others[4])).status_code == 200
        elsewhere = await anna.post("/api/chats/999/members", {"user_ids": [1]})
        assert elsewhere.status_code == 429
        house.clock.advance(hours=1)
        for _ in range(5):
            elsewhere = await anna.post("/api/chats/999/members", {"user_ids": [1]})
            assert elsewhere.status_code == 404, "a refusal adds nobody"
