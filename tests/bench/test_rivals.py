"""The bench's own parts: the generator against a tiny room that can misbehave, and the sums."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import trio
import trio_websocket
from attrs import define, field

from tests.bench.rivals import load
from tests.bench.rivals.figures import Goal, medians, number, ratio
from tests.bench.rivals.load import Load, LoadError, Target

Event = dict[str, object]
SEND = '{"type":"send","chat_id":%C,"cid":"%M","content":"~%M \\"}, {[ and more"}'


@define
class Room:
    """Takes sends, stamps them, acks and tells everybody. `twist` may change what one connection is told."""

    twist: Callable[[int, list[Event]], list[Event]] = lambda _, events: events
    sockets: list[trio_websocket.WebSocketConnection] = field(factory=list)
    log: list[Event] = field(factory=list)
    asked: list[Event] = field(factory=list)
    lagging: set[int] = field(factory=set)
    order: trio.Lock = field(factory=trio.Lock)

    async def serve(self, request: trio_websocket.WebSocketRequest) -> None:
        """One connection."""
        socket = await request.accept()
        with suppress(trio_websocket.ConnectionClosed):
            while True:
                frame = json.loads(await socket.get_message())
                async with self.order:
                    await self._handle(socket, frame)

    async def _handle(self, socket: trio_websocket.WebSocketConnection, frame: Event) -> None:
        if frame["type"] == "hello":
            self.sockets.append(socket)
            await self._tell(socket, {"type": "presence"}, {"type": "ready", "token": frame["token"]})
        elif frame["type"] == "sync":
            self.asked.append(frame)
            self.lagging.discard(self.sockets.index(socket))
            items = [event for event in self.log if int(str(event["seq"])) > int(str(frame["after_seq"]))]
            await self._tell(socket, {"type": "page", "chat_id": frame["chat_id"], "items": items, "more": False})
        else:
            event = {"type": "message", "chat_id": frame["chat_id"], "seq": len(self.log) + 1,
                     "content": frame["content"], "cid": frame["cid"]}  # fmt: skip
            self.log.append(event)
            await self._tell(socket, {"type": "ack", "cid": frame["cid"], "chat_id": frame["chat_id"]})
            for index, other in enumerate(list(self.sockets)):
                if index in self.lagging:  # until it has read the log
                    continue
                events = self.twist(index, [event, {"type": "marks", "nested": {"items": 1, "list": [1, "]"]}}])
                if any(event["type"] == "lag" for event in events):
                    self.lagging.add(index)
                if events:
                    await self._tell(other, *events)

    async def _tell(self, socket: trio_websocket.WebSocketConnection, *events: Event) -> None:
        with suppress(trio_websocket.ConnectionClosed):
            await socket.send_message(json.dumps(events[0] if len(events) == 1 else events))


@pytest.fixture(autouse=True)
def _compiler() -> None:
    if load.compiler() is None:
        pytest.skip("no C compiler here (Debian packages gcc and libc6-dev)")


@pytest.fixture
def login(tmp_path: Path) -> Iterator[list[str]]:
    """Arguments for the log-in of the room."""
    (tmp_path / "tokens").write_text("first\nsecond\n")
    (tmp_path / "login").write_text('{"type":"hello","token":"%T"}\n"type": "ready"\n')
    yield ["-T", str(tmp_path / "tokens"), "-x", str(tmp_path / "login"), "-m", SEND, "-c", "7"]


async def talk(room: Room, arguments: list[str], **options: object) -> Load:
    """The generator at that room: 5 connections, of which 2 send."""
    async with trio.open_nursery() as nursery:
        server = await nursery.start(
            partial(trio_websocket.serve_websocket, room.serve, "127.0.0.1", 0, ssl_context=None)
        )
        target = Target("room", server.port, (), arguments)
        how = {"connections": 5, "seconds": 60, "warm": 0, "s": 2, "A": 20, "D": 1} | options
        found = await trio.to_thread.run_sync(lambda: target.run(**how))  # type: ignore[arg-type]
        nursery.cancel_scope.cancel()
    return found


async def test_a_closed_loop_counts_every_delivery(login: list[str]) -> None:
    room = Room()
    found = await talk(room, login, w=3)
    assert found.unsound is None
    assert found.sent == found.acked == len(room.log)
    assert 20 <= found.acked_measured <= found.sent
    assert found.deliveries == pytest.approx(found.acked_measured * 5, abs=30)  # six are under way at the end
    assert 0 < found.p50 <= found.p99 <= found.max
    assert found.lags == 0


async def test_an_open_loop_keeps_to_the_clock(login: list[str]) -> None:
    room = Room()
    found = await talk(room, login, r=100)
    assert found.unsound is None
    assert found.sent >= 20
    assert found.seconds >= 0.18  # the 20th is due after 190 ms, but for the start of the clock


async def test_what_one_member_lacks_is_told(login: list[str]) -> None:
    room = Room(lambda index, events: [] if index == 3 and events[0]["seq"] == 2 else events)
    found = await talk(room, login, r=50)
    assert (found.missing, found.gaps) == (1, 1)
    assert found.unsound is not None


async def test_what_comes_twice_or_late_is_told(login: list[str]) -> None:
    room = Room(lambda index, events: [*events, events[0]] if index == 3 and events[0]["seq"] == 2 else events)
    found = await talk(room, login, r=50)
    assert found.disordered == 1


async def test_after_a_lag_the_log_is_read(login: list[str]) -> None:
    def dropped(index: int, events: list[Event]) -> list[Event]:
        if index == 3 and events[0]["seq"] in (2, 3):
            return [] if events[0]["seq"] == 2 else [{"type": "lag", "chat_id": 7, "last_seq": 3}]
        return events

    room = Room(dropped)
    found = await talk(room, login, r=50)
    assert found.lags == 1
    assert [(frame["after_seq"], frame["chat_id"]) for frame in room.asked] == [(1, 7)]
    assert found.unsound is None


async def test_a_frame_that_is_no_json_is_told(login: list[str]) -> None:
    room = Room(lambda index, events: [*events, {"type": "a}"}])
    good = await talk(room, login, r=50)
    assert good.broken == 0
    found = await talk(Broken(), login, r=50)
    assert found.broken > 0


class Broken(Room):
    """Its frames end too early."""

    async def _tell(self, socket: trio_websocket.WebSocketConnection, *events: Event) -> None:
        text = json.dumps(list(events))
        await socket.send_message(text if events[-1]["type"] == "ready" else text[:-1])


class Closed(Room):
    """Lets nobody in."""

    async def serve(self, request: trio_websocket.WebSocketRequest) -> None:
        await request.reject(403)


async def test_a_refusal_is_told(login: list[str]) -> None:
    room = Room(lambda index, events: [*events, {"type": "error", "code": "rate_limited"}] if index == 0 else events)
    found = await talk(room, login, r=50)
    assert found.refused == found.sent


async def test_a_log_in_that_is_refused_ends_the_run(login: list[str]) -> None:
    with pytest.raises(ExceptionGroup) as raised:
        await talk(Closed(), login, r=50)
    assert raised.group_contains(LoadError, match="the upgrade was refused")


def test_ratios_are_taken_round_by_round() -> None:
    rounds = {"a": [10.0, 40.0, math.nan, 9.0], "b": [5.0, 10.0, 1.0, 3.0], "c": []}
    assert ratio(rounds, "a", "b") == 3.0
    assert ratio(rounds, "a", "c") is None
    assert ratio(rounds, "a", "d") is None
    assert medians(rounds) == {"a": 10.0, "b": 4.0}


@pytest.mark.parametrize(
    ("value", "sense", "reached"),
    [(20.0, "at least", True), (19.9, "at least", False), (0.6, "at most", True), (0.61, "at most", False)],
)
def test_a_goal_is_reached_at_its_bound(value: float, sense: str, reached: bool) -> None:
    goal = Goal("x", value, sense, 20 if sense == "at least" else 0.6)  # type: ignore[arg-type]
    assert goal.reached is reached
    assert ("OK" if reached else "missed") in goal.line()


def test_what_was_not_measured_is_neither_reached_nor_missed() -> None:
    goal = Goal("x", None, "at least", 20, "no such program")
    assert goal.reached is None
    assert "not measured" in goal.line() and "no such program" in goal.line()


def test_where_messages_were_lost_no_figure_is_good_enough() -> None:
    goal = Goal("x", 30.0, "at least", 20, sound=False)
    assert goal.reached is False
    assert "worth nothing" in goal.line()


def test_figures_show_three_digits() -> None:
    assert [number(value) for value in (13527.3, 99.94, 0.07324, math.nan)] == ["13,527", "99.9", "0.0732", "failed"]
