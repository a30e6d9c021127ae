"""Messages are found by their words, on every store alike: what, by whom, in which order, and what never is."""

from datetime import timedelta
from random import Random
from typing import Any, Final

import pytest

from chatproto.operations import (
    Done,
    FindUnindexed,
    MessagesMatched,
    ReadUnindexed,
    SearchMessages,
    StoreIndex,
    UnindexedFound,
    UnindexedRead,
)
from chatproto.operations.indexed import spans_of
from chatproto.simulation.model_operations import perform
from chatproto.simulation.model_store import Store
from chatproto.wire.model import Message
from chatproto.wire.query import ANYTHING, read_query
from tests.storage.store_house import House, expect, refusal
from tests.storage.test_contract_files import add, send


async def index(house: House, *chat_ids: int, limit: int = 100) -> None:
    """Until nothing is lacking."""
    more = True
    while more:
        read = expect(UnindexedRead, await house.do(ReadUnindexed(chat_ids, limit)))
        more = bool(read.chats)
        if more:
            assert await house.do(StoreIndex(spans_of(read.chats))) == Done()


def asked(user_id: int, text: str, limit: int = 20, **fields: Any) -> SearchMessages:
    query = read_query(text)
    assert query is not None
    return SearchMessages(user_id, query, limit, **fields)


async def search(house: House, user_id: int, text: str, **fields: Any) -> MessagesMatched:
    return expect(MessagesMatched, await house.do(asked(user_id, text, **fields)))


async def texts(house: House, user_id: int, text: str, **fields: Any) -> list[str | None]:
    found = await search(house, user_id, text, **fields)
    assert found.complete
    return [match.message.content for match in found.matches]


@pytest.fixture(params=["tail", "index"])
def reached(request: pytest.FixtureRequest) -> bool:
    """Whether the index has reached the messages, or they are read from the end of the log."""
    return bool(request.param == "index")


async def test_words_are_found_in_all_their_forms(house: House, reached: bool) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    said = [
        "Встреча завтра в семь",
        "о встречах не говорим",
        "Ещё ёлка",
        "Running late, see docs.rs/trio",
        "naïve café",
        "snake_case_name",
        "to be or not to be",
        "Йод",
    ]
    for text in said:
        await house.send(chat, ann, text)
        house.wait(seconds=1)
    if reached:
        await index(house, chat)
    for query, numbers in (
        ("встречу", [1, 0]),
        ("встр", [1, 0]),
        ("ВСТРЕЧИ СЕМЬ", [0]),
        ("елки", [2]),
        ("ещё", [2]),
        ("run late", [3]),
        ("trio", [3]),
        ("naive", [4]),
        ("case", [5]),
        ("be", [6]),
        ("в", [0]),
        ("с", []),
        ('"to be"', [6]),
        ('"be to"', []),
        ('"встреча завтра" се', [0]),
        ('"встречи завтра"', []),
        ("иод", []),
        ("йо", [7]),
        ("встреча ёлка", []),
        ("%", None),
    ):
        if numbers is None:
            assert read_query(query) is None
        else:
            assert await texts(house, bob, query) == [said[number] for number in numbers], query
    (match,) = (await search(house, ann, "встреч говорить")).matches
    assert match.spans == ((2, 8), (14, 7))
    assert [user.id for user in (await search(house, ann, "run")).users] == [ann]


async def test_results_are_the_newest_first_in_pages(house: House, reached: bool) -> None:
    ann, bob, eve = await house.people(3)
    chats = [await house.direct(ann, bob), await house.direct(ann, eve), await house.group(ann, bob, eve)]
    for number in range(30):
        await house.send(chats[number * 7 % 3], ann, f"слово {number}")
        house.wait(seconds=1)
        if reached and number in (9, 28):
            await index(house, *chats, limit=4)
    pages, cursor = [], None
    while True:
        found = await search(house, ann, "слово", limit=7, cursor=cursor)
        pages.append([match.message.content for match in found.matches])
        cursor = found.next_place
        if cursor is None:
            break
    assert [len(page) for page in pages] == [7, 7, 7, 7, 2]
    assert [text for page in pages for text in page] == [f"слово {number}" for number in reversed(range(30))]
    assert len(await texts(house, bob, "слова", limit=50)) == 20


async def test_filters(house: House, reached: bool) -> None:
    ann, bob = await house.people(2)
    chat, other = await house.direct(ann, bob), await house.group(ann, bob)
    sent: list[Message] = []
    for place, author, text in (
        (chat, ann, "отчёт 1"),
        (chat, bob, "отчёт 2 на docs.rs/trio"),
        (other, bob, "отчёт 3"),
        (other, ann, "отчёт 4 `docs.rs/x`"),
    ):
        sent.append(await house.send(place, author, text))
        house.wait(hours=1)
    if reached:
        await index(house, chat, other)

    async def numbers(**fields: Any) -> list[int]:
        return [int((text or "")[6]) for text in await texts(house, ann, "отчет", **fields)]

    assert await numbers() == [4, 3, 2, 1]
    assert await numbers(chat_id=chat) == [2, 1]
    assert await numbers(sender_id=bob) == [3, 2]
    assert await numbers(has="link") == [2]
    assert await numbers(after=sent[1].created_at) == [4, 3, 2]
    assert await numbers(before=sent[1].created_at) == [1]
    assert await numbers(after=sent[1].created_at, before=sent[3].created_at, sender_id=bob) == [3, 2]
    assert refusal(await house.do(asked(ann, "отчёт", chat_id=99))) == "not_found"


async def test_what_has_files_is_found_by_them_and_by_their_names(house: House, reached: bool) -> None:
    ann, bob = await house.people(2)
    chat, other = await house.direct(ann, bob), await house.group(ann, bob)
    report = await add(house, ann, b"r", name="Отчёт_за_май.pdf", kind="application/pdf")
    photo = await add(house, ann, b"p", name="кот.jpg", kind="image/jpeg")
    both = [
        await add(house, bob, name.encode(), name=name, kind=kind) for name, kind in (("a", "image/png"), ("b", "x/y"))
    ]
    sent = [
        await send(house, chat, ann, report),
        await send(house, chat, ann, photo, text="смотри, какой"),
        await send(house, other, bob, *both, text="см. docs.rs/trio"),
        await house.send(chat, bob, "отчёты и кот"),
    ]
    gone = await send(house, chat, ann, photo, text="не тот кот")
    if reached:
        await index(house, chat, other)
    await house.changed(house.delete_of(chat, ann, gone.seq))

    async def found(text: str | None = None, **fields: Any) -> list[int]:
        query = ANYTHING if text is None else read_query(text)
        assert query is not None
        answer = expect(MessagesMatched, await house.do(SearchMessages(bob, query, 20, **fields)))
        assert answer.complete
        return [sent.index(match.message) for match in answer.matches]

    sent = [await house.message_at(bob, one.chat_id, one.seq) for one in sent]
    house.wait(seconds=1)
    for text, fields, numbers in (
        (None, {"has": "file"}, {0, 1, 2}),
        (None, {"has": "image"}, {1, 2}),
        (None, {"has": "link"}, {2}),
        (None, {"has": "file", "chat_id": chat}, {0, 1}),
        (None, {"has": "image", "sender_id": ann}, {1}),
        (None, {"sender_id": bob}, {2, 3}),
        ("отчета", {}, {0, 3}),
        ("отчет", {"has": "file"}, {0}),
        ("мая pdf", {}, {0}),
        ("какой кот", {}, {1}),
        ("кот смо", {}, {1}),
        ("смотри ко", {}, {1}),
        ('"отчёт за" pdf', {}, {0}),
        ('"кот какой"', {}, set[int]()),
        ("jpg", {"has": "image"}, {1}),
    ):
        assert set(await found(text, **fields)) == numbers, (text, fields)
    match = next(iter((await search(house, ann, "какой кот")).matches))
    assert match.spans == ((8, 5),), "the name of a file has no place in the text"


async def test_nothing_is_found_of_what_one_may_not_see(house: House, reached: bool) -> None:
    ann, bob, eve, dan = await house.people(4)
    chat = await house.group(ann, bob)
    old = await house.send(chat, ann, "тайна первая")
    kept = await house.send(chat, ann, "тайна вторая")
    await house.change("add", chat, ann, eve, history="none")
    seen = await house.send(chat, bob, "тайна третья")
    if reached:
        await index(house, chat)
    await house.change("remove", chat, ann, bob)
    await house.send(chat, ann, "тайна четвёртая")
    if reached:
        await index(house, chat)
    assert await texts(house, dan, "тайна") == []
    assert refusal(await house.do(asked(dan, "тайна", chat_id=chat))) == "not_found"
    assert await texts(house, eve, "тайна") == ["тайна четвёртая", "тайна третья"]
    assert await texts(house, bob, "тайна") == ["тайна третья", "тайна вторая", "тайна первая"]
    await house.changed(house.edit_of(chat, ann, kept.seq, "правда"))
    await house.changed(house.delete_of(chat, ann, old.seq))
    assert await texts(house, bob, "тайна") == ["тайна третья"], "edited and deleted since"
    assert await texts(house, bob, "правда") == [], "written since"
    assert await texts(house, ann, "тайны") == ["тайна четвёртая", "тайна третья"]
    assert await texts(house, ann, "правды") == ["правда"]
    (match,) = (await search(house, bob, "третью")).matches
    assert match.message == await house.message_at(bob, chat, seen.seq)


async def test_no_cursor_tells_what_was_edited_after_one_left(house: House, reached: bool) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    before = await house.send(chat, ann, "тайна")
    await house.changed(house.edit_of(chat, ann, before.seq, "правда раньше"))
    hidden = [await house.send(chat, ann, text) for text in ("правда", "тайна", "ложь")]
    await house.send(chat, bob, "правда моя")
    await house.change("remove", chat, ann, bob)
    for message, text in zip(hidden, ("ложь", "правда", "правда"), strict=True):
        await house.changed(house.edit_of(chat, ann, message.seq, text))
    if reached:
        await index(house, chat)
    first = await search(house, bob, "правда", limit=1)
    assert [match.message.content for match in first.matches] == ["правда моя"]
    second = await search(house, bob, "правда", limit=1, cursor=first.next_place)
    assert [match.message.content for match in second.matches] == ["правда раньше"]
    assert second.next_place is None, "the two that it does not tell are not counted either"


async def test_a_hit_names_its_reader_among_many_who_reacted(house: House) -> None:
    ann, *others = await house.people(23)
    chat = await house.group(ann, *others)
    message = await house.send(chat, ann, "слово")
    for user_id in others:
        await house.changed(house.react_of(chat, user_id, message.seq, "🔥"))
    for user_id, own in ((ann, ()), (others[-1], (others[-1],))):
        (match,) = (await search(house, user_id, "слово")).matches
        assert match.message == await house.message_at(user_id, chat, message.seq)
        assert match.message.reactions[0].user_ids[20:] == own


async def test_a_change_while_a_span_is_put_into_the_index_is_not_lost(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    for number in range(4):
        await house.send(chat, ann, f"раз {number}")
    (read,) = expect(UnindexedRead, await house.do(ReadUnindexed((chat,), 9))).chats
    await house.changed(house.edit_of(chat, ann, 2, "два"))
    await house.changed(house.delete_of(chat, ann, 3))
    span = StoreIndex(spans_of((read,)))
    for _ in range(2):  # by two processes
        assert await house.do(span) == Done()
        await index(house, chat)
        assert await texts(house, bob, "раз") == ["раз 3", "раз 0"]
        assert await texts(house, bob, "два") == ["два"]
    assert expect(UnindexedFound, await house.do(FindUnindexed(0, 9))) == UnindexedFound((), None)
    await house.send(chat, ann, "три")
    assert expect(UnindexedFound, await house.do(FindUnindexed(0, 1))) == UnindexedFound((chat,), chat)
    assert expect(UnindexedFound, await house.do(FindUnindexed(chat, 1))) == UnindexedFound((), None)


WORDS: Final = [
    *("встреча", "встречи", "встречу", "отчёт", "отчёта", "отчётах", "в", "и", "не", "город", "города", "городской"),
    *("run", "runs", "running", "meeting", "meetings", "the", "to", "ёж", "ежи", "https://a.example", "docs.rs"),
    *("foo_bar", "naïve", "42", "4", "день", "дня"),
]


async def test_every_store_finds_what_the_model_finds(house: House) -> None:
    """Random texts, changes and queries, on the store and on a model beside it; ids may differ, a server gives them
    again only in a new database."""
    random = Random(7)
    model = House(_Model(Store("model")))
    houses, people, chats = (house, model), list[list[int]](), list[list[int]]()
    for one in houses:
        ids = [await one.user(f"u{number}") for number in range(3)]
        people.append(ids)
        chats.append([await one.group(*ids), await one.direct(*ids[:2]), await one.group(*ids[1:])])
    members = [[0, 1, 2], [0, 1], [1, 2]]
    sent: list[tuple[int, int, int]] = []
    for step in range(120):
        chat = random.randrange(3)
        author, text = random.choice(members[chat]), " ".join(random.choices(WORDS, k=random.randint(1, 6)))
        for one, ids, places in zip(houses, people, chats, strict=True):
            seq = (await one.send(places[chat], ids[author], text)).seq
        sent.append((chat, author, seq))
        model.now = house.wait(seconds=random.choice((0, 1, 100)))
        if step % 40 == 30:
            await index(house, *chats[0], limit=23)
        if random.random() < 0.15:
            chat, author, seq = sent.pop(random.randrange(len(sent)))
            for one, ids, places in zip(houses, people, chats, strict=True):
                if author in members[chat]:
                    edit = one.edit_of(places[chat], ids[author], seq, f"{text} день")
                    await one.changed(one.delete_of(places[chat], ids[author], seq) if step % 2 else edit)
        if step == 75:
            members[0] = [0, 1]
            for one, ids, places in zip(houses, people, chats, strict=True):
                await one.change("remove", places[0], ids[0], ids[2])
    for _ in range(25):
        words = random.choices(WORDS, k=random.randint(1, 3))
        text = f'"{words[0]} {words[-1]}"' if random.random() < 0.2 else " ".join(words)[: random.randint(2, 30)]
        if read_query(text) is None:
            continue
        limit, has, within = random.choice((3, 50)), random.choice((None, None, "link")), random.choice((None, 1))
        sender, after = random.choice((None, None, 1)), random.choice((None, house.now - timedelta(seconds=2000)))
        for user in range(3):
            found = []
            for one, ids, places in zip(houses, people, chats, strict=True):
                fields: dict[str, Any] = {"limit": limit, "has": has, "after": after}
                fields["chat_id"] = None if within is None or user == 2 else places[within]
                fields["sender_id"] = None if sender is None else ids[sender]
                matched = await _all(one, ids[user], text, fields)
                found.append([(places.index(chat_id), *rest) for chat_id, *rest in matched])
            assert found[0] == found[1], (text, user, fields)


async def _all(house: House, user_id: int, text: str, fields: dict[str, Any]) -> list[tuple[Any, ...]]:
    """All pages of a search."""
    found, cursor = [], None
    for _ in range(200):
        outcome = await search(house, user_id, text, cursor=cursor, **fields)
        found += [(match.message.chat_id, match.message.seq, match.spans) for match in outcome.matches]
        cursor = outcome.next_place
        if cursor is None:
            break
    return found


class _Model:
    """The model as a store, without a checkpoint between."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def perform(self, operation: Any) -> Any:
        return perform(self._store, operation)

    async def check(self) -> str | None:
        return None

    async def aclose(self) -> None:
        return None
