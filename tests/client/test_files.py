"""Files of the Python client, against a real server."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import httpx
import pytest
import trio

from chatproto.client.session_outputs import LocalFile
from chatproto.client.timing import Timing
from chatproto.wire.model import Message
from client.account import PATIENCE, Account
from client.connection import Client, connect
from client.exceptions import ChatError
from client.files import Files
from client.kept_files import KeptFiles
from client.sending import Stream
from client.session_driver import Told
from client.uploading import Uploading
from tests.client.cutting import CuttingProxy
from tests.server.house import PASSWORD, House

FAST = Timing(backoff_first=10, backoff_ceiling=100, answer=1000, busy_answer=2000)


async def test_a_file_goes_from_disk_to_disk(house: House, tmp_path: Path) -> None:
    await house.register("ann"), await house.register("bob")
    source, copy = tmp_path / "source.bin", tmp_path / "copy.bin"
    source.write_bytes(bytes(range(256)) * 4000)
    async with (
        connect(house.url, "ann", PASSWORD, timing=FAST) as ann,
        connect(house.url, "bob", PASSWORD, timing=FAST) as bob,
    ):
        chat_id = await ann.create_direct(bob.user_id)
        house.clock.advance(minutes=14, seconds=59)
        file = await ann.upload(source, name="план.bin")
        assert (file.name, file.size) == ("план.bin", 1_024_000)
        house.clock.advance(minutes=1)  # their tokens end, and are exchanged
        again = await ann.upload(source, as_file=True)
        await ann.send(chat_id, "", files=[file, again.id])
        await bob.reached(chat_id, 1)
        message = bob.message(chat_id, 1)
        assert message is not None and [one.id for one in message.attachments] == [file.id, again.id]
        listed = await bob.chat_files(chat_id, kind="other")
        assert [(one.file.id, one.seq) for one in listed.files] == [(file.id, 1), (again.id, 1)]
        assert not (await bob.chat_files(chat_id, before_seq=1)).files
        house.clock.advance(minutes=16)
        assert await bob.download(message.attachments[0], copy) == file.size
        assert copy.read_bytes() == source.read_bytes()
        with pytest.raises(FileExistsError):
            await bob.download(message.attachments[0], copy)
        with pytest.raises(ChatError, match="attachment_invalid"):
            await bob.send(chat_id, "", files=[file])
        await ann.delete(message)
        with pytest.raises(ChatError, match="not_found"):
            await bob.download(message.attachments[0], tmp_path / "late.bin")
        assert not (tmp_path / "late.bin").exists()
        source.write_bytes(b"")
        with pytest.raises(ChatError, match="file_empty"):
            await ann.upload(source)


async def test_avatars(house: House, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    await house.register("ann"), await house.register("bob")
    source = tmp_path / "me.png"
    image.new("RGB", (700, 600)).save(source)
    async with (
        connect(house.url, "ann", PASSWORD, timing=FAST) as ann,
        connect(house.url, "bob", PASSWORD, timing=FAST) as bob,
    ):
        group = await ann.create_group("x", [bob.user_id])
        me, chat = await ann.set_avatar(source), await ann.set_chat_avatar(group, source)
        assert me.avatar_url and chat.avatar_url and (await bob.chat(group)).avatar_url == chat.avatar_url
        assert (await ann.set_avatar(None)).avatar_url is None
        assert (await ann.set_chat_avatar(group, None)).avatar_url is None
        with pytest.raises(ChatError, match="forbidden"):
            await bob.set_chat_avatar(group, source)
        source.write_bytes(b"no picture")
        with pytest.raises(ChatError, match="validation_failed"):
            await ann.set_avatar(source)


def texts(chat: Client, chat_id: int) -> list[tuple[str | None, list[str]]]:
    """What stands in a chat: the texts, and the names of the files."""
    found = [item for item in chat.log(chat_id) if isinstance(item, Message)]
    return [(message.content, [file.name for file in message.attachments]) for message in found]


async def test_what_was_sent_offline_arrives_in_its_order_whoever_was_killed_meanwhile(
    house: House, tmp_path: Path
) -> None:
    await house.register("ann"), await house.register("bob")
    source, store = tmp_path / "source.bin", tmp_path / "store" / "ann.sqlite3"
    source.write_bytes(Random(1).randbytes(900_000))
    async with connect(house.url, "bob", PASSWORD, whole_log=True, timing=FAST) as bob, trio.open_nursery() as nursery:
        proxy = CuttingProxy(int(house.url.rpartition(":")[2]))
        await nursery.start(proxy.serve)
        async with connect(proxy.url, "ann", PASSWORD, timing=FAST, store=store) as ann:
            chat_id = await ann.create_direct(bob.user_id)
            other = await ann.create_group("other", [bob.user_id])
            proxy.target, old = 1, proxy.target  # nobody listens there
            proxy.cut()
            ann.enqueue(chat_id, "before")
            ann.enqueue(chat_id, "with a file", files=[await ann.keep(source, name="план.bin")])
            ann.enqueue(chat_id, "after")
            ann.enqueue(other, "elsewhere")
            await ann.saved()
            source.unlink()
        kept = store.with_name("ann.sqlite3.files")
        assert len(list(kept.iterdir())) == 1
        (kept / "left-behind").write_bytes(b"of an end at a bad moment")
        proxy.target = old
        proxy.cuts = [proxy.sent + 300_000, proxy.sent + 700_000]
        async with connect(proxy.url, "ann", PASSWORD, timing=FAST, store=store) as ann:
            assert not (kept / "left-behind").exists()
            events = ann.events()
            await bob.reached(other, 1)
            await ann.flushed()
            await bob.reached(chat_id, 3)
            assert texts(bob, chat_id) == [("before", []), ("with a file", ["план.bin"]), ("after", [])]
            message = bob.message(chat_id, 2)
            assert message is not None
            expected = Random(1).randbytes(900_000)
            await bob.download(message.attachments[0], tmp_path / "copy.bin")
            assert (tmp_path / "copy.bin").read_bytes() == expected
            assert not proxy.cuts
            told = [one async for one in _until_sent(events)]
            assert told[-1].sent == told[-1].size == 900_000
            assert [one.sent for one in told] == sorted(one.sent for one in told)
        async with connect(proxy.url, "ann", PASSWORD, timing=FAST, store=store) as ann:
            assert list(kept.iterdir()) == []
        nursery.cancel_scope.cancel()


async def _until_sent(events: Stream[Told]) -> AsyncIterator[Uploading]:
    """How the only file of a client went on."""
    async for event in events:
        if isinstance(event, Uploading):
            yield event
            if event.sent == event.size:
                return


async def test_a_kept_file_is_for_one_message(house: House, tmp_path: Path) -> None:
    """Its bytes go with that one; the other would wait, or fail, for something that nobody has."""
    await house.register("ann")
    small = tmp_path / "small.txt"
    small.write_text("small")
    async with connect(house.url, "ann", PASSWORD, timing=FAST) as ann:
        chat_id = await ann.create_group("notes", [])
        file = await ann.keep(small)
        with pytest.raises(ValueError, match=r"small\.txt is in another message"):
            ann.enqueue(chat_id, "twice in one", files=[file, file])
        sending = ann.enqueue(chat_id, "first", files=[file])
        with pytest.raises(ValueError, match=r"small\.txt is in another message"):
            ann.enqueue(chat_id, "second", files=[file])
        await sending.ack()
        with pytest.raises(ValueError, match=r"small\.txt is in another message"):
            ann.enqueue(chat_id, "later", files=[file])
        sent = await ann.send(chat_id, "kept once more", files=[await ann.keep(small)])
        await ann.reached(chat_id, sent.seq or 0)
        assert texts(ann, chat_id) == [("first", ["small.txt"]), ("kept once more", ["small.txt"])]


async def test_a_refused_file_ends_its_message_alone(house: House, tmp_path: Path) -> None:
    await house.register("ann"), await house.register("bob")
    large, small = tmp_path / "large.bin", tmp_path / "small.txt"
    with large.open("wb") as file:
        file.truncate(26 * 1024 * 1024)
    small.write_text("small")
    async with connect(house.url, "ann", PASSWORD, timing=FAST, store=tmp_path / "store" / "ann") as ann:
        chat_id = await ann.create_group("notes", [])
        refused = ann.enqueue(chat_id, "", files=[await ann.keep(small), await ann.keep(large)])
        later = ann.enqueue(chat_id, "later")
        with pytest.raises(ChatError, match="too_large"):
            await refused.ack()
        await ann.reached(chat_id, (await later.ack()).seq or 0)
        assert texts(ann, chat_id)[-1] == ("later", [])
        sent = await ann.send(chat_id, "twice", files=[small, await ann.upload(small)])
        await ann.reached(chat_id, sent.seq or 0)
        assert texts(ann, chat_id)[-1] == ("twice", ["small.txt", "small.txt"])
        small.write_bytes(b"")
        with pytest.raises(ChatError, match="file_empty"):
            await ann.keep(small)
    async with connect(house.url, "ann", PASSWORD, timing=FAST, store=tmp_path / "store" / "ann"):
        assert list((tmp_path / "store" / "ann.files").iterdir()) == []


async def test_a_message_that_is_deleted_ends_its_uploads_and_the_server_keeps_nothing(
    house: House, tmp_path: Path
) -> None:
    await house.register("ann")
    source = tmp_path / "source.bin"
    source.write_bytes(bytes(2_000_000))
    async with trio.open_nursery() as nursery:
        proxy = CuttingProxy(int(house.url.rpartition(":")[2]))
        await nursery.start(proxy.serve)
        async with connect(proxy.url, "ann", PASSWORD, timing=FAST) as ann:
            chat_id = await ann.create_group("notes", [])
            events = ann.events()
            proxy.cuts = list(range(proxy.sent, proxy.sent + 100_000_000, 200_000))  # it never comes to its end
            sending = ann.enqueue(chat_id, "", files=[await ann.keep(source)])
            later = ann.enqueue(chat_id, "later")
            async for event in events:
                if isinstance(event, Uploading) and event.sent > 0:
                    break
            proxy.cuts = []
            await ann.delete(sending)
            assert (await sending.ack()).seq is None
            await later.ack()
            with trio.fail_after(60):
                while list(house.services.files.drafts.rglob("*.data")):  # noqa: ASYNC110 - nobody tells of a file
                    await trio.sleep(0.01)
        nursery.cancel_scope.cancel()


async def test_an_upload_that_the_server_has_forgotten_begins_again(house: House, tmp_path: Path) -> None:
    await house.register("ann")
    source = tmp_path / "source.bin"
    source.write_bytes(Random(2).randbytes(1_500_000))
    async with trio.open_nursery() as nursery:
        proxy = CuttingProxy(int(house.url.rpartition(":")[2]))
        await nursery.start(proxy.serve)
        async with connect(proxy.url, "ann", PASSWORD, timing=FAST) as ann:
            chat_id = await ann.create_group("notes", [])
            events = ann.events()
            sending = ann.enqueue(chat_id, "", files=[await ann.keep(source)])
            async for event in events:
                if isinstance(event, Uploading) and event.sent > 0:
                    break
            proxy.cut()
            for path in house.services.files.drafts.rglob("*.plan"):
                path.unlink()
            sent = await sending.ack()
            await ann.reached(chat_id, sent.seq or 0)
            message = ann.message(chat_id, sent.seq or 0)
            assert message is not None
            await ann.download(message.attachments[0], tmp_path / "copy.bin")
            assert (tmp_path / "copy.bin").read_bytes() == source.read_bytes()
        nursery.cancel_scope.cancel()


def test_what_waits_is_bounded_and_bytes_that_are_gone_are_told_of(tmp_path: Path) -> None:
    source = tmp_path / "source.bin"
    source.write_bytes(bytes(600))
    kept = KeptFiles(tmp_path / "kept", most=1000)
    file = kept.keep(source, "a.bin")
    with pytest.raises(ChatError, match="disk_full"):
        kept.keep(source, "b.bin")
    assert kept.read(file, 500, 1000) == bytes(100)
    kept.note(file.local_id, "/api/uploads/x")
    assert kept.place(file.local_id) == "/api/uploads/x"
    (tmp_path / "kept" / file.local_id).write_bytes(bytes(550))
    with pytest.raises(ChatError, match="file_lost"):
        kept.read(file, 500, 1000)
    kept.drop([file.local_id])
    assert kept.place(file.local_id) is None
    with pytest.raises(ChatError, match="file_lost"):
        kept.read(file, 0, 10)
    kept.keep(source, "b.bin")
    kept.sweep([])
    assert list((tmp_path / "kept").iterdir()) == []
    passing = KeptFiles(None)
    again = passing.keep(source, "c.bin")
    passing.close()
    with pytest.raises(ChatError, match="file_lost"):
        passing.read(again, 0, 10)


async def test_a_name_that_is_no_utf_8_is_sent_as_well_as_it_can_be(house: House, tmp_path: Path) -> None:
    await house.register("ann")
    odd = tmp_path / os.fsdecode(b"\xcf\xf0\xe8.txt")
    odd.write_text("odd")
    async with connect(house.url, "ann", PASSWORD, timing=FAST, store=tmp_path / "store" / "ann") as ann:
        chat_id = await ann.create_group("notes", [])
        sent = await ann.send(chat_id, "", files=[odd, await ann.upload(odd)])
        await ann.reached(chat_id, sent.seq or 0)
        assert texts(ann, chat_id) == [("", ["___.txt", "___.txt"])]
        half = "\ud800"
        strange = LocalFile(local_id="x", name=half, size=1, as_file=False)
        for refused in ({"cid": half}, {"files": [half]}, {"files": [strange]}):
            with pytest.raises(ChatError, match="bad_unicode"):
                ann.enqueue(chat_id, "x", **refused)
        assert (await ann.send(chat_id, "still here")).seq == (sent.seq or 0) + 1


class Stubborn(httpx.AsyncBaseTransport):
    """Refuses as often as it has `pauses`, which it asks for. `asked`: when; `patience`: how long one waits for it."""

    def __init__(self, *pauses: float) -> None:
        self.pauses = list(pauses)
        self.asked: list[float] = []
        self.patience: set[float] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(trio.current_time())
        self.patience |= {request.extensions["timeout"][name] for name in ("read", "write")}
        if self.pauses:
            wait = int(self.pauses.pop(0) * 1000)
            return httpx.Response(429, json={"code": "rate_limited", "retry_after_ms": wait})
        made = {"id": "f", "name": "a", "size": 1, "content_type": "x", "url": "/f", "sha256": "x"}
        return httpx.Response(201, json={**made, "created_at": "2026-01-01T00:00:00Z"})


async def test_an_upload_has_patience_and_returns_when_the_server_says(
    tmp_path: Path, autojump_clock: trio.abc.Clock
) -> None:
    source = tmp_path / "a"
    source.write_text("a")

    async def upload(server: Stubborn) -> None:
        files = Files()
        files._make_cid = lambda: "key"
        async with httpx.AsyncClient(base_url="http://server", transport=server, timeout=10) as http:
            files.account = Account(http, {"access_token": "a", "refresh_token": "b", "user": {}})
            await files.upload(source)

    server = Stubborn(7, 0.1)
    await upload(server)
    assert server.patience == {PATIENCE}
    began, second, third = server.asked
    assert second - began == pytest.approx(7) and third - second == pytest.approx(1)
    with pytest.raises(ChatError, match="rate_limited"):
        await upload(server := Stubborn(3600))
    assert len(server.asked) == 1, "nobody waits for an hour"
