"""Log-ins while many come at once, with real passwords: `./just bench logins`.

1. nine: so many people log in within two seconds. Goal: all are in within a minute, nobody sees an error.
2. guesses: wrong passwords for one account, from many addresses at once. Goal: its owner gets in within 2 s from where
   they logged in before, and within a minute from elsewhere.
3. accounts: one address asks for many new accounts. Goal: others log in within 2 s.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import trio
from attrs import define, field

from client.account import log_in, register
from client.exceptions import ChatError
from runtime.config import Secret, Settings
from tests.bench.rivals.seeding import PASSWORD, gather
from tests.faults.server_process import RealServerProcess

NINE_GOAL, KNOWN_GOAL, NEW_GOAL, OTHERS_GOAL = 60.0, 2.0, 60.0, 2.0
"""Seconds."""
ADDRESSES = 200


@define(eq=False)
class RealServer(RealServerProcess):
    """With the command that operators use, and so with hashes of the real cost."""

    def command(self) -> list[str]:
        words = super().command()
        words[words.index("tests.serving")] = "runtime.cli"
        return words


@define
class Trial:
    """What came of many log-ins: the seconds of those that got in, and how the others were refused."""

    seconds: list[float] = field(factory=list)
    refused: Counter[str] = field(factory=Counter)

    async def enter(self, http: httpx.AsyncClient, name: str, password: str, how: Any = log_in) -> None:
        """Try it, and take the time."""
        began = trio.current_time()
        try:
            await how(http, name, password)
        except ChatError as error:
            self.refused[str(error)] += 1
        else:
            self.seconds.append(trio.current_time() - began)

    def told(self) -> str:
        """One line."""
        ordered = sorted(self.seconds) or [float("inf")]
        return (
            f"{len(self.seconds)} in, median {ordered[len(ordered) // 2]:.1f} s, slowest {ordered[-1]:.1f} s; "
            f"refused: {dict(self.refused) or 'nobody'}"
        )


def main() -> int:
    """Exit code 0 where every goal is reached."""
    parser = argparse.ArgumentParser(prog="tests.bench.logins", description=__doc__)
    parser.add_argument("--people", type=int, default=200, help="who log in within two seconds (%(default)s)")
    parser.add_argument("--guesses", type=int, default=1000, help="wrong passwords (%(default)s)")
    parser.add_argument("--accounts", type=int, default=500, help="new accounts of one address (%(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return 0 if trio.run(_all, arguments, Path(folder)) else 1


async def _all(arguments: argparse.Namespace, folder: Path) -> bool:
    url = f"sqlite:///{folder / 'vestnik.sqlite3'}"
    await gather(Settings(data_dir=folder, database_url=Secret(url)), arguments.people, [])
    good = [
        await _with_server(folder, url, _nine, arguments.people),
        await _with_server(folder, url, _guesses, arguments.guesses),
        await _with_server(folder, url, _accounts, arguments.accounts),
    ]
    return all(good)


async def _with_server(folder: Path, url: str, trial: Callable[[str, int], Awaitable[bool]], count: int) -> bool:
    async with RealServer.on_free_port(folder, url, proxy_hops="1", limit_registrations="10") as server:
        return await trial(server.url, count)


@asynccontextmanager
async def _browser(url: str, address: str = "198.18.0.1") -> Any:
    headers = {"X-Forwarded-For": address}  # without certificates, which would cost more than all the rest
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=15, verify=False) as http:
        yield http


async def _nine(url: str, count: int) -> bool:
    trial = Trial()

    async def come(number: int) -> None:
        async with _browser(url) as http:
            await trio.sleep(2 * number / count)
            await trial.enter(http, f"person{number}", PASSWORD)

    async with trio.open_nursery() as nursery:
        for number in range(count):
            nursery.start_soon(come, number)
    return _judge("nine", trial, NINE_GOAL)


async def _guesses(url: str, count: int) -> bool:
    known, new, guesses = Trial(), Trial(), Trial()

    async def guess(address: int) -> None:
        async with _browser(url, f"198.18.1.{address}") as http:
            for number in range(count // ADDRESSES):
                await guesses.enter(http, "person0", f"wrong password {number}")

    async with _browser(url, "203.0.113.7") as home, _browser(url, "203.0.113.8") as elsewhere:
        await log_in(home, "person0", PASSWORD)
        async with trio.open_nursery() as nursery:
            for address in range(ADDRESSES):
                nursery.start_soon(guess, address)
            await trio.sleep(2)
            await known.enter(home, "person0", PASSWORD)
            await new.enter(elsewhere, "person0", PASSWORD)
            print(f"guesses: of {count} {guesses.refused.total()} were answered when the owner was in", flush=True)
            nursery.cancel_scope.cancel()
    good = _judge("guesses, from a known address", known, KNOWN_GOAL)
    return _judge("guesses, from a new address", new, NEW_GOAL) and good


async def _accounts(url: str, count: int) -> bool:
    others, accounts = Trial(), Trial()

    async def ask(number: int) -> None:
        async with _browser(url, "198.18.2.1") as http:
            await accounts.enter(http, f"new{number}", PASSWORD, register)

    async with trio.open_nursery() as nursery:
        for number in range(count):
            nursery.start_soon(ask, number)
        for number in range(5):
            async with _browser(url, f"203.0.113.{number + 1}") as http:
                await others.enter(http, f"person{number}", PASSWORD)
        nursery.cancel_scope.cancel()
    print(f"accounts: of {count}: {accounts.told()}", flush=True)
    return _judge("accounts", others, OTHERS_GOAL)


def _judge(name: str, trial: Trial, goal: float) -> bool:
    good = not trial.refused and max(trial.seconds, default=goal + 1) <= goal
    print(f"{'OK' if good else 'missed':8}{name}: {trial.told()} (goal: {goal:.0f} s)", flush=True)
    return good


if __name__ == "__main__":
    sys.exit(main())
