"""DirectStream on real sockets: whole frames in their order, one remainder, and a client that reads nothing."""

import socket
from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing

from runtime.sockets.direct_stream import DirectStream
from runtime.write_deadlines import hurry_sends

BIG = 4 * 2**20
"""Bytes that no socket takes at once."""


@pytest.fixture
async def ends() -> AsyncIterator[tuple[DirectStream, trio.SocketStream]]:
    ours, theirs = socket.socketpair()
    one, other = (trio.SocketStream(trio.socket.from_stdlib_socket(end)) for end in (ours, theirs))
    async with one, other:
        yield DirectStream(one, b"early"), other


async def read(stream: trio.SocketStream, size: int) -> bytes:
    data = b""
    with trio.fail_after(60):
        while len(data) < size:
            data += await stream.receive_some(size - len(data))
    return data


Ends = tuple[DirectStream, trio.SocketStream]


async def test_what_the_socket_takes_leaves_at_once(ends: Ends) -> None:
    stream, other = ends
    assert stream.try_write(b"one")
    assert stream.is_clear and not stream.unsent
    await stream.send_all(b"two")
    assert await read(other, 6) == b"onetwo"
    assert await stream.receive_some() == b"early"
    await other.send_all(b"late")
    assert await stream.receive_some() == b"late"


async def test_the_remainder_is_one_and_nothing_overtakes_it(ends: Ends) -> None:
    stream, other = ends
    blocked = 0

    def on_blocked() -> None:
        nonlocal blocked
        blocked += 1

    stream.on_blocked = on_blocked
    assert stream.try_write(b"a" * BIG), "taken, though not whole"
    assert (blocked, stream.unsent) == (1, True)
    assert not stream.try_write(b"x"), "nothing is taken while something waits"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stream.send_all, b"b" * BIG)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(stream.flush)
        nursery.start_soon(stream.send_all, b"c")
        await trio.testing.wait_all_tasks_blocked()
        assert not stream.try_write(b"x")
        assert await read(other, 2 * BIG + 1) == b"a" * BIG + b"b" * BIG + b"c"
    assert stream.try_write(b"d")
    assert await read(other, 1) == b"d"


async def test_a_send_that_is_cancelled_leaves_no_half_frame(ends: Ends) -> None:
    stream, other = ends
    with trio.move_on_after(0):
        await stream.send_all(b"a" * BIG)
    assert stream.unsent
    with trio.move_on_after(0.01):
        await stream.send_all(b"never taken")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stream.send_all, b"b")
        assert await read(other, BIG + 1) == b"a" * BIG + b"b"


async def test_after_the_end_only_the_close_frame_is_written(ends: Ends) -> None:
    stream, other = ends
    stream.end()
    assert not stream.try_write(b"x")
    await stream.send_all(b"close")
    assert await read(other, 5) == b"close"


async def test_a_client_that_is_gone_is_told_to_those_who_wait(ends: Ends) -> None:
    stream, other = ends
    await other.aclose()
    stream.write_now(b"x")
    assert not stream.unsent
    with pytest.raises(trio.BrokenResourceError):
        await stream.send_all(b"x")


async def test_a_server_that_stops_waits_for_no_reader(ends: Ends) -> None:
    stream, _ = ends
    async with trio.open_nursery() as nursery:

        async def send() -> None:
            with pytest.raises(trio.BrokenResourceError):
                await stream.send_all(b"a" * BIG)

        with trio.fail_after(60):
            nursery.start_soon(send)
            await trio.testing.wait_all_tasks_blocked()
            hurry_sends(0)
