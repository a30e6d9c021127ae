"""Searches in many chats, where words are common and few candidates are listed: every page is what the texts tell."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import pytest
from msgspec import structs

from chatproto.operations import AppendBatch, Appended, BatchAppended, MessagesMatched, SearchMessages
from chatproto.operations.search import has_what
from chatproto.wire.model import Message
from chatproto.wire.query import ANYTHING, Query, matches, read_query
from tests.storage.store_house import House, expect
from tests.storage.test_contract_files import add, send
from tests.storage.test_contract_search import index

CHATS: Final = 40
SAID: Final = (
    *(
        "погода",
        "погоды",
        "погодка",
        "погост",
        "погоста",
        "погостами",
        "погостить",
        "пол",
        "город",
        "городской",
        "и",
        "в",
    ),
    *("run", "running", "docs.rs/trio", "https://a.example", "42"),
)
"""What many say; the further to the left, the more of them."""
BEGUN: Final = ("по", "пог", "погос", "погод", "щу", "вс", "вст", "ru", "пол", "го", "погость")
RARE: Final = ("щука", "щуки", "погостье", "полка", "running_late", "встреча", "встречами")


async def test_all_pages_are_told_however_common_words_are(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """In many chats with few candidates that are listed, so that words and beginnings are looked up in each chat, in
    the newest messages, and before a moment; each page is what the texts themselves tell."""
    monkeypatch.setattr("storage.transactions.listed.LISTED", 30)
    monkeypatch.setattr("storage.transactions.listed.COUNTED", 90)
    monkeypatch.setattr("storage.transactions.listed._FEW", 10)
    random = Random(11)
    ann, bob, eve = people = await house.people(3)
    chats = [await house.group(ann, *(people[1:] if number % 2 else [eve])) for number in range(CHATS)]
    said = await _say(house, random, chats, people)
    left = dict.fromkeys(chats[1:8:4], len(said))
    for chat in left:
        await house.change("remove", chat, ann, bob)
    said += await _say(house, random, chats, [ann], 150)
    await index(house, *chats[:9], *chats[12:], limit=600)
    said += await _say(house, random, chats, [ann], 30)
    for one in random.sample([one for one in said if one.sender_id != bob], 25):
        await house.changed(house.delete_of(one.chat_id, one.sender_id, one.seq))
        said[said.index(one)] = structs.replace(one, content=None, attachments=())
    for number in range(100):
        user, fields = random.choice((ann, ann, bob)), _fields(random, said, people, words=number % 5 < 2)
        query = read_query(text := _words(random, number)) or ANYTHING
        if query is ANYTHING and fields["sender_id"] is fields["has"] is None:
            fields["has"] = "link"
        seen = range(len(said)) if user == ann else [
            place for place, one in enumerate(said)
            if one.chat_id in chats[1::2] and place < left.get(one.chat_id, len(said))
        ]  # fmt: skip
        fitting = sorted(
            (said[place] for place in seen if _fits(query, said[place], **fields)), key=_place, reverse=True
        )
        found, cursor, limit = list[Message](), None, random.choice((5, 20, 200))
        for page in range(4):
            asked = SearchMessages(user, query, limit, cursor=cursor, **fields)
            outcome = expect(MessagesMatched, await house.do(asked))
            found += [match.message for match in outcome.matches]
            cursor = outcome.next_place
            told = list(map(_place, found)), list(map(_place, fitting[: len(found)])), outcome.complete
            assert told == (told[1], told[1], True), (text, fields, page)
            assert len(outcome.matches) <= limit and (cursor is not None or len(found) == len(fitting)), (text, fields)
            if cursor is None:
                break


async def _say(
    house: House, random: Random, chats: Sequence[int], people: Sequence[int], count: int = 1000
) -> list[Message]:
    """Many in few of the chats, so that there are entries that tell the time, and a few in each of the others."""
    said: list[Message] = []
    while len(said) < count:
        chat, commands = random.choice(chats[:4] if random.random() < 0.6 else chats), []
        for _ in range(random.randint(1, 40)):
            words = [SAID[int(len(SAID) * random.random() ** 2)] for _ in range(random.randint(1, 4))]
            words += [random.choice(RARE)] * (random.random() < 0.03)
            house.wait(seconds=random.choice((0, 1, 40, 600)))
            author = random.choice(people if chats.index(chat) % 2 else people[::2])
            commands.append(house.message(chat, author, " ".join(words)))
        outcomes = expect(BatchAppended, await house.do(AppendBatch(chat, tuple(commands)))).outcomes
        said += [item for outcome in outcomes for item in expect(Appended, outcome).items if isinstance(item, Message)]
        if random.random() < 0.2:
            kind = random.choice(("image/png", "text/plain"))
            file = await add(house, people[0], house.cid().encode(), name="погода.png", kind=kind)
            said.append(await send(house, chat, people[0], file))
    return said


def _words(random: Random, number: int) -> str:
    """Words, the beginning of one alone or behind others, and no word at all."""
    words = random.choices((*SAID, *RARE), k=random.choice((1, 1, 2, 3)))
    match number % 5:
        case 0 | 1:
            return words[0][: random.choice((1, 2, 2, 3, 4, 5))] if number % 2 else random.choice(BEGUN)
        case 2:
            words[-1] = words[-1][: random.randint(1, 6)]
        case 3:
            words = words if number % 2 else ["%"]
        case _:
            words.append("")
    return " ".join(words)


def _fields(random: Random, said: Sequence[Message], people: Sequence[int], *, words: bool) -> dict[str, Any]:
    """`words`: and no others than of time."""
    early, late = sorted(random.choice(said).created_at for _ in range(2))
    return {
        "before": late + random.choice((timedelta(0), timedelta(microseconds=1))) if random.random() < 0.5 else None,
        "after": early if random.random() < 0.3 else None,
        "sender_id": random.choice(people) if random.random() < 0.2 and not words else None,
        "has": random.choice(("file", "image", "link")) if random.random() < 0.2 and not words else None,
    }


def _fits(query: Query, one: Message, *, before: Any, after: Any, sender_id: Any, has: Any) -> bool:
    return (
        one.content is not None
        and matches(query, one.content, [file.name for file in one.attachments]) is not None
        and has_what(has, one.content, one.attachments)
        and (before is None or one.created_at < before)
        and (after is None or one.created_at >= after)
        and sender_id in (None, one.sender_id)
    )


def _place(one: Message) -> tuple[datetime, int, int]:
    return one.created_at, one.chat_id, one.seq
