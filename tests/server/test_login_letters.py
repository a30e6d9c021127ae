"""Letters about log-ins, over real SMTP: what they say, who gets none, and how many come."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from client import account
from runtime.http import guards
from tests.server.answers import fields_of
from tests.server.conftest import OpenHouse
from tests.server.house import PASSWORD, House, Person
from tests.smtp_server import Post, code_of, smtp_server, text_of

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with smtp_server(tmp_path / "post") as opened:
        yield opened


async def verified(house: House, post: Post, language: str = "ru") -> Person:
    anna = await house.register("anna", email="anna@example.org", language=language)
    await account.confirm_email(house.http, code_of(await post.next()))
    return anna


async def log_in(house: House, agent: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    body = {"login": "anna", "password": password, **more}
    return await house.http.post("/api/auth/login", json=body, headers={"User-Agent": agent})


async def sent(house: House, post: Post) -> int:
    """How many have come, once there is one that was ordered now, which is not counted."""
    await account.ask_for_reset(house.http, "anna")
    while "assword" not in (letter := await post.next())["Subject"] and "парол" not in letter["Subject"]:
        pass
    return sum("sign-in" in one["Subject"] or "вход" in one["Subject"] for one in post.letters())


async def test_the_letter_says_what_when_and_from_where_in_both_languages(house_at: OpenHouse, post: Post) -> None:
    async with house_at(**post.settings) as house:
        anna = await verified(house, post)
        house.clock.advance(minutes=61)
        began = house.services.now()
        assert (await log_in(house, FIREFOX)).status_code == 200
        moments = [f"{moment:%d.%m.%Y, %H:%M} UTC" for moment in (began, house.services.now())]  # a minute may turn
        letter = await post.next()
        assert (letter["To"], letter["Subject"]) == ("anna@example.org", "Новый вход в Vestnik")
        for part in (text_of(letter), text_of(letter, "html")):
            assert "@anna" in part and "Firefox · Windows" in part and any(moment in part for moment in moments)
            assert "Адрес в сети: 127.0.0.1" in part and "смените пароль" in part
        anna = await house.login("anna")
        assert (await anna.patch("/api/auth/me", {"email": "", "language": "en"})).status_code == 200
        assert (await anna.patch("/api/auth/me", {"email": "anna@example.org", "language": "en"})).status_code == 200
        while "Confirm" not in (letter := await post.next())["Subject"]:
            pass
        await account.confirm_email(house.http, code_of(letter))
        assert (await log_in(house, "Mozilla/5.0 (iPhone) vestnik-phone/1", language="ru")).status_code == 200
        letter = await post.next()
        assert letter["Subject"] == "A new sign-in to Vestnik"
        assert "Program: Vestnik · iOS" in text_of(letter) and " UTC" in text_of(letter)


async def test_nothing_that_a_stranger_chose_is_in_it(house_at: OpenHouse, post: Post) -> None:
    """Whoever knows a password writes to its owner with our name on it."""
    async with house_at(**post.settings) as house:
        await verified(house, post)
        for number, agent in enumerate(("http://evil.example", "Web, http://evil.example, Linux", "<b>evil</b>")):
            assert (await log_in(house, agent)).status_code == 200
            letter = await post.next()
            assert "evil" not in letter.as_string() and "evil" not in text_of(letter, "html"), number
        assert "неизвестная программа" in text_of(letter)


async def test_known_devices_wrong_passwords_and_the_registration_bring_none(house_at: OpenHouse, post: Post) -> None:
    async with house_at(**post.settings) as house:
        anna = await verified(house, post)
        assert (await log_in(house, FIREFOX)).status_code == 200
        await post.next()
        before = await sent(house, post)
        assert (await log_in(house, FIREFOX)).status_code == 200
        assert (await log_in(house, "another program", "not the password")).status_code == 401
        for session in (await anna.get("/api/auth/sessions")).json()["sessions"]:
            if not session["current"]:
                await anna.delete(f"/api/auth/sessions/{session['id']}")
        assert (await log_in(house, FIREFOX)).status_code == 200, "signed out and in again: remembered"
        assert await sent(house, post) == before
        house.services.guards.devices._kept.clear()
        await anna.post("/api/auth/password", {"current_password": PASSWORD, "new_password": PASSWORD + "!"})
        assert (await log_in(house, FIREFOX, PASSWORD + "!")).status_code == 200
        assert await sent(house, post) == before + 1, "by another process, or after a restart"


async def test_so_many_come_in_an_hour(house_at: OpenHouse, post: Post) -> None:
    async with house_at(**post.settings) as house:
        await verified(house, post)
        before = await sent(house, post)
        for number in range(guards.LOGIN_LETTERS_AN_HOUR + 3):
            assert (await log_in(house, f"program {number}")).status_code == 200
            assert (await log_in(house, f"program {number}")).status_code == 200, "a known one costs nothing"
        assert await sent(house, post) == before + guards.LOGIN_LETTERS_AN_HOUR
        house.clock.advance(minutes=61)
        assert (await log_in(house, "one more program")).status_code == 200
        assert await sent(house, post) == before + guards.LOGIN_LETTERS_AN_HOUR + 1


async def test_it_is_switched_off_and_on(house_at: OpenHouse, post: Post) -> None:
    async with house_at(**post.settings) as house:
        anna = await verified(house, post)
        before = await sent(house, post)
        assert "login_letters" not in (await anna.get("/api/auth/me")).json()
        assert (await anna.patch("/api/auth/me", {"login_letters": False})).json()["login_letters"] is False
        assert (await log_in(house, FIREFOX)).status_code == 200
        assert await sent(house, post) == before
        async with httpx.AsyncClient(base_url=house.url, timeout=60) as http:
            client = await account.log_in(http, "anna", PASSWORD)
            assert client.user["login_letters"] is False
            await client.set_login_letters(True)
            assert "login_letters" not in client.user
        assert (await log_in(house, "something else")).status_code == 200
        assert await sent(house, post) == before + 1
        assert fields_of(await anna.patch("/api/auth/me", {"login_letters": "no"})) == {"login_letters": "wrong_type"}


async def test_a_server_without_mail_orders_nothing(house: House) -> None:
    await house.register("anna", email="anna@example.org")
    assert (await log_in(house, FIREFOX)).status_code == 200
    assert (await log_in(house, FIREFOX, language="fr")).status_code == 422
