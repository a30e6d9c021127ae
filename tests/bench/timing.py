"""Whether the time of an answer tells if there is such a person: `./just bench timing`.

Pairs of requests that are answered with the same words, one about an account that is there and one about none, in
random order, each from an address of its own. Printed: both distributions, and how often the one took longer than the
other. Goal: between 40 and 60 of 100 times, as for a thrown coin.

1. log-in with a wrong password.
2. a request for a new password, by people whose addresses are confirmed: their letters go to a mail server meanwhile.
3. registration of a name that is taken, and of a free one, with an invitation that is none.
"""

import argparse
import random
import sqlite3
import sys
import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Final

import httpx
import trio

from runtime.config import Secret, Settings
from tests.bench.logins import RealServer
from tests.bench.rivals.seeding import gather
from tests.smtp_server import smtp_server

LEAST, MOST = 0.40, 0.60
Ask = Callable[[httpx.AsyncClient, str], Awaitable[httpx.Response]]
_addresses: Final = count(1)


async def _log_in(http: httpx.AsyncClient, name: str) -> httpx.Response:
    return await http.post("/api/auth/login", json={"login": name, "password": "a wrong password"}, headers=_from())


async def _reset(http: httpx.AsyncClient, name: str) -> httpx.Response:
    return await http.post("/api/auth/reset", json={"login": name}, headers=_from())


async def _register(http: httpx.AsyncClient, name: str) -> httpx.Response:
    body = {"username": name, "password": "a long password", "display_name": name, "invite": "x" * 22}
    return await http.post("/api/auth/register", json=body, headers=_from())


def _from() -> dict[str, str]:
    number = next(_addresses)
    return {"X-Forwarded-For": f"198.18.{number // 250 % 250}.{number % 250 + 1}"}


TRIALS: Final[dict[str, Ask]] = {"log-in": _log_in, "new password": _reset, "invitation": _register}


def main() -> int:
    """Exit code 0 where nothing is told by any."""
    parser = argparse.ArgumentParser(prog="tests.bench.timing", description=__doc__)
    parser.add_argument("--pairs", type=int, default=200, help="of each kind (%(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return 0 if trio.run(_all, arguments.pairs, Path(folder)) else 1


async def _all(pairs: int, folder: Path) -> bool:
    database = folder / "vestnik.sqlite3"
    url = f"sqlite:///{database}"
    await gather(Settings(data_dir=folder, database_url=Secret(url)), pairs, [])
    with closing(sqlite3.connect(database)) as connection, connection:
        address = "username || '@example.org'"
        connection.execute(f"update users set email = {address}, email_key = {address}, email_verified = 1")
    good = True
    async with smtp_server(folder / "post") as post:
        options = {"proxy_hops": "1", "registration": "invite", **post.settings, "smtp_url": str(post.url)}
        async with (
            RealServer.on_free_port(folder, url, **options) as server,
            httpx.AsyncClient(base_url=server.url, timeout=30, verify=False) as http,
        ):
            for name, ask in TRIALS.items():
                good &= await _trial(name, ask, http, pairs)
        print(f"        {len(post.letters())} letters were sent", flush=True)
    return good


async def _trial(name: str, ask: Ask, http: httpx.AsyncClient, pairs: int) -> bool:
    there: list[float] = []
    nobody: list[float] = []
    answers = set[tuple[int, str]]()
    for number in range(pairs):
        turns = [(f"person{number}", there), (f"nobody{number}", nobody)]
        random.shuffle(turns)
        for login, seconds in turns:
            began = trio.current_time()
            answer = await ask(http, login)
            seconds.append(trio.current_time() - began)
            answers.add((answer.status_code, answer.json()["code"] if answer.content else ""))
    longer = _longer(there, nobody)
    good = len(answers) == 1 and LEAST <= longer <= MOST
    print(f"{'OK' if good else 'missed':8}{name}: {answers}; that of somebody took longer in {longer:.0%}", flush=True)
    print(f"        somebody {_told(there)}\n        nobody   {_told(nobody)}", flush=True)
    return good


def _longer(first: Sequence[float], second: Sequence[float]) -> float:
    """The probability that one of the first is above one of the second, ties counting half (Mann and Whitney's U)."""
    ordered = sorted(second)
    above = sum(bisect_left(ordered, one) + bisect_right(ordered, one) for one in first)
    return above / (2 * len(first) * len(second))


def _told(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    points = (
        (part, ordered[min(len(ordered) * part // 100, len(ordered) - 1)]) for part in (1, 10, 25, 50, 75, 90, 99)
    )
    return ", ".join(f"p{part} {1000 * value:.2f}" for part, value in points) + " ms"


if __name__ == "__main__":
    sys.exit(main())
