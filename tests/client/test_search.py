"""Searching with the Python client, against a real server."""

import pytest

from client.connection import connect
from client.exceptions import ChatError
from tests.server.house import PASSWORD, House


async def test_messages_are_found_part_by_part_by_who_may_see_them(house: House) -> None:
    for name in ("ann", "bob", "eve"):
        await house.register(name)
    async with connect(house.url, "ann", PASSWORD) as ann, connect(house.url, "bob", PASSWORD) as bob:
        direct = await ann.create_direct(bob.user_id)
        group = await ann.create_group("Маяк", [bob.user_id])
        await ann.send(direct, "Договорились о встрече")
        await ann.send(group, "Встречу перенесли")
        await ann.send(group, "Ничего нового")
        first = await bob.search("встреча", limit=1)
        assert [one.message.content for one in first.results] == ["Встречу перенесли"]
        assert first.results[0].matches == ((0, 7),) and first.complete
        assert first.next_cursor is not None
        rest = await bob.search("встреча", limit=1, cursor=first.next_cursor)
        assert [one.message.content for one in rest.results] == ["Договорились о встрече"]
        within = await bob.search("встреча", chat_id=direct)
        assert [one.message.chat_id for one in within.results] == [direct]
        sent = rest.results[0].message.created_at
        await bob.send(group, "см. docs.rs/trio")
        linked = await ann.search(has="link", sender_id=bob.user_id, after=sent)
        assert [one.message.content for one in linked.results] == ["см. docs.rs/trio"]
        assert (await ann.search("встреча", before=sent)).results == ()
        with pytest.raises(ChatError, match="validation_failed"):
            await bob.search("!?")
    async with connect(house.url, "eve", PASSWORD) as eve:
        assert (await eve.search("встреча")).results == ()
        with pytest.raises(ChatError, match="not_found"):
            await eve.search("встреча", chat_id=direct)
