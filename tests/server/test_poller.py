"""The poller on real sockets: what is ready is handled, and what one of them does is nobody else's."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
import trio
import trio.testing

from runtime.sockets import poller as module
from runtime.sockets.poller import Poller


@pytest.fixture
async def poller(nursery: trio.Nursery) -> AsyncIterator[Poller]:
    running = Poller()
    nursery.start_soon(running.run)
    yield running


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


async def test_what_comes_is_handled_until_it_is_enough(poller: Poller) -> None:
    with pair() as (ours, theirs), trio.fail_after(60):
        got: list[bytes] = []

        def ready() -> bool:
            got.append(ours.recv(1))
            return got[-1] != b"."

        theirs.send(b"ab.cd")
        await poller.each_ready(ours.fileno(), ready)
        await trio.testing.wait_all_tasks_blocked()
        assert got == [b"a", b"b", b"."], "what came behind it waits"
        theirs.send(b".")
        await poller.each_ready(ours.fileno(), ready)
        assert got == [b"a", b"b", b".", b"c", b"d", b"."]


async def test_the_end_is_something_to_be_read(poller: Poller) -> None:
    with pair() as (ours, theirs), trio.fail_after(60):
        theirs.close()
        await poller.each_ready(ours.fileno(), lambda: ours.recv(1) != b"")


async def test_a_bug_is_of_one_alone(poller: Poller, nursery: trio.Nursery) -> None:
    with pair() as (ours, theirs), pair() as (other, far), trio.fail_after(60):
        got: list[bytes] = []

        def ready() -> bool:
            got.append(other.recv(9))
            return True

        nursery.start_soon(poller.each_ready, other.fileno(), ready)
        theirs.send(b"x")
        with pytest.raises(ZeroDivisionError):
            await poller.each_ready(ours.fileno(), lambda: 1 // 0 == 0)
        far.send(b"y")
        await trio.testing.wait_all_tasks_blocked()
        assert got == [b"y"]
        await poller.each_ready(ours.fileno(), lambda: ours.recv(9) != b"x")  # it can be waited for again


async def test_nothing_is_read_for_who_was_cancelled(poller: Poller) -> None:
    with pair() as (ours, theirs):
        with trio.move_on_after(0.01) as scope:
            await poller.each_ready(ours.fileno(), lambda: bool(ours.recv(9)))
        assert scope.cancelled_caught
        theirs.send(b"x")
        await trio.testing.wait_all_tasks_blocked()
        assert ours.recv(9) == b"x"


async def test_a_closed_socket(poller: Poller, nursery: trio.Nursery) -> None:
    closed = socket.socket()
    closed.close()
    with pytest.raises(trio.ClosedResourceError):
        await poller.each_ready(closed.fileno(), lambda: False)


async def test_a_number_that_is_used_again(poller: Poller, nursery: trio.Nursery) -> None:
    told: list[BaseException] = []

    async def wait(fileno: int) -> None:
        try:
            await poller.each_ready(fileno, lambda: False)
        except trio.ClosedResourceError as error:
            told.append(error)

    with pair() as (ours, _):
        number = ours.fileno()
        nursery.start_soon(wait, number)
        await trio.testing.wait_all_tasks_blocked()
    with pair() as (again, theirs), trio.fail_after(60):
        assert again.fileno() == number
        theirs.send(b"x")
        await poller.each_ready(number, lambda: again.recv(9) != b"x")
        await trio.testing.wait_all_tasks_blocked()
        assert len(told) == 1, "who waited for the former socket"


async def test_one_that_ended_another_meanwhile(poller: Poller, nursery: trio.Nursery) -> None:
    """Of two that are ready at once, the first to be handled cancels the other."""
    with pair() as (one, far), pair() as (other, further), trio.fail_after(60):
        handled: list[str] = []
        scopes = {"one": trio.CancelScope(), "other": trio.CancelScope()}

        async def wait(name: str, ours: socket.socket, rival: str) -> None:
            def ready() -> bool:
                handled.append(name)
                scopes[rival].cancel()
                return False

            with scopes[name]:
                await poller.each_ready(ours.fileno(), ready)

        async with trio.open_nursery() as both:
            both.start_soon(wait, "one", one, "other")
            both.start_soon(wait, "other", other, "one")
            await trio.testing.wait_all_tasks_blocked()
            far.send(b"x")
            further.send(b"x")
        assert len(handled) == 1


async def test_others_have_their_turn_among_many(
    poller: Poller, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IN_A_ROW", 2)
    handled = 0
    seen: list[int] = []

    async def look() -> None:
        while True:
            seen.append(handled)
            await trio.lowlevel.checkpoint()

    def ready() -> bool:
        nonlocal handled
        handled += 1
        return False

    pairs = [socket.socketpair() for _ in range(10)]
    async with trio.open_nursery() as waiting:
        for ours, theirs in pairs:
            theirs.send(b"x")
            waiting.start_soon(poller.each_ready, ours.fileno(), ready)
        nursery.start_soon(look)
    assert handled == 10
    assert any(0 < count < 10 for count in seen), "nobody had a turn between the first and the last"
    for both in pairs:
        for end in both:
            end.close()
