"""Accounts and log-ins (docs/protocol.md section 2, /api/auth)."""

import threading
from collections.abc import Callable

import jwt
import pytest
import trio
from argon2 import PasswordHasher, extract_parameters

from chatproto.operations import (
    ChangePassword,
    FindLogin,
    ListSessions,
    LoginFound,
    RenewHash,
    SessionsEnded,
    SessionsFound,
)
from chatproto.wire.text import normalize
from client.account import log_in as client_log_in
from storage.password_lanes import Busy, Lane
from tests.server.accounts import FAILURES, STRANGE, guess, log_in, register
from tests.server.answers import code_of, fields_of
from tests.server.conftest import OpenHouse
from tests.server.house import PASSWORD, House

FEW = 10
"""Failures of one address that are allowed here: what comes back in time is one in 90 s, however slow the machine."""


# --- register --------------------------------------------------------------------------------------------------


async def test_a_new_account(house: House) -> None:
    answer = await register(house, username="Anna.K", email="Anna@Example.org", display_name="Анна 😀")
    assert answer.status_code == 201
    found = answer.json()
    assert found["token_type"] == "bearer" and found["expires_in"] == 900
    assert {key: found["user"][key] for key in ("username", "display_name", "email", "avatar_url")} == {
        "username": "anna.k",
        "display_name": "Анна 😀",
        "email": "Anna@Example.org",
        "avatar_url": None,
    }
    assert answer.headers["Cache-Control"] == "no-store"
    claims = jwt.decode(found["access_token"], options={"verify_signature": False})
    assert claims["sub"] == str(found["user"]["id"])


async def test_the_display_name_is_the_username_as_typed(house: House) -> None:
    assert (await register(house, username="Boris")).json()["user"]["display_name"] == "Boris"


async def test_names_and_addresses_are_taken_in_any_case(house: House) -> None:
    await register(house, username="anna", email="anna@example.org")
    assert code_of(await register(house, username="ANNA")) == "username_taken"
    taken = await register(house, username="other", email="ANNA@example.org")
    assert taken.status_code == 409 and code_of(taken) == "email_taken"


async def test_every_wrong_field_is_named(house: House) -> None:
    body = {"username": "a b", "password": "short", "email": "no", "display_name": "\u200b"}
    answer = await house.http.post("/api/auth/register", json=body)
    assert answer.status_code == 422 and code_of(answer) == "validation_failed"
    assert fields_of(answer) == {
        "username": "bad_format",
        "password": "too_short",
        "email": "bad_format",
        "display_name": "too_short",
    }
    missing = await house.http.post("/api/auth/register", json={"username": None})
    assert fields_of(missing) == {"username": "required", "password": "required"}
    typed = await house.http.post("/api/auth/register", json={"username": 7, "password": [PASSWORD], "email": True})
    assert fields_of(typed) == {"username": "wrong_type", "password": "wrong_type", "email": "wrong_type"}


async def test_fields_that_would_grant_something_are_not_bound(house: House) -> None:
    """O9 of docs/security.md."""
    answer = await register(
        house, username="anna", id=7, role="admin", created_at="2001-01-01T00:00:00Z", is_admin=True, nested=[{}]
    )
    user = answer.json()["user"]
    assert answer.status_code == 201 and user["id"] == 1 and not user["created_at"].startswith("2001")


async def test_nor_are_they_where_people_change_and_write_things(house: House) -> None:
    """O9 of docs/security.md."""
    anna, boris = await house.register("anna"), await house.register("boris", email="boris@example.org")
    granting = {
        "id": 9, "user_id": 9, "sender_id": anna.id, "seq": 99, "created_at": "2001-01-01T00:00:00Z", "role": "admin",
        "email_verified": True, "disabled_at": None, "username": "root", "created_by": anna.id, "closed": False,
    }  # fmt: skip
    me = (await boris.get("/api/auth/me")).json()
    changed = await boris.patch("/api/auth/me", {"display_name": me["display_name"], **granting})
    assert changed.status_code == 200 and changed.json() == (await boris.get("/api/auth/me")).json() == me
    chat_id = await anna.group("x", boris)
    sent = (await boris.post(f"/api/chats/{chat_id}/messages", {"content": "hello", **granting})).json()
    assert (sent["sender_id"], sent["seq"]) == (boris.id, 1) and not sent["created_at"].startswith("2001")
    made = await boris.post("/api/chats", {"type": "group", "title": "y", "user_ids": [], **granting})
    assert made.json()["id"] == chat_id + 1 and not made.json()["created_at"].startswith("2001")
    assert code_of(await boris.post("/api/invites", {"uses": 1, **granting})) == "forbidden"


@pytest.mark.parametrize(
    "email",
    ["a@b\r\nBcc: x@y.z", "a@b.c\n", '"a b"@c.de', "a@b", "@b.cd", "a@", "a..b@c.de", "a@" + "b" * 250 + ".de",
     "a@пример.рф", "a b@c.de", "a@b..de", "a@-b.de", "a\x00@b.de"],
)  # fmt: skip
async def test_bad_addresses(house: House, email: str) -> None:
    answer = await register(house, username="anna", email=email)
    assert answer.status_code == 422 and fields_of(answer) == {"email": "bad_format"}


@pytest.mark.parametrize(
    ("password", "code"),
    [("7 chars", "too_short"), ("x" * 129, "too_long"), ("x" * 10_240, "too_long"), ("with\x00inside", "bad_unicode"),
     ("password1", "common_password"), ("QwertyUiop", "common_password"), ("парольпароль", "common_password")],
)  # fmt: skip
async def test_bad_passwords(house: House, password: str, code: str) -> None:
    answer = await register(house, username="anna", password=password)
    assert answer.status_code == 422 and fields_of(answer) == {"password": code}


@pytest.mark.parametrize("password", ["  leading", "x" * 128, "y" * 72 + "tail one", "8 знаков", "😀" * 8])
async def test_the_whole_password_counts(house: House, password: str) -> None:
    await register(house, username="anna", password=password)
    assert (await log_in(house, login="anna", password=password)).status_code == 200
    for other in (password[:-1], password.strip() + "x", password[:72] + "tail two"):
        assert (await log_in(house, login="anna", password=other)).status_code == 401


async def test_passwords_are_the_same_in_nfc_and_nfd(house: House) -> None:
    await register(house, username="anna", password="пароли\u0306\u0306 йод")
    assert (await log_in(house, login="anna", password="парол\u0439\u0306 йод")).status_code == 200


@pytest.mark.parametrize(("setting", "code"), [("invite", "invite_invalid"), ("closed", "registration_closed")])
async def test_registration_can_be_closed(house_at: OpenHouse, setting: str, code: str) -> None:
    async with house_at(registration=setting) as house:
        answer = await register(house, username="anna", invite="whatever")
        assert answer.status_code == 403 and code_of(answer) == code


async def test_two_at_once_get_one_name(house: House) -> None:
    answers: list[int] = []

    async def one() -> None:
        answers.append((await register(house, username="anna")).status_code)

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(one)
    assert sorted(answers) == [201, 409, 409, 409, 409]


# --- log-in ----------------------------------------------------------------------------------------------------


async def test_log_in_by_either_name(house: House) -> None:
    await house.register("anna", email="Anna@Example.org")
    for body in ({"username": "ANNA"}, {"email": "anna@example.ORG"}, {"login": "anna"}, {"login": "anna@example.org"}):
        answer = await log_in(house, password=PASSWORD, **body)
        assert answer.status_code == 200 and answer.json()["user"]["email"] == "Anna@Example.org", body
    await house.register("bob", email="~bob@example.org")
    assert (await log_in(house, password=PASSWORD, email="~bob@example.org")).status_code == 200


async def test_log_in_needs_one_name(house: House) -> None:
    assert fields_of(await log_in(house, password=PASSWORD)) == {"login": "required"}
    both = await log_in(house, password=PASSWORD, username="anna", email="anna@example.org")
    assert fields_of(both) == {"username": "not_allowed", "email": "not_allowed"}


async def test_strangers_and_wrong_passwords_look_the_same(house: House) -> None:
    """O6 of docs/security.md."""
    await house.register("anna")
    wrong = await log_in(house, login="anna", password="wrong wrong")
    stranger = await log_in(house, login="nobody", password="wrong wrong")
    odd = await log_in(house, login="x" * 5000, password="\x00" + "y" * 10_240)
    assert wrong.status_code == 401 and wrong.headers["WWW-Authenticate"].startswith("Bearer")
    assert wrong.json() == stranger.json() == odd.json()
    assert code_of(wrong) == "invalid_credentials"
    assert fields_of(await log_in(house, login="an\x00na", password=PASSWORD)) == {"login": "bad_unicode"}


async def test_an_account_is_guarded_from_an_address_after_ten_failures(house: House) -> None:
    await house.register("anna")
    await house.register("boris")
    for _ in range(FAILURES):
        assert await guess(house, "ANNA") == 401
    body = {"login": "anna", "password": PASSWORD}
    refused = await house.http.post("/api/auth/login", json=body, headers=STRANGE)
    assert refused.status_code == 429 and code_of(refused) == "rate_limited"
    assert 60 <= int(refused.headers["Retry-After"]) <= 90
    assert 60_000 <= refused.json()["retry_after_ms"] <= 90_000
    assert (await log_in(house, login="boris", password=PASSWORD)).status_code == 200
    for _ in range(FAILURES):
        await log_in(house, login="nobody", password="wrong")
    assert (await log_in(house, login="nobody", password="wrong")).status_code == 429
    house.clock.advance(seconds=90)
    assert (await house.http.post("/api/auth/login", json=body, headers=STRANGE)).status_code == 200


@pytest.mark.parametrize("forgotten", [False, True], ids=["as it was", "after a restart"])
async def test_a_colleague_behind_the_same_address_keeps_no_known_device_out(house: House, forgotten: bool) -> None:
    """O7: what was used up at one NAT is not the count of a device that got in there before."""
    await house.register("anna")
    for _ in range(2 * FAILURES):
        await guess(house)
    if forgotten:  # the counts are kept: those who guess do not get a second chance by a restart of theirs
        house.services.guards.logins._known.clear()
    assert await guess(house) == 429
    for _ in range(FAILURES + 2):
        assert (await log_in(house, login="anna", password=PASSWORD)).status_code == 200
    for _ in range(FAILURES):
        assert (await log_in(house, login="anna", password="wrong")).status_code == 401
    assert (await log_in(house, login="anna", password=PASSWORD)).status_code == 429, "its own count has an end, too"


async def test_who_signed_out_is_still_known(house: House) -> None:
    anna = await house.register("anna")
    assert (await log_in(house, login="anna", password=PASSWORD)).status_code == 200
    for session in (await anna.get("/api/auth/sessions")).json()["sessions"]:
        if not session["current"]:
            await anna.delete(f"/api/auth/sessions/{session['id']}")
    await anna.post("/api/auth/logout")
    house.clock.advance(seconds=61)  # so that storage is asked again, which knows of no session any more
    for _ in range(FAILURES + 1):
        await guess(house)
    assert (await log_in(house, login="anna", password=PASSWORD)).status_code == 200


async def test_asking_for_known_devices_has_a_bound(house: House) -> None:
    """O7: a flood of guesses that are refused asks storage once a minute for each account, and little in all."""
    await house.register("anna")
    for _ in range(FAILURES):
        await guess(house)
    before = len(house.storage.performed)
    for _ in range(200):
        assert await guess(house) == 429
    assert len(house.storage.performed) == before
    house.clock.advance(seconds=61)
    for _ in range(20):
        assert await guess(house) == 429
    assert len(house.storage.performed) == before + 2


async def test_nobody_locks_the_owner_out(house_at: OpenHouse) -> None:
    """O7 of docs/security.md."""
    async with house_at(proxy_hops=1) as house:
        anna = await house.register("anna")

        async def log_in_from(address: str, password: str) -> int:
            body, headers = {"login": "anna", "password": password}, {"X-Forwarded-For": address}
            return (await house.http.post("/api/auth/login", json=body, headers=headers)).status_code

        for number in range(3 * FAILURES):
            assert await log_in_from(f"198.51.100.{number % 10}", "wrong") == 401
        assert await log_in_from("198.51.100.1", "wrong") in (401, 429)
        assert await log_in_from("192.0.2.1", PASSWORD) == 200
        body = {"current_password": PASSWORD, "new_password": "another fine one"}
        assert (await anna.post("/api/auth/password", body)).status_code == 204


async def test_a_stranger_at_the_same_address_keeps_nobody_from_a_new_password(house_at: OpenHouse) -> None:
    async with house_at(limit_address_failures=FEW) as house:
        anna = await house.register("anna")
        for number in range(FAILURES + 1):
            await log_in(house, login="anna", password="wrong")
            await guess(house, f"user{number}")
        assert await guess(house, "another") == 429
        body = {"current_password": PASSWORD, "new_password": "another fine one"}
        assert (await anna.post("/api/auth/password", body)).status_code == 204


async def test_good_log_ins_are_not_counted(house: House) -> None:
    await house.register("anna")
    for _ in range(FAILURES + 2):
        assert (await log_in(house, login="anna", password=PASSWORD)).status_code == 200


async def test_many_guesses_at_once_are_no_way_around(house: House) -> None:
    """O7 of docs/security.md."""
    await house.register("anna")
    statuses: list[int] = []

    async def one() -> None:
        statuses.append((await log_in(house, login="anna", password="wrong")).status_code)

    async with trio.open_nursery() as nursery:
        for _ in range(2 * FAILURES + 10):
            nursery.start_soon(one)
    assert statuses.count(401) <= 2 * FAILURES and set(statuses) <= {401, 429}, "as anybody, and as a known device"


async def test_an_address_is_guarded_after_so_many_failures(house_at: OpenHouse) -> None:
    async with house_at(proxy_hops=1, limit_address_failures=FEW) as house:
        await house.register("anna")
        there, elsewhere = {"X-Forwarded-For": "192.0.2.9"}, {"X-Forwarded-For": "192.0.2.10"}
        for number in range(FEW):
            assert await guess(house, f"user{number}", **there) == 401
        good = {"login": "anna", "password": PASSWORD}
        assert (await house.http.post("/api/auth/login", json=good, headers=there)).status_code == 429
        assert (await house.http.post("/api/auth/login", json=good, headers=elsewhere)).status_code == 200


async def test_a_colleague_who_fails_everywhere_keeps_nobody_out_who_is_known_there(house_at: OpenHouse) -> None:
    """O7: of an office behind one address, whoever is logged in there gets in on another device as well."""
    async with house_at(limit_address_failures=FEW) as house:
        await house.register("anna")
        for number in range(FEW + 1):
            await guess(house, f"user{number}")
        assert await guess(house, "boris") == 429
        good = {"login": "anna", "password": PASSWORD}
        assert (await house.http.post("/api/auth/login", json=good)).status_code == 200
        assert (await house.http.post("/api/auth/login", json=good, headers=STRANGE)).status_code == 200


async def test_forwarded_addresses_are_not_believed_without_a_proxy(house_at: OpenHouse) -> None:
    async with house_at(limit_address_failures=FEW) as house:
        for number in range(FEW):
            headers = {"X-Forwarded-For": f"192.0.2.{number}"}
            body = {"login": f"user{number}", "password": "wrong"}
            await house.http.post("/api/auth/login", json=body, headers=headers)
        assert (await log_in(house, login="somebody", password="wrong")).status_code == 429


async def test_trouble_with_the_store_is_no_failed_log_in(house: House) -> None:
    await house.register("anna")
    house.storage.broken = True
    for _ in range(FAILURES + 1):
        answer = await log_in(house, login="anna", password=PASSWORD)
        assert answer.status_code == 503 and code_of(answer) == "store_unavailable"
    house.storage.broken = False
    assert (await log_in(house, login="anna", password=PASSWORD)).status_code == 200


async def test_the_device_is_named_after_the_user_agent(house: House) -> None:
    anna = await house.register("anna")
    firefox = b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    for agent in (b"A" * 100, b"\x85", "Чайка/1.0".encode(), firefox):
        body = {"login": "anna", "password": PASSWORD}
        await house.http.post("/api/auth/login", json=body, headers={b"User-Agent": agent})
    devices = [session["device"] for session in (await anna.get("/api/auth/sessions")).json()["sessions"]]
    assert "A" * 64 in devices and "unknown" in devices and "Web, Firefox, Linux" in devices
    assert all(1 <= len(device) <= 64 for device in devices)


async def test_too_many_passwords_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = await house.register("anna")
    monkeypatch.setattr(house.services.passwords._thread, "_max_waiting", -1)
    for _ in range(FAILURES + 1):
        answer = await log_in(house, login="anna", password=PASSWORD)
        assert (answer.status_code, code_of(answer), answer.headers["Retry-After"]) == (503, "busy", "1")
    assert code_of(await register(house, username="boris")) == "busy"
    body = {"current_password": PASSWORD, "new_password": "another fine one"}
    assert code_of(await anna.post("/api/auth/password", body)) == "busy"
    monkeypatch.undo()
    assert (await log_in(house, login="anna", password=PASSWORD)).status_code == 200, "none of it was a failed log-in"


async def test_everybody_logs_in_at_nine(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Far more than may wait at once: the client comes back in turn, and nobody sees an error."""
    await house.register("anna")
    thread = house.services.passwords._thread
    monkeypatch.setattr(thread, "_max_waiting", 1)
    refused = threading.Event()
    original = thread.run

    async def run(work: Callable[[], bool], lane: Lane) -> object:
        def when_somebody_was_refused() -> bool:
            return refused.wait(30) and work()

        answer = await original(when_somebody_was_refused, lane)
        if isinstance(answer, Busy):
            refused.set()
        return answer

    monkeypatch.setattr(thread, "run", run)
    names: list[str] = []

    async def enter() -> None:
        account = await client_log_in(house.http, "anna", PASSWORD)
        names.append(account.user["username"])

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            for _ in range(FAILURES - 1):
                nursery.start_soon(enter)
    assert names == ["anna"] * (FAILURES - 1)
    assert refused.is_set(), "some had to come back"


async def test_guesses_wait_behind_those_who_log_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.register("anna")
    lanes: list[Lane] = []
    original = house.services.passwords._thread.run

    async def run(work: Callable[[], bool], lane: Lane) -> object:
        lanes.append(lane)
        return await original(work, lane)

    monkeypatch.setattr(house.services.passwords._thread, "run", run)
    await register(house, username="boris")
    await guess(house, "nobody")
    await guess(house)
    await house.http.post("/api/auth/login", json={"login": "anna", "password": PASSWORD}, headers=STRANGE)
    await house.http.post("/api/auth/login", json={"login": "anna", "password": PASSWORD}, headers=STRANGE)
    await log_in(house, login="boris", password="wrong")
    guessed = Lane.AFTER_FAILURES
    assert lanes == [Lane.REGISTER, Lane.LOG_IN, guessed, guessed, Lane.KNOWN, Lane.KNOWN]
    await guess(house, "boris")
    house.clock.advance(seconds=900)
    await guess(house, "nobody")
    assert lanes[6:] == [guessed, Lane.LOG_IN]


async def test_a_hash_of_another_cost_is_renewed_at_the_log_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.register("anna")
    dearer = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(house.services.passwords, "_hasher", dearer)
    hashes: list[str] = []
    for password in ("wrong", PASSWORD, PASSWORD):
        await log_in(house, login="anna", password=password)
        found = await house.services.driver.request(FindLogin("anna"))
        assert isinstance(found, LoginFound)
        hashes.append(found.password_hash)
    assert extract_parameters(hashes[0]).time_cost == 1, "not with a wrong password"
    assert extract_parameters(hashes[1]).time_cost == 2
    assert hashes[1] == hashes[2], "once"


async def test_a_password_that_is_changed_while_it_is_checked_opens_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever knew it and comes at the same moment is not left logged in, and changes or deletes nothing."""
    anna = await house.register("anna")
    verify, ask = house.services.passwords.verify, house.services.driver.request
    found = await ask(FindLogin("anna"))
    assert isinstance(found, LoginFound)

    claims = jwt.decode(anna.token, options={"verify_signature": False})
    own = int(claims["sid"])

    async def set_hash(password_hash: str) -> None:
        ended = await ask(ChangePassword(anna.id, password_hash, own, house.services.now()))
        assert isinstance(ended, SessionsEnded)

    async def while_it_is_changed(password_hash: str | None, given: str, lane: Lane) -> bool | Busy:
        right = await verify(password_hash, given, lane)
        await set_hash("of another password")
        return right

    async def late(method: str, path: str, body: dict[str, str]) -> None:
        await set_hash(found.password_hash)
        answer = await anna.call(method, path, body)
        assert (answer.status_code, code_of(answer)) == (401, "invalid_credentials")

    monkeypatch.setattr(house.services.passwords, "verify", while_it_is_changed)
    await late("POST", "/api/auth/login", {"login": "anna", "password": PASSWORD})
    await late("POST", "/api/auth/password", {"current_password": PASSWORD, "new_password": "a third secret 8"})
    await late("DELETE", "/api/auth/me", {"password": PASSWORD})
    assert await ask(FindLogin("anna")) == LoginFound(anna.id, "of another password")
    listed = await ask(ListSessions(anna.id, own))
    assert isinstance(listed, SessionsFound) and [one.id for one in listed.sessions] == [own]


async def test_a_hash_that_another_log_in_renewed_meanwhile_is_no_other_password(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who showed the right one gets in, changes it, or deletes the account, with its groups left once."""
    anna, boris = await house.register("anna"), await house.register("boris")
    group = await anna.group("x", boris)
    verify, ask = house.services.passwords.verify, house.services.driver.request
    hashes = [await house.services.passwords.hash(normalize(PASSWORD)) for _ in range(6)]

    async def while_it_is_renewed(password_hash: str | None, given: str, lane: Lane) -> bool | Busy:
        right = await verify(password_hash, given, lane)
        found = await ask(FindLogin("anna"))
        assert isinstance(found, LoginFound) and found.password_hash == password_hash
        if len(hashes) % 2 == 0:  # each second check is left alone
            await ask(RenewHash(anna.id, found.password_hash, str(hashes.pop())))
        else:
            hashes.pop()
        return right

    monkeypatch.setattr(house.services.passwords, "verify", while_it_is_renewed)
    assert (await log_in(house, login="anna", password=PASSWORD)).status_code == 200
    same = {"current_password": PASSWORD, "new_password": PASSWORD}
    assert (await anna.post("/api/auth/password", same)).status_code == 204
    assert (await anna.call("DELETE", "/api/auth/me", {"password": PASSWORD})).status_code == 204
    assert len((await boris.get(f"/api/chats/{group}")).json()["members"]) == 1
    assert hashes == []
