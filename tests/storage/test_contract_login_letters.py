"""Letters about log-ins: from which device, to whom, in which language, and who is not told."""

from datetime import timedelta

from chatproto.operations import CreateSession, EndSessions, SaveLastSeen, SessionCreated, UpdateUser, UserUpdated
from chatproto.operations.recovery import MAX_WAITING, Language
from tests.storage.store_house import House, expect
from tests.storage.test_contract_recovery import all_letters, order, set_email, verified

FIREFOX, APP = "Web, Firefox, Windows", "Vestnik, Windows 11"
HOME, AWAY = "192.0.2.1", "198.51.100.7"


class LogIns:
    """Of one account; each tells whether a letter was ordered."""

    def __init__(self, house: House, user_id: int) -> None:
        self.house = house
        self.user_id = user_id
        self.made = 0
        self.last = 0

    async def __call__(self, device: str, address: str | None = HOME, letter: Language | None = "en") -> bool:
        self.made += 1
        secret = b"%d-%d" % (self.user_id, self.made)
        asked = CreateSession(
            self.user_id, device, secret.ljust(32, b"."), secret.ljust(16, b"."), self.house.now, address, letter
        )
        created = expect(SessionCreated, await self.house.do(asked))
        self.last = created.session_id
        return created.told


async def wants(house: House, user_id: int, wanted: bool | None) -> UserUpdated:
    asked = UpdateUser(user_id, None, None, None, None, None, house.now, login_letters=wanted)
    return expect(UserUpdated, await house.do(asked))


async def test_a_new_device_is_told_of_once(house: House) -> None:
    ann = await verified(house, "ann", "ann@example.org")
    log_in = LogIns(house, ann)
    assert not await log_in(FIREFOX), "the first log-in of all"
    assert not await log_in(FIREFOX), "the same device"
    assert await log_in(FIREFOX, AWAY), "the same program from elsewhere"
    assert await log_in(APP), "another program from the same place"
    house.now += timedelta(minutes=1)
    assert not await log_in("Vestnik, Windows 10"), "versions of a system are not told apart"
    assert not await log_in(APP, None, letter=None), "nobody asked for one"
    assert [(one.kind, one.language, one.address, one.username) for one in await all_letters(house)] == [
        ("login", "ru", "ann@example.org", "ann")
    ] * 2


async def test_a_letter_says_what_the_session_says(house: House) -> None:
    ann = await verified(house, "ann", "ann@example.org")
    log_in = LogIns(house, ann)
    await log_in(FIREFOX)
    at = house.now
    assert await log_in(APP, "2001:db8::1")
    await house.do(EndSessions(ann, log_in.last, None, house.now))
    assert await log_in("curl/8", None)
    house.now += timedelta(minutes=5)
    first, second = await all_letters(house)
    assert (first.device, first.network_address, first.created_at) == (APP, "2001:db8::1", at), "also after its end"
    assert (second.device, second.network_address) == ("curl/8", None)


async def test_addresses_of_one_customer_are_one_place(house: House) -> None:
    log_in = LogIns(house, await verified(house, "ann", "ann@example.org"))
    await log_in(FIREFOX, "2001:db8:0:1::1")
    assert not await log_in(FIREFOX, "2001:db8:0:1:ffff::2")
    assert await log_in(FIREFOX, "2001:db8:0:2::1")
    assert await log_in(FIREFOX, None), "not known from where"
    assert not await log_in(FIREFOX, None)
    assert await log_in("curl/8") and await log_in("curl/9") and not await log_in("curl/8")


async def test_a_session_that_ended_vouches_for_nothing(house: House) -> None:
    ann = await verified(house, "ann", "ann@example.org")
    log_in = LogIns(house, ann)
    await log_in(FIREFOX)
    await house.do(EndSessions(ann, None, None, house.now))
    assert await log_in(FIREFOX)


async def test_who_was_there_long_ago_is_told(house: House) -> None:
    """Their sessions are removed by then, and only the time when they were last seen is left."""
    ann = await verified(house, "ann", "ann@example.org")
    await house.do(SaveLastSeen(((ann, house.now),)))
    assert await LogIns(house, ann)(FIREFOX)


async def test_only_an_address_that_was_confirmed_is_written_to(house: House) -> None:
    ann, bob, eve = await verified(house, "ann", "ann@example.org"), await house.user("bob"), await house.user("eve")
    await set_email(house, bob, "bob@example.org", language=False)
    await set_email(house, ann, "another@example.org", language=False)
    for user_id in (ann, bob, eve):
        log_in = LogIns(house, user_id)
        await log_in(FIREFOX)
        assert not await log_in(APP)
    assert await all_letters(house) == []


async def test_it_can_be_switched_off_and_on(house: House) -> None:
    ann = await verified(house, "ann", "ann@example.org")
    log_in = LogIns(house, ann)
    await log_in(FIREFOX)
    assert (await wants(house, ann, False)).user.login_letters is False
    assert not await log_in(APP)
    unchanged = await wants(house, ann, None)
    assert unchanged.user.login_letters is False and unchanged.chat_ids == () and unchanged.hides is None
    assert (await wants(house, ann, True)).user.login_letters is not True, "left out, as by default"
    assert await log_in(FIREFOX, AWAY)


async def test_the_language_is_that_of_the_account_or_of_the_log_in(house: House) -> None:
    ann = await house.user("ann", email="ann@example.org")
    await set_email(house, ann, "ann@example.org")
    assert [letter.kind for letter in await all_letters(house)] == ["verify"]
    bob = await verified(house, "bob", "bob@example.org")
    log_in = LogIns(house, bob)
    await log_in(FIREFOX)
    assert await log_in(APP, letter="en")
    assert [letter.language for letter in await all_letters(house)] == ["ru"], "which they entered their address in"


async def test_a_full_queue_keeps_nobody_out(house: House) -> None:
    log_in = LogIns(house, await verified(house, "ann", "ann@example.org"))
    await log_in(FIREFOX)
    for _ in range(MAX_WAITING):
        await order(house, "nobody")
    assert not await log_in(APP)
