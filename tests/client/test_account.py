"""What people do with their own account, with the Python client, against real servers of HTTP and mail."""

from io import BytesIO
from pathlib import Path

import httpx
import pytest
import trio

from client.account import Account, confirm_email, log_in, register
from client.exceptions import ChatError
from tests.server.conftest import OpenHouse
from tests.server.house import PASSWORD, House
from tests.smtp_server import code_of, smtp_server

NEW = "another fine one"


async def test_with_an_address_from_the_beginning(house_at: OpenHouse, tmp_path: Path) -> None:
    async with (
        smtp_server(tmp_path / "post") as post,
        house_at(**post.settings) as house,
        httpx.AsyncClient(base_url=house.url, timeout=60) as http,
    ):
        anna = await register(http, "anna", PASSWORD, email="anna@example.org", language="ru")
        letter = await post.next()
        assert (letter["To"], letter["Subject"]) == ("anna@example.org", "Подтвердите адрес для Vestnik")
        await confirm_email(http, code_of(letter))
        with pytest.raises(ChatError, match="email_taken"):
            await register(http, "boris", PASSWORD, email="anna@example.org")
        await anna.change_email("new@example.org")
        assert anna.user["email"] == "new@example.org" and "email_verified" not in anna.user
        assert {(await post.next())["To"] for _ in range(2)} == {"anna@example.org", "new@example.org"}
        await anna.change_email("")
        assert anna.user.get("email") is None


async def test_what_is_hidden_and_shown_again(house: House) -> None:
    async with httpx.AsyncClient(base_url=house.url, timeout=60) as http:
        anna = await register(http, "anna", PASSWORD)
        await anna.hide(last_seen=True)
        assert anna.user["hide_last_seen"] is True and "hide_reads" not in anna.user
        await anna.hide(reads=True)
        assert anna.user["hide_last_seen"] is anna.user["hide_reads"] is True
        await anna.hide(last_seen=False, reads=False)
        assert "hide_last_seen" not in anna.user and "hide_reads" not in anna.user


async def test_a_new_password_and_the_sessions(house: House) -> None:
    async with httpx.AsyncClient(base_url=house.url, timeout=60) as http:
        anna = await register(http, "anna", PASSWORD)
        phone, laptop = await log_in(http, "anna", PASSWORD), await log_in(http, "anna", PASSWORD)
        first, second, third = await anna.sessions()
        assert (first.current, second.current, third.current) == (True, False, False)
        await anna.end_session(second.id)
        with pytest.raises(ChatError, match="not_found"):
            await anna.end_session(second.id)
        house.clock.advance(seconds=2)
        with pytest.raises(ChatError, match="revoked"):
            await phone.sessions()
        with pytest.raises(ChatError, match="invalid_credentials"):
            await anna.change_password("not the password", NEW)
        await anna.change_password(PASSWORD, NEW)
        house.clock.advance(seconds=2)
        with pytest.raises(ChatError, match="revoked"):
            await laptop.sessions()
        assert [one.id for one in await anna.sessions()] == [first.id]
        await log_in(http, "anna", NEW)


async def test_an_answer_without_tokens_is_no_connection() -> None:
    for content in (b"", b"{}", b"[]", b'"in"', b'{"access_token": "a"}', b'{"access_token": "a", "refresh_token": 1}'):
        portal = httpx.MockTransport(lambda _, content=content: httpx.Response(200, content=content))
        async with httpx.AsyncClient(base_url="http://portal.example", transport=portal) as http:
            with pytest.raises(ChatError, match="no_connection"):
                await log_in(http, "anna", PASSWORD)


async def test_a_token_goes_to_its_server_and_nowhere_else(tmp_path: Path) -> None:
    """An address of an avatar is what a stranger made it."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=b"{}")

    async with httpx.AsyncClient(base_url="http://ours", transport=httpx.MockTransport(answer)) as http:
        account = Account(http, {"access_token": "secret", "refresh_token": "r", "user": {}})
        for url in ("https://evil.example/x.png", "//evil.example/x.png", "HTTP://evil.example", "x.png", ""):
            with pytest.raises(ValueError, match="no path of the server"):
                await account.call("GET", url)
            with pytest.raises(ValueError, match="no path of the server"):
                await account.ask("GET", url)
            with pytest.raises(ValueError, match="no path of the server"):
                await account.send_form(url, {}, "name", BytesIO(b"x"), "key")
            with pytest.raises(ValueError, match="no path of the server"):
                await account.save(url, tmp_path / "saved")
            with pytest.raises(ValueError, match="no path of the server"):
                async with account.read(url):
                    pass
        assert not asked and not await trio.Path(tmp_path / "saved").exists()
        assert await account.save("/api/files/x?token=y", tmp_path / "saved") == 2
        assert [str(request.url) for request in asked] == ["http://ours/api/files/x?token=y"]
