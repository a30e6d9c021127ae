"""Tokens, sessions and what belongs to whoever is logged in (docs/protocol.md section 2, /api/auth)."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import jwt
import pytest

from chatproto.operations import CreateUser, FindLogin, ListSessions, OutcomeUnknown, SessionCreated, TouchSession
from chatproto.tokens import AccessClaims, TokenKeys
from tests.server.accounts import FAILURES, guess, log_in, register
from tests.server.answers import code_of, fields_of
from tests.server.conftest import OpenHouse
from tests.server.house import KEYS, PASSWORD, House, Person

# --- tokens ----------------------------------------------------------------------------------------------------


async def test_no_token(house: House) -> None:
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}):
        answer = await house.http.get("/api/auth/me", headers=headers)
        assert answer.status_code == 401 and code_of(answer) == "token_missing"
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="vestnik"'


def forged(claims: dict[str, Any]) -> dict[str, str]:
    """Tokens that must not pass."""
    other = TokenKeys(current="1", keys={"1": b"o" * 32})
    sign = partial(jwt.encode, key=KEYS.keys["1"], algorithm="HS256", headers={"kid": "1"})
    soon = int(datetime.now(UTC).timestamp()) + 3600
    return {
        "alg none": jwt.encode(claims, "", "none", headers={"kid": "1"}),
        "other key": jwt.encode(claims, other.keys["1"], "HS256", headers={"kid": "1"}),
        "other hash": jwt.encode(claims, KEYS.keys["1"], "HS384", headers={"kid": "1"}),
        "unknown kid": jwt.encode(claims, KEYS.keys["1"], "HS256", headers={"kid": "../../dev/null"}),
        "no kid": jwt.encode(claims, KEYS.keys["1"], "HS256"),
        "future nbf": sign({**claims, "nbf": soon}),
        "future iat": sign({**claims, "iat": soon}),
        "other audience": sign({**claims, "aud": "somebody"}),
        "other issuer": sign({**claims, "iss": "somebody"}),
        "no expiry": sign({key: value for key, value in claims.items() if key != "exp"}),
        "infinite expiry": sign({**claims, "exp": float("inf")}),
        "text as session": sign({**claims, "sid": "1"}),
        "huge": sign({**claims, "jti": "x" * 10_240}),
        "rubbish": "a.b.c",
        "not ASCII": "тoken",
    }


async def test_forged_tokens(house: House) -> None:
    anna = await house.register("anna")
    claims = jwt.decode(anna.token, options={"verify_signature": False})
    bodies = set()
    for name, token in forged(claims).items():
        header = {b"Authorization": f"Bearer {token}".encode()}
        answer = await house.http.get("/api/auth/me", headers=header)
        assert answer.status_code == 401 and code_of(answer) == "token_invalid", name
        bodies.add(answer.text)
    assert len(bodies) == 1


async def test_a_token_runs_out(house: House) -> None:
    anna = await house.register("anna")
    house.clock.advance(seconds=901)
    answer = await anna.get("/api/auth/me")
    assert answer.status_code == 401 and code_of(answer) == "token_expired"
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def sign_for(house: House, *, user_id: int, session_id: int, session_key: bytes = b"k" * 16) -> str:
    return KEYS.sign(
        user_id=user_id, session_id=session_id, session_key=session_key, refresh_id=b"r" * 32, jti="x",
        now=house.clock.now(), lifetime=900,
    )  # fmt: skip


async def test_tokens_of_ghosts_are_revoked(house: House) -> None:
    token = sign_for(house, user_id=99, session_id=99)
    answer = await house.http.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401 and code_of(answer) == "revoked"


async def test_a_session_of_another_user_does_not_count(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    read = KEYS.check(anna.token, house.clock.now())
    assert isinstance(read, AccessClaims)
    number, key = read.session_id, read.session_key
    for user_id, session_id, session_key, status in (
        (boris.id, number, key, 401),
        (anna.id, number + 1, key, 401),
        (anna.id, number, b"x" * 16, 401),
        (anna.id, number, key, 200),
    ):
        token = sign_for(house, user_id=user_id, session_id=session_id, session_key=session_key)
        answer = await house.http.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status
        assert status == 200 or code_of(answer) == "revoked"


async def test_a_burst_asks_storage_once_a_second(house: House) -> None:
    anna = await house.register("anna")
    house.storage.performed.clear()
    for _ in range(5):
        await anna.get("/api/chats")
    assert sum(isinstance(operation, TouchSession) for operation in house.storage.performed) == 1
    house.clock.advance(seconds=1)
    await anna.get("/api/chats")
    assert sum(isinstance(operation, TouchSession) for operation in house.storage.performed) == 2


# --- one's own profile -----------------------------------------------------------------------------------------


async def test_change_me(house: House) -> None:
    anna = await house.register("anna", email="anna@example.org")
    url = "https://example.org/a.png"
    answer = await anna.patch("/api/auth/me", {"display_name": "Аннушка", "avatar_url": url})
    assert answer.status_code == 200
    assert (answer.json()["display_name"], answer.json()["avatar_url"]) == ("Аннушка", url)
    assert answer.json()["email"] == "anna@example.org"
    cleared = await anna.patch("/api/auth/me", {"avatar_url": "", "email": ""})
    assert cleared.json()["avatar_url"] is None and cleared.json()["email"] is None
    assert (await log_in(house, login="anna@example.org", password=PASSWORD)).status_code == 401
    assert (await anna.get("/api/auth/me")).json() == cleared.json()


async def test_another_ones_address_is_taken(house: House) -> None:
    anna = await house.register("anna")
    await house.register("boris", email="boris@example.org")
    assert code_of(await anna.patch("/api/auth/me", {"email": "Boris@example.org"})) == "email_taken"


@pytest.mark.parametrize(
    ("url", "code"),
    [("javascript:alert(1)", "bad_format"), ("https://", "bad_format"), ("ftp://a/b", "bad_format"),
     ("https://user:pw@example.org/", "bad_format"), ("https://exa mple.org", "bad_format"),
     ("https://[::1", "bad_format"), ("https://a:99999/", "bad_format"), ("/api/files/7", "bad_format"),
     ("/api/files/1/../2", "bad_format"), ("//example.org/a", "bad_format"), ("https://a/\r\nX: y", "bad_format"),
     ("https://a/" + "x" * 2048, "too_long"), ('https://a/"onload=', "bad_format"), ("data:image/png,", "bad_format")],
)  # fmt: skip
async def test_bad_avatars(house: House, url: str, code: str) -> None:
    anna = await house.register("anna")
    assert fields_of(await anna.patch("/api/auth/me", {"avatar_url": url})) == {"avatar_url": code}


async def test_plain_http_avatars_only_in_development(house: House, house_at: OpenHouse) -> None:
    anna = await house.register("anna")
    body = {"avatar_url": "http://localhost:9/a.png"}
    assert fields_of(await anna.patch("/api/auth/me", body)) == {"avatar_url": "bad_format"}, "behind a proxy as well"
    assert (await anna.patch("/api/auth/me", {"avatar_url": "https://example.org/a.png"})).status_code == 200
    async with house_at(env="development") as at_home:
        anna = await at_home.login("anna")
        assert (await anna.patch("/api/auth/me", body)).status_code == 200


@pytest.mark.parametrize(
    ("name", "code"),
    [("", "too_short"), ("x" * 65, "too_long"), (" \u200b", "too_short"), ("a\x07", "bad_unicode"), (5, "wrong_type")],
)
async def test_bad_display_names(house: House, name: Any, code: str) -> None:
    anna = await house.register("anna")
    assert fields_of(await anna.patch("/api/auth/me", {"display_name": name})) == {"display_name": code}


async def test_names_are_nfc(house: House) -> None:
    anna = await house.register("anna", display_name="и\u0306")
    assert anna.user["display_name"] == "й"


# --- refresh ---------------------------------------------------------------------------------------------------


async def renew(person: Person, token: str | None = None) -> httpx.Response:
    return await person.http.post("/api/auth/refresh", json={"refresh_token": token or person.refresh_token})


async def test_refresh(house: House) -> None:
    anna = await house.register("anna")
    house.clock.advance(minutes=20)
    answer = await renew(anna)
    assert answer.status_code == 200
    found = answer.json()
    assert found["token_type"] == "bearer" and found["expires_in"] == 900
    assert found["refresh_token"] != anna.refresh_token and "user" not in found
    me = await house.http.get("/api/auth/me", headers={"Authorization": f"Bearer {found['access_token']}"})
    assert me.status_code == 200
    assert len((await Person(house.http, anna.user, found["access_token"], "").get("/api/auth/sessions")).json()) == 1


async def test_a_reused_refresh_token_ends_the_session(house: House) -> None:
    """O5 of docs/security.md."""
    anna = await house.register("anna")
    first = (await renew(anna)).json()
    assert (await renew(anna)).status_code == 200, "within 60 s it is honoured again"
    second = await renew(anna, first["refresh_token"])
    assert second.status_code == 200
    house.clock.advance(seconds=61)
    reused = await renew(anna)
    assert reused.status_code == 401 and code_of(reused) == "token_reused"
    revoked = await renew(anna, second.json()["refresh_token"])
    assert revoked.status_code == 401 and code_of(revoked) == "revoked"
    house.clock.advance(seconds=1)
    answer = await Person(house.http, anna.user, first["access_token"], "").get("/api/auth/me")
    assert answer.status_code == 401 and code_of(answer) == "revoked"


async def test_unknown_refresh_tokens(house: House) -> None:
    anna = await house.register("anna")
    for token in ("rubbish", "x" * 10_000, "\x00", anna.token):
        assert code_of(await renew(anna, token)) == "token_invalid"
    assert code_of(await house.http.post("/api/auth/refresh", json={"refresh_token": ""})) == "token_invalid"


# --- log out, sessions, password -------------------------------------------------------------------------------


async def test_log_out(house: House) -> None:
    anna = await house.register("anna")
    other = await house.login("anna")
    assert (await anna.post("/api/auth/logout")).status_code == 204
    refused = await anna.get("/api/auth/me")
    assert refused.status_code == 401 and code_of(refused) == "revoked"
    assert code_of(await anna.post("/api/auth/logout")) == "revoked"
    assert code_of(await renew(anna)) == "revoked"
    assert (await other.get("/api/auth/me")).status_code == 200


async def test_log_out_when_the_access_token_has_run_out(house: House) -> None:
    anna = await house.register("anna")
    house.clock.advance(hours=1)
    expired = await anna.post("/api/auth/logout", {})
    assert code_of(expired) == "token_expired"
    body = {"refresh_token": anna.refresh_token}
    assert (await anna.post("/api/auth/logout", body)).status_code == 204
    assert code_of(await renew(anna)) == "revoked"
    assert (await house.http.post("/api/auth/logout", json=body)).status_code == 204, "once more changes nothing"
    assert code_of(await house.http.post("/api/auth/logout", json={"refresh_token": "rubbish"})) == "token_invalid"
    assert code_of(await house.http.post("/api/auth/logout")) == "token_missing"


async def test_sessions(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    second = await house.login("anna")
    listed = (await anna.get("/api/auth/sessions")).json()["sessions"]
    assert [entry["current"] for entry in listed].count(True) == 1 and len(listed) == 2
    other = next(entry["id"] for entry in listed if not entry["current"])
    strange = await boris.delete(f"/api/auth/sessions/{other}")
    random = await boris.delete("/api/auth/sessions/987654")
    assert strange.status_code == 404 and strange.json() == random.json()
    assert (await second.get("/api/auth/me")).status_code == 200
    assert (await anna.delete(f"/api/auth/sessions/{other}")).status_code == 204
    assert code_of(await second.get("/api/auth/me")) == "revoked", "at once, the cached second notwithstanding"
    assert len((await anna.get("/api/auth/sessions")).json()["sessions"]) == 1


async def test_a_session_tells_where_it_was_used_last(house_at: OpenHouse) -> None:
    """As the trusted hop tells it; what the client itself claims counts for nothing."""
    async with house_at(proxy_hops=1) as house:
        anna = await house.register("anna")

        async def listed() -> list[str | None]:
            return [session["address"] for session in (await anna.get("/api/auth/sessions")).json()["sessions"]]

        headers = {"X-Forwarded-For": "198.51.100.7, 2001:DB8::1"}
        body = {"login": "anna", "password": PASSWORD}
        answer = await house.http.post("/api/auth/login", json=body, headers=headers)
        assert await listed() == ["127.0.0.1", "2001:db8::1"]
        token = {"refresh_token": answer.json()["refresh_token"]}
        elsewhere = {"X-Forwarded-For": "192.0.2.1"}
        assert (await house.http.post("/api/auth/refresh", json=token, headers=elsewhere)).status_code == 200
        assert await listed() == ["127.0.0.1", "192.0.2.1"]


async def test_a_new_password_ends_the_other_sessions(house: House) -> None:
    anna = await house.register("anna")
    second = await house.login("anna")
    assert (await second.get("/api/auth/me")).status_code == 200
    body = {"current_password": PASSWORD, "new_password": "another fine one"}
    assert (await anna.post("/api/auth/password", body)).status_code == 204
    assert code_of(await second.get("/api/auth/me")) == "revoked"
    assert (await anna.get("/api/auth/me")).status_code == 200
    assert (await log_in(house, login="anna", password=PASSWORD)).status_code == 401
    assert (await log_in(house, login="anna", password="another fine one")).status_code == 200


async def test_the_current_password_is_needed_and_guesses_are_counted(house: House) -> None:
    anna = await house.register("anna")
    body = {"current_password": "wrong", "new_password": "another fine one"}
    for _ in range(FAILURES):
        answer = await anna.post("/api/auth/password", body)
        assert answer.status_code == 401 and code_of(answer) == "invalid_credentials"
    assert (await anna.post("/api/auth/password", {**body, "current_password": PASSWORD})).status_code == 429
    weak = await anna.post("/api/auth/password", {"new_password": "short"})
    assert fields_of(weak) == {"current_password": "required", "new_password": "too_short"}


async def test_unknown_outcomes_are_told_as_such(house: House) -> None:
    house.storage.answers.append((CreateUser, OutcomeUnknown()))
    answer = await register(house, username="anna")
    assert answer.status_code == 503 and code_of(answer) == "store_unavailable"
    assert answer.headers["Retry-After"] == "1" and answer.json()["retry_after_ms"] == 1000


async def test_everything_behind_a_token_says_when_the_store_is_away(house: House) -> None:
    anna = await house.register("anna")
    await anna.get("/api/auth/me")
    house.storage.broken = True
    me = await anna.get("/api/auth/me")
    listed = await anna.get("/api/auth/sessions")
    house.clock.advance(seconds=2)
    late = await anna.get("/api/chats")
    assert me.status_code == listed.status_code == late.status_code == 503


async def test_what_no_handler_expects_is_a_plain_500(house: House, caplog: pytest.LogCaptureFixture) -> None:
    anna = await house.register("anna")
    await anna.get("/api/chats")
    user = house.storage.performed[0]
    assert not isinstance(user, FindLogin)
    odd = SessionCreated(user=None, session_id=1, session_key=b"k" * 16, refresh_id=b"r")  # type: ignore[arg-type]
    house.storage.answers.append((ListSessions, odd))
    answer = await anna.get("/api/auth/sessions")
    assert answer.status_code == 500 and code_of(answer) == "internal"
    assert "Traceback" not in answer.text and "request_failed" in caplog.text


async def test_timing_of_the_clock_set_back(house: House) -> None:
    """A wall clock that is set neither frees nor holds anybody; monotonic time does."""
    await house.register("anna")
    for _ in range(FAILURES):
        assert await guess(house) == 401
    for hours in (-5, 10):
        house.clock.set(hours=hours)
        assert await guess(house) == 429
    house.clock.set(hours=-5)
    house.clock.advance(seconds=90)
    assert await guess(house) == 401
