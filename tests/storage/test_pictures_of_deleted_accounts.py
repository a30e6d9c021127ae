"""A deleted account goes on seeing nothing of its former groups, and holds none of their pictures."""

from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest
import trio

from chatproto.operations import AccountDeleted, DeleteAccount, FilesRemoved, StoredFile
from storage.migrate import upgrade
from storage.open import open_storage
from tests.storage.databases import EPOCH, migrated_copy
from tests.storage.store_house import House, expect
from tests.storage.test_contract_avatars import avatar, dress, wear
from tests.storage.test_contract_files import clean, seen_by, send
from tests.storage.test_migrations import ask

STORES = pytest.mark.parametrize("store", ["sqlite", "mariadb", "mysql"], indirect=True)
Kind = Literal["sqlite", "mariadb", "mysql"]


async def delete(house: House, user_id: int) -> None:
    expect(AccountDeleted, await house.do(DeleteAccount(user_id, house.now)))


async def group_of(house: House, *people: int) -> tuple[int, list[StoredFile]]:
    """A group of the first of them, and two pictures that may be its own, of which it has the first."""
    chat = await house.group(*people)
    pictures = [await avatar(house, people[0], data) for data in (b"1", b"2")]
    await dress(house, chat, people[0], pictures[0])
    return chat, pictures


@STORES
async def test_the_picture_of_a_group_that_was_left_ends_with_the_account(house: House) -> None:
    """Whether the group has got another one before or after that."""
    ann, bob, eve = await house.people(3)
    for after, leaving in enumerate((bob, eve)):
        chat, (one, two) = await group_of(house, ann, leaving)
        await house.change("remove", chat, ann, leaving)
        if after:
            await delete(house, leaving)
            assert await clean(house) == FilesRemoved(0, ()), "the group has it"
        await dress(house, chat, ann, two)
        if not after:
            assert await clean(house) == FilesRemoved(0, ()), "who left sees it"
            await delete(house, leaving)
        assert await clean(house) == FilesRemoved(1, (one.blob,))
        await dress(house, chat, ann, None)
        assert await clean(house) == FilesRemoved(1, (two.blob,))


@STORES
async def test_a_former_member_who_is_there_holds_it(house: House) -> None:
    ann, bob, eve = people = await house.people(3)
    chat, (one, two) = await group_of(house, ann, bob, eve)
    for leaving in (bob, eve):
        await house.change("remove", chat, ann, leaving)
    await dress(house, chat, ann, two)
    await delete(house, bob)
    assert await clean(house) == FilesRemoved(0, ())
    assert await seen_by(house, people, one) == [True, False, True]
    await delete(house, eve)
    assert await clean(house) == FilesRemoved(1, (one.blob,))


def database(kind: Kind, sqlite_file: Path) -> str:
    if kind != "sqlite":
        return migrated_copy(kind)
    ask(f"sqlite:///{sqlite_file}", "delete from meta")
    return f"sqlite:///{sqlite_file}"


@pytest.mark.parametrize("kind", ["sqlite", "mariadb", "mysql"])
async def test_accounts_that_were_deleted_before_hold_nothing_either(kind: Kind, sqlite_file: Path) -> None:
    """What an earlier version left: the deletion as it was is a change of `users` alone."""
    url = await trio.to_thread.run_sync(database, kind, sqlite_file)
    await trio.to_thread.run_sync(partial(upgrade, url, epoch=EPOCH))
    storage = await open_storage(url)
    try:
        house = House(storage)
        ann, bob, eve = await house.people(3)
        let_go: list[StoredFile] = []
        for by in ("nobody", "message", "user", "group", "former member", "who came back"):
            chat, (one, two) = await group_of(house, ann, bob, eve)
            await house.change("remove", chat, ann, bob)
            if by == "message":
                await send(house, chat, ann, one)
            if by in ("former member", "who came back"):
                await house.change("remove", chat, ann, eve)
            if by == "user":
                await wear(house, ann, one)
            if by != "group":
                await dress(house, chat, ann, two)
            if by == "who came back":
                await house.change("add", chat, ann, eve)
            if by in ("nobody", "who came back"):
                let_go.append(one)
        kept = held_by(url)
        ask(url, f"update users set deleted_at = '2026-01-01 00:00:00.000000' where id = {bob}")
        ask(url, "update alembic_version set version_num = '0023'")
        await trio.to_thread.run_sync(upgrade, url)
        await trio.to_thread.run_sync(upgrade, url)
        assert [row for row in kept if row not in held_by(url)] == sorted(one.file.id.encode() for one in let_go)
        looks = "select distinct title, avatar_url, members from departures where user_id ="
        assert ask(url, f"{looks} {bob}") == [(None, None, "[]")]
        assert all(title for title, *_ in ask(url, f"{looks} {eve}"))
    finally:
        await storage.aclose()


def held_by(url: str) -> list[Any]:
    """Files that do not end."""
    return [bytes(row[0]) for row in ask(url, "select id from files where expires_at is null order by id")]
