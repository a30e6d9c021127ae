"""Accounts, and what people see of each other."""

from datetime import timedelta

import trio
from attrs import evolve

from chatproto.operations import (
    CreateUser,
    Done,
    FindLogin,
    FindUsers,
    ListUsers,
    LoginFound,
    Outcome,
    SaveLastSeen,
    SearchUsers,
    UpdateUser,
    UserFound,
    UsersFound,
    UserUpdated,
)
from chatproto.wire.model import PrivateUser, User
from chatproto.wire.text import fold, search_words, searched_words
from tests.storage.store_house import START, House, expect, refusal


async def search(house: House, caller: int, query: str, limit: int = 20, email: str | None = None) -> list[str]:
    found = expect(UsersFound, await house.do(SearchUsers(caller, searched_words(query), email, limit)))
    return [user.username for user in found.users]


def update(user_id: int, **fields: str) -> UpdateUser:
    name, email = fields.get("display_name"), fields.get("email")
    words = None if name is None else search_words(fields.pop("username"), name)
    return UpdateUser(
        user_id, name, fields.get("avatar_url"), email, None if email is None else fold(email), words, START
    )


async def test_registering_gives_the_private_user(house: House) -> None:
    outcome = await house.try_user("ann", display_name="Анна 😀", email="Ann@Example.org")
    user = expect(UserFound, outcome).user
    assert user == PrivateUser(
        id=user.id, username="ann", display_name="Анна 😀", email="Ann@Example.org", created_at=START
    )


async def test_usernames_and_emails_are_taken_once_whatever_their_case(house: House) -> None:
    await house.user("ann", email="ann@example.org")
    assert refusal(await house.try_user("ann")) == "username_taken"
    assert refusal(await house.try_user("bob", email="ANN@example.org")) == "email_taken"
    assert refusal(await house.try_user("ann", email="ANN@example.org")) == "username_taken"
    await house.user("bob")
    await house.user("eve")  # two without an email are no conflict


async def test_different_emoji_and_marks_are_different(house: House) -> None:
    for key in ("😀", "😁", "e", "é", "strasse", "straße"):
        operation = CreateUser(key, key, None, None, "hash", key, frozenset({key}), house.now)
        expect(UserFound, await house.do(operation))


async def test_one_name_asked_for_by_many_at_once_goes_to_one(house: House) -> None:
    outcomes: list[Outcome] = []

    async def register() -> None:
        outcomes.append(await house.try_user("ann", email="ann@example.org"))

    async with trio.open_nursery() as nursery:
        for _ in range(8):
            nursery.start_soon(register)
    assert sum(isinstance(outcome, UserFound) for outcome in outcomes) == 1
    assert {refusal(outcome) for outcome in outcomes if not isinstance(outcome, UserFound)} == {"username_taken"}


async def test_looking_up_a_log_in_by_username_or_email(house: House) -> None:
    ann = await house.user("ann", email="Ann@Example.org")
    for key in ("ann", fold("Ann@Example.org")):
        assert await house.do(FindLogin(key)) == LoginFound(ann, "hash of ann")
    for key in ("bob", "bob@example.org", "an", "ann ", "", "%"):
        assert refusal(await house.do(FindLogin(key))) == "not_found"


async def test_updating_changes_what_is_given_and_clears_what_is_empty(house: House) -> None:
    ann = await house.user("ann", display_name="Ann", email="ann@example.org")
    bob = await house.user("bob", email="bob@example.org")
    chat, left = await house.direct(ann, bob), await house.group(bob, ann)
    await house.change("remove", left, bob, ann)
    changed = expect(UserUpdated, await house.do(update(ann, avatar_url="https://example.org/a.png")))
    assert (changed.user.display_name, changed.user.avatar_url) == ("Ann", "https://example.org/a.png")
    assert changed.user.email == "ann@example.org"
    assert changed.chat_ids == (chat,)
    changed = expect(UserUpdated, await house.do(update(ann, email="new@example.org")))
    assert await house.do(FindLogin("new@example.org")) == LoginFound(ann, "hash of ann")
    assert refusal(await house.do(FindLogin("ann@example.org"))) == "not_found"
    assert refusal(await house.do(update(ann, email="BOB@example.org"))) == "email_taken"
    expect(UserUpdated, await house.do(update(ann, email="NEW@example.org")))
    cleared = expect(UserUpdated, await house.do(update(ann, email="", avatar_url="")))
    assert (cleared.user.email, cleared.user.avatar_url) == (None, None)
    assert refusal(await house.do(FindLogin("new@example.org"))) == "not_found"


async def test_fields_changed_at_once_are_all_kept(house: House) -> None:
    people = await house.people(5)
    for ann in people:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(house.do, update(ann, avatar_url="https://example.org/a.png"))
            nursery.start_soon(house.do, update(ann, email=f"user{ann}@example.org"))
            nursery.start_soon(house.do, update(ann, username="ann", display_name="Ann"))
    for user in expect(UsersFound, await house.do(ListUsers(0, 10))).users:
        assert isinstance(user, PrivateUser)
        assert (user.display_name, user.avatar_url) == ("Ann", "https://example.org/a.png")
        assert user.email == f"user{user.id}@example.org"


async def test_a_new_name_is_found_and_the_old_one_is_not(house: House) -> None:
    ann, bob = await house.user("ann", display_name="Anna Petrova"), await house.user("bob")
    expect(UserUpdated, await house.do(update(ann, username="ann", display_name="Мария")))
    assert await search(house, bob, "petr") == []
    assert await search(house, bob, "мар") == ["ann"]
    assert await search(house, bob, "ann") == ["ann"]


async def test_search_finds_prefixes_of_usernames_and_words(house: House) -> None:
    caller = await house.user("caller", display_name="Пётр Ильич")
    await house.user("petr1", display_name="Пётр Чайковский 😀")
    await house.user("strauss", display_name="Johann STRAUSS")
    await house.user("peter", display_name="Peter")
    assert await search(house, caller, "петр") == ["petr1"]
    assert await search(house, caller, "ПЁТР") == ["petr1"]
    assert await search(house, caller, "чайк") == ["petr1"]
    assert await search(house, caller, "😀") == ["petr1"]
    assert await search(house, caller, "😁") == []
    assert await search(house, caller, "pet") == ["peter", "petr1"]
    assert await search(house, caller, "pet", limit=1) == ["peter"]
    assert await search(house, caller, "STRAU") == ["strauss"]
    assert await search(house, caller, "auss") == []
    assert await search(house, caller, "call") == []


async def test_search_takes_wildcards_literally(house: House) -> None:
    caller = await house.user("caller")
    await house.user("a_b", display_name="100% \\ '")
    await house.user("acb", display_name="1000")
    assert await search(house, caller, "a_") == ["a_b"]
    assert await search(house, caller, "100%") == ["a_b"]
    for prefix in ("%", "_", "a%", "\\%", "' or 1=1 --", "pe ", " ", "", "a" * 100):
        assert await search(house, caller, prefix) == []


async def test_search_finds_whole_names_in_any_order(house: House) -> None:
    caller = await house.user("caller", display_name="Анна Мария")
    await house.user("anna_k", display_name="Анна Королёва")
    await house.user("anna_m", display_name="Анна-Мария О\u2019Нил")
    for query in ("анна королева", "КОРОЛЁВА  анна", "кор ан", "анна anna_k", "@anna_k", "@anna_k королёва"):
        assert await search(house, caller, query) == ["anna_k"], query
    for query in ("о'нил", "О\u2019Нил", "О`Нил анна-мария", "анна о'н"):
        assert await search(house, caller, query) == ["anna_m"], query
    assert await search(house, caller, "анна") == ["anna_k", "anna_m"]
    for query in ("анна иванова", "анна @boris", "@", "@@anna_k"):
        assert await search(house, caller, query) == [], query
    assert await search(house, caller, "анна королёва a an ann anna_ никто") == [], "the longest words count"


async def test_an_address_finds_contacts_only(house: House) -> None:
    ann, bob = await house.user("ann"), await house.user("bob", email="Bob@Example.org")
    eve = await house.user("eve")
    assert await search(house, ann, "bob@example.org", email="bob@example.org") == []
    await house.direct(ann, bob)
    assert await search(house, ann, "bob@example.org", email="bob@example.org") == ["bob"]
    assert await search(house, ann, "", email="bob@example.org") == ["bob"]
    assert await search(house, ann, "bob", email="bob@example.org") == ["bob"], "once"
    for who in (bob, ann):
        expect(UserUpdated, await house.do(evolve(update(who), hide_last_seen=True)))
        assert await search(house, ann, "", email="bob@example.org") == ["bob"], "whatever they hide"
    for who, address in ((eve, "bob@example.org"), (bob, "bob@example.org"), (ann, "bob@example.or")):
        assert await search(house, who, address, email=address) == []


async def test_b26_presence_is_told_only_to_those_who_share_a_chat(house: House) -> None:
    ann, bob, eve = await house.people(3)
    seen = house.wait(minutes=5)
    for user_id in (bob, eve):
        assert await house.do(SaveLastSeen(((user_id, seen),))) == Done()
        late = seen - timedelta(hours=8)
        assert await house.do(SaveLastSeen(((user_id, late),))) == Done(), "what is known since stays"
    group = await house.group(ann, bob)

    async def look(viewer: int, user_id: int) -> User:
        return expect(UsersFound, await house.do(FindUsers(viewer, (user_id,)))).users[0]

    known, stranger = await look(ann, bob), await look(ann, eve)
    assert (known.online, known.last_seen_at) == (False, seen)
    assert (stranger.online, stranger.last_seen_at) == (None, None)
    await house.change("remove", group, ann, bob)
    for viewer, user_id in ((ann, bob), (bob, ann)):
        left = await look(viewer, user_id)
        assert (left.online, left.last_seen_at) == (None, None)
    await house.direct(bob, ann)
    assert (await look(ann, bob)).last_seen_at == seen


async def test_users_are_found_by_id_and_unknown_ones_left_out(house: House) -> None:
    ann, bob, eve = await house.people(3)
    found = expect(UsersFound, await house.do(FindUsers(ann, (eve, 10**15, bob, bob))))
    assert [user.id for user in found.users] == [bob, eve]
    assert expect(UsersFound, await house.do(FindUsers(ann, ()))).users == ()
    assert not any(isinstance(user, PrivateUser) for user in found.users)


async def test_the_operator_lists_everybody_page_by_page(house: House) -> None:
    people = await house.people(5)
    first = expect(UsersFound, await house.do(ListUsers(0, 3))).users
    rest = expect(UsersFound, await house.do(ListUsers(first[-1].id, 3))).users
    assert [user.id for user in first + rest] == people
    assert all(isinstance(user, PrivateUser) for user in first)


async def test_nobody_has_no_profile(house: House) -> None:
    ann = await house.user("ann")
    assert refusal(await house.do(update(ann + 1, avatar_url="https://example.org/a.png"))) == "not_found"
