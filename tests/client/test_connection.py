"""The Python client against a real server."""

import platform
from collections.abc import Callable
from contextlib import AsyncExitStack

import httpx
import pytest
import trio
import trio_websocket

from chatproto.client.timing import Timing
from chatproto.server.knobs import Knobs
from chatproto.tokens import TokenKeys
from client.account import log_in
from client.connection import Client, connect
from client.exceptions import ChatError
from tests.client.scripted import say, scripted
from tests.server.conftest import OpenHouse
from tests.server.house import PASSWORD, House
from tests.vectors.server_frames import head, message, ready

FAST = Timing(backoff_first=10, backoff_ceiling=100, answer=1000, busy_answer=2000)


def texts(chat: Client, chat_id: int) -> list[str | None]:
    return [getattr(item, "content", None) for item in chat.log(chat_id)]


async def until(condition: Callable[[], bool]) -> None:
    """Ask until what another task does has happened."""
    with trio.fail_after(60):
        while True:
            if condition():
                return
            await trio.sleep(0.02)


async def test_two_people_talk(house: House) -> None:
    await house.register("ann"), await house.register("bob")
    async with (
        connect(house.url, "ann", PASSWORD, timing=FAST) as ann,
        connect(house.url, "bob", PASSWORD, timing=FAST) as bob,
    ):
        chat_id = await ann.create_direct(bob.user_id)
        heard = bob.messages()
        ack = await ann.send(chat_id, "Привет 😀")
        assert (ack.seq, ack.dup) == (1, False)
        message = await anext(heard)
        assert (message.content, message.sender_id, message.seq) == ("Привет 😀", ann.user_id, 1)
        await bob.send(chat_id, "hello", reply_to=1)
        await ann.reached(chat_id, 2)
        await bob.reached(chat_id, 2)
        assert texts(ann, chat_id) == texts(bob, chat_id) == ["Привет 😀", "hello"]


async def test_a_session_has_its_name_from_the_log_in_on(house: House) -> None:
    ann = await house.register("ann")
    async with (
        connect(house.url, "ann", PASSWORD, timing=FAST),
        connect(house.url, "ann", PASSWORD, device="The printer", timing=FAST),
        connect(house.url, "ann", PASSWORD, device="Принтер", timing=FAST),
        httpx.AsyncClient(base_url=house.url, timeout=60, headers={"User-Agent": "Python, Linux"}) as http,
    ):
        await log_in(http, "ann", PASSWORD)  # and says nothing more
        devices = [one["device"] for one in (await ann.get("/api/auth/sessions")).json()["sessions"]]
        system = platform.system().replace("Darwin", "macOS")
        assert devices[1:] == [f"Python, {system}", "The printer", "Принтер", "Python, Linux"]


async def test_what_was_missed_comes_after_a_lost_link_once_and_in_order(house: House) -> None:
    await house.register("ann"), await house.register("bob")
    async with (
        connect(house.url, "ann", PASSWORD, timing=FAST, whole_log=True) as ann,
        connect(house.url, "bob", PASSWORD, timing=FAST, whole_log=True) as bob,
    ):
        chat_id = await ann.create_group("Tea", [bob.user_id])
        sendings = []
        for number in range(50):
            sendings.append(ann.enqueue(chat_id, str(number)))
            if number % 10 == 5:
                ann.cut()
                ann.cut()  # one that is cut already
                bob.cut()
                await trio.sleep(0.02)
        acks = [await sending.ack() for sending in sendings]
        assert [ack.seq for ack in acks] == list(range(1, 51))
        await bob.reached(chat_id, 50)
        assert texts(bob, chat_id) == [str(number) for number in range(50)]
        assert ann.links > 1


async def test_the_same_cid_again_is_the_same_message(house: House) -> None:
    await house.register("ann")
    async with connect(house.url, "ann", PASSWORD, timing=FAST) as ann:
        chat_id = await ann.create_direct(ann.user_id)
        first = await ann.send(chat_id, "once", cid="mine")
        await ann.reached(chat_id, 1)  # else the first one, as it is pushed, settles the second before its ack
        again = await ann.send(chat_id, "once", cid="mine")
        assert (again.seq, again.dup) == (first.seq, True)
        with pytest.raises(ChatError, match="cid_conflict"):
            await ann.send(chat_id, "other", cid="mine")


async def test_final_refusals_are_raised_and_later_messages_go_on(house: House) -> None:
    await house.register("ann")
    async with connect(house.url, "ann", PASSWORD, timing=FAST) as ann:
        chat_id = await ann.create_direct(ann.user_id)
        empty, good = ann.enqueue(chat_id, "   "), ann.enqueue(chat_id, "good")
        with pytest.raises(ChatError) as refused:
            await empty.ack()
        assert refused.value.code == "empty_content"
        assert (await good.ack()).seq == 1
        with pytest.raises(ChatError, match="not_member"):
            await ann.send(chat_id + 100, "x")
        with pytest.raises(ChatError, match="bad_unicode"):
            await ann.send(chat_id, "\x00")


async def test_a_wrong_password_is_told_at_once(house: House) -> None:
    await house.register("ann")
    with pytest.raises(ChatError, match="invalid_credentials"):
        async with connect(house.url, "ann", "wrong", timing=FAST):
            pass
    with pytest.raises(ChatError, match="no_connection"):
        async with connect("http://127.0.0.1:1", "ann", PASSWORD, timing=FAST):
            pass


async def test_an_ended_session_ends_the_client(house: House) -> None:
    await house.register("ann")
    async with connect(house.url, "ann", PASSWORD, timing=FAST) as ann:
        heard = ann.messages()
        chat_id = await ann.create_direct(ann.user_id)
        await ann.account.call("POST", "/api/auth/logout")
        with pytest.raises(ChatError, match="revoked"):
            await anext(heard)
        with pytest.raises(ChatError, match="revoked"):
            await ann.send(chat_id, "too late")


async def test_tokens_are_renewed_on_the_way(house_at: OpenHouse) -> None:
    patient = Knobs(idle_timeout=10**6, rate=1000.0, burst=1000)
    async with house_at(knobs=patient) as house, AsyncExitStack() as stack:
        await house.register("ann")
        ann = await stack.enter_async_context(connect(house.url, "ann", PASSWORD, timing=FAST))
        chat_id = await ann.create_direct(ann.user_id)
        first = ann.account.token
        house.clock.advance(seconds=900 - 100)
        await until(lambda: ann.account.token != first)
        house.clock.advance(seconds=200)
        assert (await ann.send(chat_id, "still here")).seq == 1
        assert ann.links == 1, "in band"
        house.clock.advance(hours=5)
        ann.cut()
        assert (await ann.send(chat_id, "back again")).seq == 2


async def test_what_is_no_answer_to_an_exchange_of_tokens_ends_nothing(
    house_at: OpenHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = Knobs(idle_timeout=10**6, rate=1000.0, burst=1000)
    portal: list[tuple[int, bytes]] = [
        (200, b""),
        (200, b'{"login": "here"}'),
        (200, b'["access_token", "refresh_token"]'),
        (200, b'{"access_token": null, "refresh_token": 1}'),
        (404, b'{"code": "not_found"}'),
        (403, b'{"code": "forbidden"}'),
    ]
    through = httpx.AsyncClient.send

    async def between(http: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/api/auth/refresh" or not portal:
            return await through(http, request)
        status, content = portal.pop(0)
        return httpx.Response(status, content=content, request=request)

    async with house_at(knobs=patient) as house:
        await house.register("ann")
        async with connect(house.url, "ann", PASSWORD, timing=FAST) as ann:
            chat_id = await ann.create_direct(ann.user_id)
            house.clock.advance(hours=5)
            monkeypatch.setattr(httpx.AsyncClient, "send", between)
            ann.cut()
            assert (await ann.send(chat_id, "back again")).seq == 1
            assert not portal


async def test_a_message_outlives_a_store_that_was_away(house_at: OpenHouse) -> None:
    async with house_at(knobs=Knobs(store_wait=0.3, rate=1000.0, burst=1000)) as house:
        await house.register("ann")
        async with connect(house.url, "ann", PASSWORD, timing=FAST) as ann:
            chat_id = await ann.create_direct(ann.user_id)
            house.storage.broken = True
            sendings = [ann.enqueue(chat_id, text) for text in "abc"]
            await until(lambda: any(closed.code == 4503 for closed in ann.closes))
            house.storage.broken = False
            assert [(await sending.ack()).seq for sending in sendings] == [1, 2, 3]


async def test_older_pages_come_over_http(house: House) -> None:
    ann = await house.register("ann")
    chat_id = await ann.direct(ann)
    for number in range(5):
        await ann.send(chat_id, str(number))
    async with connect(house.url, "ann", PASSWORD, timing=FAST) as chat:
        assert chat.applied(chat_id) == 5
        assert [message.content for message in await chat.history(chat_id, before_seq=4, limit=2)] == ["1", "2"]


@pytest.mark.parametrize("stale", ["expired", "of another key"])
async def test_a_stale_token_is_exchanged_once_and_the_call_goes_through(house: House, stale: str) -> None:
    await house.register("ann")
    async with connect(house.url, "ann", PASSWORD, timing=FAST) as ann:
        if stale == "expired":
            house.clock.advance(hours=1)
        else:
            ann.account.token = TokenKeys("1", {"1": b"another key" * 4}).sign(
                user_id=ann.user_id, session_id=1, session_key=b"k" * 16, refresh_id=b"r", jti="x",
                now=house.clock.now(), lifetime=900,
            )  # fmt: skip
        before = ann.account.token
        assert (await ann.account.call("GET", "/api/auth/me"))["username"] == "ann"
        assert ann.account.token != before
        await ann.account.call("POST", "/api/auth/logout")
        with pytest.raises(ChatError, match="revoked"):
            await ann.account.call("GET", "/api/auth/me")


async def test_a_stream_has_what_came_while_the_client_connected_where_it_is_the_first_thing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entered, more = trio.Event(), trio.Event()

    async def talk(websocket: trio_websocket.WebSocketConnection) -> None:
        await say(websocket, ready(head(5, 3)), message(5, 4))
        await entered.wait()
        await say(websocket, message(5, 5))
        await more.wait()
        await say(websocket, message(5, 6))

    async with scripted(monkeypatch, talk) as url:
        for auto_commit, first, late in ((True, 4, 6), (False, 4, 4)):
            async with connect(url, "ann", PASSWORD, timing=FAST, auto_commit=auto_commit) as ann:
                heard = ann.messages()
                entered.set()
                assert [(await anext(heard)).seq for _ in range(2)] == [first, 5]
                more.set()
                assert (await anext(heard)).seq == 6
            entered, more = trio.Event(), trio.Event()
            async with connect(url, "ann", PASSWORD, timing=FAST, auto_commit=auto_commit) as ann:
                entered.set()
                await ann.reached(5, 5)
                heard, second = ann.messages(), ann.messages()
                more.set()
                assert (await anext(heard)).seq == late
                assert (await anext(second)).seq == 6
            entered, more = trio.Event(), trio.Event()


async def test_a_device_that_no_server_takes_is_told_at_once(house: House) -> None:
    await house.register("ann")
    for device in ("d" * 65, "\ud800"):
        with pytest.raises(ValueError, match="device has at most 64"), trio.fail_after(30):
            async with connect(house.url, "ann", PASSWORD, device=device, timing=FAST):
                pass
    async with connect(house.url, "ann", PASSWORD, device="Ж" * 64, timing=FAST):
        pass


async def test_why_a_server_is_not_ready_stands_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    links = 0

    async def talk(websocket: trio_websocket.WebSocketConnection) -> None:
        nonlocal links
        links += 1
        if links == 1:
            await websocket.aclose(4400, "device is too long")
        else:
            await say(websocket, ready())

    async with scripted(monkeypatch, talk) as url, connect(url, "ann", PASSWORD, timing=FAST) as ann:
        assert ann.closes[0].code == 4400
    told = [one.getMessage() for one in caplog.records if one.name == "client.session_driver"]
    assert told == ["the link ended before the server was ready: 4400 device is too long"]


async def test_the_end_of_the_block_ends_the_log_in_and_waits_for_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await house.register("ann")

    async def devices() -> list[str]:
        return [one["device"] for one in (await ann.get("/api/auth/sessions")).json()["sessions"]]

    before = await devices()
    async with connect(house.url, "ann", PASSWORD, device="first", timing=FAST):
        assert await devices() == [*before, "first"]
    assert await devices() == before
    with pytest.raises(LookupError):
        async with connect(house.url, "ann", PASSWORD, device="second", timing=FAST):
            raise LookupError
    with trio.move_on_after(60) as cancelled:
        async with connect(house.url, "ann", PASSWORD, device="third", timing=FAST):
            cancelled.cancel()
            await trio.sleep_forever()
    assert await devices() == before

    async def never(*_: object) -> None:
        await trio.sleep_forever()

    async def refused(*_: object) -> None:
        raise ChatError("no_connection")

    for answer in (never, refused):
        monkeypatch.setattr("client.account.Account.log_out", answer)
        with trio.fail_after(30):
            async with connect(house.url, "ann", PASSWORD, device="fourth", timing=FAST):
                pass
