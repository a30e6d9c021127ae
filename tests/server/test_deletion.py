"""Deleting an account over HTTP and by command: what the others see, and that nobody gets in or writes to it."""

from pathlib import Path

import pytest

from runtime.commands import account_commands
from runtime.commands.account_commands import AccountError
from tests.server.answers import code_of
from tests.server.house import PASSWORD, House, Person
from tests.server.test_administration import admin, lines
from tests.server.test_invites import settings_of


async def delete(person: Person, password: str) -> str | None:
    answer = await person.call("DELETE", "/api/auth/me", {"password": password})
    return None if answer.status_code == 204 else code_of(answer)


async def test_an_account_is_deleted_by_its_owner(house: House, tmp_path: Path) -> None:
    root = await admin(house, tmp_path)
    anna = await house.register("anna", email="anna@example.org")
    boris, vera = await house.register("boris"), await house.register("vera")
    direct = await anna.direct(boris)
    made = await anna.post("/api/chats", {"type": "group", "title": "A", "user_ids": [vera.id]})
    group = made.json()["id"]
    assert await delete(anna, "another one") == "invalid_credentials"
    assert await delete(anna, PASSWORD) is None
    assert code_of(await anna.get("/api/auth/me")) == "revoked"
    assert (await lines(root))[0] == (f"~{anna.id}", "account_deleted", f"~{anna.id}")
    log_in = await house.http.post("/api/auth/login", json={"login": "anna", "password": PASSWORD})
    assert code_of(log_in) == "invalid_credentials"
    peer = (await boris.get(f"/api/chats/{direct}")).json()["peer"]
    assert (peer["username"], peer["deleted"]) == (f"~{anna.id}", True)
    said = await boris.post(f"/api/chats/{direct}/messages", {"content": "hello"})
    assert (said.status_code, code_of(said)) == (403, "peer_deleted")
    members = (await vera.get(f"/api/chats/{group}")).json()["members"]
    assert [(member["user"]["id"], member["role"]) for member in members] == [(vera.id, "admin")]
    again = await house.http.post("/api/auth/register", json={"username": "anna", "password": PASSWORD})
    assert code_of(again) == "username_taken"


async def test_an_account_is_deleted_by_those_who_keep_the_server(house: House, tmp_path: Path) -> None:
    root = await admin(house, tmp_path)
    anna, boris, vera = [await house.register(name) for name in ("anna", "boris", "vera")]
    await anna.group("Rowing", boris)
    assert code_of(await anna.call("DELETE", f"/api/admin/users/{boris.id}")) == "forbidden"
    last = await root.call("DELETE", f"/api/admin/users/{root.id}")
    assert (last.status_code, code_of(last)) == (409, "last_admin")
    assert (await root.call("DELETE", f"/api/admin/users/{anna.id}")).status_code == 204
    assert code_of(await root.call("DELETE", f"/api/admin/users/{anna.id}")) == "not_found"
    await account_commands.delete(settings_of(house, tmp_path), "vera")
    with pytest.raises(AccountError, match="no such account"):
        await account_commands.delete(settings_of(house, tmp_path), "vera")
    with pytest.raises(AccountError, match="nobody else keeps this server"):
        await account_commands.delete(settings_of(house, tmp_path), "root")
    done = [("root", "account_deleted", f"~{anna.id}"), (None, "account_deleted", f"~{vera.id}")]
    assert [line for line in await lines(root) if line[1] == "account_deleted"] == done[::-1]
    listed = (await root.get("/api/admin/users")).json()["accounts"]
    assert [one["id"] for one in listed] == [root.id, boris.id]
