"""The server removes old tokens by itself, from its start on, and says so in one line."""

import logging
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trio

from chatproto.operations import Operation, OperationFailed, Outcome
from runtime.background.hourly_cleaning import clean, clean_for_ever
from runtime.compose import compose
from runtime.config import Secret, Settings
from storage.open import open_storage
from tests.server.house import empty_database
from tests.storage.store_house import House


def tokens_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("select count(*) from refresh_tokens").fetchone()[0])


class Said(logging.Handler):
    """Tells when something was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.something = trio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.something.set()


async def test_a_server_cleans_up_when_it_starts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "vestnik.sqlite3"
    empty_database(path)
    storage = await open_storage(f"sqlite:///{path}")
    try:
        house = House(storage)
        house.now = datetime.now(UTC) - timedelta(days=100)
        await house.log_in(await house.user("ann"), b"old")
        house.now = datetime.now(UTC)
        await house.log_in(1, b"new")
    finally:
        await storage.aclose()
    settings = Settings(data_dir=tmp_path, database_url=Secret(f"sqlite:///{path}"), web_dir=None)
    said = Said()
    logger = logging.getLogger("runtime.background.hourly_cleaning")
    logger.addHandler(said)
    try:
        with caplog.at_level(logging.INFO, logger.name), trio.fail_after(60):
            async with compose(settings):
                await said.something.wait()
    finally:
        logger.removeHandler(said)
    assert "'old_tokens': 1" in caplog.text
    assert tokens_in(path) == 1


async def test_a_store_that_is_away_is_asked_again_by_the_next_run() -> None:
    asked: list[Operation] = []
    thrice, kinds = trio.Event(), 1_000

    async def ask(operation: Operation) -> Outcome:
        await trio.lowlevel.checkpoint()
        asked.append(operation)
        if len(asked) == 4 * kinds:
            thrice.set()
        return OperationFailed(retryable=True)

    assert not any((await clean(ask, lambda: datetime.now(UTC))).values())
    kinds = len(asked)
    assert kinds >= 4
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(clean_for_ever, ask, lambda: datetime.now(UTC), 0.001)
            await thrice.wait()
            nursery.cancel_scope.cancel()
