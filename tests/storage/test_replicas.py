"""Reading from a replica: it answers what it can, never less than the primary knows, and nobody waits for it long."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

import pytest
import trio

from chatproto.operations import ChatsFound, FetchPage, ListChats, PageFound
from chatproto.wire.model import Message
from storage.mysql_replicas import fault_of
from storage.mysql_url import parse_url
from storage.observer import ReplicaAnswer, Unobserved
from storage.open import open_storage
from storage.port import Storage
from tests.storage.databases import EPOCH, empty_database
from tests.storage.replication import Pair, Server, ask, replicated
from tests.storage.store_house import House, expect

SOON: Final = 60.0
"""Seconds in which what must come comes, on a busy machine."""


class Asked(Unobserved):
    """Counts what came of reads."""

    def __init__(self) -> None:
        self.answers: Counter[ReplicaAnswer] = Counter()

    def replica_asked(self, answer: ReplicaAnswer) -> None:
        self.answers[answer] += 1


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with replicated("mariadb") as pair:
        yield pair


class Readers:
    """Two people in a chat, and what one of them reads."""

    def __init__(self, store: Storage, asked: Asked) -> None:
        self.house = House(store)
        self.asked = asked

    async def begin(self, name: str) -> None:
        self.me = await self.house.user(f"me{name}")
        self.peer = await self.house.user(f"peer{name}")
        self.chat = await self.house.direct(self.me, self.peer)

    async def say(self, text: str) -> None:
        await self.house.do(self.house.message(self.chat, self.peer, text))

    async def page(self) -> list[str | None]:
        found = expect(PageFound, await self.house.do(FetchPage(self.me, self.chat, None, 2**31, 50)))
        return [item.content for item in found.page.items if isinstance(item, Message)]

    async def until(self, answer: ReplicaAnswer, text: str) -> None:
        """Read until a read ended so; each shows what was written last."""
        before = self.asked.answers[answer]
        with trio.fail_after(SOON):
            while self.asked.answers[answer] == before:
                assert (await self.page())[-1] == text
                await trio.sleep(0.05)


@asynccontextmanager
async def readers(pair: Pair, name: str, *replicas: str) -> AsyncIterator[Readers]:
    asked = Asked()
    store = await open_storage(pair.url, replicas=replicas or (pair.replica_url,), observer=asked)
    try:
        found = Readers(store, asked)
        await found.begin(name)
        yield found
    finally:
        await store.aclose()


async def on(server: Server, *statements: str) -> None:
    await trio.to_thread.run_sync(ask, server, *statements)


@asynccontextmanager
async def held_up(pair: Pair) -> AsyncIterator[None]:
    """The replica applies nothing meanwhile."""
    await on(pair.replica, pair.stop)
    try:
        yield
    finally:
        await on(pair.replica, pair.go_on)


async def test_a_replica_answers_what_was_written_a_moment_ago(pair: Pair) -> None:
    async with readers(pair, "now") as us:
        for number in range(30):
            await us.say(f"text {number}")
            assert (await us.page())[-1] == f"text {number}"
            chats = expect(ChatsFound, await us.house.do(ListChats(us.me)))
            assert [chat.last_seq for chat in chats.chats] == [number + 1]
        await us.until("read", "text 29")


async def test_one_that_lags_is_left_out_and_comes_back(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    async with readers(pair, "late") as us:
        await us.say("before")
        await us.until("read", "before")
        async with held_up(pair):
            await us.say("after")
            with monkeypatch.context() as longer:
                longer.setattr("storage.mysql_replicas.REST", 3.0)
                await us.until("late", "after")
                assert (await us.page())[-1] == "after"
                assert us.asked.answers["none"], "it was asked again at once"
        await us.until("read", "after")


async def test_who_was_removed_reads_nothing_of_what_came_after_from_a_replica_that_lags(pair: Pair) -> None:
    async with readers(pair, "gone") as us:
        group = await us.house.group(us.peer, us.me)
        page = FetchPage(us.me, group, None, 2**31, 50)
        await us.say("before")
        await us.until("read", "before")
        async with held_up(pair):
            await us.house.change("remove", group, us.peer, us.me)
            await us.house.do(us.house.message(group, us.peer, "not for them"))
            found = expect(PageFound, await us.house.do(page))
            assert not [item for item in found.page.items if isinstance(item, Message)]
        await us.until("read", "before")
        assert expect(PageFound, await us.house.do(page)) == found


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_one_that_is_away_holds_nobody_up_for_long(pair: Pair, how: str) -> None:
    async with readers(pair, how) as us:
        await us.say("here")
        await us.until("read", "here")
        go, back = (pair.replica.kill, pair.replica.start) if how == "killed" else (
            pair.replica.pause, pair.replica.resume,
        )  # fmt: skip
        await trio.to_thread.run_sync(go)
        try:
            await us.until("away", "here")
        finally:
            await trio.to_thread.run_sync(back)
        await us.until("read", "here")


async def test_another_database_is_no_replica(pair: Pair) -> None:
    """Neither one with another history, nor one whose history was cut off under another epoch."""
    async with readers(pair, "foreign", await trio.to_thread.run_sync(empty_database, "mariadb")) as us:
        await us.say("mine")
        await us.until("late", "mine")
    async with readers(pair, "other epoch") as us:
        await us.say("mine")
        await us.until("read", "mine")
        await on(pair.replica, pair.stop, "UPDATE vestnik.meta SET value = 'another' WHERE name = 'epoch'", pair.go_on)
        try:
            await us.until("foreign", "mine")
        finally:
            await on(pair.replica, f"UPDATE vestnik.meta SET value = '{EPOCH}' WHERE name = 'epoch'")
        await us.until("read", "mine")


async def test_an_operator_is_told_what_keeps_a_replica_from_answering(pair: Pair) -> None:
    primary, replica = parse_url(pair.url), parse_url(pair.replica_url)
    with trio.fail_after(SOON):
        while (fault := await fault_of(replica, primary)) is not None:
            assert "caught up" in fault
            await trio.sleep(0.05)
    async with held_up(pair), readers(pair, "told", pair.url):
        assert "caught up" in str(await fault_of(replica, primary))
    nowhere = parse_url("mysql://app:apppw@127.0.0.1:1/vestnik?rsa=allow")
    assert "does not answer" in str(await fault_of(nowhere, primary))
    assert "GTID" in str(await fault_of(replica, parse_url(await trio.to_thread.run_sync(empty_database, "mariadb"))))


async def test_of_several_one_that_is_away_is_passed_over(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.mysql_replicas.WAIT", 10.0)  # the other one may be slow, on a busy machine
    monkeypatch.setattr("storage.mysql_replicas.TIMEOUT", 30.0)
    nowhere = "mysql://app:apppw@127.0.0.1:1/vestnik?rsa=allow"
    async with readers(pair, "several", nowhere, pair.replica_url) as us:
        await us.say("said")
        for answer in ("away", "read"):
            await us.until(answer, "said")
        assert us.asked.answers["none"] == 0


async def test_a_primary_without_gtids_answers_all_by_itself(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    url = await trio.to_thread.run_sync(empty_database, "mariadb")
    asked = Asked()
    store = await open_storage(url, replicas=(pair.replica_url,), observer=asked)
    us = Readers(store, asked)
    await us.begin("alone")
    await us.say("said")
    assert await us.page() == await us.page() == ["said"]
    assert not asked.answers["read"]
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["replicas_unusable"]
    await store.aclose()


async def test_a_mysql_replica_does_the_same() -> None:
    opened = replicated("mysql")
    pair = await trio.to_thread.run_sync(opened.__enter__)
    try:
        async with readers(pair, "mysql") as us:
            await us.say("before")
            await us.until("read", "before")
            async with held_up(pair):
                await us.say("after")
                await us.until("late", "after")
            await us.until("read", "after")
    finally:
        await trio.to_thread.run_sync(opened.__exit__, None, None, None)
