"""What a client knows of its chats: each log as far as it is whole (docs/protocol.md section 3, C2). Pure.

Feed it with `ready`, `receive` and `disconnected`; after each, `due` gives the frames to send and `next_due` the time
to ask again. `now` is seconds of a clock that never goes back.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from attrs import define, field, frozen

from chatproto.frames import (
    Ack,
    ChatFrame,
    Chats,
    ErrorFrame,
    FromClient,
    FromServer,
    Lag,
    MarkFrame,
    Marks,
    PageFrame,
    Ready,
    Send,
    Sync,
)
from chatproto.model import Chat, Event, Head, Hidden, LogItem, Message
from client.outbox import Outbox, Row

BUFFERED: Final = 200
"""Items of a chat kept while an earlier one is missing (C2)."""
SYNCS: Final = 4
"""Syncs in flight a connection; one a chat."""
PAGE: Final = 200
ANSWER_WITHIN: Final = 10.0
"""Seconds before an unanswered sync is asked again."""
RETRY_AFTER: Final = 1.0
"""Seconds before a refused sync is asked again, where the server names none."""
MARK_EVERY: Final = 1.0
"""Seconds between two marks of a chat."""


@frozen
class Applied:
    """The next item of a chat's log."""

    item: LogItem


@frozen
class Sent:
    """A row of the outbox was acknowledged."""

    ack: Ack


@frozen
class Failed:
    """A row of the outbox was refused for good."""

    row: Row
    code: str
    detail: str


@frozen
class Replaced:
    """The log of a chat is another one now (the database was restored); what was applied is dropped."""

    chat_id: int


@frozen
class Stalled:
    """The server cannot take a send now. Later ones must not overtake it: leave this connection, and return."""

    code: str


Happening = Applied | Sent | Failed | Replaced | Stalled


@frozen
class _Asked:
    ref: str
    after_seq: int
    at: float


@define
class ChatLog:
    """One chat. `items` holds the last applied ones; all seqs up to `applied` were applied, each once, in order.

    `last_seq`: the highest seq heard of. `early`: items that came before an earlier one. `lagging`: the server
    pushes nothing until it has answered a sync with the end of the log. `marked`: what the server holds as delivered.
    """

    chat_id: int
    first_seq: int
    last_seq: int
    applied: int
    items: deque[LogItem]
    last_at: datetime | None = None
    left_seq: int | None = None
    applied_at: datetime | None = None
    early: dict[int, LogItem] = field(factory=dict)
    lagging: bool = False
    marked: int = 0
    mark_at: float = 0.0
    asked: _Asked | None = None
    ask_at: float = 0.0

    @property
    def behind(self) -> bool:
        """A page is wanted."""
        return self.lagging or self.applied < self.last_seq

    @property
    def unmarked(self) -> bool:
        """More was applied than the server holds as delivered; a former member marks nothing."""
        return self.left_seq is None and self.applied > self.marked

    def find(self, seq: int) -> LogItem | None:
        """The item at `seq`, where it is still kept."""
        return next((item for item in reversed(self.items) if item.seq == seq), None)


class Replica:
    """All chats of one user, and his outbox.

    `whole_log`: take each log from its beginning; else from where it stood when the chat was first listed.
    `keep`: items a chat holds on to at most.
    """

    def __init__(self, *, whole_log: bool = False, keep: int | None = None) -> None:
        self.user_id = 0
        self.epoch: str | None = None
        self.chats: dict[int, ChatLog] = {}
        self.outbox = Outbox()
        self._whole_log = whole_log
        self._keep = keep
        self._inflight = 32
        self._stirred: dict[int, None] = {}  # chats that may want a sync or a mark
        self._asking = 0
        self._refs = 0

    # --- inputs ---

    def ready(self, frame: Ready, now: float) -> list[Happening]:
        """A connection is up. Another epoch: the caches go, the outbox stays."""
        happened: list[Happening] = []
        if self.epoch is not None and frame.epoch != self.epoch:
            happened += [Replaced(chat_id) for chat_id in self.chats]
            self.chats.clear()
            self._stirred.clear()
            self.outbox.forget_replies(None)
        self.epoch, self.user_id = frame.epoch, frame.user.id
        self._inflight = min(32, frame.limits.inflight)
        for head in frame.chats:
            happened += self._listed(head, now)
        return happened

    def receive(self, frame: FromServer, now: float) -> list[Happening]:
        """Any other frame; those that change nothing here are passed over."""
        match frame:
            case Message() | Event() | Hidden():
                return self._live(frame)
            case PageFrame():
                return self._page(frame, now)
            case Ack():
                return [] if self.outbox.settle(frame.cid) is None else [Sent(frame)]
            case ErrorFrame():
                return self._error(frame, now)
            case Chats():
                return [happening for head in frame.chats for happening in self._listed(head, now)]
            case ChatFrame():
                self._chat(frame.chat)
            case Lag():
                if chat := self.chats.get(frame.chat_id):
                    chat.lagging = True
                    chat.last_seq = max(chat.last_seq, frame.last_seq)
                    self._stir(chat)
            case Marks() if frame.user_id == self.user_id:
                if chat := self.chats.get(frame.chat_id):
                    chat.marked = max(chat.marked, frame.delivered_seq)
        return []

    def disconnected(self, code: int) -> list[Happening]:
        """The connection ended with this close code; what was under way on it is asked again on the next."""
        for chat in self.chats.values():
            chat.asked, chat.lagging, chat.ask_at = None, False, 0.0
        self._asking = 0
        row = self.outbox.disconnected(code)
        return [] if row is None else [Failed(row, "too_large", "the server closed the connection on it twice")]

    # --- outputs ---

    def due(self, now: float) -> list[FromClient]:
        """The frames to be sent now; each is given once."""
        return [*self._syncs(now), *self._sends(now), *self._marks(now)]

    def next_due(self) -> float | None:
        """When `due` will have something by the passing of time alone."""
        times = []
        for chat_id in self._stirred:
            chat = self.chats[chat_id]
            if chat.asked is not None:
                times.append(chat.asked.at + ANSWER_WITHIN)
            elif chat.behind and self._asking < SYNCS:
                times.append(chat.ask_at)
            if chat.unmarked:
                times.append(chat.mark_at)
        resend = self.outbox.next_due()
        return min(times if resend is None else [*times, resend], default=None)

    def _syncs(self, now: float) -> Iterator[Sync]:
        for chat_id in self._stirred:
            chat = self.chats[chat_id]
            if chat.asked is not None and now - chat.asked.at >= ANSWER_WITHIN:
                self._answered(chat)
        if self._asking >= SYNCS or not self._stirred:
            return
        wanting = [self.chats[chat_id] for chat_id in self._stirred]
        wanting = [chat for chat in wanting if chat.behind and chat.asked is None and chat.ask_at <= now]
        wanting.sort(key=lambda chat: (chat.last_at is not None, chat.last_at), reverse=True)
        for chat in wanting[: SYNCS - self._asking]:
            self._refs += 1
            chat.asked = _Asked(f"sync-{self._refs}", chat.applied, now)
            self._asking += 1
            yield Sync(
                id=chat.asked.ref,
                chat_id=chat.chat_id,
                after_seq=chat.applied,
                after_at=chat.applied_at if chat.applied else None,
                limit=PAGE,
            )

    def _sends(self, now: float) -> Iterator[Send]:
        for row in self.outbox.due(self._inflight, now):
            yield row.frame()

    def _marks(self, now: float) -> Iterator[MarkFrame]:
        for chat_id in list(self._stirred):
            chat = self.chats[chat_id]
            if chat.unmarked and chat.mark_at <= now:
                chat.mark_at = now + MARK_EVERY
                yield MarkFrame(chat_id=chat_id, delivered_seq=chat.applied)
            elif not chat.unmarked and not chat.behind and chat.asked is None:
                del self._stirred[chat_id]

    # --- chats ---

    def _listed(self, head: Head, now: float) -> list[Happening]:
        chat = self.chats.get(head.chat_id)
        happened: list[Happening] = []
        if chat is not None and _replaced(chat, head.last_seq, head.last_at, chat.applied):
            happened.append(self._drop(chat))
            chat = None
        if chat is None:
            applied = head.first_seq - 1 if self._whole_log else head.last_seq
            chat = self._enter(head.chat_id, head.first_seq, head.last_seq, applied)
        chat.first_seq, chat.left_seq, chat.last_at = head.first_seq, head.left_seq, head.last_at
        chat.last_seq = max(chat.last_seq, head.last_seq)
        chat.marked = head.delivered_seq
        self._stir(chat)
        return happened

    def _chat(self, told: Chat) -> None:
        chat = self.chats.get(told.id)
        if chat is None:
            applied = told.first_seq - 1 if self._whole_log else told.last_seq
            chat = self._enter(told.id, told.first_seq, told.last_seq, applied)
        chat.first_seq, chat.left_seq = told.first_seq, told.left_seq
        chat.last_seq = max(chat.last_seq, told.last_seq)
        chat.marked = max(chat.marked, told.delivered_seq)
        self._stir(chat)

    def _enter(self, chat_id: int, first_seq: int, last_seq: int, applied: int) -> ChatLog:
        chat = ChatLog(chat_id, first_seq, last_seq, max(0, applied), deque(maxlen=self._keep))
        self.chats[chat_id] = chat
        return chat

    def _drop(self, chat: ChatLog) -> Replaced:
        self._answered(chat)
        del self.chats[chat.chat_id]
        self._stirred.pop(chat.chat_id, None)
        self.outbox.forget_replies(chat.chat_id)
        return Replaced(chat.chat_id)

    def _stir(self, chat: ChatLog) -> None:
        self._stirred[chat.chat_id] = None

    def _answered(self, chat: ChatLog) -> None:
        if chat.asked is not None:
            chat.asked = None
            self._asking -= 1

    # --- items ---

    def _live(self, item: LogItem) -> list[Happening]:
        chat = self.chats.get(item.chat_id)
        if chat is None or item.seq <= chat.applied:
            return []
        self._stir(chat)
        chat.last_seq = max(chat.last_seq, item.seq)
        if item.seq == chat.applied + 1:
            return [*self._apply(chat, item), *self._apply_early(chat)]
        if len(chat.early) < BUFFERED:
            chat.early[item.seq] = item
        return []

    def _page(self, page: PageFrame, now: float) -> list[Happening]:
        chat = self.chats.get(page.chat_id)
        if chat is None or chat.asked is None or chat.asked.ref != page.ref:
            return []
        asked = chat.asked
        self._answered(chat)
        self._stir(chat)
        if _replaced(chat, page.last_seq, page.last_at, asked.after_seq):
            return self._replace(chat, page.last_seq)
        chat.last_seq = max(chat.last_seq, page.last_seq)
        chat.lagging = chat.lagging and page.more
        if page.from_seq > max(asked.after_seq, chat.applied):  # what lies before is not for this user
            chat.applied, chat.applied_at = page.from_seq, None
        happened: list[Happening] = []
        for item in page.items:
            if item.seq == chat.applied + 1:
                happened += self._apply(chat, item)
        happened += self._apply_early(chat)
        if chat.behind and page.to_seq <= asked.after_seq:
            chat.ask_at = now + RETRY_AFTER  # the page brought nothing: do not ask in a circle
        return happened

    def _apply(self, chat: ChatLog, item: LogItem) -> list[Happening]:
        chat.applied = item.seq
        chat.applied_at = None if isinstance(item, Hidden) else item.created_at
        chat.items.append(item)
        if isinstance(item, Event) and item.event == "member_removed" and item.data.get("user_id") == self.user_id:
            chat.left_seq = chat.last_seq = item.seq
            chat.lagging = False
            chat.early.clear()
        return [Applied(item)]

    def _apply_early(self, chat: ChatLog) -> list[Happening]:
        happened: list[Happening] = []
        while (item := chat.early.pop(chat.applied + 1, None)) is not None:
            happened += self._apply(chat, item)
        if chat.early and min(chat.early) <= chat.applied:
            chat.early = {seq: item for seq, item in chat.early.items() if seq > chat.applied}
        return happened

    def _replace(self, chat: ChatLog, last_seq: int) -> list[Happening]:
        """Start this chat anew, by its new log."""
        dropped = self._drop(chat)
        fresh = self._enter(chat.chat_id, 1, last_seq, 0 if self._whole_log else last_seq)
        fresh.left_seq, fresh.lagging = chat.left_seq, True  # ask at once
        self._stir(fresh)
        return [dropped]

    # --- refusals ---

    def _error(self, error: ErrorFrame, now: float) -> list[Happening]:
        if error.ref is None:
            return []
        if error.ref in self.outbox:
            if error.retryable:
                return [Stalled(error.code)]
            row = self.outbox.settle(error.ref)
            return [] if row is None else [Failed(row, error.code, error.detail)]
        chat = self.chats.get(error.chat_id or 0)
        if chat is None or chat.asked is None or chat.asked.ref != error.ref:
            return []
        self._answered(chat)
        self._stir(chat)
        if error.code == "bad_seq":  # the log does not hold what was applied
            return self._replace(chat, 0)
        if error.code == "not_member":
            chat.last_seq, chat.lagging = chat.applied, False
        chat.ask_at = now + (error.retry_after_ms or RETRY_AFTER * 1000) / 1000
        return []


def _replaced(chat: ChatLog, last_seq: int, last_at: datetime | None, applied: int) -> bool:
    """Whether the chat's log is not the one of which `applied` items were applied when this was asked for."""
    if last_seq < applied:
        return True
    same_place = last_seq == applied == chat.applied and chat.applied_at is not None and last_at is not None
    return same_place and last_at != chat.applied_at
