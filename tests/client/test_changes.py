"""Edits, deletions, reactions and pins of the Python client, against a real server."""

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
import trio
from attrs import define, field

from chatproto.client.session_outputs import Sent
from chatproto.client.timing import Timing
from chatproto.operations import Expire
from chatproto.wire.model import Event, Forwarded, Hidden, Message, Reaction
from client.bot import Bot
from client.connection import Client, connect
from client.examples import checklist_bot
from client.exceptions import ChatError
from tests.client.test_bot import committed
from tests.client.test_connection import until
from tests.server.house import PASSWORD, House

FAST = Timing(backoff_first=10, backoff_ceiling=100, answer=1000, busy_answer=2000)


def at(chat: Client, chat_id: int, seq: int) -> Message:
    message = chat.message(chat_id, seq)
    assert message is not None
    return message


async def test_what_one_changes_the_other_sees(house: House) -> None:
    await house.register("ann"), await house.register("bob")
    async with (
        connect(house.url, "ann", PASSWORD, timing=FAST) as ann,
        connect(house.url, "bob", PASSWORD, timing=FAST) as bob,
    ):
        chat_id = await ann.create_direct(bob.user_id)
        await ann.send(chat_id, "helo")
        await ann.reached(chat_id, 1)
        mine = at(ann, chat_id, 1)
        assert (await ann.edit(mine, "hello")).seq == 2
        await bob.reached(chat_id, 2)
        theirs = at(bob, chat_id, 1)
        assert (theirs.content, theirs.rev) == ("hello", 2)
        assert (await bob.react(theirs, "👍")).seq == 3
        assert (await bob.pin(theirs)).seq == 4
        await ann.reached(chat_id, 4)
        assert at(ann, chat_id, 1).reactions == (Reaction(emoji="👍", count=1, user_ids=(bob.user_id,)),)
        assert [message.seq for message in await ann.pins(chat_id)] == [1]
        assert [revision.content for revision in await ann.revisions(mine)] == ["helo", "hello"]
        await bob.account.call("POST", f"/api/chats/{chat_id}/read", {"seq": 1})
        assert (await ann.readers(mine)).read == (bob.user_id,)
        assert [item.seq for item in await bob.around(chat_id, 2, limit=2)] == [1, 2]
        assert [item.seq for item in await bob.around(chat_id, theirs.created_at, limit=2)] == [1]
        assert (await bob.react(theirs, "👍")).seq == 4, "nothing to do: acked with the end of the log"
        with pytest.raises(ChatError, match="forbidden"):
            await bob.edit(theirs, "not mine")
        with pytest.raises(ChatError, match="emoji_invalid"):
            await bob.react(theirs, "x")
        await ann.delete(mine)
        await bob.reached(chat_id, 5)
        gone = at(bob, chat_id, 1)
        assert (gone.deleted, gone.content, gone.reactions) == (True, None, ())
        with pytest.raises(ChatError, match="message_deleted"):
            await ann.edit(mine, "too late")
        assert await ann.pins(chat_id) == []
        assert (await bob.history(chat_id, 2))[0].content is None


async def test_what_was_removed_after_its_time_is_held_no_more(house: House) -> None:
    """Nor what is told of it later, nor what was read of it before."""
    await house.register("ann"), await house.register("bob")
    async with (
        connect(house.url, "ann", PASSWORD, timing=FAST) as ann,
        connect(house.url, "bob", PASSWORD, timing=FAST) as bob,
    ):
        chat_id = await ann.create_direct(bob.user_id)
        await ann.send(chat_id, "old")
        await ann.reached(chat_id, 1)
        old = at(ann, chat_id, 1)
        await ann.edit(old, "old still")
        await bob.reached(chat_id, 2)
        tomorrow = datetime.now(UTC) + timedelta(days=2)
        await house.storage.perform(Expire(chat_id, tomorrow, 1, limit=1))
        await bob.until(lambda: bob.message(chat_id, 1) is None)
        assert [type(item) for item in bob.log(chat_id)] == [Hidden]
        assert bob.shown(old).content is None
        assert await bob.history(chat_id, 2) == []
        await ann.send(chat_id, "young")
        await bob.reached(chat_id, 3)
        assert at(bob, chat_id, 3).content == "young"


class Late(Random):
    """Pauses as long as they may be."""

    def random(self) -> float:
        return 0.999


async def cut(chat: Client) -> None:
    """Without a link for as long as a test takes."""
    chat.cut()
    await until(lambda: chat.session.state == "backoff")


AWAY = Timing(backoff_first=600_000, backoff_ceiling=600_000)


async def test_changes_without_a_link_are_seen_at_once_and_survive_the_end_of_the_program(
    house: House, tmp_path: Path
) -> None:
    await house.register("ann")
    store = tmp_path / "ann"
    async with connect(house.url, "ann", PASSWORD, store=store, timing=AWAY, random=Late()) as ann:
        chat_id = await ann.create_direct(ann.user_id)
        await ann.send(chat_id, "there")
        await ann.reached(chat_id, 1)
        there = at(ann, chat_id, 1)
        await cut(ann)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ann.edit, there, "changed")
            nursery.start_soon(ann.react, there, "🎉")
            ann.enqueue(chat_id, "new")
            await until(lambda: len(ann.unsent) == 3)
            await ann.saved()
            nursery.cancel_scope.cancel()
        assert ann.shown(there).content == "changed"
        assert [reaction.emoji for reaction in ann.shown(there).reactions] == ["🎉"]
        assert at(ann, chat_id, 1).content == "there", "the log says what the server says"
    async with connect(house.url, "ann", PASSWORD, store=store, timing=FAST) as ann:
        await ann.flushed()
        await ann.reached(chat_id, 4)
        [message] = [one for one in await ann.history(chat_id, 5) if one.seq == 1]
        assert (message.content, message.rev) == ("changed", 3)


async def test_what_was_never_sent_is_changed_where_it_is(house: House, tmp_path: Path) -> None:
    await house.register("ann")
    store = tmp_path / "ann"
    async with connect(house.url, "ann", PASSWORD, store=store, timing=AWAY, random=Late()) as ann:
        chat_id = await ann.create_direct(ann.user_id)
        await cut(ann)
        ann.enqueue(chat_id, "kept", cid="kept")
        await ann.saved()
    async with connect(house.url, "ann", PASSWORD, store=store, timing=AWAY, random=Late()) as ann:
        await ann.flushed()
        await ann.reached(chat_id, 1)
        await cut(ann)
        first, second = ann.enqueue(chat_id, "helo"), ann.enqueue(chat_id, "secret")
        third = ann.enqueue(chat_id, "third")
        acks: dict[str, int | None] = {}

        async def change(name: str, act: Awaitable[Sent]) -> None:
            acks[name] = (await act).seq

        async with trio.open_nursery() as nursery:
            nursery.start_soon(change, "edit", ann.edit(first, "hello"))
            nursery.start_soon(change, "delete", ann.delete(second))
            await until(lambda: "delete" in acks)
            nursery.start_soon(change, "on", ann.react(third, "👍"))
            await until(lambda: len(ann.unsent) == 3)
            nursery.start_soon(change, "off", ann.react(third, "👍", on=False))
            await until(lambda: "off" in acks)
            assert [(row.kind, row.content) for row in ann.unsent] == [("send", "hello"), ("send", "third")]
            assert (await second.ack()).seq is None
            ann.hurry()
        assert acks == {"edit": 2, "delete": None, "on": None, "off": None}
        await ann.reached(chat_id, 3)
        assert [at(ann, chat_id, seq).content for seq in (1, 2, 3)] == ["kept", "hello", "third"]
        with pytest.raises(ChatError, match="bad_seq"):
            await ann.edit(second, "nowhere")


async def test_a_message_on_its_way_is_edited_behind_its_ack(house: House) -> None:
    await house.register("ann")
    async with connect(house.url, "ann", PASSWORD, timing=FAST) as ann:
        chat_id = await ann.create_direct(ann.user_id)
        sending = ann.enqueue(chat_id, "helo")
        assert (await ann.edit(sending, "hello")).seq == 2
        assert (await ann.edit(sending, "hello!")).seq == 3, "acked by now: it is known where it is"
        lost = ann.enqueue(chat_id + 1, "to a chat that is not there")
        with pytest.raises(ChatError, match="not_member"):
            await ann.edit(lost, "refused with it")
        with pytest.raises(ChatError, match="not_member"):
            await lost.ack()
        await ann.reached(chat_id, 3)
        assert at(ann, chat_id, 1).content == "hello!"


@define
class Heard:
    """A bot that writes down what it hears."""

    events: list[tuple[str, int | None]] = field(factory=list)

    def bot(self) -> Bot:
        bot = Bot()

        async def note(event: Event, chat: Client) -> None:
            self.events.append((event.event, event.target_seq))

        for register in (bot.on_edit, bot.on_delete, bot.on_reaction, bot.on_pin):
            assert register(note) is note
        return bot


async def test_a_bot_hears_of_changes_also_of_those_while_it_was_away(house: House, tmp_path: Path) -> None:
    await house.register("ann"), await house.register("bot")
    heard = Heard()
    async with connect(house.url, "ann", PASSWORD, timing=FAST) as ann:

        async def live(task_status: trio.TaskStatus[Client]) -> None:
            await heard.bot().run(house.url, "bot", PASSWORD, tmp_path / "bot", FAST, task_status=task_status)

        async with trio.open_nursery() as nursery:
            robot = await nursery.start(live)
            chat_id = await ann.create_direct(robot.user_id)
            await ann.send(chat_id, "one")
            await ann.reached(chat_id, 1)
            one = at(ann, chat_id, 1)
            await ann.edit(one, "two")
            await ann.react(one, "👍")
            await ann.react(one, "👍", on=False)
            await committed(robot, chat_id, 4)
            nursery.cancel_scope.cancel()
        assert heard.events == [("edited", 1), ("reaction_added", 1), ("reaction_removed", 1)]
        await ann.pin(one)
        await ann.edit(one, "three")
        await ann.delete(one)
        async with trio.open_nursery() as nursery:
            await nursery.start(live)
            await until(lambda: len(heard.events) >= 5)
            nursery.cancel_scope.cancel()
        assert heard.events[3:] == [("pinned", 1), ("deleted", 1)], "an edit of what was deleted since tells nothing"


async def test_the_checklist_follows_its_message(house: House, tmp_path: Path) -> None:
    await house.register("ann"), await house.register("bot")
    async with (
        connect(house.url, "ann", PASSWORD, timing=FAST) as ann,
        trio.open_nursery() as nursery,
    ):

        async def live(task_status: trio.TaskStatus[Client]) -> None:
            await checklist_bot.bot.run(house.url, "bot", PASSWORD, tmp_path / "b", FAST, task_status=task_status)

        robot = await nursery.start(live)
        chat_id = await ann.create_direct(robot.user_id)

        def items() -> list[str | None]:
            log = [item for item in ann.log(chat_id) if isinstance(item, Message)]
            return [item.content for item in log if item.sender_id == robot.user_id and not item.deleted]

        await ann.send(chat_id, "list: milk, bread")
        await until(lambda: items() == ["milk", "bread"])
        await ann.react(at(ann, chat_id, 2), "✅")
        await until(lambda: items() == ["~~milk~~", "bread"])
        await ann.react(at(ann, chat_id, 2), "✅", on=False)
        await until(lambda: items() == ["milk", "bread"])
        await ann.edit(at(ann, chat_id, 1), "list: tea, bread, jam")
        await until(lambda: items() == ["tea", "bread", "jam"])
        await ann.edit(at(ann, chat_id, 1), "list: tea")
        await until(lambda: items() == ["tea"])
        await ann.delete(at(ann, chat_id, 1))
        await until(lambda: items() == [])
        nursery.cancel_scope.cancel()


async def test_the_checklist_follows_a_list_of_an_earlier_life(house: House, tmp_path: Path) -> None:
    await house.register("ann"), await house.register("bot")

    async def live(task_status: trio.TaskStatus[Client]) -> None:
        await checklist_bot.bot.run(house.url, "bot", PASSWORD, tmp_path / "b", FAST, task_status=task_status)

    async with connect(house.url, "ann", PASSWORD, timing=FAST) as ann:
        async with trio.open_nursery() as nursery:
            robot = await nursery.start(live)
            chat_id = await ann.create_direct(robot.user_id)
            await ann.send(chat_id, "list: milk, bread")
            await committed(robot, chat_id, 4)
            nursery.cancel_scope.cancel()

        def items() -> list[str | None]:
            log = [item for item in ann.log(chat_id) if isinstance(item, Message)]
            return [item.content for item in log if item.sender_id == robot.user_id and not item.deleted]

        await until(lambda: items() == ["milk", "bread"])
        async with trio.open_nursery() as nursery:
            await nursery.start(live)
            await ann.react(at(ann, chat_id, 2), "✅")
            await until(lambda: items() == ["~~milk~~", "bread"])
            await ann.edit(at(ann, chat_id, 1), "list: tea, bread, jam")
            await until(lambda: items() == ["tea", "bread", "jam"])
            await ann.delete(at(ann, chat_id, 1))
            await until(lambda: items() == [])
            nursery.cancel_scope.cancel()


async def test_forwards_mentions_and_what_to_notify_of(house: House) -> None:
    for name in ("ann", "bob", "eve"):
        await house.register(name)
    async with (
        connect(house.url, "ann", PASSWORD, timing=FAST) as ann,
        connect(house.url, "bob", PASSWORD, timing=FAST) as bob,
        connect(house.url, "eve", PASSWORD, timing=FAST) as eve,
    ):
        chat_id, group = await ann.create_direct(bob.user_id), await bob.create_group("x", [eve.user_id])
        await ann.send(chat_id, "@bob, look")
        await bob.reached(chat_id, 1)
        named = at(bob, chat_id, 1)
        assert (named.mentions, named.mentions_all) == ((bob.user_id,), False)
        assert (await bob.chat(chat_id)).mention_count == 1
        sent = await bob.forward(named, group, cid="copy")
        await eve.reached(group, 1)
        copied = at(eve, group, 1)
        assert (copied.content, copied.sender_id, copied.mentions) == ("@bob, look", bob.user_id, ())
        author = Forwarded(user_id=ann.user_id, display_name="ann")
        assert copied.forwarded == author
        await ann.edit(at(ann, chat_id, 1), "changed since")
        await bob.reached(chat_id, 2)
        assert (await bob.forward(named, group, cid="copy")).seq == sent.seq, "the same, whatever it says by now"
        await eve.forward(copied, group)
        await bob.reached(group, 2)
        assert at(bob, group, 2).forwarded == author, "who wrote it first"
        with pytest.raises(ChatError, match="bad_seq"):
            await eve.forward(named, group)
        await ann.delete(at(ann, chat_id, 1))
        with pytest.raises(ChatError, match="message_deleted"):
            await bob.forward(named, group)
        until_then = datetime(2030, 1, 1, tzinfo=UTC)
        flags = [
            await bob.mute(chat_id, until_then),
            await bob.notify(chat_id, "mentions"),
            await bob.mute(chat_id),
            await bob.unmute(chat_id),
        ]
        assert [(chat.muted, chat.muted_until, chat.notify) for chat in flags] == [
            (True, until_then, "all"),
            (True, until_then, "mentions"),
            (True, None, "mentions"),
            (False, None, "mentions"),
        ]
        assert (await bob.chat(chat_id)).notify == "mentions"


async def test_a_forward_without_a_link_survives_the_end_of_the_program(house: House, tmp_path: Path) -> None:
    await house.register("ann")
    store = tmp_path / "ann"
    async with connect(house.url, "ann", PASSWORD, store=store, timing=AWAY, random=Late()) as ann:
        chat_id = await ann.create_direct(ann.user_id)
        await ann.send(chat_id, "there")
        await ann.reached(chat_id, 1)
        await cut(ann)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ann.forward, at(ann, chat_id, 1), chat_id)
            await until(lambda: len(ann.unsent) == 1)
            await ann.saved()
            nursery.cancel_scope.cancel()
        assert ann.unsent[0].content == "there", "shown meanwhile"
    async with connect(house.url, "ann", PASSWORD, store=store, timing=FAST) as ann:
        await ann.flushed()
        await ann.reached(chat_id, 2)
        assert at(ann, chat_id, 2).forwarded == Forwarded(user_id=ann.user_id, display_name="ann")


async def test_a_bot_hears_who_names_it(house: House) -> None:
    await house.register("ann"), await house.register("bot")
    bot = Bot()

    @bot.on_mention
    async def answer(message: Message, chat: Client) -> None:
        await chat.send(message.chat_id, "Yes?", reply_to=message.seq, cid=f"answer-{message.id}")

    async with connect(house.url, "ann", PASSWORD, timing=FAST) as ann, trio.open_nursery() as nursery:
        robot = await nursery.start(bot.run, house.url, "bot", PASSWORD, None, FAST)
        chat_id = await ann.create_direct(robot.user_id)
        for text in ("hello", "@all", "@bot!"):
            await ann.send(chat_id, text)
        await ann.reached(chat_id, 4)
        reply = at(ann, chat_id, 4)
        assert (reply.content, reply.reply_to) == ("Yes?", 3)
        nursery.cancel_scope.cancel()
