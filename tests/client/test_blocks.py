"""Blocks with the Python client, against a real server."""

import pytest
import trio

from chatproto.client.session_outputs import Tell
from chatproto.wire.frames import BlockFrame
from client.connection import connect
from client.exceptions import ChatError
from tests.server.house import PASSWORD, House


async def test_a_person_is_blocked_and_not_any_more(house: House) -> None:
    await house.register("anna")
    await house.register("boris")
    with trio.fail_after(60):
        async with connect(house.url, "anna", PASSWORD) as anna, connect(house.url, "boris", PASSWORD) as boris:
            chat_id = await boris.create_direct(anna.user_id)
            events = anna.events()
            await anna.block(boris.user_id)
            async for event in events:
                if isinstance(event, Tell) and isinstance(event.frame, BlockFrame):
                    assert (event.frame.user_id, event.frame.on) == (boris.user_id, True)
                    break
            assert [block.user.username for block in await anna.blocks()] == ["boris"]
            with pytest.raises(ChatError, match="forbidden"):
                await boris.send(chat_id, "hello?")
            assert boris.unsent == ()
            await anna.unblock(boris.user_id)
            assert (await boris.send(chat_id, "hello again")).seq == 1
            assert await anna.blocks() == ()
