"""O18: how many WebSockets one address may hold, and how many of them before `hello` (docs/protocol.md section 1)."""

from contextlib import AsyncExitStack
from socket import has_dualstack_ipv6

import pytest
import trio

from tests.server.conftest import OpenHouse
from tests.server.house import House
from tests.server.sockets import Socket, open_socket, refused

THERE, ELSEWHERE = "192.0.2.7", "192.0.2.8"


@pytest.fixture(params=["own", "quart"])
def transport(request: pytest.FixtureRequest) -> str:
    """Both servers of WebSockets."""
    return str(request.param)


def from_(address: str) -> list[tuple[bytes, bytes]]:
    return [(b"X-Forwarded-For", address.encode())]


async def come(stack: AsyncExitStack, house: House, address: str = THERE) -> Socket:
    return await stack.enter_async_context(open_socket(house.url, extra_headers=from_(address)))


async def until_there_is_room(house: House, count: int) -> None:
    """The server learns a moment later that a socket is closed."""
    with trio.fail_after(60):
        while house.driver.connections > count:  # noqa: ASYNC110 - nobody is told
            await trio.sleep(0.01)


async def test_an_address_holds_so_many(house_at: OpenHouse) -> None:
    """O18: with and without a log-in; other addresses are not concerned, and room is free again after an end."""
    async with house_at(proxy_hops=1, limit_sockets=3) as house:
        ann = await house.register("ann")
        chat = await ann.group("A")
        async with AsyncExitStack() as stack:
            first = [await come(stack, house) for _ in range(3)]
            for socket in first:
                await socket.hello(ann.token)
            for path in ("/ws", f"/ws/chat/{chat}?token={ann.token}"):
                assert await refused(house.url, path, extra_headers=from_(THERE)) == (429, "rate_limited")
            await (await come(stack, house, ELSEWHERE)).hello(ann.token)
            told = house.services.metrics.registry.get_sample_value("vestnik_sockets_refused_total", {"full": "open"})
            assert told == 2
            await first[0].websocket.aclose()
            await until_there_is_room(house, 3)
            await (await come(stack, house)).hello(ann.token)
        await until_there_is_room(house, 0)
        assert len(house.services.sockets) == 0


@pytest.mark.skipif(not has_dualstack_ipv6(), reason="no IPv6 here")
async def test_this_machine_is_known_where_one_socket_takes_ipv4_too(house_at: OpenHouse) -> None:
    """VESTNIK_HOST=::, which tells 127.0.0.1 as ::ffff:127.0.0.1."""
    async with house_at(host="::", limit_sockets=1) as house:
        ann = await house.register("ann")
        assert (await house.http.get("/metrics")).status_code == 200
        [session] = (await ann.get("/api/auth/sessions")).json()["sessions"]
        assert session["address"] == "127.0.0.1"
        async with open_socket(house.url) as one, open_socket(house.url) as other:
            for socket in (one, other):
                await socket.hello(ann.token)


async def test_an_address_holds_fewer_before_hello(house_at: OpenHouse) -> None:
    """O18: whoever says who they are makes room for the next."""
    async with house_at(proxy_hops=1, limit_sockets_before_hello=2) as house:
        ann = await house.register("ann")
        async with AsyncExitStack() as stack:
            silent = [await come(stack, house) for _ in range(2)]
            assert await refused(house.url, "/ws", extra_headers=from_(THERE)) == (429, "rate_limited")
            await (await come(stack, house, ELSEWHERE)).hello(ann.token)
            await silent[0].hello(ann.token)
            await come(stack, house)
            assert await refused(house.url, "/ws", extra_headers=from_(THERE)) == (429, "rate_limited")
            await silent[1].send(type="hello", v=[1], token="rubbish", device="test")
            await silent[1].end()
            await until_there_is_room(house, 3)
            await (await come(stack, house)).hello(ann.token)


async def test_what_is_refused_takes_no_place(house_at: OpenHouse) -> None:
    async with house_at(proxy_hops=1, limit_sockets=2) as house:
        ann = await house.register("ann")
        for _ in range(5):
            assert (await refused(house.url, "/ws/chat/1?token=x", extra_headers=from_(THERE)))[0] == 401
        async with open_socket(house.url, extra_headers=from_(THERE)) as socket:
            await socket.hello(ann.token)


async def test_the_machine_itself_is_not_counted(house_at: OpenHouse) -> None:
    async with house_at(limit_sockets=1) as house, AsyncExitStack() as stack:
        for _ in range(4):
            await come(stack, house)
