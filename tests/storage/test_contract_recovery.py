"""Letters, and the codes in them: what is ordered, who gets it, and what opens something how often."""

from datetime import timedelta
from hashlib import sha256
from itertools import count

import pytest
import trio

from chatproto.operations import (
    AccountDeleted,
    ChangePassword,
    CheckCode,
    CleanUp,
    ConfirmEmail,
    DeleteAccount,
    Done,
    FindLogin,
    FinishMail,
    Letter,
    LoginFound,
    MailTaken,
    MakeCode,
    OrderReset,
    Outcome,
    ResetPassword,
    SessionCreated,
    SessionsEnded,
    TakeMail,
    UpdateUser,
    UserUpdated,
)
from chatproto.operations.accounts import CreateUser
from chatproto.operations.outcomes import CleanedUp, UserFound
from chatproto.operations.recovery import MAX_WAITING
from chatproto.wire.text import fold
from tests.storage.store_house import House, expect, refusal

_numbers = count(1)


def new_code() -> bytes:
    return sha256(b"%d" % next(_numbers)).digest()


async def order(house: House, login: str) -> Outcome:
    return await house.do(OrderReset(fold(login), "ru", house.now))


async def take(house: House, code: bytes | None = None) -> Letter | None:
    """Leased for two minutes."""
    until = house.now + timedelta(minutes=2)
    return expect(MailTaken, await house.do(TakeMail(code or new_code(), house.now, until))).letter


async def all_letters(house: House) -> list[Letter]:
    """What is due, each taken and finished."""
    letters = []
    while (letter := await take(house)) is not None:
        letters.append(letter)
        assert await house.do(FinishMail(letter.id, letter.created_at, None)) == Done()
    return letters


async def set_email(house: House, user_id: int, email: str, language: bool = True) -> None:
    key = fold(email)
    outcome = await house.do(UpdateUser(user_id, None, None, email, key, None, house.now, "ru" if language else None))
    assert expect(UserUpdated, outcome).user.email == (email or None)


async def verified(house: House, name: str, email: str) -> int:
    """Somebody whose address is confirmed."""
    user_id = await house.user(name)
    await set_email(house, user_id, email)
    code = new_code()
    letter = await take(house, code)
    assert letter is not None
    assert (letter.kind, letter.address, letter.username) == ("verify", email, name)
    assert await house.do(FinishMail(letter.id, letter.created_at, None)) == Done()
    assert await house.do(ConfirmEmail(code, house.now)) == Done()
    return user_id


async def test_a_reset_is_for_a_verified_address_alone(house: House) -> None:
    await verified(house, "ann", "Ann@Example.org")
    bob = await house.user("bob", email="bob@example.org")
    await house.user("eve")
    for login in ("ann", "ANN@example.ORG", "bob", "bob@example.org", "eve", "nobody", "ann ", "", "x" * 254):
        assert await order(house, login) == Done(), "whoever it names"
    letters = await all_letters(house)
    assert [(letter.username, letter.address) for letter in letters] == [("ann", "Ann@Example.org")] * 2
    assert all(letter.kind == "reset" and letter.attempts == 1 for letter in letters)
    await set_email(house, bob, "bob@example.org", language=False)
    assert await all_letters(house) == []


async def test_a_code_resets_once_and_ends_every_session(house: House) -> None:
    ann = await verified(house, "ann", "ann@example.org")
    session = await house.log_in(ann, b"0")
    first, second = new_code(), new_code()
    for code in (first, second):
        await order(house, "ann")
        letter = await take(house, code)
        assert letter is not None
        await house.do(FinishMail(letter.id, letter.created_at, None))
    assert await house.do(CheckCode(first, "reset", house.now)) == Done()
    assert refusal(await house.do(CheckCode(first, "email", house.now))) == "code_expired"
    assert refusal(await house.do(ConfirmEmail(first, house.now))) == "code_expired"
    ended = expect(SessionsEnded, await house.do(ResetPassword(first, "new hash", house.now)))
    assert ended.session_ids == (session.session_id,)
    assert await house.do(FindLogin("ann")) == LoginFound(ann, "new hash")
    for code in (first, second):  # the other one ends with it
        assert refusal(await house.do(ResetPassword(code, "thief", house.now))) == "code_used"
        assert refusal(await house.do(CheckCode(code, "reset", house.now))) == "code_used"
    assert refusal(await house.do(ResetPassword(new_code(), "thief", house.now))) == "code_expired"
    assert await house.do(FindLogin("ann")) == LoginFound(ann, "new hash")


async def test_a_code_used_by_many_at_once_serves_one(house: House) -> None:
    ann = await house.user("ann")
    code, outcomes = new_code(), list[Outcome]()
    assert await house.do(MakeCode(code, "reset", ann, house.now, house.now + timedelta(hours=1))) == Done()

    async def use(number: int) -> None:
        outcomes.append(await house.do(ResetPassword(code, f"hash {number}", house.now)))

    async with trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(use, number)
    assert sum(isinstance(outcome, SessionsEnded) for outcome in outcomes) == 1
    assert {refusal(one) for one in outcomes if not isinstance(one, SessionsEnded)} == {"code_used"}


async def test_codes_end_with_time_with_another_password_and_with_the_address(house: House) -> None:
    ann = await verified(house, "ann", "ann@example.org")
    codes = [new_code() for _ in range(3)]
    for code in codes[:2]:
        await order(house, "ann")
        letter = await take(house, code)
        assert letter is not None
        await house.do(FinishMail(letter.id, letter.created_at, None))
        if code is codes[0]:
            house.wait(minutes=60)
            assert refusal(await house.do(ResetPassword(code, "thief", house.now))) == "code_expired"
    expect(SessionsEnded, await house.do(ChangePassword(ann, "changed", None, house.now)))
    assert refusal(await house.do(ResetPassword(codes[1], "thief", house.now))) == "code_used"
    later = house.now + timedelta(hours=1)
    assert await house.do(MakeCode(codes[2], "reset", ann, house.now, later)) == Done()
    await set_email(house, ann, "new@example.org", language=False)
    assert refusal(await house.do(ResetPassword(codes[2], "thief", house.now))) == "code_used"
    assert refusal(await house.do(MakeCode(new_code(), "reset", ann + 1, house.now, later))) == "not_found"
    assert await house.do(FindLogin("ann")) == LoginFound(ann, "changed")


async def test_another_address_is_confirmed_anew_and_the_old_one_is_told(house: House) -> None:
    ann = await verified(house, "ann", "old@example.org")
    await set_email(house, ann, "old@example.org")
    assert await all_letters(house) == [], "nothing changed"
    await set_email(house, ann, "new@example.org")
    code = new_code()
    told = await take(house)
    asked = await take(house, code)
    assert told is not None and asked is not None
    assert (told.kind, told.address) == ("changed", "old@example.org")
    assert (asked.kind, asked.address) == ("verify", "new@example.org")
    for sent in (told, asked):
        await house.do(FinishMail(sent.id, sent.created_at, None))
    await set_email(house, ann, "third@example.org")
    assert refusal(await house.do(ConfirmEmail(code, house.now))) == "code_expired", "of another address"
    assert [(one.kind, one.address) for one in await all_letters(house)] == [("verify", "third@example.org")]
    await set_email(house, ann, "third@example.org")
    letter = await take(house, code := new_code())
    assert letter is not None, "asked for once more"
    house.wait(days=3)
    assert refusal(await house.do(ConfirmEmail(code, house.now))) == "code_expired"
    await house.do(FinishMail(letter.id, letter.created_at, None))
    await set_email(house, ann, "")
    assert await all_letters(house) == []
    await set_email(house, ann, "fourth@example.org")
    await set_email(house, ann, "fifth@example.org")
    assert [one.address for one in await all_letters(house)] == ["fifth@example.org"], "the fourth is void"


@pytest.mark.parametrize("store", ["sqlite", "mariadb", "mysql"], indirect=True)
async def test_a_change_that_is_run_again_orders_its_letters_once(house: House) -> None:
    """As on MySQL, where nobody knows whether its commit took place."""
    ann = await verified(house, "ann", "old@example.org")
    for email, kinds in (("new@example.org", ["changed", "verify"]), ("new@example.org", ["verify"])):
        house.wait(seconds=1)
        change = UpdateUser(ann, None, None, email, fold(email), None, house.now, "en")
        for _ in range(2):
            expect(UserUpdated, await house.do(change))
        assert [one.kind for one in await all_letters(house)] == kinds


async def test_who_registers_with_an_address_is_asked_to_confirm_it(house: House) -> None:
    for language, number in (("en", 1), (None, 0)):
        name = f"ann{number}"
        made = await house.do(
            CreateUser(
                username=name,
                username_key=name,
                email=f"{name}@example.org",
                email_key=f"{name}@example.org",
                password_hash="hash",
                display_name="Ann",
                words=frozenset({name}),
                now=house.now,
                language="en" if language else None,
            )
        )
        user = expect(UserFound, made).user
        assert not user.email_verified
        letters = await all_letters(house)
        assert len(letters) == number
        for letter in letters:
            assert (letter.kind, letter.language, letter.username) == ("verify", "en", name)


async def test_twelve_resets_an_hour(house: House) -> None:
    await verified(house, "ann", "ann@example.org")
    await verified(house, "bob", "bob@example.org")
    for _ in range(14):
        await order(house, "ann")
    await order(house, "bob")
    assert [one.username for one in await all_letters(house)] == ["ann"] * 12 + ["bob"]
    house.wait(minutes=61)
    await order(house, "ann")
    assert len(await all_letters(house)) == 1


async def test_a_letter_ends_no_other_order_that_has_its_number(house: House) -> None:
    """SQLite gives the number of one that is gone to the next; its sender may still be on its way."""
    ann = await verified(house, "ann", "ann@example.org")
    await verified(house, "bob", "bob@example.org")
    await order(house, "ann")
    letter = await take(house)
    assert letter is not None
    expect(AccountDeleted, await house.do(DeleteAccount(ann, house.now)))
    house.wait(seconds=1)
    await order(house, "bob")
    for again in (None, house.now + timedelta(days=1)):
        assert await house.do(FinishMail(letter.id, letter.created_at, again)) == Done()
    assert [one.username for one in await all_letters(house)] == ["bob"]


async def test_what_was_not_sent_is_tried_again_and_does_not_count_twice(house: House) -> None:
    await verified(house, "ann", "ann@example.org")
    await order(house, "ann")
    for attempt in range(1, 6):
        letter = await take(house)
        assert letter is not None
        assert letter.attempts == attempt
        assert await take(house) is None, "it is leased"
        again = house.wait(minutes=1)
        assert await house.do(FinishMail(letter.id, letter.created_at, again)) == Done()
    letter = await take(house)
    assert letter is not None
    assert await house.do(FinishMail(letter.id, letter.created_at, None)) == Done()
    assert await house.do(FinishMail(letter.id, letter.created_at, None)) == Done()
    await order(house, "ann")
    assert len(await all_letters(house)) == 1
    lost = await order(house, "ann")
    assert lost == Done() and await take(house) is not None
    house.wait(minutes=3)
    assert await take(house) is not None, "the lease is over: whoever took it is gone"


async def test_two_who_take_at_once_get_different_letters(house: House) -> None:
    for number in range(4):
        await verified(house, f"user{number}", f"{number}@example.org")
    for number in range(4):
        await order(house, f"user{number}")
    taken: list[Letter] = []

    async def work() -> None:
        while (letter := await take(house)) is not None:
            taken.append(letter)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(work)
    assert sorted(one.address for one in taken) == [f"{number}@example.org" for number in range(4)]
    assert {(one.kind, one.language, one.created_at) for one in taken} == {("reset", "ru", house.now)}


async def test_the_queue_is_bounded(house: House) -> None:
    ann = await verified(house, "ann", "ann@example.org")
    for _ in range(MAX_WAITING):
        assert await order(house, "nobody") == Done()
    assert refusal(await order(house, "ann")) == "too_many"
    await set_email(house, ann, "new@example.org")
    assert await all_letters(house) == [], "a change of address goes on without its letters"


async def test_old_codes_are_removed_a_week_after_their_end(house: House) -> None:
    ann = await house.user("ann")
    code = new_code()
    expires = house.now + timedelta(hours=1)
    assert await house.do(MakeCode(code, "reset", ann, house.now, expires)) == Done()
    expect(SessionsEnded, await house.do(ResetPassword(code, "hash", house.now)))
    house.wait(days=7)
    assert await house.do(CleanUp("codes", 0, 10, house.now)) == CleanedUp(0)
    assert refusal(await house.do(CheckCode(code, "reset", house.now))) == "code_used"
    house.wait(hours=1)
    assert await house.do(CleanUp("codes", 0, 10, house.now)) == CleanedUp(1)
    assert refusal(await house.do(CheckCode(code, "reset", house.now))) == "code_expired"


async def test_a_session_stays_for_who_only_confirms(house: House) -> None:
    ann = await verified(house, "ann", "ann@example.org")
    session = expect(SessionCreated, await house.log_in(ann, b"1"))
    assert session.user.email_verified
