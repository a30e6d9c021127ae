"""Avatars that are files: who may take one, who sees it, and when it ends."""

from typing import Any

from attrs import evolve

from chatproto.operations import AddFile, FilesRemoved, Outcome, StoredFile, UpdateUser, UserUpdated
from chatproto.operations.files import AVATAR_SIDE, AVATAR_TYPE
from tests.storage.store_house import House, expect, refusal
from tests.storage.test_contract_files import add, adding, clean, seen_by, send, try_send


async def avatar(house: House, owner: int, data: bytes = b"face", **fields: Any) -> StoredFile:
    return await add(house, owner, data, **({"kind": AVATAR_TYPE, "width": AVATAR_SIDE} | fields))


async def try_to_wear(house: House, user: int, url: str) -> Outcome:
    return await house.do(UpdateUser(user, None, url, None, None, None, house.now))


async def wear(house: House, user: int, one: StoredFile | None) -> None:
    url = "" if one is None else one.file.url
    updated = expect(UserUpdated, await try_to_wear(house, user, url))
    assert updated.user.avatar_url == (url or None)


async def dress(house: House, chat: int, actor: int, one: StoredFile | None) -> None:
    await house.change("update", chat, actor, avatar_url="" if one is None else one.file.url)


async def test_everybody_sees_the_avatar_of_a_user(house: House) -> None:
    ann, _, _ = people = await house.people(3)
    one = await avatar(house, ann)
    assert await seen_by(house, people, one) == [True, False, False]
    await wear(house, ann, one)
    house.wait(hours=48)
    assert await clean(house) == FilesRemoved(0, ())
    assert await seen_by(house, people, one) == [True, True, True]


async def test_the_avatar_before_ends_with_the_next(house: House) -> None:
    ann, bob = people = await house.people(2)
    one, two = await avatar(house, ann), await avatar(house, ann, b"2")
    await wear(house, ann, one)
    await wear(house, ann, one)
    assert await seen_by(house, people, one) == [True, True]
    await wear(house, ann, two)
    assert await seen_by(house, people, one) == [False, False]
    assert await clean(house) == FilesRemoved(1, (one.blob,))
    expect(UserUpdated, await try_to_wear(house, ann, "https://example.org/a.png"))
    assert await clean(house) == FilesRemoved(1, (two.blob,))
    three = await avatar(house, bob)
    await wear(house, bob, three)
    await wear(house, bob, None)
    assert await clean(house) == FilesRemoved(1, (three.blob,))


async def test_only_what_the_routes_made_for_oneself_may_be_an_avatar(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    old = await avatar(house, ann)
    house.wait(hours=24)
    wrong = [
        (await avatar(house, bob)).file.url,
        (await avatar(house, ann, b"1", as_file=True)).file.url,
        (await avatar(house, ann, b"2", kind="image/png")).file.url,
        (await avatar(house, ann, b"3", width=AVATAR_SIDE + 1)).file.url,
        (await add(house, ann, b"4", kind=AVATAR_TYPE)).file.url,
        (await house_file(house, ann)).file.url,
        old.file.url,
        "/api/files/" + "-" * 22,
    ]
    for url in wrong:
        assert refusal(await try_to_wear(house, ann, url)) == "validation_failed", url
        refused = await house.try_change("update", chat, ann, avatar_url=url)
        assert refusal(refused) == "validation_failed", url
    assert (await house.chat(ann, chat)).avatar_url is None
    house.wait(hours=24)
    assert (await clean(house)).removed == 7, "none of them is held"


async def house_file(house: House, owner: int) -> StoredFile:
    """A picture of the right kind that is no square."""
    operation = adding(house, owner, b"5", kind=AVATAR_TYPE, width=AVATAR_SIDE)
    file = operation.file
    changed = type(file)(**{name: getattr(file, name) for name in file.__struct_fields__} | {"height": 10})
    added: AddFile = evolve(operation, file=changed)
    outcome = await house.do(added)
    return outcome.stored  # type: ignore[union-attr]


async def test_the_members_see_the_avatar_of_a_group(house: House) -> None:
    ann, bob, eve = people = await house.people(3)
    chat = await house.group(ann, bob)
    one, two = await avatar(house, ann), await avatar(house, ann, b"2")
    await dress(house, chat, ann, one)
    assert await seen_by(house, people, one) == [True, True, False]
    await house.change("add", chat, ann, eve, history="none")
    assert await seen_by(house, people, one) == [True, True, True]
    await dress(house, chat, ann, two)
    assert await seen_by(house, people, one) == [False, False, False]
    assert await clean(house) == FilesRemoved(1, (one.blob,))
    await dress(house, chat, ann, None)
    assert await clean(house) == FilesRemoved(1, (two.blob,))


async def test_who_left_goes_on_seeing_the_avatar_of_then(house: House) -> None:
    ann, bob, eve = people = await house.people(3)
    chat = await house.group(ann, bob, eve)
    one, two = await avatar(house, ann), await avatar(house, ann, b"2")
    await dress(house, chat, ann, one)
    await house.change("remove", chat, ann, bob)
    await dress(house, chat, ann, two)
    assert await seen_by(house, people, one) == [True, True, False]
    assert await seen_by(house, people, two) == [True, False, True]
    assert await clean(house) == FilesRemoved(0, ())
    await house.change("add", chat, ann, bob)
    assert await seen_by(house, people, one) == [False, False, False]
    assert await seen_by(house, people, two) == [True, True, True]
    assert await clean(house) == FilesRemoved(1, (one.blob,)), "nobody sees it any more"
    await house.change("remove", chat, ann, bob)
    await dress(house, chat, ann, None)
    assert await seen_by(house, people, two) == [True, True, False]


async def test_one_file_in_several_places_ends_with_the_last(house: House) -> None:
    ann, bob = people = await house.people(2)
    chat = await house.group(ann, bob)
    one = await avatar(house, ann)
    await wear(house, ann, one)
    await dress(house, chat, ann, one)
    sent = await send(house, chat, ann, one)
    await wear(house, ann, None)
    assert await seen_by(house, people, one) == [True, True]
    await house.changed(house.delete_of(chat, ann, sent.seq))
    assert await seen_by(house, people, one) == [True, True]
    assert await clean(house) == FilesRemoved(0, ())
    await dress(house, chat, ann, None)
    assert await clean(house) == FilesRemoved(1, (one.blob,))
    assert refusal(await try_send(house, chat, ann, [one])) == "attachment_invalid"


async def test_a_message_goes_on_holding_what_was_an_avatar(house: House) -> None:
    ann, bob = people = await house.people(2)
    chat = await house.group(ann, bob)
    one = await avatar(house, ann)
    await wear(house, ann, one)
    sent = await send(house, chat, ann, one)
    await wear(house, ann, None)
    assert await seen_by(house, people, one) == [True, True]
    await house.changed(house.delete_of(chat, ann, sent.seq))
    assert await clean(house) == FilesRemoved(1, (one.blob,))


async def test_a_change_that_is_refused_holds_nothing(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    one = await avatar(house, bob)
    assert refusal(await house.try_change("update", chat, bob, avatar_url=one.file.url)) == "forbidden"
    await house.try_user("eve", email="eve@example.org")
    taken = UpdateUser(bob, None, one.file.url, "eve@example.org", "eve@example.org", None, house.now)
    assert refusal(await house.do(taken)) == "email_taken"
    house.wait(hours=24)
    assert await clean(house) == FilesRemoved(1, (one.blob,))
