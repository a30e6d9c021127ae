"""One form for every refusal, and the headers that all answers carry."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
import trio

from chatproto.operations import Done, OperationFailed, Refused
from runtime.http.exchange import MAX_BODY
from runtime.http.problem import Problem, refusal
from tests.server.answers import code_of
from tests.server.conftest import OpenHouse
from tests.server.house import PASSWORD, House


async def raw(house: House, body: bytes) -> httpx.Response:
    return await house.http.post("/api/auth/login", content=body)


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"x"', b"7", b"null", b"{}}", b"nonsense", b'{"login": NaN}', b'{"login": Infinity}',
     b"[" * MAX_BODY, b'{"x":' * 10_000 + b"1" + b"}" * 10_000, b'{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
     b"{'login': 1}", b'{"a": "\x01"}', b'{"login": 01}', b"\x00", b"login=anna&password=x"],
)  # fmt: skip
async def test_bad_json(house: House, body: bytes) -> None:
    answer = await raw(house, body)
    assert answer.status_code == 400 and code_of(answer) == "bad_json"


@pytest.mark.parametrize(
    "body",
    [b'{"login": "\\ud800", "password": "x"}', b'{"x": "\\udc00\\ud800"}', b'{"login": "\xff"}',
     b'{"login": "\xc0\xaf"}', b'{"login": "\xed\xa0\x80"}', b'\xef\xbb\xbf{"login": "a"}', b"\xff\xfe{\x00}\x00"],
)  # fmt: skip
async def test_bad_unicode(house: House, body: bytes) -> None:
    answer = await raw(house, body)
    assert answer.status_code == 422 and code_of(answer) == "bad_unicode"


async def test_of_duplicate_keys_the_last_wins(house: House) -> None:
    await house.register("anna")
    body = b'{"login": "nobody", "password": 7, "login": "anna", "password": "%s"}' % PASSWORD.encode()
    assert (await raw(house, body)).status_code == 200


async def test_any_content_type_is_read_as_json(house: House) -> None:
    await house.register("anna")
    body = json.dumps({"login": "anna", "password": PASSWORD}).encode()
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json",
    ):
        answer = await house.http.post("/api/auth/login", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 200, kind


async def test_large_bodies(house: House) -> None:
    just = await raw(house, b'{"x": "' + b"a" * (MAX_BODY - 9) + b'"}')
    assert just.status_code == 422
    over = await raw(house, b'{"x": "' + b"a" * (MAX_BODY - 8) + b'"}')
    assert over.status_code == 413 and code_of(over) == "too_large"


async def pieces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * 8192


@pytest.mark.parametrize("count", [9, 20, 200])
async def test_a_connection_outlives_an_early_answer(house: House, count: int) -> None:
    for _ in range(5):
        with trio.fail_after(60):
            too_large = await house.http.post("/api/auth/login", content=pieces(count))
            assert too_large.status_code == 413 and code_of(too_large) == "too_large"
            nobody = await house.http.patch("/api/auth/me", content=pieces(count))
            assert nobody.status_code == 401 and code_of(nobody) == "token_missing"
            assert (await house.http.get("/healthz")).status_code == 200


async def test_half_a_body_is_not_waited_for(house: House) -> None:
    """O18 of docs/security.md."""
    stream = await trio.open_tcp_stream("127.0.0.1", int(house.url.rpartition(":")[2]))
    async with stream:
        await stream.send_all(b"PATCH /api/auth/me HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        answer = b""
        with trio.fail_after(60):
            while chunk := await stream.receive_some():
                answer += chunk
    assert b" 401 " in answer and b"token_missing" in answer


async def none() -> AsyncIterator[bytes]:
    """Makes httpx send a chunked body in which nothing is."""
    for piece in list[bytes]():
        yield piece


async def test_a_body_that_is_not_read_is_not_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is its end, where it has come already."""
    monkeypatch.setattr("runtime.http.exchange.LINGER", 3600.0)
    anna, boris = await house.register("anna"), await house.register("boris")
    for body in (b"{}", none):
        for method, path, status in (
            ("PUT", f"/api/users/{boris.id}/block", 204),
            ("DELETE", f"/api/users/{boris.id}/block", 204),
            ("DELETE", "/api/auth/sessions/1000000", 404),
            ("GET", "/api/blocks", 200),
        ):
            headers = {"Authorization": f"Bearer {anna.token}"}
            with trio.fail_after(60):
                answer = await house.http.request(
                    method, path, content=body() if callable(body) else body, headers=headers
                )
            assert answer.status_code == status, (method, path, body)


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/api", "/api/chats/", "/api//chats", "/api/chats/1/", "/api/chats/x/messages",
             "/api/chats/1/messages/1", "/api/auth", "/docs/", "/%ff", "/api/users/%00", "/..%2f..%2fetc/passwd"]
)  # fmt: skip
async def test_no_such_route(house: House, path: str) -> None:
    anna = await house.register("anna")
    for answer in (await house.http.get(path), await anna.get(path)):
        assert answer.status_code in (404, 405), "PATCH and DELETE of a message are another's part"
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("PUT", "/api/chats", {"GET", "HEAD", "POST"}), ("GET", "/api/auth/login", {"POST"}),
     ("PUT", "/api/auth/me", {"GET", "HEAD", "PATCH", "DELETE"}), ("TRACE", "/healthz", {"GET", "HEAD"}),
     ("OPTIONS", "/api/chats", {"GET", "HEAD", "POST"}), ("BREW", "/healthz", {"GET", "HEAD"})],
)  # fmt: skip
async def test_no_such_method(house: House, method: str, path: str, allow: set[str]) -> None:
    answer = await house.http.request(method, path)
    assert answer.status_code == 405 and code_of(answer) == "method_not_allowed"
    assert set(answer.headers["Allow"].split(", ")) == allow


def test_storage_cannot_tell_apart_what_is_hidden() -> None:
    assert refusal(Refused("not_found", "it is another's", "chat_id")) == Problem("not_found")
    assert refusal(Refused("not_member", "of this chat")) == Problem("not_found")
    named = refusal(Refused("validation_failed", "too many", "user_ids"))
    assert [error.field for error in named.errors] == ["user_ids"]
    assert refusal(OperationFailed(retryable=False)) == Problem("internal")
    with pytest.raises(TypeError):
        refusal(Done())


@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_ids_beyond_the_bound_are_of_nothing(house: House, method: str) -> None:
    anna = await house.register("anna")
    answer = await anna.call(method, f"/api/chats/{2**53}", {})
    assert answer.status_code == 404 and code_of(answer) == "not_found"


async def test_common_headers(house: House) -> None:
    anna = await house.register("anna")
    for answer in (await anna.get("/api/auth/me"), await anna.get("/nothing"), await house.http.get("/docs")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Server" not in answer.headers
    assert (await anna.get("/api/chats")).headers["Cache-Control"] == "no-store"
    assert (await house.http.head("/healthz")).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1", "app://other", "file://", "",
     "http://127.0.0.1.evil.example", "https://[bad"],
)  # fmt: skip
async def test_foreign_pages_are_refused(house: House, origin: str) -> None:
    """O2 of docs/security.md."""
    anna = await house.register("anna")
    headers = {"Origin": origin}
    for method, path in (("GET", "/api/auth/me"), ("POST", "/api/auth/logout"), ("OPTIONS", "/api/chats")):
        answer = await anna.call(method, path, headers={**headers, "Access-Control-Request-Method": "POST"})
        assert answer.status_code == 403 and code_of(answer) == "forbidden"
        assert not any(name.startswith("access-control-") for name in answer.headers)
    assert (await anna.get("/api/auth/me")).status_code == 200


async def test_own_pages_are_served_without_cors(house: House) -> None:
    anna = await house.register("anna")
    answer = await anna.call("GET", "/api/auth/me", headers={"Origin": house.url})
    assert answer.status_code == 200 and "Access-Control-Allow-Origin" not in answer.headers


async def test_the_desktop_and_named_origins_are_guests(house_at: OpenHouse) -> None:
    async with house_at(allowed_origins=("https://chat.example.org",)) as house:
        anna = await house.register("anna")
        for origin in ("app://ui", "https://chat.example.org"):
            asked = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
            preflight = await house.http.options("/api/auth/me", headers=asked)
            assert preflight.status_code == 204
            assert preflight.headers["Access-Control-Allow-Origin"] == origin
            assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
            assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
            assert "Access-Control-Allow-Credentials" not in preflight.headers
            answer = await anna.call("GET", "/api/auth/me", headers={"Origin": origin})
            assert answer.status_code == 200 and answer.headers["Access-Control-Allow-Origin"] == origin
            assert "Origin" in answer.headers["Vary"]


async def test_tokens_and_texts_stay_out_of_the_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    anna = await house.register("anna")
    chat = await anna.direct(anna)
    await anna.send(chat, "very private")
    await anna.get("/api/users/search", query="very-hidden")
    await anna.post("/api/auth/refresh", {"refresh_token": anna.refresh_token})
    ours = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))
    )
    for secret in (anna.token, anna.refresh_token, PASSWORD, "very private", "very-hidden"):
        assert secret not in ours
    assert "'method': 'POST', 'route': '/api/chats/{chat_id}/messages', 'status': 201" in ours


async def test_a_client_that_leaves_takes_nobody_with_it(house: House) -> None:
    anna = await house.register("anna")
    body = json.dumps({"login": "anna", "password": PASSWORD}).encode()
    whole = b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    for sent in [whole] * 5 + [whole[:-10], whole[:20]]:
        stream = await trio.open_tcp_stream("127.0.0.1", int(house.url.rpartition(":")[2]))
        async with stream:
            await stream.send_all(sent)
    assert (await anna.get("/api/auth/me")).status_code == 200
