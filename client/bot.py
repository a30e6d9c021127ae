"""A bot: handlers on top of a Client. With a store each message is handled at least once.

A chat's cursor moves, durably, only after the handlers of a message have ended. So a message whose handler was
interrupted (a crash, a restart, a cancellation) is given to the handlers again in the bot's next life. So is, rarely,
one whose handlers ended in the last moment: answer with a cid made from the message, and the answer is stored once.

bot = Bot()

@bot.on_message
async def answer(message: Message, chat: Client) -> None:
    await chat.send(message.chat_id, "Hello!", cid=f"hello-{message.id}")

trio.run(bot.run, "http://127.0.0.1:8000", "botname", "password")
"""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import trio

from chatproto.client.outputs import Apply
from chatproto.client.timing import Timing
from chatproto.wire.model import LogItem, Message
from client.connection import Client, connect
from client.errors import ChatError

log = logging.getLogger(__name__)

Handler = Callable[[Message, Client], Awaitable[None]]

AT_ONCE: Final = 8
"""Messages that are handled at a time; those of one chat always one after the other."""
LINE: Final = 1000
"""Items of a chat that wait for its handlers; while there are more, nothing is taken from the client."""


class Bot:
    """Handlers for messages of others, chat by chat in order; each at least once, as this module's docstring says."""

    def __init__(self) -> None:
        self._handlers: list[Handler] = []

    def on_message(self, handler: Handler) -> Handler:
        """Register a handler, as a decorator. What it raises is logged, ends it, and hurts no other message."""
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
        """Log in and handle messages until cancelled.

        With a `store` it goes on behind the last message whose handlers ended; without one, with what comes from now
        on. Raises ChatError where the log-in is refused or ended, and with slow_reader where the handlers fall 10,000
        items behind; StoreError where the store cannot be used.
        """
        async with connect(
            url, username, password, device="bot", store=store, timing=timing, auto_commit=False
        ) as chat:
            events = chat.events()
            task_status.started(chat)
            room = trio.CapacityLimiter(AT_ONCE)
            lines: dict[int, trio.MemorySendChannel[LogItem]] = {}
            async with trio.open_nursery() as nursery:
                async for event in events:
                    if not isinstance(event, Apply):
                        continue
                    chat_id = event.item.chat_id
                    if chat_id not in lines:
                        lines[chat_id], line = trio.open_memory_channel[LogItem](LINE)
                        nursery.start_soon(self._handle_chat, line, chat, room)
                    await lines[chat_id].send(event.item)
                nursery.cancel_scope.cancel()

    async def _handle_chat(
        self, line: trio.MemoryReceiveChannel[LogItem], chat: Client, room: trio.CapacityLimiter
    ) -> None:
        async for item in line:
            if isinstance(item, Message) and item.sender_id != chat.user_id and not item.deleted:
                async with room:
                    for handler in self._handlers:
                        await _handle(handler, item, chat)
            if chat.stopped is not None:
                return  # what failed because the client stopped is not done
            chat.commit(item)


async def _handle(handler: Handler, message: Message, chat: Client) -> None:
    try:
        await handler(message, chat)
    except ChatError as refused:
        log.warning("a handler was refused: %s", refused)
    except Exception:
        log.exception("a handler failed")
