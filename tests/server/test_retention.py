"""Messages that are removed after their time: who says for how long, what is left, and who removes them."""

from datetime import UTC, datetime, timedelta

import trio

from chatproto.operations import CleanFiles, Expire, FilesRemoved, FindExpired, Operation, OperationFailed, Outcome
from runtime.background.retention import ENTRIES, expire, expire_for_ever
from runtime.metrics import Metrics
from storage.port import Storage
from tests.server.answers import code_of, fields_of
from tests.server.conftest import OpenHouse
from tests.server.house import House
from tests.server.sockets import open_socket
from tests.server.test_search import found
from tests.server.uploads import upload
from tests.storage.store_house import House as StoreHouse
from tests.storage.store_house import expect


def in_two_days() -> datetime:
    return datetime.now(UTC) + timedelta(days=2)


async def test_who_says_for_how_long(house_at: OpenHouse) -> None:
    async with house_at(retention_days=30) as house:
        anna, boris = await house.register("anna"), await house.register("boris")
        path = f"/api/chats/{await anna.group('Club', boris)}"
        assert (await boris.get(path)).json()["retention_days"] == 0
        refused = await boris.patch(path, {"retention_days": 7})
        assert refused.status_code == 403 and code_of(refused) == "forbidden"
        assert (await anna.patch(path, {"retention_days": 7})).json()["retention_days"] == 7
        assert fields_of(await anna.patch(path, {"retention_days": 8})) == {"retention_days": "not_allowed"}
        async with open_socket(house.url) as socket:
            ready = await socket.hello(boris.token)
            assert ready["limits"]["retention_days"] == 30
            await anna.patch(path, {"retention_days": 0})
            assert (await socket.until("event"))["data"] == {"retention_days": 0}
        assert (await house.http.get("/api/server")).json()["limits"]["retention_days"] == 30


async def test_what_is_too_old_is_nowhere(house: House) -> None:
    """Neither in the log nor in a search, and its file is gone; whoever is connected is told."""
    anna, boris = await house.register("anna"), await house.register("boris")
    chat = await anna.direct(boris)
    file = await upload(anna, b"a file of nobody else")
    await anna.send(chat, "an old word", attachment=file["id"])
    async with open_socket(house.url) as socket:
        head = (await socket.hello(boris.token))["chats"][0]
        assert (head["first_seq"], head["unread_count"]) == (1, 1)
        assert await expire(house.driver.request, in_two_days, 3) == (0, 0)
        assert await expire(house.driver.request, in_two_days, 1) == (1, 1)
        assert await socket.until("expired") == {"type": "expired", "chat_id": chat, "first_seq": 2}
    seen = (await boris.get(f"/api/chats/{chat}")).json()
    assert (seen["last_message"], seen["unread_count"], seen["first_seq"], seen["last_seq"]) == (None, 0, 2, 1)
    assert (await boris.get(f"/api/chats/{chat}/messages")).json()["messages"] == []
    assert (await found(boris, "word"))["results"] == []
    assert (await boris.get(f"/api/files/{file['id']}")).status_code == 404
    assert expect(FilesRemoved, await house.storage.perform(CleanFiles(in_two_days(), 10))).removed == 1
    assert (await anna.get(f"/api/files/{file['id']}")).status_code == 404
    assert (await anna.get(f"/api/chats/{chat}/files")).json()["files"] == []
    assert (await boris.patch(f"/api/chats/{chat}/messages/1", {"content": "x"})).status_code == 404
    assert (await anna.send(chat, "what comes next"))["seq"] == 2


async def test_a_long_log_goes_in_pieces_and_a_store_that_is_away_is_asked_again(house: House) -> None:
    asked: list[Operation] = []
    away, metrics, again = True, Metrics(), trio.Event()

    class Watched(Storage):
        async def perform(self, operation: Operation) -> Outcome:
            asked.append(operation)
            if sum(isinstance(one, FindExpired) for one in asked) == 3:
                again.set()  # the run before is over
            if away and len(asked) > 2:
                return OperationFailed(retryable=True)
            return await house.storage.perform(operation)

        async def check(self) -> str | None:
            return None

        async def aclose(self) -> None: ...

    people = StoreHouse(house.storage)
    ann, bob = await people.people(2)
    chat = await people.group(ann, bob)
    people.now = datetime.now(UTC)
    for _ in range(ENTRIES + 1):
        await people.send(chat, ann)
    watched = Watched()
    assert await expire(watched.perform, in_two_days, 1) == (ENTRIES, 1)
    assert [type(operation) for operation in asked] == [FindExpired, Expire, Expire]
    away = False
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(expire_for_ever, watched.perform, in_two_days, 1, metrics.messages_expired, 0.001)
            await again.wait()
            nursery.cancel_scope.cancel()
    assert metrics.registry.get_sample_value("vestnik_messages_expired_total") == 1
