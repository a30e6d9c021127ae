"""Who may do what, as one table: every route and every command, asked by all kinds of people (FAULTS.md O8, O10)."""

from collections.abc import Callable
from typing import Any, Final

import httpx
import pytest
from attrs import frozen

from runtime.commands import account_commands
from runtime.http.api import ROUTES as API
from runtime.http.routes import Route
from tests.server.answers import code_of
from tests.server.house import PASSWORD, House, Person
from tests.server.sockets import open_socket
from tests.server.test_http_routes import BODIES, QUERIES
from tests.server.test_walk import OF_A_LOG, answers_before_pong, command, name_of
from tests.server.uploads import upload

ROLES: Final = ("anonymous", "stranger", "member", "former", "blocked", "disabled", "admin")


@frozen
class Scene:
    """A chat of an owner with a message and a file of theirs, and somebody (`actor`) who asks.

    `actor` is to the chat what their role says; `blocked`: it is the direct chat of the two. An `admin` keeps the
    server and is not in the chat.
    """

    owner: Person
    actor: Person
    chat_id: int
    ids: dict[str, Any]

    async def seen(self) -> list[Any]:
        """What the owner sees of what is theirs."""
        paths = ["", "/messages?after_seq=0", "/pins", "/files"]
        found = [(await self.owner.get(f"/api/chats/{self.chat_id}{path}")).json() for path in paths]
        for path in ("/api/auth/me", "/api/auth/sessions", "/api/invites", "/api/blocks"):
            found.append((await self.owner.get(path)).json())
        for member in found[0]["members"]:
            for name in ("online", "last_seen_at"):
                member["user"].pop(name, None)
        for session in found[5]["sessions"]:
            session.pop("last_used_at")
        return found


async def scene(house: House, root: Person, role: str, number: int) -> Scene:
    """With people of its own: what one route does is no matter of the next one."""
    owner, actor, third = [await house.register(f"{name}{number}") for name in ("owner", "actor", "third")]
    if role == "admin":
        assert (await root.patch(f"/api/admin/users/{actor.id}", {"role": "admin"})).status_code == 204
    inside = role in ("member", "former", "disabled")
    chat_id = await owner.direct(actor) if role == "blocked" else await owner.group("x", third, *[actor] * inside)
    file = await upload(owner, b"hello")
    sent = await owner.send(chat_id, "hello", attachments=[file["id"]])
    pending = await house.http.post(
        "/api/uploads",
        headers={"Authorization": f"Bearer {owner.token}", "Tus-Resumable": "1.0.0", "Upload-Length": "10"},
    )
    group = await owner.group("y")
    invite = (await owner.post("/api/invites", {"chat_id": group})).json()
    sessions = (await owner.get("/api/auth/sessions")).json()["sessions"]
    if role == "former":
        assert (await owner.delete(f"/api/chats/{chat_id}/members/{actor.id}")).status_code == 204
    if role == "blocked":
        assert (await owner.call("PUT", f"/api/users/{actor.id}/block")).status_code == 204
    if role == "disabled":
        assert (await root.patch(f"/api/admin/users/{actor.id}", {"disabled": True})).status_code == 204
    ids = {
        "chat_id": chat_id, "user_id": owner.id, "session_id": sessions[0]["id"], "seq": sent["seq"],
        "invite_id": invite["id"], "emoji": "👍", "file_id": file["id"],
        "upload_id": pending.headers["Location"].rpartition("/")[2], "target_at": sent["created_at"],
    }  # fmt: skip
    return Scene(owner, actor, chat_id, ids)


async def first_admin(house: House) -> Person:
    """Who came by the code that the server printed."""
    code = await account_commands.first_code(house.driver.request)
    return await house.register("root", invite=code)


async def asked(house: House, role: str, it: Scene, route: Route) -> httpx.Response:
    path = route.path.format(**it.ids) + (QUERIES.get(route.path, "") if route.method == "GET" else "")
    headers = {} if role == "anonymous" or not route.needs_token else {"Authorization": f"Bearer {it.actor.token}"}
    if route.form:
        return await house.http.request(route.method, path, files={"file": ("a", b"x")}, headers=headers)
    if "uploads" in path:
        headers |= {"Tus-Resumable": "1.0.0", "Upload-Length": "10"}
        if route.method == "PATCH":
            headers |= {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
            return await house.http.request(route.method, path, content=b"x", headers=headers)
        return await house.http.request(route.method, path, headers=headers)
    body = BODIES.get((route.method, route.path))
    login = it.actor.user["username"]
    named: dict[str, Callable[[], Any]] = {
        "/api/chats": lambda: {"type": "direct", "user_id": it.owner.id},
        "/api/auth/login": lambda: {"login": login, "password": PASSWORD},
        "/api/auth/reset": lambda: {"login": login},
        "/api/auth/refresh": lambda: {"refresh_token": it.actor.refresh_token},
        "/api/auth/logout": lambda: {"refresh_token": it.actor.refresh_token},
        "/api/auth/register": lambda: {"username": f"new{it.chat_id}", "password": PASSWORD},
    }
    if route.method == "POST" and route.path in named:
        body = named[route.path]()
    if route.path.endswith("/members") or route.path.endswith("/members/{user_id}"):
        body = body and {"user_ids": [it.owner.id], "role": "member"}
    return await house.http.request(route.method, path, json=body, headers=headers)


def alike(code: str) -> str:
    """To everybody with a token."""
    return f"token_missing {code} {code} {code} {code} revoked {code}"


# What each of ROLES is answered, in their order; `ok` is any success. Messages, files, uploads, sessions and
# invitations are those of the owner of the chat.
ANYBODY: Final = "ok ok ok ok ok ok ok"
ONESELF: Final = alike("ok")
NOBODY: Final = alike("not_found")
READERS: Final = "token_missing not_found ok ok ok revoked not_found"
TO_BE_SEEN: Final = "token_missing not_found ok not_found ok revoked not_found"
WRITERS: Final = "token_missing not_found ok not_found forbidden revoked not_found"
ITS_ADMINS: Final = "token_missing not_found forbidden not_found forbidden revoked not_found"
KEEPERS: Final = "token_missing forbidden forbidden forbidden forbidden revoked ok"
MAY: Final = {
    "POST /api/auth/register": ANYBODY,
    "POST /api/auth/login": "ok ok ok ok ok account_disabled ok",
    "POST /api/auth/refresh": "ok ok ok ok ok revoked ok",
    "POST /api/auth/logout": ANYBODY,
    "POST /api/auth/password": ONESELF,
    "GET /api/auth/sessions": ONESELF,
    "DELETE /api/auth/sessions/{session_id}": NOBODY,
    "GET /api/auth/me": ONESELF,
    "PATCH /api/auth/me": ONESELF,
    "DELETE /api/auth/me": ONESELF,
    "POST /api/auth/me/export": ONESELF,
    "GET /api/auth/export": "not_found " * 7,
    "POST /api/auth/reset": ANYBODY,
    "POST /api/auth/reset/confirm": "code_expired " * 7,
    "POST /api/auth/email/confirm": "code_expired " * 7,
    "POST /api/invites": KEEPERS,
    "GET /api/invites": ONESELF,
    "DELETE /api/invites/{invite_id}": "token_missing not_found not_found not_found not_found revoked ok",
    "POST /api/invites/accept": alike("invite_invalid"),
    "GET /api/users/search": ONESELF,
    "GET /api/users": ONESELF,
    "GET /api/users/{user_id}": ONESELF,
    "PUT /api/users/{user_id}/block": ONESELF,
    "DELETE /api/users/{user_id}/block": ONESELF,
    "GET /api/blocks": ONESELF,
    "POST /api/chats": ONESELF,
    "GET /api/chats": ONESELF,
    "GET /api/chats/{chat_id}": READERS,
    "PATCH /api/chats/{chat_id}": ITS_ADMINS,
    "POST /api/chats/{chat_id}/members": ITS_ADMINS,
    "PATCH /api/chats/{chat_id}/members/{user_id}": ITS_ADMINS,
    "DELETE /api/chats/{chat_id}/members/{user_id}": ITS_ADMINS,
    "GET /api/chats/{chat_id}/messages": READERS,
    "POST /api/chats/{chat_id}/messages": WRITERS,
    "POST /api/chats/{chat_id}/read": TO_BE_SEEN,
    "PATCH /api/chats/{chat_id}/messages/{seq}": ITS_ADMINS,
    "DELETE /api/chats/{chat_id}/messages/{seq}": ITS_ADMINS,
    "GET /api/chats/{chat_id}/messages/{seq}/revisions": NOBODY,
    "GET /api/chats/{chat_id}/messages/{seq}/readers": TO_BE_SEEN,
    "PUT /api/chats/{chat_id}/messages/{seq}/reactions/{emoji}": WRITERS,
    "DELETE /api/chats/{chat_id}/messages/{seq}/reactions/{emoji}": WRITERS,
    "PUT /api/chats/{chat_id}/messages/{seq}/pin": ITS_ADMINS,
    "DELETE /api/chats/{chat_id}/messages/{seq}/pin": ITS_ADMINS,
    "GET /api/chats/{chat_id}/pins": READERS,
    "POST /api/files": ONESELF,
    "GET /api/files/{file_id}": READERS,
    "GET /api/files/{file_id}/preview": "token_missing not_found no_preview no_preview no_preview revoked not_found",
    "POST /api/files/{file_id}/link": READERS,
    "GET /api/chats/{chat_id}/files": READERS,
    "POST /api/auth/me/avatar": alike("validation_failed"),
    "DELETE /api/auth/me/avatar": ONESELF,
    "POST /api/chats/{chat_id}/avatar": ITS_ADMINS,
    "DELETE /api/chats/{chat_id}/avatar": ITS_ADMINS,
    "OPTIONS /api/uploads": ANYBODY,
    "POST /api/uploads": ONESELF,
    "GET /api/uploads/{upload_id}": NOBODY,
    "PATCH /api/uploads/{upload_id}": NOBODY,
    "DELETE /api/uploads/{upload_id}": NOBODY,
    "GET /api/search": ONESELF,
    "GET /api/admin/users": KEEPERS,
    "PATCH /api/admin/users/{user_id}": KEEPERS,
    "DELETE /api/admin/users/{user_id}": KEEPERS,
    "POST /api/admin/users/{user_id}/reset-link": KEEPERS,
    "GET /api/admin/users/{user_id}/sessions": KEEPERS,
    "DELETE /api/admin/users/{user_id}/sessions/{session_id}": KEEPERS,
    "DELETE /api/admin/users/{user_id}/sessions": KEEPERS,
    "GET /api/admin/sizes": KEEPERS,
    "GET /api/admin/audit": KEEPERS,
    "GET /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
    "GET /api/server": ANYBODY,
    "GET /metrics": ANYBODY,
}


@pytest.mark.parametrize("role", ROLES)
async def test_routes(house: House, role: str) -> None:
    """O10, O8: each is answered as the table says, and a refusal changes nothing of what the owner sees."""
    root = await first_admin(house)
    it, number = await scene(house, root, role, 0), 0
    expected = {name: answers.split()[ROLES.index(role)] for name, answers in MAY.items()}
    found, before = {}, None
    for route in API:
        name = name_of(route)
        changes = route.method not in ("GET", "OPTIONS")
        if changes and expected[name] != "ok" and before is None:
            before = await it.seen()
        answer = await asked(house, role, it, route)
        found[name] = "ok" if answer.status_code < 300 else code_of(answer)
        assert found[name] == expected[name], name
        if changes and found[name] != "ok":
            assert await it.seen() == before, name
        elif changes:
            number, before = number + 1, None
            it = await scene(house, root, role, number)
    assert found == expected


COMMANDS_MAY: Final = {
    "sync": "hello not_member page page page hello not_member",
    "send": "hello not_member ack not_member forbidden hello not_member",
    "edit": "hello not_member forbidden not_member forbidden hello not_member",
    "delete": "hello not_member forbidden not_member forbidden hello not_member",
    "react": "hello not_member ack not_member forbidden hello not_member",
    "pin": "hello not_member forbidden not_member forbidden hello not_member",
    "mark": "hello not_member marks not_member marks hello not_member",
    "typing": "hello - - - - hello -",
}
"""The first frame that answers, of an `error` its code; `hello`: it does not come to that; `-`: none does."""


@pytest.mark.parametrize("role", ROLES)
async def test_commands(house: House, role: str) -> None:
    """O8: the same over the WebSocket."""
    root = await first_admin(house)
    it = await scene(house, root, role, 0)
    expected = {kind: answers.split()[ROLES.index(role)] for kind, answers in COMMANDS_MAY.items()}
    assert set(expected) == set(OF_A_LOG)
    async with open_socket(house.url) as socket:
        if set(expected.values()) == {"hello"}:
            await socket.send(type="hello", v=[1], token=it.actor.token if role == "disabled" else "")
            assert (await socket.until("error"))["code"] == ("revoked" if role == "disabled" else "token_invalid")
            assert (await socket.end())[0] == (4403 if role == "disabled" else 4401)
            return
        await socket.hello(it.actor.token)
        await answers_before_pong(socket)
        found: dict[str, str] = {}
        for kind in expected:
            before, frame = await it.seen(), command(kind, it.chat_id)
            aimed = {"cid": f"c-{kind}", "target_at": it.ids["target_at"]}
            await socket.send(**frame | {name: value for name, value in aimed.items() if name in frame})
            if kind == "typing":
                found[kind] = "-".join(frame["type"] for frame in await answers_before_pong(socket)) or "-"
                continue
            while (answer := await socket.receive())["type"] not in ("error", "ack", "page", "marks"):
                pass
            found[kind] = str(answer.get("code", answer["type"]))
            if answer["type"] == "error":
                assert await it.seen() == before, kind
        assert found == expected
