"""A copy of one's own data over HTTP: the same as the command's, for whoever shows the password and nobody else."""

import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
import trio
from attrs import define, evolve
from trio.testing import MockClock

from chatproto.operations import FetchPage, FindFile, ListSessions, Operation, Outcome, SessionsFound
from chatproto.wire.model import SessionInfo
from runtime import data_export
from runtime.commands import account_commands
from runtime.data_export import ExportError
from runtime.files.blobs import FolderBlob, FolderStore
from runtime.http import own_data
from tests.server.answers import code_of
from tests.server.conftest import OpenHouse
from tests.server.house import PASSWORD, House, Person
from tests.server.test_administration import admin, lines
from tests.server.test_invites import settings_of
from tests.server.uploads import upload


async def link(person: Person, password: str = PASSWORD) -> str:
    answer = await person.post("/api/auth/me/export", {"password": password})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["url"])


async def full_house(house: House) -> Person:
    """Anna, who has a chat with Boris, with one file of each."""
    anna, boris = await house.register("anna", email="anna@example.org"), await house.register("boris")
    chat_id = await anna.direct(boris)
    for number in range(201):
        await boris.send(chat_id, f"line {number}")
    for person in (anna, boris):
        file = await upload(person, b"by " + person.user["username"].encode() * 200_000, "a.txt")
        sent = {"content": "with a file", "attachment": file["id"]}
        assert (await person.post(f"/api/chats/{chat_id}/messages", sent)).is_success
    return anna


def contents(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


async def test_it_is_what_the_command_writes(house: House, tmp_path: Path) -> None:
    root = await admin(house, tmp_path)
    anna = await full_house(house)
    url = await link(anna)
    answer = await house.http.get(url)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip" and "content-length" not in answer.headers
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-accel-buffering"] == "no"
    store = house.services.files.store
    assert isinstance(store, FolderStore)
    settings = evolve(settings_of(house, tmp_path), data_dir=store.root.parent.parent)
    await account_commands.export(settings, "anna", tmp_path / "anna.zip")
    by_command = contents((tmp_path / "anna.zip").read_bytes())
    over_http = contents(answer.content)
    assert b'"current":true' in over_http.pop("sessions.jsonl") and by_command.pop("sessions.jsonl")
    assert over_http == by_command and len(over_http) == 6
    assert not any(b"by boris" in content for content in over_http.values())
    assert (await lines(root))[:2] == [(None, "data_exported", "anna"), ("anna", "data_exported", "anna")]
    assert not house.services.guards.exporting


async def test_a_link_opens_it_once_and_for_five_minutes(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    url = await link(anna)
    assert (await house.http.head(url)).status_code == 200, "to look is not to take"
    assert (await house.http.get(url)).status_code == 200
    assert code_of(await house.http.get(url)) == "not_found"
    late = await link(anna)
    house.clock.advance(minutes=5)
    assert code_of(await house.http.get(late)) == "not_found"
    url = await link(boris)
    session, nonce, signed = url.partition("token=")[2].split(".", 2)
    forged = [f"{int(session) + 1}.{nonce}.{signed}", f"{session}.x.{signed}", f"{session}.{nonce}.{signed}x", signed]
    forged += ["", "x.y", "x.y.z", f"{session}.{nonce}.", "9" * 200]
    for token in forged:
        assert code_of(await house.http.get("/api/auth/export", params={"token": token})) == "not_found", token
    assert code_of(await house.http.get("/api/auth/export")) == "validation_failed"
    assert code_of(await house.http.get(f"/api/files/{'f' * 22}?token={signed}")) == "not_found"
    assert (await house.http.get(url)).status_code == 200


async def test_it_takes_the_password_and_a_log_in_that_lives(house: House, tmp_path: Path) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    wrong = await anna.post("/api/auth/me/export", {"password": "another one"})
    assert (wrong.status_code, code_of(wrong)) == (401, "invalid_credentials")
    url = await link(anna)
    assert (await anna.post("/api/auth/logout", {})).status_code == 204
    assert code_of(await house.http.get(url)) == "revoked"
    url = await link(boris)
    await account_commands.set_account(settings_of(house, tmp_path), "boris", disabled=True)
    assert code_of(await house.http.get(url)) == "revoked"


async def test_three_an_hour_and_a_wrong_password_costs_none(house: House) -> None:
    anna = await house.register("anna")
    assert code_of(await anna.post("/api/auth/me/export", {"password": "another one"})) == "invalid_credentials"
    for _ in range(3):
        await link(anna)
    refused = await anna.post("/api/auth/me/export", {"password": PASSWORD})
    assert (refused.status_code, code_of(refused)) == (429, "rate_limited")
    assert 1100 < int(refused.headers["Retry-After"]) <= 1200
    house.clock.advance(minutes=20)
    anna = Person(house.http, anna.user, (await _log_in(house)), "")
    await link(anna)


async def _log_in(house: House) -> str:
    answer = await house.http.post("/api/auth/login", json={"login": "anna", "password": PASSWORD})
    return str(answer.json()["access_token"])


class _Half:
    """A connection whose reader stops: what has been asked for stays on its way."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream

    @classmethod
    async def of(cls, house: House, url: str) -> "_Half":
        """Reads the head of the answer and nothing more."""
        target = httpx.URL(house.url)
        stream = await trio.open_tcp_stream(target.host, target.port or 80)
        await stream.send_all(f"GET {url} HTTP/1.1\r\nHost: {target.host}\r\n\r\n".encode())
        assert (await stream.receive_some(16)).startswith(b"HTTP/1.1 200")
        return cls(stream)


async def _until(holds: Any) -> None:
    with trio.fail_after(60):
        while not holds():  # noqa: ASYNC110 - the server tells nobody
            await trio.sleep(0.01)


async def test_one_at_a_time_and_a_link_that_is_cut_leaves_nothing(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    chat_id = await anna.direct(boris)
    for number in range(4):  # more than the buffers of both ends hold
        file = await upload(anna, Random(number).randbytes(4 << 20), f"{number}.bin")
        sent = {"content": "", "attachment": file["id"]}
        assert (await anna.post(f"/api/chats/{chat_id}/messages", sent)).is_success
    first, second, third = await link(anna), await link(anna), await link(boris)
    house.storage.performed.clear()
    half = await _Half.of(house, first)
    assert house.services.guards.exporting == {anna.id}
    for answer in (await house.http.get(second), await anna.post("/api/auth/me/export", {"password": PASSWORD})):
        assert (answer.status_code, code_of(answer)) == (429, "rate_limited")
    assert (await house.http.get(third)).status_code == 200, "others need not wait"
    await half.stream.aclose()
    await _until(lambda: not house.services.guards.exporting)
    assert (await house.http.get(second)).status_code == 200, "it was not spent by the refusal"


async def test_as_many_at_once_as_are_bearable(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_data, "AT_ONCE", 1)
    anna, boris = await house.register("anna"), await house.register("boris")
    house.services.guards.exporting.add(anna.id)
    answer = await boris.post("/api/auth/me/export", {"password": PASSWORD})
    assert code_of(answer) == "rate_limited" and answer.json()["retry_after_ms"] == 30_000
    house.services.guards.exporting.clear()
    await link(boris)


@pytest.mark.parametrize("failing", [FetchPage, FindFile])
async def test_what_cannot_be_told_whole_is_cut(house: House, failing: Any) -> None:
    anna = await full_house(house)
    url = await link(anna)
    house.storage.failing.append(failing)
    with pytest.raises(httpx.RemoteProtocolError):
        await house.http.get(url)
    house.storage.failing.clear()
    assert not house.services.guards.exporting
    assert (await anna.get("/api/auth/me")).status_code == 200, "the server goes on"


async def test_who_is_signed_out_meanwhile_gets_nothing_more(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_data, "LOOK_EVERY", -1.0)
    anna = await full_house(house)
    url = await link(anna)
    assert (await house.http.get(url)).status_code == 200
    url = await link(anna)
    looked = data_export.Export._messages

    def signed_out(*arguments: Any) -> Any:
        async def messages() -> Any:
            await account_commands.end_sessions(settings_of(house, tmp_path), "anna")
            async for page in looked(*arguments):
                yield page

        return messages()

    monkeypatch.setattr(data_export.Export, "_messages", signed_out)
    with pytest.raises(httpx.RemoteProtocolError):
        await house.http.get(url)


async def test_who_is_signed_out_while_a_file_flows_gets_no_more_of_it(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is asked of the database between its first byte and its last."""
    monkeypatch.setattr(own_data, "LOOK_EVERY", -1.0)
    anna = await house.register("anna")
    file = await upload(anna, Random(1).randbytes(1 << 20), "a.bin")
    sent = {"content": "", "attachment": file["id"]}
    assert (await anna.post(f"/api/chats/{await anna.direct(anna)}/messages", sent)).is_success
    flowing = FolderBlob.pieces

    async def signed_out(*arguments: Any) -> Any:
        async with aclosing(flowing(*arguments)) as pieces:
            async for piece in pieces:
                yield piece
                await account_commands.end_sessions(settings_of(house, tmp_path), "anna")

    monkeypatch.setattr(FolderBlob, "pieces", signed_out)
    with pytest.raises(httpx.RemoteProtocolError):
        await house.http.get(await link(anna))


@define
class Archive:
    """One that has no end, and who reads it. `looks`: how often the server asked for the sessions."""

    clock: MockClock
    pieces: int = 0
    looks: int = 0
    ended: bool = False

    async def read(self, size: int, seconds: float, pieces: int) -> None:
        """So many of them, of so many bytes and seconds each. Raises ExportError."""
        services = cast("Any", SimpleNamespace(ask=self._ask, now=lambda: None, files=SimpleNamespace(store=None)))
        archive = own_data._Archive(services, 1, 2)

        async def endless(_export: data_export.Export) -> AsyncIterator[bytes]:
            while True:
                yield bytes(size)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(data_export.Export, "pieces", endless)
            async with aclosing(archive.pieces(0, 0)) as read:
                async for piece in read:
                    assert len(piece) == size
                    self.pieces += 1
                    if self.pieces == pieces:
                        return
                    self.clock.jump(seconds)

    async def _ask(self, operation: Operation) -> Outcome:
        assert operation == ListSessions(1, 2)
        self.looks += 1
        now = datetime.now(UTC)
        return SessionsFound((SessionInfo(id=2, device="", created_at=now, last_used_at=now, current=not self.ended),))


async def test_four_slow_readers_do_not_shut_others_out(mock_clock: MockClock) -> None:
    slow = Archive(mock_clock)
    with pytest.raises(ExportError, match="slow"):
        await slow.read(64 * 1024, 10.0, 1000)
    assert slow.pieces == 31, "after five minutes, and not before"
    await Archive(mock_clock).read(64 * 1024, 3.9, 1000)
    with pytest.raises(ExportError, match="slow"):
        await Archive(mock_clock).read(64 * 1024, 4.1, 1000)


async def test_the_log_in_is_looked_at_while_pieces_flow(mock_clock: MockClock) -> None:
    archive = Archive(mock_clock)
    await archive.read(64 * 1024, 1.0, 61)
    assert 9 <= archive.looks <= 12, "every five seconds"
    archive.ended = True
    with pytest.raises(ExportError, match="log-in"):
        await archive.read(64 * 1024, 1.0, 1000)
    assert archive.pieces <= 61 + 6


async def test_a_missing_file_is_named(house: House) -> None:
    anna = await full_house(house)
    store = house.services.files.store
    async for entry in store.entries():
        await store.remove(entry.key)
    found = contents((await house.http.get(await link(anna))).content)
    assert [line for line in found if line.startswith("files/")] == []
    assert found["missing.jsonl"].startswith(b'"')


async def test_a_store_that_is_away_is_told(house_at: OpenHouse) -> None:
    async with house_at() as house:
        anna = await house.register("anna")
        url = await link(anna)
        house.storage.broken = True
        assert code_of(await house.http.get(url)) == "store_unavailable"
        assert code_of(await anna.post("/api/auth/me/export", {"password": PASSWORD})) == "store_unavailable"
        house.storage.broken = False
        assert (await house.http.get(url)).status_code == 200, "it was not spent"
