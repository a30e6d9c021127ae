"""Messages and the read mark (docs/protocol.md sections 2 and 3 over HTTP)."""

import socket
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import trio
from attrs import evolve

from chatproto.operations import AppendBatch, OutcomeUnknown
from chatproto.wire.limits import Limits
from tests.server.answers import code_of, fields_of
from tests.server.conftest import OpenHouse
from tests.server.house import House, Person


@pytest.fixture
async def pair(house: House) -> tuple[House, Person, Person, int]:
    """Two people with a direct chat."""
    anna, boris = await house.register("anna"), await house.register("boris")
    return house, anna, boris, await anna.direct(boris)


Pair = tuple[House, Person, Person, int]


def path(chat: int) -> str:
    return f"/api/chats/{chat}/messages"


# --- send ------------------------------------------------------------------------------------------------------


async def test_send(pair: Pair) -> None:
    _, anna, boris, chat = pair
    answer = await anna.post(path(chat), {"content": "Привет 👋", "sender_id": boris.id, "seq": 9, "created_at": "x"})
    assert answer.status_code == 201
    message = answer.json()
    assert (message["seq"], message["sender_id"], message["content"]) == (1, anna.id, "Привет 👋")
    assert message["attachments"] == [] and message["reactions"] == [] and message["is_read"] is False
    assert not message["deleted"] and message["cid"] and message["created_at"].endswith("Z")
    reply = await boris.send(chat, "и тебе", reply_to=1)
    assert (reply["seq"], reply["reply_to"]) == (2, 1)
    assert (await boris.get(path(chat))).json()["messages"] == [message, reply]


async def test_addresses_that_people_name_are_not_fetched(house_at: OpenHouse) -> None:
    """O17. Whoever names an address of the server's own network learns nothing, and makes it ask nobody."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with house_at(env="development") as house:
            anna, boris = await house.register("anna"), await house.register("boris")
            assert (await anna.patch("/api/auth/me", {"avatar_url": f"{address}/a.png"})).status_code == 200
            sent = await anna.send(await anna.direct(boris), f"{address}/page ![look]({address}/b.png)")
            assert (await boris.get(f"/api/users/{anna.id}")).status_code == 200
            assert (await boris.get(path(sent["chat_id"]))).status_code == 200
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize(
    "text",
    ["😀", "😁", "👩‍👩‍👧‍👦", "𠜎𠜱", "a" + "\u0301" * 500, "\u202egpj.exe\u202c", "  kept  ", "\r\n\ttabs\n",
     "x" * 4000, "ё" * 4000, "e\u0301 is not é", "\ufeff bom inside", "<b>&amp;</b>", "\x7f\x85 C1"],
)  # fmt: skip
async def test_texts_are_stored_byte_exact(pair: Pair, text: str) -> None:
    _, anna, boris, chat = pair
    sent = await anna.send(chat, text)
    page = (await boris.get(path(chat))).json()
    assert sent["content"] == text == page["messages"][0]["content"]


@pytest.mark.parametrize(
    ("content", "code"),
    [("", "empty_content"), (" \n\t", "empty_content"), ("\u200b\u200d\ufeff", "empty_content"),
     ("\u3164\u2800", "empty_content"), ("x" * 4001, "content_too_long"), ("😀" * 4001, "content_too_long"),
     ("a\x00b", "bad_unicode"), ("\x1b[31m", "bad_unicode"), ("\x0b", "bad_unicode")],
)  # fmt: skip
async def test_bad_contents(pair: Pair, content: str, code: str) -> None:
    _, anna, _, chat = pair
    answer = await anna.post(path(chat), {"content": content})
    assert answer.status_code == 422 and code_of(answer) == code
    assert fields_of(answer) == {"content": code}
    if code == "content_too_long":
        assert answer.json()["errors"][0]["limit"] == 4000


async def test_bytes_are_limited_too(house_at: OpenHouse) -> None:
    async with house_at(limits=Limits(content_code_points=10_000, content_bytes=16_384)) as house:
        anna = await house.register("anna")
        chat = await anna.direct(anna)
        assert (await anna.post(path(chat), {"content": "😀" * 4096})).status_code == 201
        answer = await anna.post(path(chat), {"content": "😀" * 4096 + "x"})
        assert code_of(answer) == "content_too_long"


@pytest.mark.parametrize(
    ("body", "fields"),
    [({}, {"content": "required"}), ({"content": None}, {"content": "required"}),
     ({"content": 5, "cid": "", "reply_to": 0},
      {"content": "wrong_type", "cid": "bad_format", "reply_to": "out_of_range"}),
     ({"content": "x", "cid": "x" * 65}, {"cid": "bad_format"}),
     ({"content": "x", "cid": "a b"}, {"cid": "bad_format"}),
     ({"content": "x", "cid": "a\n"}, {"cid": "bad_format"}), ({"content": "x", "cid": "ы"}, {"cid": "bad_format"}),
     ({"content": "x", "attachments": "7"}, {"attachments": "bad_format"}),
     ({"content": "x", "attachment": [0]}, {"attachment": "wrong_type"})],
)  # fmt: skip
async def test_bad_messages(pair: Pair, body: dict[str, Any], fields: dict[str, str]) -> None:
    _, anna, _, chat = pair
    answer = await anna.post(path(chat), body)
    assert answer.status_code == 422 and code_of(answer) == "validation_failed"
    assert fields_of(answer) == fields


async def test_attachments_that_are_not_there(pair: Pair) -> None:
    _, anna, _, chat = pair
    one, two = "f" * 22, "/api/files/" + "g" * 22
    for extra in ({"attachment": one}, {"attachments": [one, two]}, {"attachment": [two]}, {"attachments": [one] * 11}):
        answer = await anna.post(path(chat), {"content": "x", **extra})
        assert answer.status_code == 422 and code_of(answer) == "attachment_invalid"
    assert (await anna.post(path(chat), {"content": "x", "attachments": [], "attachment": None})).status_code == 201


async def test_replies_to_nothing(pair: Pair) -> None:
    _, anna, _, chat = pair
    answer = await anna.post(path(chat), {"content": "x", "reply_to": 5})
    assert answer.status_code == 422 and code_of(answer) == "bad_seq"


# --- cids (I3) -------------------------------------------------------------------------------------------------


async def test_the_same_cid_is_the_same_message(pair: Pair) -> None:
    _, anna, boris, chat = pair
    first = await anna.post(path(chat), {"content": "once", "cid": "c:1"})
    again = await anna.post(path(chat), {"content": "once", "cid": "c:1"})
    by_header = await anna.post(path(chat), {"content": "once"}, headers={"Idempotency-Key": "c:1"})
    assert (first.status_code, again.status_code, by_header.status_code) == (201, 200, 200)
    assert first.json() == again.json() == by_header.json() and first.json()["cid"] == "c:1"
    other = await anna.post(path(chat), {"content": "twice", "cid": "c:1"})
    assert other.status_code == 409 and code_of(other) == "cid_conflict"
    assert (await boris.post(path(chat), {"content": "once", "cid": "c:1"})).status_code == 201
    assert (await anna.get(path(chat))).json()["last_seq"] == 2


async def test_the_look_up_precedes_the_checks(pair: Pair) -> None:
    _, anna, _, chat = pair
    await anna.send(chat, "once", cid="c")
    assert code_of(await anna.post(path(chat), {"content": "", "cid": "c"})) == "cid_conflict"
    assert (
        code_of(await anna.post(path(chat), {"content": "once", "cid": "c", "attachments": ["f" * 22]}))
        == "cid_conflict"
    )


async def test_a_former_member_still_gets_their_ack(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    chat = await anna.group("x", boris)
    sent = await boris.send(chat, "mine", cid="c")
    await anna.delete(f"/api/chats/{chat}/members/{boris.id}")
    again = await boris.post(path(chat), {"content": "mine", "cid": "c"})
    assert again.status_code == 200 and again.json()["id"] == sent["id"]
    assert code_of(await boris.post(path(chat), {"content": "more", "cid": "d"})) == "not_found"


async def test_the_body_precedes_the_header(pair: Pair) -> None:
    _, anna, _, chat = pair
    key = {"Idempotency-Key": "header"}
    sent = await anna.post(path(chat), {"content": "x", "cid": "body"}, headers=key)
    assert sent.json()["cid"] == "body"
    for bad in ("", "x" * 65, "a b"):
        answer = await anna.post(path(chat), {"content": "x"}, headers={"Idempotency-Key": bad})
        assert fields_of(answer) == {"Idempotency-Key": "bad_format"}


async def test_many_at_once_with_one_cid(pair: Pair) -> None:
    _, anna, boris, chat = pair
    statuses: list[int] = []

    async def send() -> None:
        statuses.append((await anna.post(path(chat), {"content": "x", "cid": "same"})).status_code)

    async with trio.open_nursery() as nursery:
        for _ in range(8):
            nursery.start_soon(send)
    assert sorted(statuses) == [200] * 7 + [201]
    assert (await boris.get(path(chat))).json()["last_seq"] == 1


async def test_an_unknown_commit_is_resolved_with_the_same_cid(pair: Pair) -> None:
    house, anna, _, chat = pair
    house.storage.answers.append((AppendBatch, OutcomeUnknown()))
    house.storage.performed.clear()
    answer = await anna.post(path(chat), {"content": "x"})
    assert answer.status_code == 201
    tries = [operation for operation in house.storage.performed if isinstance(operation, AppendBatch)]
    first, second = (one for operation in tries for one in operation.commands)
    assert evolve(second, now=first.now) == first


async def test_the_store_stays_away(pair: Pair) -> None:
    house, anna, _, chat = pair
    await anna.get("/api/chats")
    house.storage.broken = True
    answer = await anna.post(path(chat), {"content": "x", "cid": "c"})
    assert answer.status_code == 503 and code_of(answer) == "store_unavailable"
    house.storage.broken = False
    assert (await anna.post(path(chat), {"content": "x", "cid": "c"})).status_code == 201


async def test_own_order_and_density(pair: Pair) -> None:
    _, anna, boris, chat = pair

    async def send_all(person: Person) -> None:
        for number in range(10):
            await person.send(chat, str(number))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send_all, anna)
        nursery.start_soon(send_all, boris)
    messages = (await anna.get(path(chat))).json()["messages"]
    assert [message["seq"] for message in messages] == list(range(1, 21))
    for person in (anna, boris):
        mine = [message["content"] for message in messages if message["sender_id"] == person.id]
        assert mine == [str(number) for number in range(10)]


async def test_a_flood_is_slowed_and_then_refused(house_at: OpenHouse) -> None:
    async with house_at(bucket_rate=2.0, bucket_burst=3) as house:
        anna = await house.register("anna")
        chat = await anna.direct(anna)
        statuses: list[int] = []
        answers: list[httpx.Response] = []

        async def send() -> None:
            answer = await anna.post(path(chat), {"content": "x"})
            statuses.append(answer.status_code)
            answers.append(answer)

        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            for _ in range(12):
                nursery.start_soon(send)
        assert set(statuses) == {201, 429}
        room = 3 + 2.0 * (2 + trio.current_time() - began)
        assert 3 <= statuses.count(201) <= room + 1, "the burst, and what 2 s and the test's own time make room for"
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert code_of(refused) == "rate_limited" and int(refused.headers["Retry-After"]) >= 1
        assert (await anna.get(path(chat))).status_code == 200, "reading has a bucket of its own"


# --- pages -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def long_chat(house: House) -> tuple[Person, int]:
    """A group whose log is ten messages with an event after the fifth."""
    anna = await house.register("anna")
    chat = await anna.group("x")
    for number in range(1, 11):
        await anna.send(chat, f"m{number}")
        if number == 5:
            await anna.patch(f"/api/chats/{chat}", {"title": "y"})
    return anna, chat


Fetch = Callable[..., Awaitable[httpx.Response]]


async def texts(person: Person, chat: int, **query: Any) -> tuple[list[str], bool]:
    answer = await person.get(path(chat), **query)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert page["last_seq"] == 11 and len(page["users"]) <= 1
    return [message["content"] for message in page["messages"]], page["has_more"]


async def test_pages_by_offset(long_chat: tuple[Person, int]) -> None:
    assert await texts(*long_chat) == ([f"m{n}" for n in range(1, 11)], False)
    assert await texts(*long_chat, limit=3) == (["m8", "m9", "m10"], True)
    assert await texts(*long_chat, offset=3, limit=3) == (["m5", "m6", "m7"], True)
    assert await texts(*long_chat, offset=9, limit=3) == (["m1"], False)
    assert await texts(*long_chat, offset=10_000) == ([], False)


async def test_pages_before_a_seq(long_chat: tuple[Person, int]) -> None:
    assert await texts(*long_chat, before_seq=8, limit=2) == (["m5", "m6"], True)
    assert await texts(*long_chat, before_seq=3) == (["m1", "m2"], False)
    assert await texts(*long_chat, before_seq=1) == ([], False)


async def test_items_after_a_seq(long_chat: tuple[Person, int]) -> None:
    anna, chat = long_chat
    page = (await anna.get(path(chat), after_seq=4, limit=3)).json()
    assert [(item["type"], item["seq"]) for item in page["items"]] == [("message", 5), ("event", 6), ("message", 7)]
    assert (page["from_seq"], page["to_seq"], page["has_more"], page["last_seq"]) == (4, 7, True, 11)
    assert page["epoch"] == (await anna.get("/api/chats")).json()["epoch"]
    end = (await anna.get(path(chat), after_seq=11)).json()
    assert (end["items"], end["from_seq"], end["to_seq"], end["has_more"]) == ([], 11, 11, False)
    beyond = await anna.get(path(chat), after_seq=12)
    assert beyond.status_code == 422 and code_of(beyond) == "bad_seq"


async def test_items_around_a_place(long_chat: tuple[Person, int]) -> None:
    anna, chat = long_chat
    page = (await anna.get(path(chat), around_seq=6, limit=4)).json()
    assert [(item["type"], item["seq"]) for item in page["items"]] == [
        ("message", 4), ("message", 5), ("event", 6), ("message", 7),
    ]  # fmt: skip
    assert (page["from_seq"], page["to_seq"], page["last_seq"]) == (3, 7, 11)
    assert (page["seq"], page["has_before"], page["has_more"]) == (6, True, True)
    assert page["epoch"] == (await anna.get("/api/chats")).json()["epoch"]
    moment = page["items"][2]["created_at"]
    assert (await anna.get(path(chat), around_at=moment, limit=4)).json()["seq"] <= 6
    end = (await anna.get(path(chat), around_at="9000-01-01T00:00:00+05:00", limit=4)).json()
    assert (end["seq"], end["has_before"], end["has_more"]) == (11, True, False)
    beyond = await anna.get(path(chat), around_seq=12)
    assert beyond.status_code == 422 and code_of(beyond) == "bad_seq"
    empty = (await anna.get(path(await anna.group("y")), around_at=moment)).json()
    assert (empty["items"], empty["seq"]) == ([], None)


@pytest.mark.parametrize(
    ("query", "code", "fields"),
    [({"offset": 10**12}, "use_cursor", {"offset": "use_cursor"}),
     ({"offset": 10_001}, "use_cursor", {"offset": "use_cursor"}),
     ({"offset": -1}, "validation_failed", {"offset": "out_of_range"}),
     ({"offset": "1.5", "limit": 0}, "validation_failed", {"offset": "wrong_type", "limit": "out_of_range"}),
     ({"limit": 201}, "validation_failed", {"limit": "out_of_range"}),
     ({"limit": "abc"}, "validation_failed", {"limit": "wrong_type"}),
     ({"limit": ""}, "validation_failed", {"limit": "wrong_type"}),
     ({"before_seq": "007"}, "validation_failed", {"before_seq": "wrong_type"}),
     ({"limit": "9" * 5000}, "validation_failed", {"limit": "wrong_type"}),
     ({"limit": "１"}, "validation_failed", {"limit": "wrong_type"}),
     ({"before_seq": 0}, "validation_failed", {"before_seq": "out_of_range"}),
     ({"after_seq": 2**53}, "validation_failed", {"after_seq": "out_of_range"}),
     ({"around_seq": 0}, "validation_failed", {"around_seq": "out_of_range"}),
     ({"around_at": "2026-01-01T00:00:00"}, "validation_failed", {"around_at": "wrong_type"}),
     ({"around_at": "0001-01-01T00:00:00+23:59"}, "validation_failed", {"around_at": "out_of_range"}),
     ({"around_at": "yesterday"}, "validation_failed", {"around_at": "wrong_type"}),
     ({"around_at": "2026-01-01T00:00:00Z", "around_seq": 5}, "validation_failed",
      {"around_at": "not_allowed", "around_seq": "not_allowed"}),
     ({"before_seq": 5, "after_seq": 5}, "validation_failed",
      {"before_seq": "not_allowed", "after_seq": "not_allowed"}),
     ({"offset": 0, "before_seq": 5}, "validation_failed", {"offset": "not_allowed", "before_seq": "not_allowed"})],
)  # fmt: skip
async def test_bad_pages(pair: Pair, query: dict[str, Any], code: str, fields: dict[str, str]) -> None:
    _, anna, _, chat = pair
    answer = await anna.get(path(chat), **query)
    assert answer.status_code == 422 and code_of(answer) == code
    assert fields_of(answer) == fields


# --- read ------------------------------------------------------------------------------------------------------


async def test_read_marks_only_grow(pair: Pair) -> None:
    _, anna, boris, chat = pair
    for number in range(3):
        await anna.send(chat, str(number))
    read = f"/api/chats/{chat}/read"
    assert (await boris.post(read, {"seq": 2})).json() == {
        "read_seq": 2,
        "unread_count": 1,
        "mention_count": 0,
        "last_seq": 3,
    }
    assert (await boris.post(read, {"seq": 1})).json() == {
        "read_seq": 2,
        "unread_count": 1,
        "mention_count": 0,
        "last_seq": 3,
    }
    assert (await boris.post(read, {"seq": 0})).json()["read_seq"] == 2
    everything = await boris.post(read)
    assert everything.status_code == 200
    assert everything.json() == {"read_seq": 3, "unread_count": 0, "mention_count": 0, "last_seq": 3}
    assert (await anna.get(path(chat))).json()["messages"][2]["is_read"] is True


@pytest.mark.parametrize(
    ("seq", "code"), [(4, "bad_seq"), (-1, "bad_seq"), (2**53, "bad_seq"), (2**63, "bad_seq"), (10**30, "bad_seq"),
                      ("1", "validation_failed"), (1.5, "validation_failed"), (True, "validation_failed")]
)  # fmt: skip
async def test_bad_marks(pair: Pair, seq: Any, code: str) -> None:
    _, anna, boris, chat = pair
    for number in range(3):
        await anna.send(chat, str(number))
    answer = await boris.post(f"/api/chats/{chat}/read", {"seq": seq})
    assert answer.status_code == 422 and code_of(answer) == code
