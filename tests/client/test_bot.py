"""A bot handles each message at least once: its cursor moves only when the handlers have ended."""

import shutil
from pathlib import Path

import pytest
import trio
import trio_websocket
from attrs import define, field

from chatproto.client.timing import Timing
from chatproto.wire.model import Message
from client.bot import Bot
from client.connection import Client, connect
from tests.client.scripted import say, scripted
from tests.client.test_connection import until
from tests.server.house import PASSWORD, House
from tests.vectors.server_frames import head, message, ready

FAST = Timing(backoff_first=10, backoff_ceiling=100)


@define(eq=False)
class Life:
    """One life of a bot that answers; in the midst of a message that it is to `hang` at it stays until it is ended."""

    url: str
    store: Path
    hang: str | None = None
    handled: list[str] = field(factory=list)
    began: trio.Event = field(factory=trio.Event)
    hanging: trio.Event = field(factory=trio.Event)
    client: Client | None = None

    async def live(self, task_status: trio.TaskStatus[Client] = trio.TASK_STATUS_IGNORED) -> None:
        bot = Bot()

        @bot.on_message
        async def answer(message: Message, chat: Client) -> None:
            self.handled.append(str(message.content))
            self.began.set()
            if message.content == self.hang:
                self.hanging.set()
                await trio.sleep_forever()
            await chat.send(message.chat_id, f"{message.content}!", cid=f"answer-{message.id}")

        await bot.run(self.url, "bot", PASSWORD, self.store, FAST, task_status=task_status)


def copy_disk(folder: Path, to: Path) -> None:
    """The bot's store as it stands, in use."""
    to.mkdir()
    for file in folder.glob("bot*"):
        shutil.copy(file, to)


async def committed(robot: Client, chat_id: int, seq: int) -> None:
    """Until the bot's cursor of a chat stands there."""
    chats = robot.session.replica.chats
    await until(lambda: chat_id in chats and chats[chat_id].saved >= seq)


def texts(ann: Client, chat_id: int) -> list[str]:
    return [str(getattr(item, "content", None)) for item in ann.log(chat_id)]


async def test_a_message_whose_handler_was_interrupted_comes_again(house: House, tmp_path: Path) -> None:
    await house.register("ann"), await house.register("bot")
    first = Life(house.url, tmp_path / "bot", hang="two")
    second = Life(house.url, tmp_path / "bot")
    third = Life(house.url, tmp_path / "bot")
    async with connect(house.url, "ann", PASSWORD, timing=FAST) as ann:
        async with trio.open_nursery() as nursery:
            robot = await nursery.start(first.live)
            chat_id = await ann.create_direct(robot.user_id)
            other = await ann.create_group("Elsewhere", [robot.user_id])
            for text in ("one", "two", "three"):
                await ann.send(chat_id, text)
            await ann.send(other, "aside")
            with trio.fail_after(60):
                await first.hanging.wait()
                await ann.reached(other, 2)
            await committed(robot, other, 1)
            nursery.cancel_scope.cancel()
        assert sorted(first.handled) == ["aside", "one", "two"]
        async with trio.open_nursery() as nursery:
            robot = await nursery.start(second.live)
            with trio.fail_after(60):
                await ann.reached(chat_id, 6)
            await committed(robot, chat_id, 6)
            nursery.cancel_scope.cancel()
        assert second.handled == ["two", "three"], "what was handled is not handled again"
        async with trio.open_nursery() as nursery:
            await nursery.start(third.live)
            await ann.send(chat_id, "four")
            with trio.fail_after(60):
                await ann.reached(chat_id, 8)
            nursery.cancel_scope.cancel()
        assert third.handled == ["four"]
        said = texts(ann, chat_id)
        assert sorted(said[:6]) == ["one", "one!", "three", "three!", "two", "two!"]
        assert said[6:] == ["four", "four!"]


async def test_a_bot_that_is_killed_handles_it_again_and_answers_once(house: House, tmp_path: Path) -> None:
    """Its disk as it is in the moment of a kill: nothing of an orderly end has been written there."""
    await house.register("ann"), await house.register("bot")
    first = Life(house.url, tmp_path / "bot", hang="hello")
    async with connect(house.url, "ann", PASSWORD, timing=FAST) as ann:
        async with trio.open_nursery() as nursery:
            robot = await nursery.start(first.live)
            chat_id = await ann.create_direct(robot.user_id)
            await ann.send(chat_id, "hello")
            with trio.fail_after(60):
                await first.hanging.wait()
                await robot.saved()  # whatever was to be written by now
            copy_disk(tmp_path, tmp_path / "killed")
            nursery.cancel_scope.cancel()
        for _ in range(2):  # killed again in the moment between its answer and its cursor
            shutil.rmtree(tmp_path / "image", ignore_errors=True)
            shutil.copytree(tmp_path / "killed", tmp_path / "image")
            again = Life(house.url, tmp_path / "image" / "bot")
            async with trio.open_nursery() as nursery:
                await nursery.start(again.live)
                with trio.fail_after(60):
                    await again.began.wait()
                    await ann.reached(chat_id, 2)
                nursery.cancel_scope.cancel()
            assert again.handled == ["hello"]
        await ann.send(chat_id, "the end")
        with trio.fail_after(60):
            await ann.reached(chat_id, 3)  # an ack may come before the message
        assert texts(ann, chat_id) == ["hello", "hello!", "the end"]


async def test_a_handler_that_fails_has_ended(house: House, tmp_path: Path) -> None:
    await house.register("ann"), await house.register("bot")
    seen: list[str | None] = []
    async with connect(house.url, "ann", PASSWORD, timing=FAST) as ann:
        for text in ("one", "two"):
            bot = Bot()

            @bot.on_message
            async def fail(message: Message, chat: Client) -> None:
                seen.append(message.content)
                raise ValueError("a handler of no use")

            @bot.on_message
            async def answer(message: Message, chat: Client) -> None:
                await chat.send(message.chat_id, "yes")

            async with trio.open_nursery() as nursery:
                robot = await nursery.start(bot.run, house.url, "bot", PASSWORD, tmp_path / "bot", FAST)
                chat_id = await ann.create_direct(robot.user_id)
                ack = await ann.send(chat_id, text)
                with trio.fail_after(60):
                    await ann.reached(chat_id, (ack.seq or 0) + 1)
                await committed(robot, chat_id, ack.seq or 0)
                nursery.cancel_scope.cancel()
    assert seen == ["one", "two"]


async def test_what_comes_right_behind_the_first_word_of_the_server_is_handled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A message that was committed while the session was read is sent with `ready`, before the bot has begun."""
    began, done = trio.Event(), trio.Event()
    handled: list[int] = []
    bot = Bot()

    @bot.on_message
    async def note(message: Message, chat: Client) -> None:
        handled.append(message.seq)
        if message.seq == 5:
            done.set()

    async def talk(websocket: trio_websocket.WebSocketConnection) -> None:
        await say(websocket, ready(head(5, 3)), message(5, 4))
        await began.wait()
        await say(websocket, message(5, 5))

    async with scripted(monkeypatch, talk) as url, trio.open_nursery() as nursery:
        robot = await nursery.start(bot.run, url, "bot", PASSWORD, tmp_path / "bot", FAST)
        began.set()
        with trio.fail_after(60):
            await done.wait()
        assert handled == [4, 5]
        await committed(robot, 5, 5)
        nursery.cancel_scope.cancel()
