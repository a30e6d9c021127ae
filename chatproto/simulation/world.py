"""A world: servers on one database, devices of people, a network between them, and what goes wrong."""

from __future__ import annotations

from random import Random
from typing import Final

from chatproto.operations import (
    ChatCreated,
    CreateGroup,
    CreateUser,
    EndSessions,
    Outcome,
    UserFound,
)
from chatproto.server.hub_outputs import Note
from chatproto.server.knobs import Knobs
from chatproto.simulation.access import AccessTokens
from chatproto.simulation.ageing import Ageing
from chatproto.simulation.bugs import PlantedBug
from chatproto.simulation.checkers import Checkers
from chatproto.simulation.database import Database, time_at
from chatproto.simulation.device import Device
from chatproto.simulation.faulty_bus import Bus
from chatproto.simulation.model_operations import perform
from chatproto.simulation.model_store import Store
from chatproto.simulation.network import Link, Network
from chatproto.simulation.options import Options
from chatproto.simulation.pair import Pair
from chatproto.simulation.people import People
from chatproto.simulation.scheduler import Scheduler
from chatproto.simulation.server import Server
from chatproto.simulation.trace import Trace, Violation
from chatproto.wire.limits import Limits
from chatproto.wire.text import search_words

QUIET: Final = 3_000
"""Milliseconds for which nothing may be missing before the world counts as at rest."""
HOUR: Final = 3_600_000
YEAR: Final = 365 * 24 * HOUR


class World:
    """Everything of one run. `faulty`: things may go wrong now; `healed`: nothing goes wrong from now on.
    `founders`: members of a chat since its making."""

    def __init__(self, seed: int, options: Options, trace: Trace | None = None) -> None:
        self.seed = seed
        self.options = options
        self.trace = trace or Trace()
        self.scheduler = Scheduler()
        self.limits = Limits(queue_items=options.queue_items)
        self.knobs = Knobs(rate=1000.0, burst=1000, store_wait=4.0)
        self.tokens = AccessTokens(options.token_lifetime)
        self.faulty = False
        self.healed = False
        self.members_changed = options.members_change > 0
        self.blocking = options.blocks > 0
        self.just_restored = False
        self.founders: dict[int, frozenset[int]] = {}
        self.database = Database(self, self._random("database"))
        self.network = Network(self, self._random("network"))
        self.checkers = Checkers(self)
        self.ageing = Ageing(self, self._random("ageing"))
        self.bus = Bus(self, self._random("bus"))
        names = [f"server {number + 1}" for number in range(options.servers)]
        self.servers = [Server(self, name, self._random(name)) for name in names]
        self.users = [self._user(number) for number in range(options.users)]
        self.devices = [
            Device(self, f"{'abcdefgh'[user]}{number}", user_id, self._random(f"device {user} {number}"),
                   whole_log=not options.far_behind)
            for user, user_id in enumerate(self.users)
            for number in range(options.devices)
        ]  # fmt: skip
        self._faults = self._random("faults")
        for number in range(options.groups):
            self._group(number)
        self._people = People(self, self._random("people"))
        self._pair = Pair(self, self._random("pair")) if self.blocking else None
        self.database.back_up()

    @property
    def connects_allowed(self) -> int:
        """L5: a device tries no more often than back-off, faults and token ends explain."""
        seconds = self.scheduler.now / 1000
        faults = sum(count for name, count in self.trace.counts.items() if name.startswith("fault"))
        return int(len(self.devices) * (20 + seconds / 2) + faults * len(self.devices) * 3)

    def run(self, ticks: int | None = None) -> None:
        """To the end, or for so many steps. Raises Violation."""
        for device in self.devices:
            device.log_in()
        self.faulty = True
        self._people.start()
        self._fail_later()
        if self._pair is not None:
            self._pair.act()
        self.ageing.start()
        while (ticks is None or self.scheduler.steps < ticks) and self.scheduler.step(self.options.duration):
            pass
        if ticks is not None and self.scheduler.steps >= ticks:
            return
        self._heal()
        self._settle(ticks)

    def note(self, lane: str, *what: object, to: str | None = None, fault: bool = False) -> None:
        """A line of the trace, put together only where there is one; tokens are never in it (S11)."""
        if self.trace.recording:
            words = (one.decode() if isinstance(one, bytes) else str(one) for one in what)
            text = _without_token(" ".join(words))
            self.trace.add(self.scheduler.now, self.scheduler.steps, lane, text, to=to, fault=fault)

    def bug_shows(self) -> None:
        """One that was planted raises; it is counted."""
        self.trace.counts["fault: bug"] += 1

    def noted(self, server: str, note: Note) -> None:
        """A server tells its operator; S12: of no bug but those that were planted."""
        if note.error is not None and not isinstance(note.error, PlantedBug):
            raise note.error
        self.trace.counts[f"note: {note.event}"] += 1
        self.note(server, note.level, note.event, note.fields)

    # --- the beginning ---

    def _random(self, name: str) -> Random:
        """Each part has its own numbers: a new draw in one does not shift the others."""
        return Random(f"{self.seed}:{name}")

    def _user(self, number: int) -> int:
        name = f"user{number}"
        operation = CreateUser(name, name, None, None, "hash", name, search_words(name, name), time_at(0))
        outcome = perform(self.database.store, operation)
        assert isinstance(outcome, UserFound)
        return outcome.user.id

    def _group(self, number: int) -> None:
        members = tuple(self.users[1:])
        outcome = perform(self.database.store, CreateGroup(self.users[0], f"Group {number}", members, None, time_at(0)))
        assert isinstance(outcome, ChatCreated)
        self.founders[outcome.chat.id] = frozenset(self.users)

    # --- faults ---

    def _fail(self) -> None:
        if not self.faulty:
            return
        weights = {name: weight for name, weight in self.options.weights.items() if weight > 0}
        if weights:
            [name] = self._faults.choices(list(weights), list(weights.values()))
            self.trace.counts[f"fault: {name}"] += 1
            self.note("world", name, fault=True)
            getattr(self, f"_{name}")()
        self._fail_later()

    def _fail_later(self) -> None:
        wait = 1 + int(self._faults.expovariate(1 / self.options.fault_every))
        self.scheduler.after(wait, self._fail)

    def _some_link(self) -> list[Link]:
        self.network.forget_dead()
        links = [link for link in self.network.links if link.at_client and not link.silent]
        return [self._faults.choice(links)] if links else []

    def _cut(self) -> None:
        for link in self._some_link():
            self.network.cut(link)

    def _half_open(self) -> None:
        for link in self._some_link():
            link.silent = True

    def _proxy_close(self) -> None:
        for link in self._some_link():
            code = self._faults.choice((1000, 1001, 1011, 1012, 1013))
            self.network.cut(link, 1006 if code == 1000 else code)

    def _stall(self) -> None:
        for link in self._some_link():
            self.network.stall(link, self._faults.randrange(500, 20_000))

    def _refuse(self) -> None:
        self.network.refusing = True
        self.scheduler.after(self._faults.randrange(500, 10_000), self._accept)

    def _accept(self) -> None:
        self.network.refusing = False

    def _server_crash(self) -> None:
        server = self._faults.choice(self.servers)
        if server.up:
            server.crash()
            self.scheduler.after(self._faults.randrange(10, 4_000), server.start)

    def _server_stop(self) -> None:
        server = self._faults.choice(self.servers)
        if server.up:
            server.drain()
            self.scheduler.after(500, self._stopped, server)

    def _stopped(self, server: Server) -> None:
        if server.up:
            server.crash()
            self.scheduler.after(self._faults.randrange(10, 2_000), server.start)

    def _server_pause(self) -> None:
        server = self._faults.choice(self.servers)
        server.paused_until = self.scheduler.now + self._faults.randrange(100, 6_000)

    def _store_down(self) -> None:
        self.database.down = True
        self.scheduler.after(self._faults.randrange(500, 20_000), self._store_up)

    def _store_up(self) -> None:
        self.database.down = False

    def _device_crash(self) -> None:
        device = self._faults.choice(self.devices)
        device.crash()
        self.scheduler.after(self._faults.randrange(10, 5_000), self._boot, device, device.life)

    def _boot(self, device: Device, life: int) -> None:
        if device.life == life:
            device.boot()

    def _device_sleep(self) -> None:
        device = self._faults.choice(self.devices)
        device.asleep_until = max(
            device.asleep_until, self.scheduler.now + self._faults.randrange(1_000, self.options.sleep)
        )
        self.scheduler.after(device.asleep_until - self.scheduler.now, device.wake_up)

    def _revoke(self) -> None:
        user_id = self._faults.choice(self.users)
        operation = EndSessions(user_id, None, None, time_at(self.scheduler.now))
        self._faults.choice(self.servers).request(operation, _ignore)

    def _clock_jump(self) -> None:
        server = self._faults.choice(self.servers)
        server.ahead = self._faults.choice((-2_000, 0, 0, 1_500, -HOUR, HOUR, YEAR))
        if abs(server.ahead) >= HOUR:  # while it lasts, every token is too old or not good yet
            self.scheduler.after(self._faults.randrange(100, 4_000), self._clock_set, server)

    def _clock_set(self, server: Server) -> None:
        server.ahead = 0

    def _backup(self) -> None:
        self.database.back_up()

    def _restore(self) -> None:
        forgotten = self._faults.random() < self.options.epoch_forgotten
        self.trace.counts["fault: restore under the same epoch"] += forgotten
        lost = self.database.store
        self.database.restore(renew=not forgotten)
        self._restored(lost)
        stopped = self._faults.random() < 0.7  # as an operator should
        for server in self.servers:
            if server.up and stopped:
                server.crash()
                self.scheduler.after(self._faults.randrange(10, 2_000), server.start)

    def _fail_over(self) -> None:
        replica = self.database.store.copy()
        self.scheduler.after(self._faults.randrange(50, 3_000), self._failed_over, replica)

    def _failed_over(self, replica: Store) -> None:
        lost = self.database.store
        if self.faulty and replica.epoch == lost.epoch:
            self.trace.counts["fault: entries lost by a failover"] += lost.messages > replica.messages
            self.database.fail_over(replica)
            self._restored(lost)

    def _restored(self, lost: Store) -> None:
        self.just_restored = True
        self.checkers.database_restored(lost)
        self.scheduler.after(1, self._restore_over)

    def _restore_over(self) -> None:
        self.just_restored = False

    # --- the end ---

    def _heal(self) -> None:
        self.faulty, self.healed = False, True
        self.database.down = False
        self.network.refusing = False
        for server in self.servers:
            server.heal()
        self.note("world", "no more faults", fault=True)
        self.ageing.end()
        self._end_links_of_removed()

    def _end_links_of_removed(self) -> bool:
        """Whether there were any. A link tells its user nothing more of a chat that they were removed from.

        So where that chat's log was lost under the same epoch, or lost its beginning, only their next `ready` says so.
        """
        told_less = [device for device in self.devices if self.checkers.lost or self.options.expire_every]
        links = [device.link for device in told_less if device.was_removed and device.link is not None]
        for link in links:
            self.network.cut(link)
        return bool(links)

    def _settle(self, ticks: int | None) -> None:
        """Liveness: all comes to rest, and stays so."""
        end = self.scheduler.now + self.options.settle
        quiet_since: int | None = None
        removals_told = False
        looked = -1000
        while ticks is None or self.scheduler.steps < ticks:
            if self.scheduler.now - looked >= 250:
                looked = self.scheduler.now
                why = self.checkers.unsettled()
                quiet_since = None if why else (quiet_since if quiet_since is not None else self.scheduler.now)
                if quiet_since is not None and self.scheduler.now - quiet_since >= QUIET:
                    if not removals_told:  # some came after the faults had stopped
                        removals_told, quiet_since = True, None
                        if self._end_links_of_removed():
                            continue
                    self._stay()
                    return self.checkers.at_rest()
            if not self.scheduler.step(end):
                raise Violation((why or "L4: never quiet")[:2], why or "never quiet")

    def _stay(self) -> None:
        """L4: at rest nothing happens but heartbeats; nobody is lost, nobody has to come back.

        Where the database was restored, lost log-ins show one by one, and the devices concerned sign in again.
        """
        connects, now = self.trace.counts["connects"], self.scheduler.now
        while self.scheduler.step(now + self.options.stay):
            pass
        while (why := self.checkers.unsettled()) is not None and self.checkers.restored:
            if not self.scheduler.step(now + self.options.stay + self.options.settle):
                break
        if why is None and self.trace.counts["connects"] != connects and not self.checkers.restored:
            why = "somebody connected again without a reason"
        if why is not None:
            raise Violation("L4", why)


def _ignore(_outcome: Outcome | None) -> None:
    """Nobody waits for this answer."""


def _without_token(text: str) -> str:
    """The trace shows frames; a token in one is shown as its length."""
    if '"token":"' not in text:
        return text
    head, _, rest = text.partition('"token":"')
    token, _, tail = rest.partition('"')
    return f'{head}"token":"({len(token)} letters)"{tail}'
