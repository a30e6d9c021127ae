"""What another transaction commits between two statements of one (MySQL and MariaDB; SQLite has one writer, and reads
of one moment)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta

import pytest
import trio
from attrs import evolve
from sqlalchemy import select

from chatproto.operations import (
    AccountDeleted,
    Appended,
    BlockSet,
    BlocksFound,
    ChatFilesFound,
    CreateInvite,
    DeleteAccount,
    FetchPins,
    FetchRevisions,
    ForwardSource,
    ListBlocks,
    ListChatFiles,
    LoadSession,
    LogRead,
    Operation,
    Outcome,
    PinsFound,
    ReadLog,
    Refused,
    RevisionsFound,
    SetAccount,
    SetBlock,
)
from chatproto.wire.model import DELETED_NAME, Event, Message
from storage import mysql_run
from storage.migrate import connected
from storage.mysql_connection import Connection
from storage.open import open_storage
from storage.port import Storage
from storage.statements import Query, Result, Script
from storage.tables import sessions
from storage.verify import verify
from tests.storage.databases import empty_database
from tests.storage.store_house import House, expect
from tests.storage.test_contract_files import add, send

Act = Callable[[], Awaitable[object]]
Before = Callable[[str, Act], None]
HEART = "\u2764\ufe0f"


@pytest.fixture(params=["mariadb", "mysql"])
async def url(request: pytest.FixtureRequest) -> str:
    return await trio.to_thread.run_sync(empty_database, request.param)


@pytest.fixture
async def store(url: str) -> AsyncIterator[Storage]:
    opened = await open_storage(url)
    yield opened
    await opened.aclose()


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> Before:
    """Do something, once, before the next statement that holds these words is run."""
    run = mysql_run._run

    def insert(words: str, act: Act) -> None:
        done = False

        async def interrupted(connection: Connection, query: Query | Script) -> Result:
            nonlocal done
            queries = [query] if isinstance(query, Query) else query.queries
            if not done and any(words in " ".join(str(one.statement.clause).split()) for one in queries):
                done = True
                with trio.fail_after(60):
                    await act()
            return await run(connection, query)

        monkeypatch.setattr(mysql_run, "_run", interrupted)

    return insert


async def test_a_message_is_deleted_while_a_page_is_read(house: House, before: Before) -> None:
    """Its text is not told any more, and its events are those of a deleted one."""
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    for number in range(2):
        message = await house.send(chat, ann, "secret")
        await house.changed(house.react_of(chat, bob, message.seq, HEART))
        await house.changed(house.edit_of(chat, ann, message.seq, f"secret {number}"))

    def delete(seq: int) -> Act:
        return lambda: house.changed(house.delete_of(chat, ann, seq))

    before("FROM chat_events", delete(1))
    items = (await house.page(bob, chat, after=0, limit=3)).items
    assert isinstance(items[0], Message) and items[0].deleted and items[0].content is None
    assert [item.data for item in items[1:] if isinstance(item, Event)] == [{}, {}]
    before("FROM chat_events", delete(4))
    read = expect(LogRead, await house.do(ReadLog(chat, 3, None, 3)))
    assert "secret" not in str(read.items)


async def test_somebody_is_removed_while_they_read(house: House, before: Before) -> None:
    """They are not given what was written behind it."""
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    first = await house.send(chat, bob, "before")
    later = await add(house, ann)

    async def remove() -> None:
        await house.change("remove", chat, ann, bob)
        item = await send(house, chat, ann, later, text="after")
        await house.changed(house.pin_of(chat, ann, item.seq))
        await house.change("add", chat, ann, bob)

    before("FROM pins", remove)
    assert expect(PinsFound, await house.do(FetchPins(bob, chat))).messages == ()
    before("FROM message_files", remove)
    found = expect(ChatFilesFound, await house.do(ListChatFiles(bob, chat, None, None, 10)))
    assert len(found.files) == 1, "what was sent the first time"
    before("FROM revisions", lambda: house.changed(house.edit_of(chat, bob, first.seq, "edited")))
    texts = expect(RevisionsFound, await house.do(FetchRevisions(bob, chat, first.seq))).revisions
    assert [one.content for one in texts] == ["before"]


async def test_an_author_deletes_their_account_while_they_are_forwarded(house: House, before: Before) -> None:
    ann, bob, eve = await house.people(3)
    direct, other = await house.direct(ann, bob), await house.direct(bob, eve)
    message = await house.send(direct, ann, "forward me")

    async def delete() -> None:
        expect(AccountDeleted, await house.do(DeleteAccount(ann, house.now)))

    async def forward(source: ForwardSource) -> Message:
        command = evolve(house.message(other, bob, ""), forward=source)
        (item,) = expect(Appended, await house.do(command)).items
        assert isinstance(item, Message) and item.forwarded is not None
        return item

    before("deleted_at IS NULL", delete)
    sent = await forward(ForwardSource(direct, message.seq))
    assert sent.forwarded is not None and sent.forwarded.display_name == DELETED_NAME
    again = await forward(ForwardSource(other, sent.seq))
    for seq in (sent.seq, again.seq):
        told = (await house.message_at(eve, other, seq)).forwarded
        assert told is not None and (told.user_id, told.display_name) == (ann, DELETED_NAME)


async def test_a_device_is_named_while_its_account_is_deleted(house: House, url: str, before: Before) -> None:
    def names() -> list[str]:
        with connected(url) as connection:
            return list(connection.scalars(select(sessions.c.device)))

    kim = await house.user("kim")
    session = await house.log_in(kim, b"k", device="agent")
    hello = LoadSession(kim, session.session_id, session.session_key, session.refresh_id, "Kim's phone", house.now)

    async def delete() -> None:
        expect(AccountDeleted, await house.do(DeleteAccount(kim, house.now)))

    before("UPDATE sessions", delete)
    assert isinstance(await house.do(hello), Refused)
    assert await trio.to_thread.run_sync(names) == [""]


async def test_a_block_is_lifted_while_an_account_is_deleted(
    house: House, url: str, before: Before, nursery: trio.Nursery
) -> None:
    """Whether their chat is closed is what the blocks say."""
    ann, bob = await house.people(2)
    await house.direct(ann, bob)
    expect(BlockSet, await house.do(SetBlock(bob, ann, True, house.now)))
    lifted = trio.Event()

    async def lift() -> None:
        expect(BlockSet, await house.do(SetBlock(bob, ann, False, house.now)))
        lifted.set()

    async def meanwhile() -> None:
        nursery.start_soon(lift)
        with trio.move_on_after(1):  # where the chat is locked, it waits for the deletion
            await lifted.wait()

    before("UPDATE chats SET writers", meanwhile)
    expect(AccountDeleted, await house.do(DeleteAccount(ann, house.now)))
    await lifted.wait()
    assert await trio.to_thread.run_sync(verify, url) == []


def invites(number: int, ann: int, chat_id: int | None, now: datetime) -> Operation:
    return CreateInvite(ann, bytes([number]) * 32, chat_id, 1, now, now + timedelta(days=1))


def invites_to_the_server(number: int, ann: int, chat_id: int, now: datetime) -> Operation:
    return invites(number, ann, None, now)


def blocks(number: int, ann: int, chat_id: int, now: datetime) -> Operation:
    return SetBlock(ann, ann + number, True, now)


@pytest.mark.parametrize(
    ("act", "table"), [(invites, "invites"), (invites_to_the_server, "invites"), (blocks, "blocks")]
)
async def test_two_at_once_do_not_pass_a_bound(
    act: Callable[[int, int, int, datetime], Operation],
    table: str,
    house: House,
    before: Before,
    monkeypatch: pytest.MonkeyPatch,
    nursery: trio.Nursery,
) -> None:
    """Of one that is allowed: the second waits for the first, and counts it."""
    monkeypatch.setattr("storage.transactions.invites.MAX_INVITES", 1)
    monkeypatch.setattr("storage.transactions.blocks.is_full", lambda count: count >= 1)
    ann, bob, eve = await house.people(3)
    chat_id = await house.group(ann, bob)
    await house.direct(ann, eve)
    await house.do(SetAccount(ann, None, "admin", house.now))
    ended = trio.Event()
    outcomes: list[Outcome] = []

    async def second() -> None:
        outcomes.append(await house.do(act(2, ann, chat_id, house.now)))
        ended.set()

    async def meanwhile() -> None:
        nursery.start_soon(second)
        with trio.move_on_after(1):  # where the first has locked the account, it waits for its end
            await ended.wait()

    before(f"INSERT INTO {table}", meanwhile)
    first = await house.do(act(1, ann, chat_id, house.now))
    await ended.wait()
    assert not isinstance(first, Refused)
    assert [getattr(one, "code", None) for one in outcomes] == ["too_many"]


async def test_a_deleted_account_blocks_nobody(house: House) -> None:
    ann, bob = await house.people(2)
    await house.direct(ann, bob)
    expect(AccountDeleted, await house.do(DeleteAccount(ann, house.now)))
    assert isinstance(await house.do(SetBlock(ann, bob, True, house.now)), Refused)
    assert expect(BlocksFound, await house.do(ListBlocks(ann))).blocks == ()
