"""Addresses as they are kept of who came by them."""

from datetime import UTC, datetime

from chatproto.operations import Administer, Done, Operation, Outcome
from chatproto.operations.administration import ExportData
from runtime.addresses import KEPT, LOCAL, known_address
from runtime.administration import administer

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_all_acts_are_written_down_with_what_is_an_address() -> None:
    asked: list[Operation] = []

    async def ask(operation: Operation) -> Outcome:
        asked.append(operation)
        return Done()

    given = ("192.0.2.1", "2001:DB8::1", LOCAL, "unknown", None)
    for address in given:
        await administer(ask, 1, address, ExportData(1), NOW, own=True)
    kept = [one.address for one in asked if isinstance(one, Administer)]
    assert kept == ["192.0.2.1", "2001:db8::1", None, None, None]


def test_no_more_of_an_address_is_kept_than_the_database_takes() -> None:
    assert known_address(f"fe80::1%{'x' * 100}") == f"fe80::1%{'x' * 100}"[:KEPT]
