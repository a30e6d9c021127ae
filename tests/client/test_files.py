"""Files of the Python client, against a real server."""

from pathlib import Path

import pytest

from chatproto.client.timing import Timing
from client.connection import connect
from client.exceptions import ChatError
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
