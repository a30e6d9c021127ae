"""A bot: handlers on top of a Client. With a store each message and each change of one is handled at least once.

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
from typing import Final, TypeVar

import trio

from chatproto.client.session_outputs import Apply
from chatproto.client.timing import Timing
from chatproto.wire.model import Event, LogItem, Message
from client.connection import Client, connect
from client.exceptions import ChatError

T = TypeVar("T")
log = logging.getLogger(__name__)

Handler = Callable[[Message, Client], Awaitable[None]]
ChangeHandler = Callable[[Event, Client], Awaitable[None]]
"""For a change of a message: `target_seq` names it, `data` is as docs/protocol.md says of the event.
`chat.message(event.chat_id, event.target_seq)` is the message as it is now, where the client holds it: where it came in
this life of the bot. `chat.around(event.chat_id, event.target_seq)` asks the server for others."""

AT_ONCE: Final = 8
"""Messages that are handled at a time; those of one chat always one after the other."""
LINE: Final = 1000
"""Items of a chat that wait for its handlers; while there are more, nothing is taken from the client."""


class Bot:
    """Handlers for what others do, chat by chat in order; each at least once, as this module's docstring says."""

    def __init__(self) -> None:
        self._handlers: list[Handler] = []
        self._of_changes: dict[str, list[ChangeHandler]] = {}

    def on_message(self, handler: Handler) -> Handler:
        """Register a handler, as a decorator. What it raises is logged, ends it, and hurts no other message."""
        self._handlers.append(handler)
        return handler

    def on_mention(self, handler: Handler) -> Handler:
        """The same for messages that name the bot itself (`@botname`, not `@all`)."""

        async def named(message: Message, chat: Client) -> None:
            if chat.user_id in message.mentions:
                await handler(message, chat)

        self._handlers.append(named)
        return handler

    def on_edit(self, handler: ChangeHandler) -> ChangeHandler:
        """Register a handler of edits, as a decorator: `data` has content, edited_at, rev.

        An edit of a message that was deleted since is told to nobody; its deletion is.
        """
        return self._on(handler, "edited")

    def on_delete(self, handler: ChangeHandler) -> ChangeHandler:
        """The same for deletions: `data` has sender_id, rev."""
        return self._on(handler, "deleted")

    def on_reaction(self, handler: ChangeHandler) -> ChangeHandler:
        """The same for reactions that come (`event.event` is reaction_added) and go (reaction_removed): `data` has
        emoji, rev and, as a whole, the reactions that are there now."""
        return self._on(handler, "reaction_added", "reaction_removed")

    def on_pin(self, handler: ChangeHandler) -> ChangeHandler:
        """The same for pins (`event.event` is pinned or unpinned): `data` has pinned_seq."""
        return self._on(handler, "pinned", "unpinned")

    def _on(self, handler: ChangeHandler, *words: str) -> ChangeHandler:
        for word in words:
            self._of_changes.setdefault(word, []).append(handler)
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
            elif isinstance(item, Event) and item.actor_id != chat.user_id and item.data:
                async with room:
                    for of_change in self._of_changes.get(item.event, ()):
                        await _handle(of_change, item, chat)
            if chat.stopped is not None:
                return  # what failed because the client stopped is not done
            chat.commit(item)


async def _handle(handler: Callable[[T, Client], Awaitable[None]], item: T, chat: Client) -> None:
    try:
        await handler(item, chat)
    except ChatError as refused:
        log.warning("a handler was refused: %s", refused)
    except Exception:
        log.exception("a handler failed")
