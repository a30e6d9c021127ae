"""Who takes part in a run, and what was found: figures, goals, troubles."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Literal

from attrs import define, evolve, field

from tests.bench.rivals.environment import Unavailable
from tests.bench.rivals.figures import Goal, Rounds, ratio, table
from tests.bench.rivals.load import Load, Target
from tests.bench.rivals.programs import Contestant, Vestnik, ejabberd_room, fastapi, limit, vestnik
from tests.bench.rivals.runs import Pace, Series, interleaved
from tests.mariadb_server import MariaDB

MARIADB: Final = "Vestnik on MariaDB"
SQLITE: Final = "Vestnik on SQLite"
ROOM: Final = range(100)
EVERYBODY: Final = range(1000)
CROWD: Final = range(1000, 1100)
"""The people of the many chats; they are in no other one."""
CHATS: Final = 500
Sense = Literal["at least", "at most"]
PEERS: Final = ("FastAPI", "ejabberd", "practical limit")


Needs = Mapping[str, set[str]]
"""Of each program the measures it takes part in."""


@define
class Contest:
    """`goals`, `figures` and `troubles` fill up as the measures are taken. `absent`: programs that could not be had,
    and why. `top`: messages in the largest store. Servers that a measure starts for itself end with `stack`."""

    pace: Pace
    mariadb: MariaDB
    folder: Path
    top: int
    stack: ExitStack
    ours: dict[str, Vestnik] = field(factory=dict)
    peers: dict[str, Contestant] = field(factory=dict)
    absent: dict[str, str] = field(factory=dict)
    goals: list[Goal] = field(factory=list)
    figures: dict[str, Rounds] = field(factory=dict)
    troubles: list[str] = field(factory=list)
    sound: bool = True
    """Whether Vestnik lost and refused nothing in the measure that was taken last."""

    @property
    def database_pid(self) -> int:
        """Of the MariaDB that all share."""
        return int((self.mariadb.folder / "pid").read_text())

    def start(self, name: str, people: int, rooms: list[range], *, sqlite: bool = False) -> Vestnik:
        """A server of ours on a fresh database with people and rooms, until the end of the run."""
        folder = self.folder / name.replace(" ", "-")
        url = f"sqlite:///{folder}/vestnik.sqlite3" if sqlite else self.mariadb.new_database()
        print(f"{name}: making {people} accounts and {len(rooms)} chats", flush=True)
        house = vestnik(name, url, folder, people, rooms, 0 if sqlite else self.database_pid)
        self.stack.callback(house.stop)
        return house

    def rooms(self) -> dict[str, Target]:
        """Of everybody the room of 100, in the order of the rounds."""
        theirs = {name: peer.room for name, peer in self.peers.items()}
        return theirs | {name: self.room(house) for name, house in self.ours.items()}

    def room(self, house: Vestnik) -> Target:
        """Our room of 100."""
        return house.target("room", ROOM, house.gathering.rooms[:1])

    def take(self, title: str, runs: Mapping[str, Callable[[], Load]], rounds: int | None = None) -> Series:
        """Run a measure, as often as all where no `rounds` are given, and remember what went wrong in it."""
        print(f"\n{title}", flush=True)
        series = interleaved(runs, rounds or self.pace.rounds)
        for trouble in series.troubles:
            print(f"  ! {trouble}", flush=True)
        self.sound = all(trouble.startswith(PEERS) for trouble in series.troubles)
        self.troubles += [f"{title}: {trouble}" for trouble in series.troubles]
        return series

    def show(self, title: str, unit: str, rounds: Rounds) -> None:
        """Print the figures and keep them."""
        self.figures[title] = rounds
        print(table(f"  {title}", rounds, unit), flush=True)

    def judge(self, goal: Goal) -> None:
        """Print it and keep it."""
        goal = evolve(goal, sound=goal.sound and self.sound)
        self.goals.append(goal)
        print(goal.line(), flush=True)

    def beside(self, what: str, rounds: Rounds, theirs: str, sense: Sense, bound: float) -> None:
        """A goal that is a ratio to another program."""
        note = f"no {theirs}: {self.absent[theirs]}" if theirs in self.absent else ""
        value = ratio(rounds, MARIADB, theirs)
        self.judge(Goal(f"{what}, Vestnik on MariaDB / {theirs}", value, sense, bound, note))


@contextmanager
def gathered(pace: Pace, mariadb: MariaDB, folder: Path, top: int, wanted: set[str], needs: Needs) -> Iterator[Contest]:
    """The programs that the wanted measures need, started; ended at the end."""
    with ExitStack() as stack:
        contest = Contest(pace, mariadb, folder, top, stack)
        makers: dict[str, Callable[[], Contestant]] = {
            "FastAPI": lambda: fastapi(mariadb, contest.database_pid, folder / "fastapi"),
            "ejabberd": lambda: ejabberd_room(mariadb, contest.database_pid, folder / "ejabberd"),
            "practical limit": lambda: limit(mariadb, contest.database_pid, folder / "limit"),
        }
        for name in PEERS:
            if not wanted & needs[name]:
                continue
            try:
                contest.peers[name] = makers[name]()
                stack.callback(contest.peers[name].program.stop)
            except Unavailable as error:
                contest.absent[name] = str(error)
                print(f"{name} does not take part: {error}", flush=True)
        people = CROWD.stop if "chats" in wanted else len(EVERYBODY) if wanted & {"idle", "members"} else 200
        rooms = [ROOM, EVERYBODY] if people >= len(EVERYBODY) else [ROOM]
        if wanted & needs[MARIADB]:
            contest.ours[MARIADB] = contest.start(MARIADB, people, rooms + [CROWD] * (CHATS * ("chats" in wanted)))
        if wanted & needs[SQLITE]:
            contest.ours[SQLITE] = contest.start(SQLITE, people, rooms, sqlite=True)
        yield contest
