"""Whether nobody is on a server yet: told to pages, and asked of storage as seldom as can be."""

from datetime import UTC, datetime

import trio

from chatproto.operations import Operation, OperationFailed, Outcome, UsersFound
from chatproto.wire.model import PrivateUser
from runtime.http.emptiness import Emptiness
from tests.server.conftest import OpenHouse

NOBODY = UsersFound(())
BORN = datetime(2026, 1, 1, tzinfo=UTC)
ANNA = UsersFound((PrivateUser(id=1, username="anna", display_name="Anna", created_at=BORN),))


async def test_a_server_tells_pages_that_nobody_is_there(house_at: OpenHouse) -> None:
    async with house_at(registration="open") as house:

        async def empty() -> bool:
            answer = await house.http.get("/api/server")
            assert answer.status_code == 200
            return bool(answer.json()["empty"])

        assert await empty()
        await house.register("anna")
        assert not await empty()


async def test_many_who_ask_are_one_question_and_no_more_once_somebody_was_there() -> None:
    answers: list[Outcome] = [OperationFailed(retryable=True), NOBODY, NOBODY, ANNA]
    asked: list[Operation] = []
    emptiness = Emptiness()

    async def ask(operation: Operation) -> Outcome:
        asked.append(operation)
        await trio.lowlevel.checkpoint()
        return answers[len(asked) - 1]

    async def told_at(now: float) -> list[bool]:
        said = []

        async def one() -> None:
            said.append(await emptiness.is_empty(ask, lambda: now))

        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(one)
        return said

    for now, expected, questions in (
        (5.0, False, 1),  # storage was away
        (6.0, True, 2),
        (6.9, True, 2),
        (7.0, True, 3),
        (8.0, False, 4),
        (99.0, False, 4),
    ):
        assert await told_at(now) == [expected] * 10
        assert len(asked) == questions
