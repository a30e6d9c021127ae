"""Three people chat over real sockets while their links are cut; at the end all three logs must be equal.

Run it against a server: `python -m client.demo --url http://localhost:8000`.
"""

import argparse
import sys
import unicodedata
from contextlib import AsyncExitStack
from random import Random
from typing import Final

import httpx
import trio
from attrs import frozen

from chatproto.client.timing import Timing
from chatproto.wire.model import Message
from client.account import register
from client.connection import Client, connect
from client.exceptions import ChatError

PASSWORD: Final = "three people, one log"
PEOPLE: Final = ("Анна", "Ben", "נועה")
LIMIT: Final = 60.0
"""Seconds after which the demonstration has failed."""
WIDTH: Final = 64
"""Characters of a message that the printed transcript shows."""

LINES: Final = (
    "Привет! Кто уже на месте?",
    "Good morning 👋",
    "שלום לכולם, מה שלומכם?",
    "مرحبا، كيف الحال؟",
    "Семья: 👨‍👩‍👧‍👦, флаг: 🏳️‍🌈, кожа: 👍🏽",
    "first line\nsecond line\n\tthird, after a tab",
    "Ёлка, ещё, объём, подъезд",
    "a̐éö̲ combining marks, ﷽ and 𝕬𝖘𝖙𝖗𝖆𝖑 𓀀",
    "Отправляю длинное:",
    "mixed: abc אבג 123 معك",
    "100 % _really_ 'quoted' \"text\" \\ with <b>tags</b> & more",
    "До встречи 🚀",
)


@frozen
class Person:
    """Somebody in the demonstration."""

    name: str
    chat: Client


def main() -> int:
    """Exit code 0 where all three logs are equal, else 1."""
    parser = argparse.ArgumentParser(prog="client.demo", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", default="http://localhost:8000", help="the server; by default %(default)s")
    parser.add_argument("--seed", type=int, default=None, help="of the chosen lines and moments; random where absent")
    arguments = parser.parse_args()
    seed = Random().randrange(10**6) if arguments.seed is None else arguments.seed
    try:
        return trio.run(run, arguments.url, seed)
    except ChatError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


async def run(url: str, seed: int) -> int:
    """Let them talk, compare, print. Raises ChatError where the server refuses."""
    random = Random(seed)
    print(f"Three people talk over {url} (seed {seed}); their links are cut while they write.\n")
    async with AsyncExitStack() as stack:
        people = await _gather(url, random, stack)
        ids = {person.chat.user_id: person.name for person in people}
        chat_id = await people[0].chat.create_group("Вестник · demo", list(ids)[1:])
        with trio.move_on_after(LIMIT) as deadline:
            seqs: list[int] = []
            async with trio.open_nursery() as nursery:
                for person in people:
                    nursery.start_soon(_talk, person, chat_id, Random(random.random()), seqs)
            async with trio.open_nursery() as nursery:
                for person in people:
                    nursery.start_soon(person.chat.reached, chat_id, max(seqs))
        if deadline.cancelled_caught:
            print(f"not everything arrived within {LIMIT:.0f} s")
        return _compare(people, chat_id, ids, len(seqs))


async def _gather(url: str, random: Random, stack: AsyncExitStack) -> list[Person]:
    """Make an account for each and connect them; names are new each time, as the server may hold earlier ones."""
    people = []
    for number, name in enumerate(PEOPLE):
        async with httpx.AsyncClient(base_url=url, timeout=20) as http:
            username = f"demo{Random().randrange(10**12):012d}.{number}"
            await register(http, username, PASSWORD, name)
        timing = Timing(backoff_first=100, backoff_ceiling=500)
        entered = connect(url, username, PASSWORD, device="demo", whole_log=True, timing=timing, random=random)
        people.append(Person(name, await stack.enter_async_context(entered)))
    return people


async def _talk(person: Person, chat_id: int, random: Random, seqs: list[int]) -> None:
    """Say all the lines, with the link cut a few times on the way; keep the seqs that the server acknowledged."""
    lines = list(LINES)
    random.shuffle(lines)
    lines[random.randrange(len(lines))] = "длинно·" * 571 + "fin"  # 4,000 code points
    cuts = set(random.sample(range(1, len(lines)), 3))
    on_their_way = []
    for index, line in enumerate(lines):
        on_their_way.append(person.chat.enqueue(chat_id, line))
        await trio.sleep(random.uniform(0, 0.12))
        if index in cuts:
            person.chat.cut()
    for sending in on_their_way:
        seqs.append((await sending.ack()).seq or 0)


# --- the end ---


def _compare(people: list[Person], chat_id: int, names: dict[int, str], acked: int) -> int:
    logs = {person.name: [item for item in person.chat.log(chat_id)] for person in people}
    told = {
        name: [(item.seq, item.sender_id, item.content) for item in log if isinstance(item, Message)]
        for name, log in logs.items()
    }
    for person in people:
        _print_transcript(person, [item for item in logs[person.name] if isinstance(item, Message)], names)
    first = told[people[0].name]
    wrong = [name for name, log in told.items() if log != first or len(log) != acked]
    for name in wrong:
        missing = sorted(set(first) - set(told[name]))
        print(
            f"{name}: {len(told[name])} of {acked} messages; missing against the first: {[row[0] for row in missing]}"
        )
    if wrong:
        return 1
    links = sum(person.chat.links for person in people)
    print(f"{acked} messages, {links - len(people)} lost links: all three logs are equal")
    return 0


def _print_transcript(person: Person, messages: list[Message], names: dict[int, str]) -> None:
    print(f"── what {person.name} has {'─' * 40}")
    for message in messages:
        print(f"  {message.created_at:%H:%M:%S}  {_padded(names[message.sender_id])}  {_short(message.content or '')}")
    print()


def _short(text: str) -> str:
    """One line of the text; direction marks keep a right-to-left text from turning the line around."""
    shown = text.replace("\n", " ⏎ ").replace("\t", " → ")
    if len(shown) > WIDTH:
        shown = f"{shown[:WIDTH]}… ({len(text)} characters)"
    return f"\u2068{shown}\u2069"


def _padded(name: str) -> str:
    width = sum(not unicodedata.combining(character) for character in name)
    return f"\u2068{name}\u2069" + " " * max(0, 5 - width)


if __name__ == "__main__":
    sys.exit(main())
