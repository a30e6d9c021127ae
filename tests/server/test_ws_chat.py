"""`/ws/chat/{chat_id}?token=` over real sockets (docs/protocol.md section 5)."""

import pytest
import trio

from chatproto.operations import LoadSession
from chatproto.server.knobs import Knobs
from tests.server.conftest import OpenHouse
from tests.server.house import House
from tests.server.sockets import client_frame, close_code, open_raw, open_socket, refused


@pytest.fixture(params=["own", "quart"])
def transport(request: pytest.FixtureRequest) -> str:
    """Both servers of WebSockets."""
    return str(request.param)


def path(chat_id: int, token: str, more: str = "") -> str:
    return f"/ws/chat/{chat_id}?token={token}{more}"


async def test_it_is_refused_before_the_upgrade(house: House) -> None:
    ann, bob, eve = [await house.register(name) for name in ("ann", "bob", "eve")]
    chat_id = await ann.direct(bob)
    assert await refused(house.url, f"/ws/chat/{chat_id}") == (401, "token_missing")
    assert await refused(house.url, path(chat_id, "nonsense")) == (401, "token_invalid")
    assert await refused(house.url, path(chat_id, eve.token)) == (404, "not_found")
    assert await refused(house.url, path(chat_id + 1, ann.token)) == (404, "not_found")
    assert await refused(house.url, path(2**53, ann.token)) == (404, "not_found")
    assert await refused(house.url, path(chat_id, ann.token, "&after_seq=-1")) == (422, "bad_seq")
    house.clock.advance(hours=1)
    assert await refused(house.url, path(chat_id, ann.token)) == (401, "token_expired")


async def test_an_ended_session_and_a_former_member_are_refused(house: House) -> None:
    ann, bob = await house.register("ann"), await house.register("bob")
    chat_id = await ann.group("Tea", bob)
    await ann.delete(f"/api/chats/{chat_id}/members/{bob.id}")
    assert await refused(house.url, path(chat_id, bob.token)) == (404, "not_found")
    await ann.post("/api/auth/logout")
    assert await refused(house.url, path(chat_id, ann.token)) == (401, "revoked")


async def test_a_flood_of_joins_is_refused(house_at: OpenHouse) -> None:
    async with house_at(limit_reads_rate=0.001, limit_reads_burst=3) as house:
        ann = await house.register("ann")
        answers = [await refused(house.url, path(999, ann.token)) for _ in range(5)]
        assert answers == [(404, "not_found")] * 3 + [(429, "rate_limited")] * 2


async def test_people_chat_in_the_words_of_this_endpoint(house: House) -> None:
    ann, bob = await house.register("ann"), await house.register("bob")
    chat_id = await ann.group("Tea", bob)
    async with open_socket(house.url, path(chat_id, ann.token)) as a:
        await a.send(type="message", content="before you came")
        assert (await a.until("message"))["content"] == "before you came"
        async with open_socket(house.url, path(chat_id, bob.token, "&after_seq=0")) as b:
            assert (await b.until("message"))["seq"] == 1
            assert (await a.until("status", state="online"))["user_id"] == bob.id
            await b.send(type="status", state="typing")
            assert (await a.until("status", state="typing"))["user_id"] == bob.id
            await b.send(type="message", content="😀", cid="c-1")
            assert (await b.until("system", event="ack"))["cid"] == "c-1"
            for socket in (a, b):
                assert (await socket.until("message", seq=2))["content"] == "😀"
            await b.send(type="message", content="   ")
            assert (await b.until("system", event="error"))["code"] == "empty_content"
            assert b.messages >= 4, "one object a frame, never an array"
            await ann.delete(f"/api/chats/{chat_id}/members/{bob.id}")
            assert (await b.until("system", event="member_removed"))["data"]["user_id"] == bob.id
            assert (await b.end())[0] == 4404


async def test_what_is_written_once_the_upgrade_was_answered_is_told(house: House) -> None:
    ann = await house.register("ann")
    chat_id = await ann.group("Tea")
    await ann.send(chat_id, "before")
    house.storage.held.append(LoadSession)
    async with open_socket(house.url, path(chat_id, ann.token)) as socket:
        await house.storage.holding.wait()
        await ann.send(chat_id, "meanwhile")
        house.storage.let_go.set()
        assert (await socket.until("message"))["content"] == "meanwhile"


async def test_the_token_is_renewed_in_band(house: House) -> None:
    ann = await house.register("ann")
    chat_id = await ann.direct(ann)
    async with open_socket(house.url, path(chat_id, ann.token)) as socket:
        house.clock.advance(seconds=900 - 60)
        assert (await socket.until("system", event="auth_expiring"))["in_ms"] <= 60_000
        answer = await house.http.post("/api/auth/refresh", json={"refresh_token": ann.refresh_token})
        await socket.send(type="auth", token=answer.json()["access_token"])
        await socket.until("system", event="auth_ok")
        house.clock.advance(seconds=900 + 61)
        assert (await socket.end())[0] == 4401


async def test_a_client_that_answers_no_ping_is_closed_and_one_that_answers_lives(house_at: OpenHouse) -> None:
    async with house_at(knobs=Knobs(ping_interval=2.0, rate=1000.0, burst=1000)) as house:
        ann = await house.register("ann")
        chat_id = await ann.direct(ann)
        async with open_socket(house.url, path(chat_id, ann.token)) as answering:  # the library answers by itself
            async with open_raw(house.url, path(chat_id, ann.token)) as silent:
                assert await close_code(silent) == 4408
            await answering.send(type="message", content="still here")
            assert (await answering.until("message"))["content"] == "still here"


async def test_a_pong_counts_whenever_it_comes(house_at: OpenHouse) -> None:
    async with house_at(knobs=Knobs(ping_interval=2.0, rate=1000.0, burst=1000)) as house:
        ann = await house.register("ann")
        chat_id = await ann.direct(ann)
        async with open_raw(house.url, path(chat_id, ann.token)) as stream:
            for _ in range(4):
                ping = b""
                with trio.fail_after(60):
                    while bytes([0x89, 0]) not in ping:
                        ping += await stream.receive_some()
                await stream.send_all(client_frame(10, b""))
            assert await close_code(stream) == 4408
