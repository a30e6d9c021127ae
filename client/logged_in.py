"""A user who is logged in: what goes out, what comes in, and what is known of the logs."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import TypeVar
from weakref import WeakSet

import trio

from chatproto.client.client_session import ClientSession
from chatproto.client.outbox_changes import delete_of, edit_of, pin_of, react_to
from chatproto.client.session_outputs import (
    Apply,
    Begins,
    Changed,
    Expire,
    Failed,
    Forget,
    Jump,
    LocalFile,
    Merged,
    Row,
    Sent,
)
from chatproto.client.timeline import Timeline, shown
from chatproto.client.timing import Backoff
from chatproto.transitions import ClientState
from chatproto.wire.frames import ForwardField
from chatproto.wire.model import LogItem, Message
from client.account import Account
from client.chats import Chats
from client.exceptions import ChatError
from client.files import Attachable, Files, parted
from client.kept_files import KeptFiles
from client.link import Closed
from client.sending import Changeable, Sending, Stream, is_same, target_of
from client.session_driver import Driver, Told
from client.store import Store
from client.uploading import Uploader

T = TypeVar("T")


class Client(Chats, Files):
    """A logged-in user. Made by `connect` (client/connection.py)."""

    def __init__(
        self,
        url: str,
        account: Account,
        session: ClientSession,
        store: Store,
        kept: KeptFiles,
        make_cid: Callable[[], str],
        keep: int,
        *,
        auto_commit: bool = True,
    ) -> None:
        super().__init__(account)
        self._make_cid = make_cid
        self.session = session
        self.kept = kept
        backoff = partial(Backoff, session.timing, SystemRandom().random)
        uploader = Uploader(account, kept, backoff, lambda told: self.driver.uploading(told))
        for row in self.unsent:
            uploader.knows(row)
        self.driver = Driver(url, account, session, store, self._happened, auto_commit=auto_commit, uploader=uploader)
        self.links = 0
        self.stopped: ChatError | None = None
        self._keep = keep
        self._logs: dict[int, Timeline] = {}
        self._applied = {chat_id: chat.applied for chat_id, chat in session.replica.chats.items()}
        self._sendings: dict[str, Sending] = {}
        self._given = {file.local_id for row in self.unsent for file in row.files}
        """Of files that are kept, those that a message of this life has, or one that was left on its way."""
        self._merged: dict[str, list[Sending]] = {}
        self._messages: WeakSet[Stream[Message]] = WeakSet()
        self._events: WeakSet[Stream[Told]] = WeakSet()
        self._first_messages: Stream[Message] | None = self._stream(self._messages)
        self._first_events: Stream[Told] | None = self._stream(self._events)
        """From the beginning, for who asks first: what comes right behind `ready` comes before the program's block."""
        self._auto_commit = auto_commit
        self._first_go = False
        self._changed = trio.Event()

    @property
    def user_id(self) -> int:
        """One's own id."""
        return int(self.account.user["id"])

    @property
    def closes(self) -> list[Closed]:
        """How the last links ended, the newest last."""
        return self.driver.closes

    # --- messages ---

    async def send(
        self, chat_id: int, text: str, *, reply_to: int | None = None, cid: str | None = None,
        files: Sequence[Attachable | Path] = (),
    ) -> Sent:  # fmt: skip
        """Send a message and wait until the server has it durably; lost links are outlived, with one copy stored.

        `files`: paths, or what `keep` or `upload` gave, at most 10; the text may be "" then. Those that are not
        uploaded yet are with the message, and hold back what is sent to this chat after it.

        Raises ChatError where the server refuses for good. A cancelled call does not take the message back.
        """
        kept = [await self.keep(file) if isinstance(file, Path) else file for file in files]
        return await self.enqueue(chat_id, text, reply_to=reply_to, cid=cid, files=kept).ack()

    def enqueue(
        self, chat_id: int, text: str, *, reply_to: int | None = None, cid: str | None = None,
        files: Sequence[Attachable] = (),
    ) -> Sending:  # fmt: skip
        """Put a message behind those already on their way to this chat, without waiting.

        It is written to the store at once and in order, by another thread: from the end of `saved` on it outlives this
        process. With the cid and text of a message that an earlier life of the store left on its way, it is that one.
        Raises ChatError once the client stopped, or with bad_unicode; and ValueError for a cid that is on its way, or a
        file of `keep` that another message has.
        """
        target = None if reply_to is None else self.message(chat_id, reply_to)
        target_at = None if target is None else target.created_at
        attachments, local = parted(files)
        row = Row(
            cid=cid or self._make_cid(),
            chat_id=chat_id,
            content=text,
            reply_to=reply_to,
            target_at=target_at,
            attachments=attachments,
            files=local,
        )
        return self._enqueue(row)

    async def forward(self, message: Message, chat_id: int, *, cid: str | None = None) -> Sent:
        """Send a copy of a message's text to a chat, this one or another, naming who wrote it first. Else as `send`.

        The server copies the text as it is when it gets there. Raises ChatError: message_deleted, or bad_seq where one
        may not see the message any more, or its log was replaced since.
        """
        source = ForwardField(chat_id=message.chat_id, seq=message.seq, target_at=message.created_at)
        row = Row(cid=cid or self._make_cid(), chat_id=chat_id, content=message.content or "", forward=source)
        return await self._enqueue(row).ack()

    async def edit(self, message: Changeable, text: str, *, cid: str | None = None) -> Sent:
        """Replace the text of one's own message; as durable as `send`, and seen at once (`shown`).

        `message`: one of the log, a sending, or a row of `unsent`. One that was never sent goes out with this text; one
        that may have been is edited when it is acknowledged. Raises ChatError: forbidden, message_deleted, or bad_seq
        where the log was replaced since; and the reason for which the message itself was refused.
        """
        return await self._enqueue(edit_of(target_of(message), cid or self._make_cid(), text)).ack()

    async def delete(self, message: Changeable, *, cid: str | None = None) -> Sent:
        """Delete a message for all: one's own or, as an admin of the group, another's. Else as `edit`."""
        return await self._enqueue(delete_of(target_of(message), cid or self._make_cid())).ack()

    async def react(self, message: Changeable, emoji: str, on: bool = True, *, cid: str | None = None) -> Sent:
        """Put an emoji under a message, or take one's own away. Else as `edit`; also emoji_invalid, too_many.

        One that is taken back before it was sent ends both, and neither is sent.
        """
        return await self._enqueue(react_to(target_of(message), cid or self._make_cid(), emoji, on)).ack()

    async def pin(self, message: Changeable, on: bool = True, *, cid: str | None = None) -> Sent:
        """Pin a message, or take the pin away: in a group as an admin. Else as `react`."""
        return await self._enqueue(pin_of(target_of(message), cid or self._make_cid(), on)).ack()

    def _enqueue(self, row: Row) -> Sending:
        if self.stopped is not None:
            raise self.stopped
        try:
            names = [file.name for file in row.files]
            "".join([row.content, row.emoji or "", row.cid, *row.attachments, *names]).encode()
        except UnicodeEncodeError:
            raise ChatError("bad_unicode", "half of a surrogate pair") from None
        waiting = self.session.outbox.entries.get(row.cid)
        if row.cid in self._sendings or (waiting is not None and not is_same(waiting.row, row)):
            raise ValueError(f"cid {row.cid} is on its way already")
        if waiting is None:
            self._refuse_again(row.files)
        sending = self._sendings[row.cid] = Sending(row.cid, row.chat_id)
        if waiting is None:
            self.driver.send(row)
        return sending

    def _refuse_again(self, files: Sequence[LocalFile]) -> None:
        """The bytes of a file that is kept go with its message."""
        ids = [file.local_id for file in files]
        for number, file in enumerate(files):
            if file.local_id in self._given or file.local_id in ids[:number] or not self.kept.holds(file):
                raise ValueError(f"{file.name} is in another message: keep it once more, or upload it")
        self._given.update(ids)

    async def saved(self) -> None:
        """Wait until all that was asked for so far is on the disk, where there is a store. Raises StoreError."""
        await self.driver.saved()

    def commit(self, item: LogItem) -> None:
        """With `auto_commit=False`: this item and all before it in its chat are done with; durable soon after.

        `item` is one that was told (`messages`, `events`); any other, and one of a log that was replaced since, changes
        nothing. What the server is told to be delivered, or read, never goes beyond what is committed.
        """
        self.driver.commit(item)

    @property
    def unsent(self) -> tuple[Row, ...]:
        """The outbox: what is not acknowledged, also from an earlier life of the store."""
        return tuple(entry.row for entry in self.session.outbox.entries.values())

    async def flushed(self) -> None:
        """Wait until the outbox is empty. Raises ChatError once the client stopped."""
        await self.until(lambda: not self.session.outbox.entries)

    def messages(self) -> Stream[Message]:
        """An iterator over the messages that are applied from this call on, one's own too.

        Where it, or `events`, is the first thing in the block, it has those as well that came while the client
        connected. With `auto_commit=False` the first call of either has them whenever it is made.
        """
        self._first_go = True
        first, self._first_messages = self._first_messages, None
        return first or self._stream(self._messages)

    def events(self) -> Stream[Told]:
        """The same for everything there is: items of the logs, ends of sendings, marks, typing, presence, states."""
        self._first_go = True
        first, self._first_events = self._first_events, None
        return first or self._stream(self._events)

    def log(self, chat_id: int) -> tuple[LogItem, ...]:
        """The last items of a chat that this client applied, ascending without a hole; () where there are none.

        Messages are as they are now: edited, deleted, with their reactions. What was removed after its time is not
        there.
        """
        return tuple(self.held(chat_id).items.values())

    def message(self, chat_id: int, seq: int) -> Message | None:
        """A message of the log, as it is now; None where it is not held."""
        item = self.held(chat_id).items.get(seq)
        return item if isinstance(item, Message) else None

    def shown(self, message: Message) -> Message:
        """A message as its reader sees it: as it is now, with one's own changes that are on their way."""
        return shown(self.held(message.chat_id).current(message), self.unsent, self.user_id)

    def applied(self, chat_id: int) -> int:
        """The seq up to which a chat's log is whole, and in the store; 0 where it is not known yet."""
        return self._applied.get(chat_id, 0)

    async def reached(self, chat_id: int, seq: int) -> None:
        """Wait until a chat's log is whole up to `seq`. Raises ChatError once the client stopped."""
        await self.until(lambda: self.applied(chat_id) >= seq)

    def read(self, chat_id: int, seq: int) -> None:
        """Tell that the user has read a chat up to `seq`; told again by itself until the server has it."""
        self.driver.read(chat_id, seq)

    def typing(self, chat_id: int, on: bool = True) -> None:
        """Tell that the user types, or stopped."""
        self.driver.typing(chat_id, on)

    # --- the link ---

    def cut(self) -> None:
        """Break the TCP link hard, as a test or a demonstration; the client returns by itself."""
        self.driver.cut()

    def hurry(self) -> None:
        """The network is back, as far as the program knows: try at once, and do not wait for the end of a pause."""
        self.driver.network_up()

    async def wait_live(self) -> None:
        """Wait until the server has said `ready` on the present link. Raises ChatError once the client stopped."""
        await self.until(lambda: self.session.state in (ClientState.RESUMING, ClientState.LIVE))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until it holds; it is asked after each happening. Raises ChatError once the client stopped."""
        while not condition():
            if self.stopped is not None:
                raise self.stopped
            await self._changed.wait()

    # --- what the driver tells ---

    def entered(self) -> None:
        """For `connect`: the block begins now. Whoever commits by themselves may take their stream later."""
        self._first_go = self._auto_commit

    def _happened(self, told: list[Told]) -> None:
        if self._first_go:
            self._first_messages = self._first_events = None
        for one in told:
            for events in self._events:
                events.put(one)
            match one:
                case Apply(item):
                    self._applied[item.chat_id] = item.seq
                    self._logs.setdefault(item.chat_id, Timeline(self._keep)).apply(item)
                    if isinstance(item, Message):
                        for messages in self._messages:
                            messages.put(item)
                case Jump(chat_id, applied):
                    self._applied[chat_id] = applied
                case Expire(chat_id, first_seq):
                    self._logs.setdefault(chat_id, Timeline(self._keep)).expire(first_seq)
                case Begins(chat_id):
                    self._logs.pop(chat_id, None)
                case Forget(chat_id):
                    self._applied.pop(chat_id, None)
                    self._logs.pop(chat_id, None)
                case Sent(cid):
                    self._settle(cid, one)
                case Failed(cid):
                    self._settle(cid, ChatError(one.code, one.detail))
                case Merged(cid, chat_id, into):
                    self._follow(cid, chat_id, into)
                case Changed():
                    self._moved(one)
        self._changed.set()
        self._changed = trio.Event()

    def _moved(self, changed: Changed) -> None:
        self.links += changed.state == ClientState.RESUMING
        if changed.state in (ClientState.LOGGED_OUT, ClientState.STOPPED):
            self.stopped = ChatError(changed.code or changed.state)
            for cid in [*self._sendings, *self._merged]:
                self._settle(cid, self.stopped)
            for messages in self._messages:
                messages.end(self.stopped)
            for events in self._events:
                events.end(self.stopped)

    def _settle(self, cid: str, result: Sent | ChatError) -> None:
        sending = self._sendings.pop(cid, None)
        followers = self._merged.pop(cid, [])
        for one in followers if sending is None else [sending, *followers]:
            one.settle(result)

    def _follow(self, cid: str, chat_id: int, into: str | None) -> None:
        """What a row was for is done by another one, or nothing is left to do."""
        if into is None:
            return self._settle(cid, Sent(cid, chat_id, None, None))
        sending = self._sendings.pop(cid, None)
        followers = self._merged.pop(cid, [])
        self._merged.setdefault(into, []).extend(followers if sending is None else [sending, *followers])

    def _stream(self, streams: "WeakSet[Stream[T]]") -> Stream[T]:
        stream = Stream[T](self._keep)
        if self.stopped is not None:
            stream.end(self.stopped)
        else:
            streams.add(stream)
        return stream

    def held(self, chat_id: int) -> Timeline:
        return self._logs.get(chat_id) or Timeline(0)
