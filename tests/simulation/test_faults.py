"""Each fault that people meet, alone and by its name, in a world of real clients and servers (docs/driving.md)."""

from collections import Counter
from typing import Any, Final

import pytest

from chatproto.client.session_outputs import Changed
from chatproto.operations import AppendChange, EndSessions, Operation, Outcome
from chatproto.server.sweeping import SWEEP
from chatproto.simulation.database import time_at
from chatproto.simulation.device import Device
from chatproto.simulation.network import Link
from chatproto.simulation.options import Options
from chatproto.simulation.server import Server
from chatproto.simulation.world import World
from chatproto.transitions import ClientState
from chatproto.wire.model import Event

NEVER: Final = 10**9
CHAT: Final = 1


class Town:
    """A world in which only what a test does goes wrong. `shown_at`: by device and seq, when it was shown."""

    def __init__(self, **options: Any) -> None:
        self.world = World(1, Options(act_every=NEVER, fault_every=NEVER, **options))
        self.shown_at: dict[tuple[str, int], int] = {}
        self.states: list[tuple[str, str]] = []
        told = self.world.checkers.told

        def watched(device: Device, outputs: list[Any]) -> None:
            told(device, outputs)
            self.states += [(device.name, output.state) for output in outputs if isinstance(output, Changed)]
            for output in outputs:
                if hasattr(output, "item"):
                    self.shown_at.setdefault((device.name, output.item.seq), self.world.scheduler.now)

        self.world.checkers.told = watched  # type: ignore[method-assign]
        for device in self.world.devices:
            device.log_in()
        self.go_on(3)

    def __getitem__(self, name: str) -> Device:
        return next(device for device in self.world.devices if device.name == name)

    @property
    def now(self) -> int:
        return self.world.scheduler.now

    def go_on(self, seconds: float) -> None:
        end = self.now + int(1000 * seconds)
        while self.world.scheduler.step(end):
            pass

    def link(self, name: str) -> Link:
        link = self[name].link
        assert link is not None
        assert link.at_client
        return link

    def server_of(self, name: str) -> Server:
        return self.link(name).server

    def ask(self, operation: Operation) -> None:
        """Over HTTP."""

        def done(_outcome: Outcome | None) -> None: ...

        self.world.servers[0].request(operation, done)

    def stored(self) -> list[str]:
        """The log, each entry by its event or its text, without whom that names."""
        log = self.world.database.store.rooms[CHAT].log
        return [item.event if isinstance(item, Event) else (item.content or "").partition(" @")[0] for item in log]

    def end(self) -> None:
        """Everything comes to rest, and all invariants hold."""
        self.world._heal()
        self.world._settle(None)


def test_a_link_is_cut_before_the_server_reads_what_was_sent() -> None:
    town = Town(users=2, devices=1)
    town["a0"].say(CHAT)
    town.world.network.cut(town.link("a0"))
    town.go_on(0.01)
    assert town.stored() == []
    town.end()
    assert town.stored() == ["a0 says 1"]


def test_a_link_is_cut_after_the_commit_and_before_the_ack() -> None:
    town = Town(users=2, devices=2, latency=50, store_latency=1)
    town["a0"].say(CHAT)
    while not town.stored():
        assert town.world.scheduler.step(NEVER)
    town.world.network.cut(town.link("a0"))
    town.end()
    assert town.stored() == ["a0 says 1"]
    assert {device.shown[CHAT] for device in town.world.devices} == {1}, "one bubble on every screen"


@pytest.mark.parametrize("committed", [False, True])
def test_a_server_is_killed_before_or_after_the_commit(committed: bool) -> None:
    town = Town(users=2, devices=1, store_latency=100)
    town["a0"].say(CHAT)
    server = town.server_of("a0")
    while not (town.stored() if committed else server.hub.pending):
        assert town.world.scheduler.step(NEVER)
    server.crash()
    town.world.scheduler.after(1_000, server.start)
    town.end()
    assert town.stored() == ["a0 says 1"]


def test_a_server_with_many_connections_restarts() -> None:
    """Their returns are spread over ten seconds, so that the database meets no crowd."""
    town = Town(users=8, devices=12, latency=5)
    [server] = town.world.servers
    connects = town.world.trace.counts["connects"]
    back: list[int] = []
    opened = server.open

    def watched(link: Link) -> None:
        back.append(town.now)
        opened(link)

    server.open = watched  # type: ignore[method-assign]
    began = town.now
    server.drain()
    town.go_on(0.4)
    server.crash()
    server.start()
    town.go_on(15)
    assert len({link.device.name for link in town.world.network.links if link.at_client}) == 96
    assert town.world.trace.counts["connects"] - connects < 96 + 6, "hardly anybody tried twice"
    assert 8_000 < max(back) - began < 11_000
    assert max(Counter(at // 1000 for at in back).values()) < 30
    town.end()


def test_the_database_is_away_for_thirty_seconds() -> None:
    """Whoever only reads stays connected; what is written waits on the devices and is stored once, in order."""
    town = Town(users=2, devices=1)
    connects = town.world.trace.counts["connects"]
    town.world.database.down = True
    for number in range(3):
        town.world.scheduler.after(1_000 * number, town["a0"].say, CHAT)
    reader = town.link("b0")
    town.go_on(30)
    assert (town.stored(), town.world.trace.counts["acked"]) == ([], 0)
    assert town.world.trace.counts["connects"] > connects, "who writes is sent away and returns"
    assert town.link("b0") is reader
    town.world.database.down = False
    town.end()
    assert town.stored() == ["a0 says 1", "a0 says 2", "a0 says 3"]


def test_hints_between_processes_are_doubled_late_and_out_of_order() -> None:
    town = Town(users=3, devices=2, servers=3, bus_doubled=1.0, bus_late=0.8)
    for number in range(20):
        town.world.scheduler.after(40 * number, town.world.devices[number % 6].say, CHAT)
    town.end()
    assert town.world.trace.counts["hints doubled"] > 0
    assert len(town.stored()) == 20


def test_all_hints_between_processes_are_lost() -> None:
    """The sweep repairs it within a second and a quarter."""
    town = Town(users=3, devices=2, servers=3, bus_lost=1.0, latency=1, store_latency=1)
    said = town.now
    town["a0"].say(CHAT)
    town.go_on(2)
    late = max(town.shown_at[device.name, 1] - said for device in town.world.devices)
    assert late < 1_300
    town.end()


def test_hints_alone_bring_everything_at_once() -> None:
    town = Town(users=3, devices=2, servers=3, latency=1, store_latency=1)
    for server in town.world.servers:
        server.hub.parts.timers.set(SWEEP, NEVER)
    said = town.now
    town["a0"].say(CHAT)
    town.go_on(1)
    assert max(town.shown_at[device.name, 1] - said for device in town.world.devices) < 60
    assert len({device.link.server for device in town.world.devices if device.link}) == 3


def test_a_laptop_sleeps_for_eight_hours_while_its_token_runs_out() -> None:
    """It exchanges its token, connects and shows what is new within two seconds, without a log-in."""
    town = Town(users=2, devices=1, token_lifetime=900)
    laptop = town["a0"]
    laptop.asleep_until = town.now + 8 * 3_600_000
    town.world.network.cut(town.link("a0"))
    for number in range(5):
        town.world.scheduler.after(600_000 * number, town["b0"].say, CHAT)
    while town.now < laptop.asleep_until:
        town.go_on(600)
    town.states.clear()
    woke = town.now
    laptop.wake_up()
    town.go_on(5)
    assert town.shown_at["a0", 5] - woke < 2_000
    assert ("a0", ClientState.LOGGED_OUT) not in town.states
    town.end()


def test_a_link_is_half_open() -> None:
    """Its packets vanish and nobody is told; a ping finds out within 25 seconds."""
    town = Town(users=2, devices=1)
    town.link("b0").silent = True
    town["a0"].say(CHAT)
    began = town.now
    town.go_on(40)
    assert town.shown_at["b0", 1] - began < 27_000
    town.end()


def test_a_device_changes_its_network() -> None:
    """One reconnect, at once, and no loop."""
    town = Town(users=2, devices=1)
    connects = town.world.trace.counts["connects"]
    link = town.link("a0")
    town.world.network.cut(link)
    town.go_on(0.2)
    town["a0"].wake_up()
    town.go_on(60)
    assert town.world.trace.counts["connects"] == connects + 1
    town.end()


def test_a_device_loses_its_power_while_it_sends() -> None:
    """What it had made durable is sent once after its start; what it had not is nowhere."""
    town = Town(users=2, devices=1, disk_latency=30)
    town["a0"].say(CHAT)
    town.go_on(0.035)
    town["a0"].say(CHAT)
    town["a0"].crash()
    town.go_on(1)
    town["a0"].boot()
    town.end()
    assert town.stored() == ["a0 says 1"]


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_servers_clock_is_set_by_hours(hours: int) -> None:
    """Order is by seq; nothing is lost, and unread counts stay right."""
    town = Town(users=2, devices=2, token_lifetime=900)
    town["a0"].say(CHAT)
    town.go_on(1)
    for server in town.world.servers:
        server.ahead = hours * 3_600_000
    for number in range(5):
        town.world.scheduler.after(2_000 * number, town["b0"].say, CHAT)
    town.go_on(20)
    town.end()
    assert town.stored() == ["a0 says 1", *(f"b0 says {number}" for number in range(1, 6))]


def test_a_slow_reader_delays_nobody_else() -> None:
    """They are told of a lag and page the rest; what the server keeps for them has a bound."""
    town = Town(users=3, devices=1, queue_items=20, tcp_window=2, latency=1, store_latency=1)
    town.world.network.stall(town.link("c0"), 8_000)
    said: list[int] = []

    def say() -> None:
        said.append(town.now)
        town["a0"].say(CHAT)

    for number in range(100):
        town.world.scheduler.after(50 * number, say)
    town.go_on(20)
    delays = [town.shown_at["b0", seq] - at for seq, at in enumerate(said, 1)]
    assert max(delays) < 60
    assert town.world.trace.counts["lags"] > 0
    town.end()


def test_five_devices_of_one_user_send_at_once() -> None:
    town = Town(users=2, devices=5, servers=2)
    for device in town.world.devices:
        for _ in range(12):
            device.say(CHAT)
    town.end()
    assert len(town.stored()) == 120
    for device in town.world.devices:
        mine = [text for text in town.stored() if text.startswith(device.name)]
        assert mine == [f"{device.name} says {number}" for number in range(1, 13)]


def test_somebody_is_removed_while_they_type_and_send() -> None:
    """They get their removal last; what they send after it fails, and they are told."""
    town = Town(users=3, devices=1)
    town.world.members_changed = True
    ann, bob = town.world.users[:2]
    town["b0"].type(CHAT)
    removal = AppendChange(CHAT, ann, "remove", (bob,), "all", None, None, None, "out", time_at(town.now))
    town.ask(removal)
    town.go_on(0.02)
    town["b0"].say(CHAT)
    town["a0"].say(CHAT)
    town.end()
    assert town.stored()[0] == "member_removed"
    assert "b0 says 1" not in town.stored()
    assert town["b0"].shown[CHAT] == 1
    assert not town["b0"].session.outbox.entries


def test_an_account_is_revoked_on_every_process_within_a_second() -> None:
    town = Town(users=2, devices=4, servers=3, bus_lost=1.0)
    ann = town.world.users[0]
    began = town.now
    town.ask(EndSessions(ann, None, None, time_at(town.now)))
    while any(device.link and device.link.at_client for device in town.world.devices if device.user_id == ann):
        assert town.world.scheduler.step(NEVER)
    assert town.now - began < 1_500
    town.end()


def test_thousands_of_messages_came_while_a_device_was_away() -> None:
    """A client with a timeline begins anew at the end instead of paging through all of it."""
    town = Town(users=2, devices=1, far_behind=True, latency=1, store_latency=1)
    town.world.network.cut(town.link("a0"))
    town["a0"].asleep_until = town.now + 400_000
    for number in range(3_000):
        town.world.scheduler.after(100 * number, town["b0"].say, CHAT)
    town.go_on(401)
    woke = town["a0"].asleep_until
    while town["a0"].shown.get(CHAT, 0) < 3_000:
        assert town.world.scheduler.step(NEVER)
    assert town.now - woke < 2_000
    assert len([seq for name, seq in town.shown_at if name == "a0"]) < 10, "nothing was paged through"
    town.end()


def test_everybody_writes_while_nothing_gets_through() -> None:
    town = Town(users=3, devices=1)
    town.world.network.refusing = True
    for link in list(town.world.network.links):
        town.world.network.cut(link)
    for device in town.world.devices:
        device.say(CHAT)
    town.go_on(60)
    assert town.stored() == []
    assert town.world.trace.counts["connects"] < 3 * 20, "back-off"
    town.end()
    assert len(town.stored()) == 3
