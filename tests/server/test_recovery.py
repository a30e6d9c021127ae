"""A forgotten password and a confirmed address, over real SMTP (FAULTS.md O6, O7)."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from attrs import evolve

from chatproto.operations import FinishMail, OrderReset
from client import account
from client.exceptions import ChatError
from runtime.commands.account_commands import AccountError, reset_link, send_test
from runtime.config import Secret, Settings
from runtime.http import guards
from tests.server.answers import code_of as problem_of
from tests.server.conftest import OpenHouse
from tests.server.house import PASSWORD, House, Person
from tests.server.sockets import open_socket
from tests.smtp_server import Post, code_of, smtp_server, text_of

NEW = "a new long password"


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with smtp_server(tmp_path / "post") as opened:
        yield opened


async def reset(house: House, login: str, address: str | None = None, **more: str) -> httpx.Response:
    headers = {} if address is None else {"X-Forwarded-For": address}
    answer = await house.http.post("/api/auth/reset", json={"login": login, **more}, headers=headers)
    assert (answer.status_code, answer.content) == (202, b""), answer.text
    return answer


async def confirm(house: House, code: str, new: str = NEW) -> httpx.Response:
    return await house.http.post("/api/auth/reset/confirm", json={"code": code, "new_password": new})


async def verified(house: House, post: Post, name: str) -> Person:
    person = await house.register(name, email=f"{name}@example.org", language="ru")
    await account.confirm_email(house.http, code_of(await post.next()))
    return person


async def finished(house: House, attempts: int) -> None:
    """So many attempts to send a letter are over."""
    with trio.fail_after(60):
        while sum(isinstance(one, FinishMail) for one in house.storage.performed) < attempts:  # noqa: ASYNC110
            await trio.sleep(0.01)


async def judged(house: House) -> None:
    """Every order that is due was looked at: who is confirmed from now on gets no letter for it."""
    assert house.services.mailer is not None
    while await house.services.mailer.send_next():
        pass


async def test_from_the_letter_to_the_new_password(house_at: OpenHouse, post: Post) -> None:
    async with house_at(**post.settings) as house:
        assert (await house.http.get("/api/server")).json()["mail"] is True
        anna = await house.register("anna", email="anna@example.org", language="ru")
        assert "email_verified" not in anna.user
        letter = await post.next()
        assert (letter["To"], letter["From"]) == ("anna@example.org", "Vestnik <vestnik@example.org>")
        assert letter["Auto-Submitted"] == "auto-generated"
        assert "@anna" in text_of(letter)
        assert f"/confirm#{code_of(letter)}" in text_of(letter, "html")
        await reset(house, "anna")  # not confirmed yet: nobody is written to
        await judged(house)
        body = {"code": code_of(letter)}
        assert (await house.http.post("/api/auth/email/confirm", json=body)).status_code == 204
        assert problem_of(await house.http.post("/api/auth/email/confirm", json=body)) == "code_used"
        assert (await anna.get("/api/auth/me")).json()["email_verified"] is True
        async with open_socket(house.url) as socket:
            await socket.hello(anna.token)
            await account.ask_for_reset(house.http, "ANNA@example.org")
            code = code_of(await post.next())
            assert problem_of(await confirm(house, code, "short")) == "validation_failed"
            assert (await confirm(house, code)).status_code == 204
            assert (await socket.end())[0] == 4403
        assert problem_of(await confirm(house, code)) == "code_used"
        assert problem_of(await anna.get("/api/auth/me")) == "revoked"
        refused = await house.http.post("/api/auth/login", json={"login": "anna", "password": PASSWORD})
        assert problem_of(refused) == "invalid_credentials"
        await house.login("anna", NEW)
        assert [letter["Subject"] for letter in post.letters()] == [
            "Подтвердите адрес для Vestnik", "A new password for Vestnik"
        ]  # fmt: skip


async def test_codes_end_after_an_hour_and_links_never_come_from_the_request(house_at: OpenHouse, post: Post) -> None:
    async with house_at(**post.settings) as house:
        await verified(house, post, "anna")
        headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        answer = await house.http.post("/api/auth/reset", json={"login": "anna"}, headers=headers)
        assert answer.status_code == 202
        letter = await post.next()
        assert "evil" not in letter.as_string()
        house.clock.advance(minutes=61)
        assert problem_of(await confirm(house, code_of(letter))) == "code_expired"
        await house.login("anna")


async def test_a_name_is_listened_to_three_times_an_hour_without_a_word(house_at: OpenHouse, post: Post) -> None:
    """Whether there is such a person or not, and whoever asks; and nobody is shut out by it."""
    async with house_at(**post.settings) as house:
        await verified(house, post, "anna")
        house.storage.performed.clear()
        for _ in range(6):
            await reset(house, "anna")
            await reset(house, "nobody")
            await reset(house, "x" * 255)
        ordered = [one.login_key for one in house.storage.performed if isinstance(one, OrderReset)]
        assert (ordered.count("anna"), ordered.count("nobody"), len(ordered)) == (3, 3, 6)
        for _ in range(3):
            await post.next()
        await house.login("anna")


async def test_strangers_do_not_keep_the_letter_from_its_owner(house_at: OpenHouse, post: Post) -> None:
    """What an address asks in vain is not counted against the name; many addresses together cannot flood a mailbox."""
    async with house_at(proxy_hops=1, **post.settings) as house:
        await verified(house, post, "anna")
        house.storage.performed.clear()
        for _ in range(2 * guards.RESETS_OF_A_NAME_AN_HOUR):
            await reset(house, "anna", "192.0.2.1")
        codes = [code_of(await post.next()) for _ in range(guards.RESETS_OF_A_PAIR_AN_HOUR)]
        await reset(house, "anna", "192.0.2.2")
        codes.append(code_of(await post.next()))
        for number in range(3, 3 + guards.RESETS_OF_A_NAME_AN_HOUR):
            await reset(house, "anna", f"192.0.2.{number}")
        codes += [code_of(await post.next()) for _ in range(guards.RESETS_OF_A_NAME_AN_HOUR - len(codes))]
        assert len(set(codes)) == asked(house) == guards.RESETS_OF_A_NAME_AN_HOUR, "and nothing more is on its way"
        assert (await confirm(house, codes[-1])).status_code == 204


def asked(house: House) -> int:
    return sum(isinstance(one, OrderReset) for one in house.storage.performed)


async def test_who_tries_codes_has_to_wait(house_at: OpenHouse, post: Post) -> None:
    async with house_at(**post.settings) as house:
        await verified(house, post, "anna")
        await reset(house, "anna")
        code = code_of(await post.next())
        for _ in range(guards.CODES_AN_HOUR):
            assert problem_of(await confirm(house, "x" * 22)) == "code_expired"
        assert problem_of(await confirm(house, "x" * 22)) == "rate_limited"
        house.clock.advance(minutes=2)
        assert (await confirm(house, code)).status_code == 204


async def test_an_old_address_is_told_and_resets_nothing_any_more(house_at: OpenHouse, post: Post) -> None:
    async with house_at(**post.settings) as house:
        anna = await verified(house, post, "anna")
        changed = await anna.patch("/api/auth/me", {"email": "new@example.org", "language": "ru"})
        assert changed.status_code == 200 and "email_verified" not in changed.json()
        told, asked = await post.next(), await post.next()
        assert (told["To"], asked["To"]) == ("anna@example.org", "new@example.org")
        assert "@anna" in text_of(told) and "#" not in text_of(told)
        await reset(house, "anna")
        await anna.patch("/api/auth/me", {"email": "new@example.org"})
        again = await post.next()
        assert (again["To"], again["Subject"]) == ("new@example.org", "Confirm your address for Vestnik")
        for _ in range(guards.OWN_LETTERS_AN_HOUR - 2):
            assert (await anna.patch("/api/auth/me", {"email": ""})).status_code == 200
        assert problem_of(await anna.patch("/api/auth/me", {"email": "victim@example.org"})) == "rate_limited"
        assert (await anna.patch("/api/auth/me", {"display_name": "Anna"})).status_code == 200


async def test_what_a_person_calls_themselves_is_told_to_no_stranger(house_at: OpenHouse, post: Post) -> None:
    """O6 of docs/security.md."""
    async with house_at(**post.settings) as house:
        await house.register("eve", display_name="Win at http://evil.example now", email="victim@example.org")
        letter = await post.next()
        assert "evil" not in letter.as_string() and "evil" not in text_of(letter) + text_of(letter, "html")


async def test_letters_wait_for_their_server_and_outlive_ours(house_at: OpenHouse, tmp_path: Path, post: Post) -> None:
    away = {**post.settings, "smtp_url": "smtp://127.0.0.1:1"}
    async with house_at(**away) as house:
        for name in ("anna", "later", "refused"):
            await house.register(name, email=f"{name}@example.org")
        await finished(house, 3)
    async with house_at(**post.settings) as house:
        mailer = house.services.mailer
        assert mailer is not None
        house.clock.advance(minutes=5)
        mailer.hear()
        assert (await post.next())["To"] == "anna@example.org"
        await finished(house, 3)
        house.clock.advance(seconds=61)
        mailer.hear()
        assert (await post.next())["To"] == "later@example.org"
        await finished(house, 4)
        house.clock.advance(hours=2)
        assert not await mailer.send_next(), "who is refused for good is given up"


async def test_without_mail_a_link_of_the_operator_does_it(house_at: OpenHouse, tmp_path: Path) -> None:
    async with house_at() as house:
        anna = await house.register("anna", email="anna@example.org")
        assert (await house.http.get("/api/server")).json()["mail"] is False
        await reset(house, "anna")
        assert not any(isinstance(one, OrderReset) for one in house.storage.performed)
        link = vestnik("user", "reset-link", "ANNA", "--data-dir", str(tmp_path))
        assert link.returncode == 0, link.stderr
        code = link.stdout.strip().partition("/reset#")[2]
        assert len(code) == 22
        await account.reset_password(house.http, code, NEW)
        with pytest.raises(ChatError, match="code_used"):
            await account.reset_password(house.http, code, NEW)
        assert problem_of(await anna.get("/api/auth/me")) == "revoked"
        await house.login("anna", NEW)
        path = tmp_path / "vestnik.sqlite3"
        with pytest.raises(AccountError, match="no such account"):
            await reset_link(evolve(house.services.settings, database_url=Secret(f"sqlite:///{path}")), "nobody")


def vestnik(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as an operator would, in the folder that is named last."""
    root = Path(__file__).parents[2]
    given: dict[str, Any] = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(root), **environment}
    return subprocess.run(
        [sys.executable, "-m", "runtime.cli", *arguments],
        env=given, capture_output=True, text=True, timeout=120, cwd=arguments[-1],
    )  # fmt: skip


async def test_a_test_letter_says_what_the_server_said(post: Post, tmp_path: Path) -> None:
    names = {"smtp_url": "VESTNIK_SMTP_URL", "mail_from": "VESTNIK_MAIL_FROM", "public_url": "VESTNIK_PUBLIC_URL"}
    environment = {names[name]: str(value) for name, value in post.settings.items()}
    sent = vestnik("mail", "test", "ops@example.org", "--data-dir", str(tmp_path), **environment)
    assert sent.returncode == 0, sent.stderr
    assert (await post.next())["To"] == "ops@example.org"
    mail = Settings(**post.settings)
    for address, settings, words in (
        ("refused@example.org", mail, "did not take the letter: recipient refused: 550"),
        ("ops@example.org", evolve(mail, smtp_url=Secret("smtp://127.0.0.1:1")), "ConnectionRefusedError"),
        ("ops@example.org", Settings(), "VESTNIK_SMTP_URL"),
        ("nonsense", mail, "no email address"),
    ):
        with pytest.raises(AccountError, match=words):
            await send_test(settings, address)
