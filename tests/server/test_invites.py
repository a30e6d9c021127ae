"""Invitations over HTTP, the modes of registration, the first admin, and accounts that are shut out (O9, O10, O30)."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import evolve

from chatproto.operations import CreateUser, OutcomeUnknown
from runtime.commands import account_commands
from runtime.commands.account_commands import AccountError
from runtime.config import Secret, Settings
from runtime.http import guards
from tests.server.answers import code_of
from tests.server.conftest import OpenHouse
from tests.server.house import PASSWORD, House
from tests.server.sockets import open_socket

PUBLIC = {"public_url": "https://chat.example.org"}


def settings_of(house: House, tmp_path: Path) -> Settings:
    """Those that an operator's commands would have."""
    return evolve(house.services.settings, database_url=Secret(f"sqlite:///{tmp_path}/vestnik.sqlite3"))


async def register(house: House, username: str, **more: Any) -> httpx.Response:
    return await house.http.post("/api/auth/register", json={"username": username, "password": PASSWORD, **more})


async def test_each_mode_of_registration_does_what_it_says(house_at: OpenHouse, tmp_path: Path) -> None:
    async with house_at(registration="open") as house:
        settings = settings_of(house, tmp_path)
        code = (await account_commands.create_invite(settings, uses=2, days=1)).partition("/join#")[2]
        assert (await register(house, "anna")).status_code == 201
        assert (await register(house, "boris", invite=code, role="admin")).status_code == 201
        assert code_of(await register(house, "eve", invite="x")) == "invite_invalid"
    async with house_at(registration="invite") as house:
        assert (await house.http.get("/api/server")).json()["registration"] == "invite"
        assert code_of(await register(house, "eve")) == "invite_invalid"
        assert code_of(await register(house, "eve", invite="x")) == "invite_invalid"
        assert code_of(await register(house, "anna", invite="x")) == "invite_invalid", "it tells no names"
        came = await register(house, "vera", invite=code)
        assert came.status_code == 201 and "role" not in came.json()["user"]
        assert code_of(await register(house, "eve", invite=code)) == "invite_invalid"
    async with house_at(registration="closed") as house:
        code = (await account_commands.create_invite(settings, uses=2, days=1)).partition("/join#")[2]
        for body in ({}, {"invite": code}):
            assert code_of(await register(house, "eve", **body)) == "registration_closed"


@pytest.mark.parametrize("mode", ["open", "invite", "closed"])
async def test_the_first_admin_comes_by_the_code_that_the_server_printed(house_at: OpenHouse, mode: str) -> None:
    async with house_at(registration=mode) as house:
        code = await account_commands.first_code(house.driver.request)
        assert code is not None and len(code) == 22
        anna = await register(house, "anna", invite=code)
        assert anna.status_code == 201 and anna.json()["user"]["role"] == "admin"
        assert code_of(await register(house, "eve", invite=code)) in ("invite_invalid", "registration_closed")
        assert await account_commands.first_code(house.driver.request) is None


async def test_a_code_for_the_first_admin_is_made_until_there_is_one(house_at: OpenHouse) -> None:
    async with house_at(registration="open") as house:
        for name in ("anna", "boris"):
            assert (await register(house, name)).status_code == 201
        code = await account_commands.first_code(house.driver.request)
        assert code is not None
        assert (await register(house, "olga", invite=code)).json()["user"]["role"] == "admin"
        assert await account_commands.first_code(house.driver.request) is None


async def test_a_link_into_a_group(house_at: OpenHouse) -> None:
    async with house_at(registration="invite", **PUBLIC) as house:
        code = await account_commands.first_code(house.driver.request)
        assert code is not None
        await register(house, "anna", invite=code)
        anna = await house.login("anna")
        made = (await anna.post("/api/invites", {"uses": 3, "expires_in": 3600})).json()
        assert made["url"] == f"https://chat.example.org/join#{made['code']}" and len(made["code"]) == 22
        await register(house, "boris", invite=made["code"])
        boris = await house.login("boris")
        group = await boris.group("Rowing")
        assert code_of(await boris.post("/api/invites", {})) == "forbidden"
        assert code_of(await anna.post("/api/invites", {"chat_id": group})) == "not_found"
        link = (await boris.post("/api/invites", {"chat_id": group, "uses": 2})).json()
        async with open_socket(house.url) as socket:
            await socket.hello(boris.token)
            joined = await anna.post("/api/invites/accept", {"code": link["code"]})
            assert joined.status_code == 200 and joined.json()["id"] == group
            added = await socket.until("event")
            assert (added["event"], added["data"]["user"]["id"]) == ("member_added", anna.id)
        again = await anna.post("/api/invites/accept", {"code": link["code"]})
        assert again.json()["last_seq"] == joined.json()["last_seq"], "a member comes to no harm"
        vera = (await register(house, "vera", invite=link["code"])).json()["user"]["id"]
        members = (await boris.get(f"/api/chats/{group}")).json()["members"]
        assert {member["user"]["id"] for member in members} == {anna.id, boris.id, vera}
        shown = (await boris.get("/api/invites")).json()["invites"]
        assert [(one["id"], one["used"], one["uses"]) for one in shown] == [(link["id"], 2, 2)]
        assert "code" not in shown[0] and "hash" not in shown[0]
        assert len((await anna.get("/api/invites")).json()["invites"]) == 2, "an admin of the server sees all"
        assert code_of(await boris.delete(f"/api/invites/{made['id']}")) == "not_found"
        assert (await anna.delete(f"/api/invites/{made['id']}")).status_code == 204
        assert code_of(await register(house, "eve", invite=made["code"])) == "invite_invalid"


async def test_an_account_whose_commit_nobody_heard_of_is_its_owners(house_at: OpenHouse) -> None:
    """Asked again, they would hear that their name is taken and their invitation used up."""
    async with house_at(registration="invite", **PUBLIC) as house:
        code = await account_commands.first_code(house.driver.request)
        house.storage.forgets.append(CreateUser)
        first = await register(house, "anna", invite=code)
        assert first.status_code == 201 and first.json()["user"]["role"] == "admin"
        anna = await house.login("anna")
        group = await anna.group("Rowing")
        link = (await anna.post("/api/invites", {"chat_id": group, "uses": 1})).json()
        house.storage.forgets.append(CreateUser)
        boris = await register(house, "boris", invite=link["code"])
        assert boris.status_code == 201
        members = (await anna.get(f"/api/chats/{group}")).json()["members"]
        assert {member["user"]["id"] for member in members} == {anna.id, boris.json()["user"]["id"]}
        assert not house.storage.forgets

        link = (await anna.post("/api/invites", {"uses": 1})).json()
        house.storage.answers.append((CreateUser, OutcomeUnknown()))
        lost = await register(house, "boris", invite=link["code"], password="another fine one")
        assert code_of(lost) == "store_unavailable", "whose name it is is somebody else"


async def test_who_tries_codes_of_invitations_has_to_wait(house: House) -> None:
    """O30 of docs/security.md."""
    anna = await house.register("anna")
    for _ in range(guards.CODES_AN_HOUR):
        assert code_of(await anna.post("/api/invites/accept", {"code": "x" * 22})) == "invite_invalid"
    assert code_of(await anna.post("/api/invites/accept", {"code": "x" * 22})) == "rate_limited"


async def test_shut_out_by_the_operator(house: House, tmp_path: Path) -> None:
    settings = settings_of(house, tmp_path)
    anna = await house.register("anna")
    await account_commands.set_account(settings, "anna", disabled=True)
    right = await house.http.post("/api/auth/login", json={"login": "anna", "password": PASSWORD})
    wrong = await house.http.post("/api/auth/login", json={"login": "anna", "password": "a wrong one"})
    assert (code_of(right), code_of(wrong)) == ("account_disabled", "invalid_credentials"), "told to its owner alone"
    house.clock.advance(seconds=2)
    assert code_of(await anna.get("/api/auth/me")) == "revoked"
    tokens = await house.http.post("/api/auth/refresh", json={"refresh_token": anna.refresh_token})
    assert code_of(tokens) == "revoked"
    await account_commands.set_account(settings, "anna", disabled=False)
    await account_commands.set_account(settings, "anna", role="admin")
    assert (await house.login("anna")).user["role"] == "admin"
    with pytest.raises(AccountError, match="nobody else keeps this server"):
        await account_commands.set_account(settings, "anna", role="member")
    with pytest.raises(AccountError, match="no such account"):
        await account_commands.set_account(settings, "nobody", disabled=True)


async def test_invitations_of_the_operator(house: House, tmp_path: Path) -> None:
    settings = settings_of(house, tmp_path)
    link = await account_commands.create_invite(settings, uses=1, days=1)
    (shown,) = await account_commands.list_invites(settings)
    assert (shown.uses, shown.used, shown.revoked) == (1, 0, False)
    await account_commands.revoke_invite(settings, shown.id)
    assert code_of(await register(house, "eve", invite=link.partition("#")[2])) == "invite_invalid"
    with pytest.raises(AccountError, match="no such invitation"):
        await account_commands.revoke_invite(settings, shown.id + 1)
