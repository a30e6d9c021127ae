"""The parts of the simulation where seeds rarely come."""

import runpy
import sys

import pytest

from chatproto.client.client_session import ClientSession
from chatproto.client.session_outputs import Close
from chatproto.operations import CreateGroup
from chatproto.server.hub_outputs import CloseConnection, PingConnection, SendFrame
from chatproto.server.sweeping import Sweeper
from chatproto.simulation.database import time_at
from chatproto.simulation.device import Device
from chatproto.simulation.disk import Disk
from chatproto.simulation.model_operations import perform
from chatproto.simulation.options import Options
from chatproto.simulation.report import html
from chatproto.simulation.run import options_of, run
from chatproto.simulation.world import World
from chatproto.transitions import ClientState
from tests.simulation.settled import Settled


def go_on(world: World, seconds: int = 5) -> None:
    """Let time go by."""
    end = world.scheduler.now + 1000 * seconds
    while world.scheduler.step(end):
        pass


def test_the_command_is_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["simulation", "--seeds", "1..2", "--lite", "--quiet"])
    monkeypatch.delitem(sys.modules, "chatproto.simulation.__main__", raising=False)
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("chatproto.simulation", run_name="__main__")
    assert caught.value.code == 0


def test_a_disk_saves_what_is_to_be_saved() -> None:
    disk = Disk()
    disk.save([Close(1000, "")])
    assert disk == Disk()


def test_an_exception_is_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: ClientSession, *arguments: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(ClientSession, "receive", broken)
    verdict = run(1, options_of(1, lite=True))
    assert (verdict.code, verdict.detail) == ("S12", "KeyError: 'a bug'")


def test_a_bug_that_a_server_survives_is_a_verdict_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Sweeper, *arguments: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(Sweeper, "run", broken)
    verdict = run(1, Options(users=2, devices=1, duration=5_000))
    assert (verdict.code, verdict.detail) == ("S12", "KeyError: 'a bug'")


def test_faults_are_drawn() -> None:
    options = Options(users=2, devices=1, duration=5_000, fault_every=100, weights={"cut": 1.0, "clock_jump": 1.0})
    page = html(run(1, options, recording=True, ticks=300), "replay")
    assert 'class="fault"' in page


def test_a_run_may_stop_while_it_settles() -> None:
    verdict = run(1, Options(users=2, devices=1, duration=1_000), ticks=80)
    assert (verdict.code, verdict.ticks) == (None, 80)
    assert 1_000 < verdict.milliseconds < 3_000


def test_a_chat_of_others_is_nobodys_business() -> None:
    world = Settled()
    perform(world.world.database.store, CreateGroup(world.ann.user_id, "Alone", (), None, time_at(0)))
    why = world.checkers.unsettled()
    assert why is not None
    assert world.ann.name in why
    go_on(world.world)
    assert world.checkers.unsettled() is None, "the sweep has listed it"


def test_a_device_that_crashes_while_it_logs_in_takes_no_tokens() -> None:
    world = Settled()
    world.ann.crash()
    token = world.ann._token
    world.ann.on = True
    world.ann.log_in()
    world.ann.crash()
    world.ann.wake_up()
    go_on(world.world)
    assert (world.ann.on, world.ann._token) == (False, token)


def test_answers_of_an_earlier_life_are_passed_over() -> None:
    world = Settled()
    ann = world.ann
    token = ann._token
    ann._renew("an older token")
    ann._renew(token)
    for server in world.world.servers:
        server.crash()
    ann._renew(token)
    ann.crash()
    [server] = world.world.servers
    server.start()
    world.bob._renew(world.bob._token)
    world.bob.crash()
    go_on(world.world)
    assert (ann._token, ann.session.state) == (token, ClientState.LIVE)
    assert not world.bob.on


def test_a_token_that_was_exchanged_meanwhile_is_told_at_once() -> None:
    world = Settled()
    connects = world.world.trace.counts["connects"]
    world.ann._renew("an older token")
    go_on(world.world)
    assert world.ann.session.state is ClientState.LIVE
    assert world.world.trace.counts["connects"] == connects


def test_a_server_knows_no_links_but_its_own() -> None:
    world = Settled()
    [server] = world.world.servers
    assert world.ann.link is not None
    link = world.ann.link
    server.gone(link)
    server.gone(link)
    server.received(link, "{}")
    for output in (SendFrame(99, b"{}"), CloseConnection(99, 1000, ""), PingConnection(99)):
        server.hub.parts.out.emit(output)
    server._pump()
    assert len(server.connections) == 1


def test_a_connection_that_closes_takes_nothing_more() -> None:
    world = Settled()
    [server] = world.world.servers
    number, connection = next(iter(server.connections.items()))
    connection.closing = (1000, "")
    server._queue(number, [SendFrame(number, b"{}")])
    assert len(connection.queue) == 0


def test_a_server_reads_no_faster_than_the_core_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Settled()
    [server] = world.world.servers
    monkeypatch.setattr(server.hub, "read_delay", lambda *arguments: None)
    assert world.ann.link is not None
    server.received(world.ann.link, "{}")
    [waiting] = [connection for connection in server.connections.values() if connection.inbox]
    assert waiting.link is world.ann.link


def test_a_reader_that_takes_nothing_for_ten_seconds_is_closed() -> None:
    world = World(1, Options(users=2, devices=1, duration=30_000, act_every=10**9, tcp_window=2, queue_items=20))
    ann, bob = world.devices

    def stall() -> None:
        assert bob.link is not None
        world.network.stall(bob.link, 20_000)
        for number in range(30):
            world.scheduler.after(50 * number, ann.say, 1)

    world.scheduler.after(1_000, stall)
    world.run()
    assert world.trace.counts["lags"] > 0
    assert world.trace.counts["connects"] == 3, "it came back"


def test_a_server_that_is_down_cannot_crash_or_stop_again() -> None:
    world = Settled().world
    [server] = world.servers
    server.crash()
    life = server.life
    world._server_crash()
    world._server_stop()
    world._stopped(server)
    assert server.life == life


def test_what_came_while_a_device_slept_twice_comes_in_its_order() -> None:
    """It is put to sleep again before it woke; nothing within one link ever overtakes."""
    world = Settled()
    bob, scheduler = world.bob, world.world.scheduler
    bob.asleep_until = scheduler.now + 2_000
    world.ann.say(1)
    go_on(world.world, 1)
    bob.asleep_until = scheduler.now + 5_000
    world.ann.say(1)
    seen = len(bob.disk.chats[1].items)
    scheduler.after(4_500, world.ann.say, 1)
    go_on(world.world, 4)
    assert len(bob.disk.chats[1].items) == seen
    early: list[int] = []
    session = world.world.checkers.session

    def watched(device: Device) -> None:
        early.extend(device.session.replica.chats[1].early)
        session(device)

    world.world.checkers.session = watched  # type: ignore[method-assign]
    go_on(world.world, 5)
    assert (len(bob.disk.chats[1].items), early) == (seen + 3, [])


def test_a_device_that_crashes_in_its_sleep_forgets_what_came() -> None:
    world = Settled()
    world.bob.asleep_until = world.world.scheduler.now + 2_000
    world.ann.say(1)
    go_on(world.world, 1)
    world.bob.crash()
    go_on(world.world)
    assert world.bob.shown[1] == 2
