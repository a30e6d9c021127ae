"""A bot: handlers on top of a Client.

bot = Bot()

@bot.on_message
async def answer(message: Message, chat: Client) -> None:
    await chat.send(message.chat_id, "Hello!")

trio.run(bot.run, "http://127.0.0.1:8000", "botname", "password")
"""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import trio

from chatproto.client.timing import Timing
from chatproto.wire.model import Message
from client.connection import Client, connect
from client.errors import ChatError

log = logging.getLogger(__name__)

Handler = Callable[[Message, Client], Awaitable[None]]

AT_ONCE: Final = 8
"""Messages that are handled at a time; those of one chat always one after the other."""


class Bot:
    """Handlers for messages of others. Each message is given to every handler once, chat by chat in order."""

    def __init__(self) -> None:
        self._handlers: list[Handler] = []

    def on_message(self, handler: Handler) -> Handler:
        """Register a handler, as a decorator. What it raises is logged and hurts no other message."""
        self._handlers.append(handler)
        return handler

    async def run(
        self,
        url: str,
        username: str,
        password: str,
        store: Path | str | None = None,
        timing: Timing | None = None,
        task_status: trio.TaskStatus[Client] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Log in and handle messages until cancelled. With a `store` it goes on where its last life ended.

        Raises ChatError where the log-in is refused or ended.
        """
        async with connect(url, username, password, device="bot", store=store, timing=timing) as chat:
            messages = chat.messages()
            task_status.started(chat)
            room = trio.CapacityLimiter(AT_ONCE)
            lines: dict[int, trio.MemorySendChannel[Message]] = {}
            async with trio.open_nursery() as nursery:
                async for message in messages:
                    if message.sender_id == chat.user_id or message.deleted:
                        continue
                    if message.chat_id not in lines:
                        lines[message.chat_id], line = trio.open_memory_channel[Message](1000)
                        nursery.start_soon(self._handle_chat, line, chat, room)
                    await lines[message.chat_id].send(message)
                nursery.cancel_scope.cancel()

    async def _handle_chat(
        self, line: trio.MemoryReceiveChannel[Message], chat: Client, room: trio.CapacityLimiter
    ) -> None:
        async for message in line:
            async with room:
                for handler in self._handlers:
                    try:
                        await handler(message, chat)
                    except ChatError as refused:
                        log.warning("a handler was refused: %s", refused)
                    except Exception:
                        log.exception("a handler failed")
