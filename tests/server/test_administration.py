"""Those who keep the server, over HTTP and by commands: what they may do, what it leaves, and what stays closed to them
(FAULTS.md O28)."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from runtime.commands import account_commands
from runtime.http import guards
from tests.server.answers import code_of
from tests.server.conftest import OpenHouse
from tests.server.house import PASSWORD, House, Person
from tests.server.sockets import open_socket
from tests.server.test_http_routes import BODIES, url
from tests.server.test_invites import PUBLIC, register, settings_of
from tests.server.test_walk import OF_A_CHAT, OF_ADMINS, name_of


async def admin(house: House, tmp_path: Path, name: str = "root") -> Person:
    person = await house.register(name)
    await account_commands.set_account(settings_of(house, tmp_path), name, role="admin")
    return person


async def lines(person: Person) -> list[tuple[Any, ...]]:
    found = (await person.get("/api/admin/audit")).json()["lines"]
    return [(_name(line["actor"]), line["action"], _name(line["subject"])) for line in found]


def _name(one: Any) -> Any:
    return None if one is None else one["username"]


async def test_nobody_but_admins_of_the_server_gets_anything(house: House, tmp_path: Path) -> None:
    """O28 of docs/security.md."""
    root = await admin(house, tmp_path)
    anna, boris = await house.register("anna"), await house.register("boris")
    await anna.group("An admin of a group is none of the server", boris)
    before = await lines(root)
    for person in (anna, boris):
        for route, user_id in product(OF_ADMINS, (root.id, person.id)):
            answer = await person.call(
                route.method, url(route, user_id=user_id), BODIES.get((route.method, route.path))
            )
            assert code_of(answer) == "forbidden", f"{name_of(route)} of {user_id}"
    await account_commands.set_account(settings_of(house, tmp_path), "anna", disabled=True)
    house.clock.advance(seconds=2)
    for route in OF_ADMINS:
        answer = await anna.call(route.method, url(route, user_id=root.id), BODIES.get((route.method, route.path)))
        assert code_of(answer) == "revoked", name_of(route)
    assert await lines(root) == [(None, "account_disabled", "anna"), *before]
    assert (await root.get("/api/auth/me")).status_code == 200


async def test_an_admin_reads_no_chat_they_are_not_in(house: House, tmp_path: Path) -> None:
    root = await admin(house, tmp_path)
    anna, boris = await house.register("anna"), await house.register("boris")
    chat_id = await anna.group("Secret plans", boris)
    await anna.send(chat_id, "nobody else may read this")
    assert (await root.get("/api/search", query="nobody")).json()["results"] == []
    for route in OF_A_CHAT:
        answer = await root.call(route.method, url(route, chat_id, boris.id), BODIES.get((route.method, route.path)))
        assert code_of(answer) == "not_found", name_of(route)
    seen = [(await root.get(path)).text for path in ("/api/admin/users", "/api/admin/sizes", "/api/admin/audit")]
    assert not any("Secret" in text or "nobody else" in text for text in seen)


async def test_shutting_out_and_letting_in(house: House, tmp_path: Path) -> None:
    root = await admin(house, tmp_path)
    anna = await house.register("anna")
    async with open_socket(house.url) as socket:
        await socket.hello(anna.token)
        assert (await root.call("PATCH", f"/api/admin/users/{anna.id}", {"disabled": True})).status_code == 204
        assert (await socket.end())[0] == 4403
    login = {"login": "anna", "password": PASSWORD}
    assert code_of(await house.http.post("/api/auth/login", json=login)) == "account_disabled"
    (shown,) = (await root.get("/api/admin/users", disabled="true")).json()["accounts"]
    assert (shown["username"], shown["sessions"]) == ("anna", 0) and shown["disabled_at"] is not None
    assert (await root.call("PATCH", f"/api/admin/users/{anna.id}", {"disabled": False})).status_code == 204
    anna = await house.login("anna")
    assert (await root.delete(f"/api/admin/users/{anna.id}/sessions")).status_code == 204
    house.clock.advance(seconds=2)
    assert code_of(await anna.get("/api/auth/me")) == "revoked"
    assert code_of(await root.call("PATCH", "/api/admin/users/999", {"disabled": True})) == "not_found"
    assert code_of(await root.delete("/api/admin/users/999/sessions")) == "not_found"
    assert await lines(root) == [
        ("root", "sessions_ended", "anna"),
        ("root", "account_enabled", "anna"),
        ("root", "account_disabled", "anna"),
        (None, "admin_granted", "root"),
    ]


async def test_where_somebody_is_logged_in(house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    root = await admin(house, tmp_path)
    anna = await house.register("anna")
    again = await house.login("anna")
    path = f"/api/admin/users/{anna.id}/sessions"
    first, second = (await root.get(path)).json()["sessions"]
    assert [line for line in caplog.text.splitlines() if "sessions_read" in line and f"{anna.id}" in line]
    assert set(first) == {"id", "device", "created_at", "last_used_at", "address", "current"}, "and no token"
    assert (first["address"], first["current"], second["current"]) == ("127.0.0.1", False, False)
    async with open_socket(house.url) as socket, open_socket(house.url) as other:
        await socket.hello(anna.token)
        await other.hello(again.token)
        assert (await root.delete(f"{path}/{first['id']}")).status_code == 204
        assert (await socket.end())[0] == 4403
        await other.send(type="ping")
        assert (await other.until("pong"))["type"] == "pong", "the other one goes on"
    assert code_of(await root.delete(f"{path}/{first['id']}")) == "not_found"
    assert code_of(await root.delete(f"/api/admin/users/{root.id}/sessions/{second['id']}")) == "not_found"
    assert code_of(await root.get("/api/admin/users/999/sessions")) == "not_found"
    own = (await root.get(f"/api/admin/users/{root.id}/sessions")).json()["sessions"]
    assert [one["current"] for one in own] == [True]
    settings = settings_of(house, tmp_path)
    (left,) = await account_commands.list_sessions(settings, "anna")
    assert left.id == second["id"]
    with pytest.raises(account_commands.AccountError, match="no such session"):
        await account_commands.end_sessions(settings, "anna", first["id"])
    assert await account_commands.end_sessions(settings, "anna", left.id) == 1
    assert (await root.get(path)).json() == {"sessions": []}
    assert (await lines(root))[:2] == [(None, "session_ended", "anna"), ("root", "session_ended", "anna")]


async def test_the_last_admin_stays_one(house: House, tmp_path: Path) -> None:
    root, anna = await admin(house, tmp_path), await house.register("anna")
    for change in ({"role": "member"}, {"disabled": True}):
        assert code_of(await root.call("PATCH", f"/api/admin/users/{root.id}", change)) == "forbidden"
    assert (await root.call("PATCH", f"/api/admin/users/{anna.id}", {"role": "admin"})).status_code == 204
    assert (await anna.get("/api/auth/me")).json()["role"] == "admin"
    assert (await root.call("PATCH", f"/api/admin/users/{root.id}", {"role": "member"})).status_code == 204
    assert code_of(await root.get("/api/admin/users")) == "forbidden"
    assert len(await lines(anna)) == 3


async def test_a_link_for_a_new_password(house_at: OpenHouse, tmp_path: Path) -> None:
    async with house_at(**PUBLIC) as house:
        root, anna = await admin(house, tmp_path), await house.register("anna")
        made = (await root.post(f"/api/admin/users/{anna.id}/reset-link", {})).json()
        assert made["url"] == f"https://chat.example.org/reset#{made['code']}" and made["expires_in"] == 3600
        new = {"code": made["code"], "new_password": "another fine one"}
        assert (await house.http.post("/api/auth/reset/confirm", json=new)).status_code == 204
        login = {"login": "anna", "password": "another fine one"}
        assert (await house.http.post("/api/auth/login", json=login)).status_code == 200
        assert code_of(await root.post("/api/admin/users/999/reset-link", {})) == "not_found"
        assert (await lines(root))[0] == ("root", "reset_link", "anna")


async def test_people_are_found_a_page_at_a_time(house: House, tmp_path: Path) -> None:
    root = await admin(house, tmp_path)
    people = [await house.register(name, email=f"{name}@example.org") for name in ("anna", "annette", "boris")]

    async def found(**query: str | int) -> tuple[list[str], bool]:
        page = (await root.get("/api/admin/users", **query)).json()
        return [one["username"] for one in page["accounts"]], page["has_more"]

    assert await found(limit=2) == (["root", "anna"], True)
    assert await found(limit=2, after_id=people[0].id) == (["annette", "boris"], False)
    assert await found(query="ann") == (["anna", "annette"], False)
    assert await found(query="boris@example.org") == (["boris"], False)
    assert await found(role="admin") == (["root"], False)
    assert await found(role="member", disabled="false", query="bo") == (["boris"], False)
    for name, wrong in (("role", "owner"), ("disabled", "1"), ("limit", 201), ("query", "a"), ("after_id", 0)):
        assert code_of(await root.get("/api/admin/users", **{name: wrong})) == "validation_failed", name


async def test_sizes_are_not_counted_too_often(house: House, tmp_path: Path) -> None:
    root, anna = await admin(house, tmp_path), await house.register("anna")
    await anna.send(await anna.direct(root), "hello")
    expected = {"people": 2, "disabled": 0, "sessions": 2, "chats": 1, "messages": 1, "files": 0, "file_bytes": 0}
    for _ in range(guards.MEASURES_A_MINUTE):
        assert (await root.get("/api/admin/sizes")).json() == expected
    assert code_of(await root.get("/api/admin/sizes")) == "rate_limited"


async def test_invitations_to_the_server_are_written_down_and_those_to_a_group_are_not(
    house: House, tmp_path: Path
) -> None:
    root, anna = await admin(house, tmp_path), await house.register("anna")
    group = await anna.group("Rowing")
    await root.post("/api/invites", {})
    theirs = [(await anna.post("/api/invites", {"chat_id": group})).json()["id"] for _ in range(2)]
    assert (await anna.delete(f"/api/invites/{theirs[0]}")).status_code == 204
    assert (await root.delete(f"/api/invites/{theirs[1]}")).status_code == 204
    found = (await root.get("/api/admin/audit")).json()["lines"]
    told = [(line["action"], line["invite_id"] == theirs[1], line["address"]) for line in found[:2]]
    assert told == [("invite_revoked", True, "127.0.0.1"), ("invite_created", False, "127.0.0.1")]
    assert len(found) == 3
    own = await root.group("Rowing, too")
    assert (await root.post("/api/invites", {"chat_id": own})).status_code == 201
    assert code_of(await root.post("/api/invites", {"chat_id": group})) == "not_found", "which is not theirs"
    assert [line["action"] for line in (await root.get("/api/admin/audit", limit=2)).json()["lines"]] == [
        "invite_created", "invite_revoked",
    ], "an admin's own group is written down"  # fmt: skip
    older = (await root.get("/api/admin/audit", limit=1, before_id=found[0]["id"])).json()
    assert older == {"lines": [found[1]], "has_more": True}


async def test_commands_of_the_operator_are_written_down(house: House, tmp_path: Path) -> None:
    """O28 of docs/security.md."""
    settings = settings_of(house, tmp_path)
    root = await admin(house, tmp_path)
    await account_commands.create(settings, "anna", None, None, PASSWORD)
    await account_commands.reset_password(settings, "anna", "another fine one")
    await account_commands.reset_link(settings, "anna")
    assert await account_commands.end_sessions(settings, "root") == 1
    link = await account_commands.create_invite(settings, uses=1, days=1)
    assert (await register(house, "boris", invite=link.partition("#")[2])).status_code == 201
    told = [line.action for line in await account_commands.list_audit(settings, 100)]
    assert told == [
        "invite_created", "sessions_ended", "reset_link", "password_set", "account_created", "admin_granted",
    ]  # fmt: skip
    assert all(line.actor is None and line.address is None for line in await account_commands.list_audit(settings, 3))
    assert len(await account_commands.list_audit(settings, 3)) == 3
    house.clock.advance(seconds=2)
    assert code_of(await root.get("/api/auth/me")) == "revoked"
