"""`/ws` over real sockets: the frames, hostile bytes, and how connections end."""

import pytest
import trio

from chatproto.server.knobs import Knobs
from tests.server.conftest import OpenHouse
from tests.server.house import House
from tests.server.sockets import client_frame, close_code, open_raw, open_socket, refused


@pytest.fixture(params=["own", "quart"])
def transport(request: pytest.FixtureRequest) -> str:
    """Both servers of WebSockets."""
    return str(request.param)


async def test_two_people_talk(house: House) -> None:
    ann, bob = await house.register("ann"), await house.register("bob")
    chat_id = await ann.direct(bob)
    async with open_socket(house.url, subprotocols=["chatproto.v1"]) as a, open_socket(house.url) as b:
        assert (a.websocket.subprotocol, b.websocket.subprotocol) == ("chatproto.v1", None)
        ready = await a.hello(ann.token)
        assert (ready["user"]["username"], ready["v"], [c["chat_id"] for c in ready["chats"]]) == ("ann", 1, [chat_id])
        await b.hello(bob.token)
        await a.send(type="send", chat_id=chat_id, cid="c-1", content="Привет 😀\n\u202eשלום")
        ack = await a.until("ack", cid="c-1")
        for socket in (a, b):
            message = await socket.until("message") if socket is b else None
            assert message is None or (message["content"], message["seq"]) == ("Привет 😀\n\u202eשלום", ack["seq"])
        await b.send(type="mark", id="m", chat_id=chat_id, read_seq=1)
        assert (await b.until("marks", ref="m"))["unread_count"] == 0
        assert (await a.until("marks"))["read_seq"] == 1
        await b.send(type="typing", chat_id=chat_id, on=True)
        assert (await a.until("typing"))["user_id"] == bob.id
        await a.send(type="sync", id="s", chat_id=chat_id, after_seq=0)
        page = await a.until("page", ref="s")
        assert ([item["seq"] for item in page["items"]], page["more"]) == ([1], False)
        await a.send(type="ping", t=5)
        assert (await a.until("pong"))["t"] == 5


async def test_what_queued_up_leaves_as_one_array(house: House) -> None:
    ann, bob = await house.register("ann"), await house.register("bob")
    chat_id = await ann.direct(bob)
    async with open_socket(house.url) as a, open_socket(house.url) as b:
        await a.hello(ann.token)
        await b.hello(bob.token)
        before = b.messages
        for number in range(60):
            await a.send(type="send", chat_id=chat_id, cid=f"c-{number}", content="x")
        for number in range(60):
            assert (await b.until("message"))["seq"] == number + 1
        assert b.messages - before <= 60


async def test_http_and_sockets_tell_each_other(house: House) -> None:
    ann, bob = await house.register("ann"), await house.register("bob")
    async with open_socket(house.url) as b:
        await b.hello(bob.token)
        chat_id = await ann.group("Tea", bob)
        assert (await b.until("chat"))["chat"]["title"] == "Tea"
        await ann.send(chat_id, "over HTTP")
        assert (await b.until("message"))["content"] == "over HTTP"
        await ann.patch(f"/api/chats/{chat_id}", {"title": "Coffee"})
        assert (await b.until("event"))["data"] == {"title": "Coffee"}
        await ann.delete(f"/api/chats/{chat_id}/members/{bob.id}")
        assert (await b.until("event"))["event"] == "member_removed"


async def test_origins_and_plain_requests_are_refused(house: House) -> None:
    """O2 of docs/security.md."""
    headers = [("Origin", "https://evil.example")]
    assert await refused(house.url, "/ws", extra_headers=headers) == (403, "forbidden")
    assert await refused(house.url, "/ws/chat/1", extra_headers=headers) == (403, "forbidden")
    assert await refused(house.url, "/ws/else") == (404, "not_found")
    async with open_socket(house.url, extra_headers=[("Origin", house.url)]) as own:
        await own.send(type="ping")
        assert (await own.end())[0] == 4400


async def test_a_wrong_token_and_an_ended_session(house: House) -> None:
    """O4 of docs/security.md."""
    ann = await house.register("ann")
    async with open_socket(house.url) as socket:
        await socket.send(type="hello", v=[1], token="nonsense")
        assert (await socket.until("error"))["code"] == "token_invalid"
        assert (await socket.end())[0] == 4401
    async with open_socket(house.url) as socket:
        await socket.hello(ann.token)
        await ann.post("/api/auth/logout")
        assert (await socket.end())[0] == 4403


async def test_three_bad_frames_end_a_connection_and_binary_ones_count(house: House) -> None:
    ann = await house.register("ann")
    async with open_socket(house.url) as socket:
        await socket.hello(ann.token)
        for data in (b"\x00\x01", "[" * 60_000, b""):
            await socket.send_raw(data)
            assert (await socket.until("error"))["code"] == "bad_frame"
        assert (await socket.end())[0] == 4400


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        pytest.param(client_frame(1, b"\xff\xfe"), {1007, None}, id="no UTF-8"),
        pytest.param(client_frame(1, b"\xc0\xaf"), {1007, None}, id="overlong UTF-8"),
        pytest.param(client_frame(1, b"{}", masked=False), {1002, None}, id="unmasked"),
        pytest.param(client_frame(3, b"{}"), {1002, None}, id="reserved opcode"),
        pytest.param(client_frame(1, b"x" * 65_537), {1009}, id="64 KiB + 1"),
        pytest.param(client_frame(1, "ё".encode() * 40_000), {1009}, id="80 KB in 40,000 characters"),
        pytest.param(client_frame(9, b"x" * 126), {1002, None}, id="a control frame too long"),
        pytest.param(client_frame(0, b"{}"), {1002, None}, id="a continuation of nothing"),
    ],
)
async def test_hostile_bytes_end_only_their_own_connection(house: House, data: bytes, codes: set[int | None]) -> None:
    async with open_raw(house.url) as stream:
        await stream.send_all(data)
        assert await close_code(stream) in codes
    assert (await house.http.get("/healthz")).status_code == 200


async def test_endless_fragments_and_a_flood_of_empty_ones(house: House) -> None:
    async with open_raw(house.url) as stream:
        with pytest.raises(trio.BrokenResourceError):  # closed with 1009 after 64 KiB, and read no further
            await stream.send_all(client_frame(1, b"x" * 30_000, last=False))
            while True:
                await stream.send_all(client_frame(0, b"x" * 30_000, last=False))
    async with open_raw(house.url) as stream:
        await stream.send_all(client_frame(1, b"", last=False) + client_frame(0, b"", last=False) * 10_000)
        await stream.send_all(client_frame(0, b"{}"))
        assert await close_code(stream) == 4400, "an empty object before hello"
    assert (await house.http.get("/healthz")).status_code == 200


async def test_pings_and_unasked_pongs_are_answered_by_the_letter(house: House) -> None:
    async with open_raw(house.url) as stream:
        await stream.send_all(client_frame(10, b"unasked") + client_frame(9, b"are you there?"))
        with trio.fail_after(60):
            answer = await stream.receive_some()
        assert answer == bytes([0x8A, 14]) + b"are you there?"


async def test_a_bug_of_ours_ends_one_connection_with_1011(house: House, caplog: pytest.LogCaptureFixture) -> None:
    ann, bob = await house.register("ann"), await house.register("bob")
    async with open_socket(house.url) as a, open_socket(house.url) as b:
        await a.hello(ann.token)
        await b.hello(bob.token)
        session = next(one for one in house.driver.hub.parts.connections.by_id.values() if one.user_id == ann.id)
        del session.admission  # a state that cannot be
        await a.send(type="send", chat_id=1, cid="c", content="x")
        assert await a.end() == (1011, "internal")
        await b.send(type="ping", t=1)
        assert (await b.until("pong"))["t"] == 1
    assert "bug" in caplog.text


async def test_a_server_that_stops_says_bye(house: House) -> None:
    ann = await house.register("ann")
    async with open_socket(house.url) as socket:
        await socket.hello(ann.token)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(house.driver.drain)
            bye = await socket.until("bye")
            assert 0 <= bye["reconnect_after_ms"] <= 1_000, "one comes back soon"
            assert await socket.end() == (1012, "restart")


async def test_silence_ends_a_connection(house_at: OpenHouse) -> None:
    async with house_at(knobs=Knobs(hello_timeout=1)) as house, open_socket(house.url) as socket:
        house.clock.advance(seconds=2)
        assert await socket.end() == (4408, "no hello")


async def test_the_21st_connection_of_a_user_is_refused(house_at: OpenHouse) -> None:
    async with house_at(knobs=Knobs(connections_per_user=2)) as house:
        ann = await house.register("ann")
        async with open_socket(house.url) as one, open_socket(house.url) as two, open_socket(house.url) as three:
            await one.hello(ann.token)
            await two.hello(ann.token)
            await three.send(type="hello", v=[1], token=ann.token)
            assert (await three.end())[0] == 4409
