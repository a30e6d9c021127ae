"""The Python client: `async with connect(url, username, password) as chat`."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random, SystemRandom
from typing import Final
from weakref import WeakSet

import httpx
import msgspec
import trio

from chatproto.frames import Ack
from chatproto.model import LogItem, Message
from client.account import Account, log_in
from client.cids import new_cid
from client.errors import ChatError
from client.keeper import Keeper
from client.link import Closed
from client.outbox import Row
from client.pace import Pace
from client.replica import Applied, Failed, Happening, Replica, Sent

KEEP: Final = 10_000
"""Items a chat, and messages an iterator holds on to."""


@asynccontextmanager
async def connect(
    url: str,
    username: str,
    password: str,
    *,
    device: str = "python",
    whole_log: bool = False,
    keep: int = KEEP,
    pace: Pace | None = None,
    random: Random | None = None,
    make_cid: Callable[[], str] = new_cid,
) -> AsyncIterator["Client"]:
    """Log in to the server at `url`, such as `http://localhost:8000`, and stay connected until the block ends.

    `whole_log`: take the logs from their beginnings; else what comes from now on. Raises ChatError where the log-in is
    refused; later refusals come from the calls. The block's end does not wait for messages on their way.
    """
    pace = pace or Pace()
    async with httpx.AsyncClient(base_url=url, timeout=pace.connect) as http:
        account = await log_in(http, username, password)
        client = Client(url, account, Replica(whole_log=whole_log, keep=keep), device, pace,
                        random or SystemRandom(), make_cid, keep)  # fmt: skip
        failed: Exception | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.keeper.run)
            try:
                await client.wait_live()
                yield client
            except Exception as error:  # raised again below, without the nursery's wrapping
                failed = error
            client.keeper.leave()
            with trio.move_on_after(pace.disconnect + 1):
                while client.keeper.stopped is None:
                    await client.keeper.changed.wait()
            nursery.cancel_scope.cancel()
        if failed is not None:
            raise failed


class Sending:
    """A message on its way."""

    def __init__(self, cid: str) -> None:
        self.cid = cid
        self._done = trio.Event()
        self._ack: Ack | None = None
        self._error: ChatError | None = None

    async def ack(self) -> Ack:
        """The server's acknowledgement. Raises ChatError where it refused for good."""
        await self._done.wait()
        if self._ack is None:
            raise self._error or ChatError("stopped")
        return self._ack

    def settle(self, result: Ack | ChatError) -> None:
        """For the client."""
        if isinstance(result, Ack):
            self._ack = result
        else:
            self._error = result
        self._done.set()


class Messages:
    """Messages as they are applied, from now on: of each chat every one, once, in order."""

    def __init__(self, bound: int) -> None:
        self._write, self._read = trio.open_memory_channel[Message](bound)
        self._error: ChatError | None = None

    def __aiter__(self) -> "Messages":
        return self

    async def __anext__(self) -> Message:
        """Raises ChatError where the client has stopped, or with slow_reader where too many waited here."""
        try:
            return await self._read.receive()
        except trio.EndOfChannel:
            if self._error is None or self._error.code == "stopped":
                raise StopAsyncIteration from None
            raise self._error from None

    def put(self, message: Message) -> None:
        """For the client."""
        if self._error is None:
            try:
                self._write.send_nowait(message)
            except trio.WouldBlock:
                self.end(ChatError("slow_reader", "messages came faster than they were taken"))

    def end(self, why: ChatError) -> None:
        """For the client: no more will come; what waits can still be taken."""
        if self._error is None:
            self._error = why
            self._write.close()


class Client:
    """A logged-in user. Made by `connect`."""

    def __init__(
        self,
        url: str,
        account: Account,
        replica: Replica,
        device: str,
        pace: Pace,
        random: Random,
        make_cid: Callable[[], str],
        keep: int,
    ) -> None:
        self.replica = replica
        self.account = account
        self.keeper = Keeper(url, account, replica, self._happened, device=device, pace=pace, random=random)
        self._make_cid = make_cid
        self._keep = keep
        self._sendings: dict[str, Sending] = {}
        self._iterators: WeakSet[Messages] = WeakSet()
        self._changed = trio.Event()

    @property
    def user_id(self) -> int:
        """One's own id."""
        return int(self.account.user["id"])

    @property
    def links(self) -> int:
        """How often the server said `ready`."""
        return self.keeper.links

    @property
    def closes(self) -> list[Closed]:
        """How the last links ended, the newest last."""
        return self.keeper.closes

    # --- messages ---

    async def send(self, chat_id: int, text: str, *, reply_to: int | None = None, cid: str | None = None) -> Ack:
        """Send a message and wait until the server has it durably; lost links are outlived, with one copy stored.

        Raises ChatError where the server refuses for good. A cancelled call does not take the message back.
        """
        return await self.enqueue(chat_id, text, reply_to=reply_to, cid=cid).ack()

    def enqueue(self, chat_id: int, text: str, *, reply_to: int | None = None, cid: str | None = None) -> Sending:
        """Put a message behind those already on their way to this chat. Raises ChatError once the client stopped."""
        if self.keeper.stopped is not None:
            raise self.keeper.stopped
        target_at = None
        if reply_to is not None and (chat := self.replica.chats.get(chat_id)):
            target = chat.find(reply_to)
            target_at = target.created_at if isinstance(target, Message) else None
        sending = Sending(cid or self._make_cid())
        self.replica.outbox.add(Row(sending.cid, chat_id, text, reply_to, target_at))
        self._sendings[sending.cid] = sending
        self.keeper.wake()
        return sending

    def messages(self) -> Messages:
        """An iterator over the messages that are applied from this call on, one's own too."""
        messages = Messages(self._keep)
        if self.keeper.stopped is not None:
            messages.end(self.keeper.stopped)
        else:
            self._iterators.add(messages)
        return messages

    def log(self, chat_id: int) -> tuple[LogItem, ...]:
        """The last applied items of a chat, ascending without a hole; () where it is not known yet."""
        chat = self.replica.chats.get(chat_id)
        return () if chat is None else tuple(chat.items)

    def applied(self, chat_id: int) -> int:
        """The seq up to which a chat's log is whole; 0 where it is not known yet."""
        chat = self.replica.chats.get(chat_id)
        return 0 if chat is None else chat.applied

    async def reached(self, chat_id: int, seq: int) -> None:
        """Wait until a chat's log is whole up to `seq`. Raises ChatError once the client stopped."""
        while self.applied(chat_id) < seq:
            await self._wait_changed()

    # --- chats, over HTTP ---

    async def create_direct(self, user_id: int) -> int:
        """The id of the chat with that user, made or found. Raises ChatError."""
        return int((await self.account.call("POST", "/api/chats", {"type": "direct", "user_id": user_id}))["id"])

    async def create_group(self, title: str, user_ids: list[int]) -> int:
        """The id of a new group. Raises ChatError."""
        body = {"type": "group", "title": title, "user_ids": user_ids}
        return int((await self.account.call("POST", "/api/chats", body))["id"])

    async def history(self, chat_id: int, before_seq: int, limit: int = 50) -> list[Message]:
        """Messages before `before_seq`, ascending, at most `limit` (200). Raises ChatError."""
        path = f"/api/chats/{chat_id}/messages"
        page = await self.account.call("GET", path, before_seq=before_seq, limit=limit)
        return msgspec.convert(page["messages"], list[Message])

    # --- the link ---

    def cut(self) -> None:
        """Break the TCP link hard, as a test or a demonstration; the client returns by itself."""
        self.keeper.cut()

    async def wait_live(self) -> None:
        """Wait until the server has said `ready` on the present link. Raises ChatError once the client stopped."""
        while not self.keeper.live:
            if self.keeper.stopped is not None:
                raise self.keeper.stopped
            await self.keeper.changed.wait()

    # --- what the keeper reports ---

    def _happened(self, happened: list[Happening]) -> None:
        for one in happened:
            if isinstance(one, Applied) and isinstance(one.item, Message):
                for messages in self._iterators:
                    messages.put(one.item)
            elif isinstance(one, Sent):
                self._settle(one.ack.cid, one.ack)
            elif isinstance(one, Failed):
                self._settle(one.row.cid, ChatError(one.code, one.detail))
        if self.keeper.stopped is not None:
            self._stopped(self.keeper.stopped)
        self._changed.set()
        self._changed = trio.Event()

    def _settle(self, cid: str, result: Ack | ChatError) -> None:
        sending = self._sendings.pop(cid, None)
        if sending is not None:
            sending.settle(result)

    def _stopped(self, why: ChatError) -> None:
        for cid in list(self._sendings):
            self._settle(cid, why)
        for messages in self._iterators:
            messages.end(why)

    async def _wait_changed(self) -> None:
        if self.keeper.stopped is not None:
            raise self.keeper.stopped
        await self._changed.wait()
