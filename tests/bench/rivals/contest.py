"""One run: starts the programs, takes the measures, and says how they stand to the goals."""

import http.client
import math
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Protocol

from attrs import define, field, frozen

from tests.bench.rivals import measures
from tests.bench.rivals.environment import Unavailable
from tests.bench.rivals.figures import Goal, Rounds, ratio, table
from tests.bench.rivals.load import Load, Target
from tests.bench.rivals.logins import LogIns
from tests.bench.rivals.measures import Pace, Series, cpu_a_delivery, interleaved
from tests.bench.rivals.programs import Contestant, Vestnik, ejabberd_room, fastapi, limit, vestnik
from tests.mariadb import MariaDB

MARIADB: Final = "Vestnik on MariaDB"
SQLITE: Final = "Vestnik on SQLite"
ROOM: Final = range(100)
EVERYBODY: Final = range(1000)
CROWD: Final = range(100, 200)
"""The people of the 500 chats; they are in no other room but the one of all."""
CHATS: Final = 500
IDLE: Final = 1000
IDLE_FIRST: Final = 100


class Taken(Protocol):
    """A measure: what it found is printed and judged by the contest that calls it."""

    def __call__(self, contest: "Contest") -> None: ...


@define
class Contest:
    """Who takes part. `goals` and `tables` fill up as the measures are taken; `absent`: programs that could not be
    had, and why."""

    pace: Pace
    ours: dict[str, Vestnik] = field(factory=dict)
    peers: dict[str, Contestant] = field(factory=dict)
    absent: dict[str, str] = field(factory=dict)
    goals: list[Goal] = field(factory=list)
    figures: dict[str, Rounds] = field(factory=dict)
    troubles: list[str] = field(factory=list)

    def rooms(self) -> dict[str, Target]:
        """Of everybody the room of 100, in the order of the rounds."""
        theirs = {name: peer.room for name, peer in self.peers.items()}
        return theirs | {name: self.room(house) for name, house in self.ours.items()}

    def room(self, house: Vestnik) -> Target:
        """Our room of 100."""
        return house.target("room", ROOM, house.gathering.rooms[:1])

    def take(self, title: str, runs: dict[str, Callable[[], Load]]) -> Series:
        """Run a measure and remember what went wrong in it."""
        print(f"\n{title}", flush=True)
        series = interleaved(runs, self.pace.rounds)
        for trouble in series.troubles:
            print(f"  ! {trouble}", flush=True)
        self.troubles += [f"{title}: {trouble}" for trouble in series.troubles]
        return series

    def show(self, title: str, unit: str, rounds: Rounds) -> None:
        """Print the figures and keep them."""
        self.figures[title] = rounds
        print(table(f"  {title}", rounds, unit), flush=True)

    def judge(self, goal: Goal) -> None:
        """Print it and keep it."""
        self.goals.append(goal)
        print(goal.line(), flush=True)

    def beside(self, what: str, rounds: Rounds, theirs: str, sense: str, bound: float) -> None:
        """A goal that is a ratio to another program."""
        note = f"no {theirs}: {self.absent[theirs]}" if theirs in self.absent else ""
        value = ratio(rounds, MARIADB, theirs)
        self.judge(Goal(f"{what}, Vestnik on MariaDB / {theirs}", value, sense, bound, note))  # type: ignore[arg-type]


@contextmanager
def gathered(pace: Pace, mariadb: MariaDB, database_pid: int, folder: Path, wanted: set[str]) -> Iterator[Contest]:
    """All programs that the wanted measures need, started; ended at the end."""
    contest = Contest(pace)
    with ExitStack() as stack:
        makers: dict[str, Callable[[], Contestant]] = {
            "FastAPI": lambda: fastapi(mariadb, database_pid, folder / "fastapi"),
            "ejabberd": lambda: ejabberd_room(mariadb, database_pid, folder / "ejabberd"),
            "practical limit": lambda: limit(mariadb, database_pid, folder / "limit"),
        }
        for name, make in makers.items():
            if not wanted & NEEDS[name]:
                continue
            try:
                contest.peers[name] = make()
                stack.callback(contest.peers[name].program.stop)
            except Unavailable as error:
                contest.absent[name] = str(error)
                print(f"{name} does not take part: {error}", flush=True)
        people = len(EVERYBODY) if wanted & {"idle", "members", "chats"} else 200
        rooms = [ROOM, *([EVERYBODY] if "members" in wanted else []), *([CROWD] * CHATS if "chats" in wanted else [])]
        if wanted & NEEDS[MARIADB]:
            print(f"making {people} accounts and {len(rooms)} chats", flush=True)
            house = vestnik(MARIADB, mariadb.new_database(), folder / "mariadb", people, rooms, database_pid)
            contest.ours[MARIADB] = house
            stack.callback(house.stop)
        if wanted & NEEDS[SQLITE]:
            url = f"sqlite:///{folder}/vestnik.sqlite3"
            house = vestnik(SQLITE, url, folder / "sqlite", people, rooms[:1], 0)
            contest.ours[SQLITE] = house
            stack.callback(house.stop)
        yield contest


# --- measures ---


def saturation(contest: Contest) -> None:
    """Persisted messages a second, and what a saturated room reads again from the database."""
    pace, before = contest.pace, {name: catch_up_reads(house) for name, house in contest.ours.items()}
    runs = {name: _saturated(target, pace) for name, target in contest.rooms().items()}
    series = contest.take(f"a room of {len(ROOM)}, 20 senders, window 5, each message committed", runs)
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


def _saturated(target: Target, pace: Pace, window: int = measures.WINDOW) -> Callable[[], Load]:
    return lambda: measures.saturated(target, pace, window)


def _steady(target: Target, pace: Pace, rate: float = measures.RATE, people: int = 100) -> Callable[[], Load]:
    return lambda: measures.steady(target, pace, rate, people)


def steady(contest: Contest) -> None:
    """Latency and processor time where nobody is at their limit."""
    runs = {name: _steady(target, contest.pace) for name, target in contest.rooms().items()}
    series = contest.take("the same room at 100 messages a second", runs)
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
    runs: dict[str, Callable[[], Load]] = {}
    for name, peer in contest.peers.items():
        if peer.fanout is not None:
            runs[name] = _saturated(peer.fanout, contest.pace, 20)
    runs |= {name: _saturated(contest.room(house), contest.pace, 20) for name, house in contest.ours.items()}
    series = contest.take("fan-out, window 20; FastAPI without a database, Vestnik with all it does", runs)
    deliveries = series.figures(lambda load: load.deliveries_s)
    contest.show("deliveries", "/s", deliveries)
    contest.beside("deliveries a second", deliveries, "FastAPI", "at least", 5)


def idle(contest: Contest) -> None:
    """Memory of a connection that says nothing."""
    runs: dict[str, Callable[[], Load]] = {}
    for name, peer in contest.peers.items():
        if name == "FastAPI":
            runs[name] = _idle(peer.room)
    for name, house in contest.ours.items():
        runs[name] = _idle(house.target("idle", EVERYBODY, house.gathering.rooms[:1]))
    series = contest.take(f"{IDLE} idle connections", runs)
    memory = series.figures(measures.kib_a_connection(IDLE_FIRST))
    contest.show("memory a connection", "KiB", memory)
    contest.beside("memory an idle connection", memory, "FastAPI", "at most", 0.8)


def _idle(target: Target) -> Callable[[], Load]:
    alone = Target(target.name, target.port, target.pids[:1], target.arguments)
    return lambda: measures.idle(alone, IDLE, IDLE_FIRST)


def members(contest: Contest) -> None:
    """Ten times the members: what one delivery costs."""
    house, rate = contest.ours[MARIADB], 20.0
    large = house.target("all", EVERYBODY, house.gathering.rooms[1:2])
    runs = {
        "100 members": _steady(contest.room(house), contest.pace, rate),
        "1,000 members": _steady(large, contest.pace, rate, len(EVERYBODY)),
    }
    cpu = contest.take("members, 20 messages a second", runs).figures(cpu_a_delivery)
    contest.show("processor time a delivery", "us", cpu)
    _within(contest, "cost a delivery, 1,000 members / 100", cpu, "1,000 members", "100 members")


def chats(contest: Contest) -> None:
    """The same messages, to one of the chats or to all 500 in turn."""
    house = contest.ours[MARIADB]
    many = house.gathering.rooms[-CHATS:]
    runs = {
        "1 chat": _steady(house.target("one", CROWD, many[:1]), contest.pace),
        "500 chats": _steady(house.target("many", CROWD, many), contest.pace),
    }
    cpu = contest.take("chats, 100 members each, 100 messages a second", runs).figures(measures.cpu_a_message)
    contest.show("processor time a message, database included", "us", cpu)
    _within(contest, "cost a message, 500 chats / 1", cpu, "500 chats", "1 chat")


def _within(contest: Contest, what: str, rounds: Rounds, large: str, small: str) -> None:
    contest.judge(Goal(what, ratio(rounds, large, small), "at most", 1.3))


def page(contest: Contest) -> None:
    """The newest 50 messages over HTTP, each answer a query of the database."""
    runs: dict[str, Callable[[], Load]] = {}
    for name, peer in contest.peers.items():
        if peer.page is not None:
            measures.saturated(peer.room, Pace(1, 0.5, 0.1))  # so that there are 50
            runs[name] = _pages(peer.page, contest.pace)
    for name, house in contest.ours.items():
        measures.saturated(contest.room(house), Pace(1, 0.5, 0.1))
        runs[name] = _pages(house.page(ROOM, house.gathering.rooms[0]), contest.pace)
    series = contest.take("a page of 50 messages over HTTP, 10 connections", runs)
    answers = series.figures(lambda load: load.answers_s)
    contest.show("pages", "/s", answers)
    contest.beside("pages a second", answers, "FastAPI", "at least", 1)


def _pages(target: Target, pace: Pace) -> Callable[[], Load]:
    return lambda: measures.pages(target, pace)


def logins(contest: Contest) -> None:
    """Passwords are dear on purpose: what they do to those who chat."""
    house = contest.ours[MARIADB]
    names = [person.username for person in house.gathering.people[len(ROOM) :]]
    target = contest.room(house)
    answered: list[str] = []

    def beset() -> Load:
        with LogIns(house.program.port, names) as load:
            found = measures.steady(target, contest.pace)
        answered.append(load.summary())
        return found

    runs: dict[str, Callable[[], Load]] = {"quiet": _steady(target, contest.pace), "10 log-ins a second": beset}
    p99 = contest.take("100 messages a second, and log-ins", runs).figures(lambda load: load.p99)
    contest.show("p99", "ms", p99)
    print(f"  log-ins answered: {'; '.join(answered)}", flush=True)
    contest.judge(
        Goal("p99, with 10 log-ins a second / without", ratio(p99, "10 log-ins a second", "quiet"), "at most", 2)
    )


@frozen
class Measure:
    """`peers`: the programs beside Vestnik that it is about."""

    take: Taken
    peers: tuple[str, ...] = ()
    sqlite: bool = False


MEASURES: Final = {
    "saturated": Measure(saturation, ("FastAPI", "ejabberd", "practical limit"), sqlite=True),
    "steady": Measure(steady, ("FastAPI", "ejabberd", "practical limit"), sqlite=True),
    "fanout": Measure(fanout, ("FastAPI",), sqlite=True),
    "idle": Measure(idle, ("FastAPI",), sqlite=True),
    "page": Measure(page, ("FastAPI",), sqlite=True),
    "members": Measure(members),
    "chats": Measure(chats),
    "logins": Measure(logins),
}
NEEDS: Final[dict[str, set[str]]] = {
    name: {measure for measure, what in MEASURES.items() if name in what.peers}
    for name in ("FastAPI", "ejabberd", "practical limit")
} | {MARIADB: set(MEASURES), SQLITE: {name for name, what in MEASURES.items() if what.sqlite}}


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
