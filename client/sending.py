"""What a program waits for: the end of a sending, and streams of what happens."""

from typing import Generic, TypeVar

import trio

from chatproto.client.outbox import Place
from chatproto.client.outbox_changes import Target
from chatproto.client.session_outputs import Row, Sent
from chatproto.wire.model import Message
from client.exceptions import ChatError

T = TypeVar("T")


class Sending:
    """A message, or a change of one, on its way."""

    def __init__(self, cid: str, chat_id: int) -> None:
        self.cid = cid
        self.chat_id = chat_id
        self._done = trio.Event()
        self._sent: Sent | None = None
        self._error: ChatError | None = None

    @property
    def sent(self) -> Sent | None:
        """Where the server has stored it; None as long as it has not."""
        return self._sent

    async def ack(self) -> Sent:
        """Where the server has stored it. Raises ChatError where it refused for good.

        `seq` is None where nothing had to be stored: it was deleted, or taken back, before it was sent.
        """
        await self._done.wait()
        if self._sent is None:
            raise self._error or ChatError("stopped")
        return self._sent

    def settle(self, result: Sent | ChatError) -> None:
        """For the client."""
        if isinstance(result, Sent):
            self._sent = result
        else:
            self._error = result
        self._done.set()


class Stream(Generic[T]):
    """What happens from now on, each once and in order; ends where the client stops."""

    def __init__(self, bound: int) -> None:
        self._write, self._read = trio.open_memory_channel[T](bound)
        self._error: ChatError | None = None

    def __aiter__(self) -> "Stream[T]":
        return self

    async def __anext__(self) -> T:
        """Raises ChatError where the client has stopped, or with slow_reader where too many waited here."""
        try:
            return await self._read.receive()
        except trio.EndOfChannel:
            if self._error is None or self._error.code == "stopped":
                raise StopAsyncIteration from None
            raise self._error from None

    def put(self, one: T) -> None:
        """For the client."""
        if self._error is None:
            try:
                self._write.send_nowait(one)
            except trio.WouldBlock:
                self.end(ChatError("slow_reader", "it came faster than it was taken"))

    def end(self, why: ChatError) -> None:
        """For the client: no more will come; what waits can still be taken."""
        if self._error is None:
            self._error = why
            self._write.close()


Changeable = Message | Sending | Row
"""A message of the log; one that is on its way; one that an earlier life of the store left on its way (`unsent`)."""


def target_of(message: Changeable) -> Target:
    """What the outbox can name. Raises ChatError where the message is nowhere, or nobody knows where it is."""
    if not isinstance(message, Sending):
        return message
    sent = message.sent
    if sent is None:
        return Row(cid=message.cid, chat_id=message.chat_id)
    if sent.seq is None or sent.created_at is None:
        raise ChatError("bad_seq", "the message was not stored, or nobody knows where")
    return Place(sent.chat_id, sent.seq, sent.created_at)


def is_same(one: Row, other: Row) -> bool:
    """Whether they say the same, so that the second one is the first again."""
    names = ["chat_id", "kind", "forward", "reply_to", "emoji", "on", "attachments"]
    names += [] if one.forward else ["content"]  # of a forward it is the server's to take
    files = [[(file.name, file.size, file.as_file) for file in row.files] for row in (one, other)]
    return files[0] == files[1] and all(getattr(one, name) == getattr(other, name) for name in names)
