"""Invitations and the acts of admins with the Python client, against a real server."""

import zipfile
from pathlib import Path

import httpx
import pytest

from chatproto.operations import ListChats
from client import administration
from client.account import log_in, register
from client.exceptions import ChatError
from runtime.commands import account_commands
from tests.server.house import PASSWORD, House
from tests.server.test_invites import settings_of


async def test_an_admin_at_work(house: House, tmp_path: Path) -> None:
    await house.register("root")
    await account_commands.set_account(settings_of(house, tmp_path), "root", role="admin")
    async with httpx.AsyncClient(base_url=house.url, timeout=60) as http:
        root = await log_in(http, "root", PASSWORD)
        invite = await administration.make_invite(root, uses=2)
        anna = await register(http, "anna", PASSWORD, invite=invite.code)
        await administration.revoke_invite(root, invite.id)
        (told,) = await administration.list_invites(root)
        assert (told.used, told.revoked) == (1, True)
        group = await anna.call("POST", "/api/chats", {"type": "group", "title": "Rowing", "user_ids": []})
        way_in = await administration.make_invite(anna, chat_id=group["id"])
        assert (await administration.accept_invite(root, way_in.code)).id == group["id"]
        (found,) = await administration.list_accounts(root, "anna")
        assert (await administration.list_accounts(root, after_id=found.id)) == ()
        assert (await administration.make_reset_link(root, found.id)).expires_in == 3600
        assert (await administration.measure(root)).people == 2
        (session,) = await administration.list_sessions(root, found.id)
        await administration.end_session(root, found.id, session.id)
        with pytest.raises(ChatError, match="not_found"):
            await administration.end_session(root, found.id, session.id)
        await administration.change_account(root, found.id, role="admin")
        await administration.change_account(root, found.id, disabled=True, role="member")
        await administration.sign_out(root, found.id)
        lines = await administration.list_audit(root)
        assert [line.action for line in lines[:3]] == ["sessions_ended", "admin_taken", "account_disabled"]
        assert len(await administration.list_audit(root, lines[0].id)) == len(lines) - 1
        with pytest.raises(ChatError, match="account_disabled"):
            await log_in(http, "anna", PASSWORD)
        await administration.delete_account(root, found.id)
        assert [one.username for one in await administration.list_accounts(root)] == ["root"]


async def test_people_take_their_data_along(house: House, tmp_path: Path) -> None:
    place = tmp_path / "anna.zip"
    async with httpx.AsyncClient(base_url=house.url, timeout=60) as http:
        anna = await register(http, "anna", PASSWORD)
        with pytest.raises(ChatError, match="invalid_credentials"):
            await anna.export("not the password", place)
        size = await anna.export(PASSWORD, place)
        with zipfile.ZipFile(place) as archive:
            assert archive.testzip() is None and "profile.json" in archive.namelist()
        assert size == place.stat().st_size
        with pytest.raises(FileExistsError):
            await anna.export(PASSWORD, place)
        house.storage.failing.append(ListChats)
        with pytest.raises(ChatError, match="no_connection"):
            await anna.export(PASSWORD, tmp_path / "cut.zip")
    assert [one.name for one in tmp_path.glob("*.zip")] == ["anna.zip"]  # noqa: ASYNC240


async def test_people_delete_their_account(house: House) -> None:
    async with httpx.AsyncClient(base_url=house.url, timeout=60) as http:
        anna = await register(http, "anna", PASSWORD)
        with pytest.raises(ChatError, match="invalid_credentials"):
            await anna.delete("not the password")
        await anna.delete(PASSWORD)
        with pytest.raises(ChatError, match="invalid_credentials"):
            await log_in(http, "anna", PASSWORD)
