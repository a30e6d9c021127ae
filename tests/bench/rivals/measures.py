"""The measures by name: what is run, and how it stands to its goal."""

import http.client
import math
import re
from collections.abc import Callable
from typing import Final

from attrs import frozen

from tests.bench.rivals import runs
from tests.bench.rivals.contest import CHATS, CROWD, EVERYBODY, MARIADB, PEERS, ROOM, SQLITE, Contest
from tests.bench.rivals.figures import Goal, Rounds, ratio
from tests.bench.rivals.load import Load, Target
from tests.bench.rivals.logins import LogIns
from tests.bench.rivals.programs import Vestnik
from tests.bench.rivals.runs import Pace, cpu_a_delivery, cpu_a_message
from tests.bench.rivals.stopping import stopping
from tests.bench.rivals.stores import stored

IDLE: Final = 1000
IDLE_FIRST: Final = 100


def saturation(contest: Contest) -> None:
    """Persisted messages a second, and what a saturated room reads again from the database."""
    pace, before = contest.pace, {name: catch_up_reads(house) for name, house in contest.ours.items()}
    tries = {name: _saturated(target, pace) for name, target in contest.rooms().items()}
    series = contest.take(f"a room of {len(ROOM)}, 20 senders, window 5, each message committed", tries)
    rates = series.figures(lambda load: load.messages_s)
    contest.show("messages", "/s", rates)
    contest.show("processor time a delivery, saturated", "us", series.figures(cpu_a_delivery))
    contest.show("frame", "bytes", series.figures(lambda load: load.bytes_delivery))
    contest.beside("messages a second", rates, "FastAPI", "at least", 20)
    contest.beside("messages a second", rates, "ejabberd", "at least", 20)
    contest.beside("messages a second", rates, "practical limit", "at least", 0.5)
    for name, house in contest.ours.items():
        known, now = before[name], catch_up_reads(house)
        value = None if known is None or now is None else now - known
        note = "" if value is not None else "no such counter in /metrics"
        contest.judge(Goal(f"catch-up reads while saturated, {name}", value, "at most", 0, note))


def _saturated(target: Target, pace: Pace, window: int = runs.WINDOW) -> Callable[[], Load]:
    return lambda: runs.saturated(target, pace, window)


def _steady(target: Target, pace: Pace, rate: float = runs.RATE, people: int = 100) -> Callable[[], Load]:
    return lambda: runs.steady(target, pace, rate, people)


def steady(contest: Contest) -> None:
    """Latency and processor time where nobody is at their limit."""
    tries = {name: _steady(target, contest.pace) for name, target in contest.rooms().items()}
    series = contest.take("the same room at 100 messages a second", tries)
    p50, p99 = series.figures(lambda load: load.p50), series.figures(lambda load: load.p99)
    cpu = series.figures(cpu_a_delivery)
    contest.show("p50", "ms", p50)
    contest.show("p99", "ms", p99)
    contest.show("processor time a delivery", "us", cpu)
    for theirs in ("FastAPI", "ejabberd"):
        contest.beside("p50 at 100 messages a second", p50, theirs, "at most", 0.6)
        contest.beside("p99 at 100 messages a second", p99, theirs, "at most", 0.6)
        contest.beside("processor time a delivery", cpu, theirs, "at most", 0.4)


def fanout(contest: Contest) -> None:
    """Saturated fan-out. FastAPI stores nothing here, Vestnik stores every message."""
    tries: dict[str, Callable[[], Load]] = {}
    for name, peer in contest.peers.items():
        if peer.fanout is not None:
            tries[name] = _saturated(peer.fanout, contest.pace, 20)
    tries |= {name: _saturated(contest.room(house), contest.pace, 20) for name, house in contest.ours.items()}
    series = contest.take("fan-out, window 20; FastAPI without a database, Vestnik with all it does", tries)
    deliveries = series.figures(lambda load: load.deliveries_s)
    contest.show("deliveries", "/s", deliveries)
    contest.beside("deliveries a second", deliveries, "FastAPI", "at least", 5)


def idle(contest: Contest) -> None:
    """Memory of a connection that says nothing; once: what those take who come later is what the first ones left."""
    tries: dict[str, Callable[[], Load]] = {}
    for name, peer in contest.peers.items():
        if name == "FastAPI":
            tries[name] = _idle(peer.room)
    for name, house in contest.ours.items():
        tries[name] = _idle(house.target("idle", EVERYBODY, house.gathering.rooms[1:2]))
    series = contest.take(f"{IDLE:,} idle connections", tries, rounds=1)
    memory = series.figures(runs.kib_a_connection(IDLE_FIRST))
    contest.show("memory a connection", "KiB", memory)
    contest.beside("memory an idle connection", memory, "FastAPI", "at most", 0.8)


def _idle(target: Target) -> Callable[[], Load]:
    alone = Target(target.name, target.port, target.pids[:1], target.arguments)
    return lambda: runs.idle(alone, IDLE, IDLE_FIRST)


def members(contest: Contest) -> None:
    """Ten times the members: what one delivery costs."""
    house, rate = contest.ours[MARIADB], 20.0
    large = house.target("all", EVERYBODY, house.gathering.rooms[1:2])
    tries = {
        "100 members": _steady(contest.room(house), contest.pace, rate),
        "1,000 members": _steady(large, contest.pace, rate, len(EVERYBODY)),
    }
    series = contest.take("members, 20 messages a second", tries)
    cpu, p99 = series.figures(cpu_a_delivery), series.figures(lambda load: load.p99)
    contest.show("processor time a delivery, by members", "us", cpu)
    contest.show("p99, by members", "ms", p99)
    _within(contest, "cost a delivery, 1,000 members / 100", cpu, "1,000 members", "100 members")


def chats(contest: Contest) -> None:
    """The same messages, to one of the chats or to all 500 in turn."""
    house = contest.ours[MARIADB]
    many = house.gathering.rooms[-CHATS:]
    tries = {
        "1 chat": _steady(house.target("one", CROWD, many[:1]), contest.pace),
        "500 chats": _steady(house.target("many", CROWD, many), contest.pace),
    }
    cpu = contest.take("chats, 100 members each, 100 messages a second", tries).figures(cpu_a_message)
    contest.show("processor time a message, database included, by chats", "us", cpu)
    _within(contest, "cost a message, 500 chats / 1", cpu, "500 chats", "1 chat")


def _within(contest: Contest, what: str, rounds: Rounds, large: str, small: str) -> None:
    contest.judge(Goal(what, ratio(rounds, large, small), "at most", 1.3))


def page(contest: Contest) -> None:
    """The newest 50 messages over HTTP, each answer a query of the database."""
    tries: dict[str, Callable[[], Load]] = {}
    for name, peer in contest.peers.items():
        if peer.page is not None:
            runs.saturated(peer.room, Pace(1, 0.5, 0.1))  # so that there are 50
            tries[name] = _pages(peer.page, contest.pace)
    for name, house in contest.ours.items():
        runs.saturated(contest.room(house), Pace(1, 0.5, 0.1))
        tries[name] = _pages(house.page(ROOM, house.gathering.rooms[0]), contest.pace)
    series = contest.take("a page of 50 messages over HTTP, 10 connections", tries)
    answers = series.figures(lambda load: load.answers_s)
    contest.show("pages", "/s", answers)
    contest.beside("pages a second", answers, "FastAPI", "at least", 1)


def _pages(target: Target, pace: Pace) -> Callable[[], Load]:
    return lambda: runs.pages(target, pace)


def logins(contest: Contest) -> None:
    """Passwords are dear on purpose: what they do to those who chat."""
    house = contest.ours[MARIADB]
    names = [person.username for person in house.gathering.people[len(ROOM) :]]
    target = contest.room(house)
    answered: list[str] = []

    def beset() -> Load:
        with LogIns(house.program.port, names) as load:
            found = runs.steady(target, contest.pace)
        answered.append(load.summary())
        return found

    tries: dict[str, Callable[[], Load]] = {"quiet": _steady(target, contest.pace), "10 log-ins a second": beset}
    p99 = contest.take("100 messages a second, and log-ins", tries).figures(lambda load: load.p99)
    contest.show("p99, by log-ins", "ms", p99)
    print(f"  log-ins answered: {'; '.join(answered)}", flush=True)
    contest.judge(
        Goal("p99, with 10 log-ins a second / without", ratio(p99, "10 log-ins a second", "quiet"), "at most", 2)
    )


@frozen
class Measure:
    """`peers`: the programs beside Vestnik that it is about."""

    take: Callable[[Contest], None]
    peers: tuple[str, ...] = ()
    sqlite: bool = False


MEASURES: Final = {
    "saturated": Measure(saturation, PEERS, sqlite=True),
    "steady": Measure(steady, PEERS, sqlite=True),
    "fanout": Measure(fanout, ("FastAPI",), sqlite=True),
    "idle": Measure(idle, ("FastAPI",), sqlite=True),
    "page": Measure(page, ("FastAPI",), sqlite=True),
    "members": Measure(members),
    "chats": Measure(chats),
    "logins": Measure(logins),
    "stored": Measure(stored),
    "stop": Measure(stopping),
}
_ALONE: Final = {"stored", "stop"}
"""They start servers of their own."""
NEEDS: Final[dict[str, set[str]]] = {
    name: {measure for measure, what in MEASURES.items() if name in what.peers} for name in PEERS
} | {MARIADB: set(MEASURES) - _ALONE, SQLITE: {name for name, what in MEASURES.items() if what.sqlite}}


def catch_up_reads(house: Vestnik) -> float | None:
    """Pages that the server read from the database for connections with a gap, as /metrics counts them; None where
    there is no such counter."""
    connection = http.client.HTTPConnection("127.0.0.1", house.program.port, timeout=20)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    found = re.findall(r"^vestnik_catch_?up_reads(?:_total)?(?:\{[^}]*\})? (\S+)$", text, re.MULTILINE)
    return math.fsum(map(float, found)) if found else None
