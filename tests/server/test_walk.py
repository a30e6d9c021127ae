"""Everything this server can be asked, asked by somebody with an expired token and by a stranger; the WebSocket's
commands by nobody at all as well (routes: test_http_routes.py)."""

import json
from typing import Any, Final

import msgspec
import pytest

from chatproto.operations import Sweep
from chatproto.wire.frames import CLIENT_TYPES
from runtime.http.api import ROUTES as API
from runtime.http.routes import Route
from tests.server.answers import code_of
from tests.server.house import House, Person
from tests.server.sockets import Socket, open_socket
from tests.server.test_http_routes import BODIES, url

WITH_TOKEN = [route for route in API if route.needs_token]
OF_A_FILE = [route for route in WITH_TOKEN if "{file_id}" in route.path or "{upload_id}" in route.path]
OF_A_CHAT = [route for route in WITH_TOKEN if "{chat_id}" in route.path]
OF_ADMINS = [route for route in WITH_TOKEN if route.path.startswith("/api/admin/")]
OWN_OR_OPEN: Final = {
    "GET /api/auth/me", "PATCH /api/auth/me", "DELETE /api/auth/me", "POST /api/auth/me/export",
    "POST /api/auth/password", "GET /api/auth/sessions", "GET /api/chats",
    "POST /api/chats", "GET /api/users", "GET /api/users/search", "GET /api/users/{user_id}",
    "DELETE /api/auth/sessions/{session_id}", "POST /api/files", "POST /api/uploads",
    "GET /api/search", "POST /api/auth/me/avatar", "DELETE /api/auth/me/avatar",
    "GET /api/invites", "POST /api/invites", "DELETE /api/invites/{invite_id}", "POST /api/invites/accept",
    "GET /api/blocks", "PUT /api/users/{user_id}/block", "DELETE /api/users/{user_id}/block",
}  # fmt: skip
"""Routes without a chat in them: they concern the caller alone, or what every user may see."""


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", WITH_TOKEN, ids=name_of)
async def test_an_expired_token_opens_no_route(house: House, route: Route) -> None:
    anna = await house.register("anna")
    house.clock.advance(hours=1)
    house.storage.performed.clear()
    answer = await anna.call(route.method, url(route), BODIES.get((route.method, route.path)))
    assert code_of(answer) == "token_expired"
    assert [operation for operation in house.storage.performed if not isinstance(operation, Sweep)] == []


async def test_b25_a_strangers_requests_are_answered_as_if_the_chat_were_not_there(house: House) -> None:
    """O8 of docs/security.md."""
    anna, boris, eve = [await house.register(name) for name in ("anna", "boris", "eve")]
    strange = await anna.group("Secret plans", boris)
    await anna.send(strange, "nobody else may read this")
    before = (await anna.get(f"/api/chats/{strange}")).json()
    walked = set()
    for route in OF_A_CHAT:
        answers = []
        for chat_id in (strange, strange + 1000):
            body = BODIES.get((route.method, route.path))
            answers.append(await eve.call(route.method, url(route, chat_id, boris.id), body))
        known, unknown = answers
        assert code_of(known) == "not_found", name_of(route)
        assert known.content == unknown.content, name_of(route)
        walked.add(name_of(route))
    walked |= {name_of(route) for route in OF_ADMINS}  # test_administration.py walks these
    walked |= {name_of(route) for route in OF_A_FILE}  # test_http_files.py walks these
    assert walked | OWN_OR_OPEN == {name_of(route) for route in WITH_TOKEN}, "a new route: where does it belong?"
    assert (await anna.get(f"/api/chats/{strange}")).json() == before


SHUT: Final = {
    "POST /api/chats/{chat_id}/messages", "PATCH /api/chats/{chat_id}/messages/{seq}",
    "PUT /api/chats/{chat_id}/messages/{seq}/reactions/{emoji}",
    "DELETE /api/chats/{chat_id}/messages/{seq}/reactions/{emoji}",
    "PUT /api/chats/{chat_id}/messages/{seq}/pin", "DELETE /api/chats/{chat_id}/messages/{seq}/pin",
}  # fmt: skip
"""What a block refuses in the direct chat of the two."""


@pytest.mark.parametrize("blocked", [True, False], ids=["blocked", "blocker"])
async def test_a_block_refuses_these_routes_in_the_direct_chat_and_no_others(house: House, blocked: bool) -> None:
    anna, boris, carl, dora = [await house.register(name) for name in ("anna", "boris", "carl", "dora")]
    shut, open_ = await anna.direct(boris), await carl.direct(dora)
    for person, chat_id in ((boris, shut), (dora, open_)):
        await person.send(chat_id, "hello")
    blocker, other = (anna, boris) if blocked else (boris, anna)
    assert (await blocker.call("PUT", f"/api/users/{other.id}/block")).status_code == 204
    last = "DELETE /api/chats/{chat_id}/messages/{seq}"
    for route in sorted(OF_A_CHAT, key=lambda route: name_of(route) == last):
        body = BODIES.get((route.method, route.path))
        theirs = await boris.call(route.method, url(route, shut, anna.id), body)
        free = await dora.call(route.method, url(route, open_, carl.id), body)
        if name_of(route) in SHUT:
            assert code_of(theirs) == "forbidden" and free.status_code < 300, name_of(route)
        else:
            assert theirs.status_code == free.status_code, name_of(route)


async def test_a_stranger_cannot_end_other_peoples_sessions_nor_see_their_mail(house: House) -> None:
    anna, eve = await house.register("anna", email="anna@example.org"), await house.register("eve")
    sessions = (await anna.get("/api/auth/sessions")).json()["sessions"]
    assert code_of(await eve.delete(f"/api/auth/sessions/{sessions[0]['id']}")) == "not_found"
    assert (await anna.get("/api/auth/me")).status_code == 200
    for path in (f"/api/users/{anna.id}", f"/api/users?ids={anna.id}", "/api/users/search?query=anna"):
        assert "example.org" not in (await eve.get(path)).text


# --- the WebSocket ---

AT: Final = "2026-01-01T00:00:00Z"
OF_A_LOG: Final = ("sync", "send", "edit", "delete", "react", "pin", "mark", "typing")
COMMANDS: Final[dict[str, dict[str, Any]]] = {
    "sync": {"after_seq": 0},
    "send": {"cid": "c-1", "content": "x"},
    "edit": {"cid": "c-1", "seq": 1, "target_at": AT, "content": "y"},
    "delete": {"cid": "c-1", "seq": 1, "target_at": AT},
    "react": {"cid": "c-1", "seq": 1, "target_at": AT, "emoji": "👍", "on": True},
    "pin": {"cid": "c-1", "seq": 1, "target_at": AT, "on": True},
    "mark": {"read_seq": 1},
    "typing": {"on": True},
    "auth": {"token": "nonsense"},
    "ping": {"t": 1},
    "hello": {"v": [1], "token": "nonsense"},
}


def command(kind: str, chat_id: int) -> dict[str, Any]:
    return {"type": kind, "id": "i", "chat_id": chat_id, **COMMANDS[kind]}


def test_all_commands_are_walked() -> None:
    assert set(COMMANDS) == CLIENT_TYPES


@pytest.mark.parametrize("kind", sorted(COMMANDS))
async def test_nobody_gets_nothing(house: House, kind: str) -> None:
    async with open_socket(house.url) as socket:
        await socket.send(**command(kind, 1))
        error = await socket.until("error")
        code, _ = await socket.end()
    expected = ("token_invalid", 4401) if kind == "hello" else ("bad_frame", 4400)
    assert (error["code"], code) == expected
    assert [operation for operation in house.storage.performed if not isinstance(operation, Sweep)] == []


@pytest.mark.parametrize("kind", OF_A_LOG)
async def test_b25_a_strangers_commands_change_and_tell_nothing(house: House, kind: str) -> None:
    """O8 of docs/security.md."""
    anna, boris, eve = [await house.register(name) for name in ("anna", "boris", "eve")]
    strange = await anna.direct(boris)
    await anna.send(strange, "nobody else may read this")
    async with open_socket(house.url) as a, open_socket(house.url) as e:
        await a.hello(anna.token)
        await e.hello(eve.token)
        answers = []
        for chat_id in (strange, strange + 1000):
            await e.send(**command(kind, chat_id))
            refused = [] if kind == "typing" else [await e.until("error")]
            answers.append(refused + await answers_before_pong(e))
            for frame in answers[-1]:
                frame.pop("chat_id", None)
        assert answers[0] == answers[1]
        assert [frame["code"] for frame in answers[0]] == ([] if kind == "typing" else ["not_member"])
        assert await answers_before_pong(a) == [], "a member was told of a stranger"
    assert (await anna.get(f"/api/chats/{strange}")).json()["last_seq"] == 1


@pytest.mark.parametrize("kind", OF_A_LOG)
async def test_commands_in_a_chat_that_is_closed(house: House, kind: str) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    chat_id = await anna.direct(boris)
    sent = await boris.send(chat_id, "before")
    await anna.call("PUT", f"/api/users/{boris.id}/block")
    async with open_socket(house.url) as a, open_socket(house.url) as b:
        await a.hello(anna.token)
        await b.hello(boris.token)
        await answers_before_pong(a), await answers_before_pong(b)
        frame = command(kind, chat_id)
        await b.send(**frame | ({"target_at": sent["created_at"]} if "target_at" in frame else {}))
        if kind in ("send", "edit", "react", "pin"):
            assert (await b.until("error"))["code"] == "forbidden"
        elif kind != "typing":
            await b.until({"delete": "ack", "sync": "page", "mark": "marks"}[kind])
        told = [frame["type"] for frame in await answers_before_pong(a)]
        assert told == {"delete": ["event"], "mark": ["marks"]}.get(kind, [])


async def answers_before_pong(socket: Socket) -> list[dict[str, Any]]:
    """What came before the answer to a ping that is sent now."""
    await socket.send(type="ping", t=1)
    found = []
    while (frame := await socket.receive())["type"] != "pong":
        found.append(frame)
    return found


@pytest.mark.parametrize("kind", OF_A_LOG)
async def test_an_expired_token_runs_no_command(house: House, kind: str) -> None:
    anna = await house.register("anna")
    chat_id = await anna.direct(anna)
    async with open_socket(house.url) as expired:
        house.clock.advance(hours=1)
        await expired.send(type="hello", v=[1], token=anna.token)
        assert (await expired.until("error"))["code"] == "token_expired"
        assert (await expired.end())[0] == 4401
    house.clock.advance(hours=-1)
    async with open_socket(house.url) as live:
        await live.hello(anna.token)
        house.storage.performed.clear()
        house.clock.advance(seconds=910)
        await live.send(**command(kind, chat_id))
        house.clock.advance(seconds=60)
        assert (await live.end())[0] == 4401
    names = [type(operation).__name__ for operation in house.storage.performed]
    assert not {"AppendBatch", "FetchPage", "Mark"} & set(names)


async def test_tokens_that_are_none(house: House, anna: Person) -> None:
    for token in ("", "x" * 4097, "a.b.c", "\u0000", json.dumps({"alg": "none"})):
        async with open_socket(house.url) as socket:
            await socket.send(type="hello", v=[1], token=token)
            assert (await socket.until("error"))["code"] in ("token_invalid", "bad_frame")
            assert (await socket.end())[0] in (4400, 4401)
    assert msgspec.json.decode(await _me(anna))["username"] == "anna"


async def _me(person: Person) -> bytes:
    return (await person.get("/api/auth/me")).content


@pytest.fixture
async def anna(house: House) -> Person:
    return await house.register("anna")
