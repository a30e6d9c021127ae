"""The hints of processes that have no other bus than the database."""

from datetime import UTC, datetime

from chatproto.operations import Done, HearHints, HintsHeard, TellHints
from tests.storage.store_house import House

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_what_one_tells_the_others_read_in_order_and_old_rows_leave(house: House) -> None:
    def heard(outcome: object) -> list[tuple[int, bytes]]:
        assert isinstance(outcome, HintsHeard)
        return [(row.sender, row.data) for row in outcome.rows]

    async def tell(sender: int, data: bytes, before_id: int = 0) -> None:
        assert await house.store.perform(TellHints(sender, data, before_id, NOON)) == Done()

    await tell(2**53 - 1, b"one")
    begin = await house.store.perform(HearHints(2**53))
    assert isinstance(begin, HintsHeard) and begin.rows == () and begin.newest >= 1
    await tell(2, b"two")
    await tell(3, "три \N{GRINNING FACE}".encode())
    after = await house.store.perform(HearHints(begin.newest))
    assert heard(after) == [(2, b"two"), (3, "три \N{GRINNING FACE}".encode())]
    assert isinstance(after, HintsHeard) and after.newest == after.rows[-1].id
    missing = await house.store.perform(HearHints(after.newest, (after.rows[0].id, 10**9)))
    assert heard(missing) == [(2, b"two")], "a number below that was not there before"
    await tell(2, b"four", before_id=after.newest)
    left = await house.store.perform(HearHints(0))
    assert heard(left) == [(3, "три \N{GRINNING FACE}".encode()), (2, b"four")]
