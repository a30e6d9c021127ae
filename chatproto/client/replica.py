"""What a client knows of its chats: each log as far as it is whole (docs/protocol.md section 3: C2, C6; section 4).

Its inputs append outputs to what the session gave it; `due` gives the frames to send, `next_due` when to ask again.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from attrs import define, field

from chatproto.client.chat_log import Asked, ChatLog
from chatproto.client.session_outputs import Apply, Begins, Expire, Forget, Jump, Output, SaveMarks
from chatproto.client.timing import Timing
from chatproto.wire.frames import ErrorFrame, Expired, Lag, MarkFrame, Marks, PageFrame, Ready, Sync
from chatproto.wire.model import Chat, Event, Head, LogItem, hidden, removes

BUFFERED: Final = 200
"""Items of a chat kept while an earlier one is missing (C2)."""
SYNCS: Final = 4
"""Syncs in flight a connection; one a chat."""
PAGE: Final = 200
FAR_BEHIND: Final = 1000
"""A client with a timeline that is further behind starts anew at the end (docs/protocol.md, After `ready`)."""
SKEW: Final = timedelta(minutes=1)
"""How far the clocks of two servers may be apart."""


@define
class Replica:
    """All chats of one user.

    `whole_log`: take each log from its beginning; else from where it stood when the chat was first listed. `skips`: a
    chat that is far behind goes on at its end, unless the log is taken whole; and a chat that somebody has just made
    begins where it is when it is heard of, not with its first message. `dirty`: chats that may want a sync or a mark.
    `ready_at`: the server's time at the last `ready`.
    """

    timing: Timing
    emit: Callable[[Output], None]
    whole_log: bool = False
    skips: bool = True
    user_id: int = 0
    epoch: str | None = None
    ready_at: datetime | None = None
    chats: dict[int, ChatLog] = field(factory=dict)
    dirty: dict[int, None] = field(factory=dict)
    asking: int = 0
    refs: int = 0

    # --- inputs ---

    def ready(self, frame: Ready) -> bool:
        """A link is up. Whether the database has another epoch: then the caches and own marks go."""
        replaced = self.epoch is not None and frame.epoch != self.epoch
        if replaced:
            for chat_id in self.chats:
                self.emit(Forget(chat_id))
            self.chats.clear()
            self.dirty.clear()
        self.epoch, self.user_id, self.ready_at = frame.epoch, frame.user.id, frame.server_time
        return replaced

    def list_heads(self, heads: tuple[Head, ...]) -> list[int]:
        """Where each chat stands, read from the database; the chats whose log was replaced."""
        return [head.chat_id for head in heads if self._list_head(head)]

    def list_chat(self, told: Chat) -> None:
        """A `chat` frame; it never decides that a log was replaced, but a sync asks."""
        chat = self.chats.get(told.id)
        if chat is None:
            chat = self._enter(told.id, told.first_seq, told.last_seq, whole=self._is_new(told))
            self._tell_start(chat)
        else:
            self._begins(chat, told.first_seq)
        chat.doubted = told.left_seq is None and chat.left_seq is not None and told.last_seq < chat.left_seq
        if not chat.doubted:
            chat.left_seq = told.left_seq
        beyond = [seq for seq in chat.early if seq > told.last_seq]  # of a lost log, or pushed since this was read
        if beyond or _replaced(chat, told.last_seq, told.last_at, chat.applied):
            for seq in beyond:
                del chat.early[seq]
            chat.lagging = True
            self._answered(chat)  # a page that was asked for before says nothing of that
        chat.last_seq = max(chat.last_seq, told.last_seq)
        chat.member_seq = max(chat.member_seq, told.last_seq if told.left_seq is None else told.left_seq - 1)
        self._server_has(chat, told.delivered_seq, told.read_seq)
        self._touch(chat)

    def live(self, item: LogItem) -> None:
        """An item that was pushed."""
        chat = self.chats.get(item.chat_id)
        if chat is None or item.seq <= chat.applied:
            return
        self._touch(chat)
        chat.last_seq = max(chat.last_seq, item.seq)
        if chat.anew:
            return  # of which log it is will be seen
        if item.seq == chat.applied + 1 and not chat.lagging:
            self._apply(chat, item)
            self._apply_early(chat)
        elif len(chat.early) < BUFFERED:
            chat.early[item.seq] = item

    def page(self, page: PageFrame, now: int) -> int | None:
        """The answer of a sync; the chat whose log turned out to be replaced."""
        chat = self.chats.get(page.chat_id)
        if chat is None or chat.asked is None or chat.asked.ref != page.ref:
            return None
        asked = chat.asked
        self._answered(chat)
        self._touch(chat)
        if not chat.anew and _replaced(chat, page.last_seq, page.last_at, asked.after_seq):
            self._start_anew(chat)
            return chat.chat_id
        if chat.last_seq == asked.heard:  # nothing was heard of since, and what was heard before may be of a lost log
            chat.last_seq = chat.applied
        chat.last_seq = max(chat.last_seq, page.last_seq)
        chat.member_seq = max(chat.member_seq, page.last_seq - 1)  # a former member's log ends with their removal
        if chat.anew:
            chat.anew = False
            if not self.whole_log:
                self._jump(chat, page.last_seq)
                chat.applied_at, chat.lagging = page.last_at, False
                return None
        chat.lagging = chat.lagging and page.more
        if page.from_seq > max(asked.after_seq, chat.applied):  # what lies before is not for this user
            self._jump(chat, page.from_seq)
        for item in page.items:
            if item.seq == chat.applied + 1:
                self._apply(chat, item)
        self._apply_early(chat)
        if chat.behind and page.to_seq <= asked.after_seq:
            chat.ask_at = now + self.timing.retry  # the page brought nothing: do not ask in a circle
        return None

    def lag(self, frame: Lag) -> None:
        """Items were dropped for us."""
        if chat := self.chats.get(frame.chat_id):
            chat.lagging = True
            chat.last_seq = max(chat.last_seq, frame.last_seq)
            self._touch(chat)

    def expired(self, frame: Expired) -> None:
        """The beginning of a log was removed after its time."""
        chat = self.chats.get(frame.chat_id)
        if chat is None or frame.first_seq <= chat.first_seq:
            return
        self._begins(chat, frame.first_seq)
        chat.uncounted = chat.server_read < frame.first_seq - 1
        self._touch(chat)

    def own_marks(self, frame: Marks) -> None:
        """The user's own marks as the server has them, from any of their devices."""
        if chat := self.chats.get(frame.chat_id):
            chat.uncounted = False
            self._server_has(chat, frame.delivered_seq, frame.read_seq)
            if frame.read_seq > chat.read:
                chat.read = frame.read_seq
                self.emit(SaveMarks(chat.chat_id, chat.read))

    def error(self, error: ErrorFrame, now: int) -> int | None:
        """A refused sync or mark; the chat whose log turned out to be replaced."""
        chat = self.chats.get(error.chat_id or 0)
        if chat is None:
            return None
        wait = self.timing.retry if error.retry_after_ms is None else error.retry_after_ms
        if chat.asked is None or chat.asked.ref != error.ref:
            if error.ref == f"mark-{chat.chat_id}":
                chat.uncounted = chat.uncounted and error.retryable
            if error.ref == f"mark-{chat.chat_id}" and error.retryable:
                chat.told_delivered, chat.told_read = chat.server_delivered, chat.server_read
                chat.mark_at = now + wait
                self._touch(chat)
            return None
        self._answered(chat)
        self._touch(chat)
        chat.ask_at = now + wait
        if error.code == "bad_seq" and not chat.anew:  # the log does not hold what was applied
            self._start_anew(chat)
            return chat.chat_id
        if error.code == "not_member":
            chat.last_seq, chat.lagging, chat.anew = chat.applied, False, False
        return None

    def disconnected(self) -> None:
        """What was under way is asked again on the next link; what was heard of may be of a lost log by then."""
        for chat in self.chats.values():
            chat.early.clear()
            chat.last_seq = chat.applied
            chat.asked, chat.lagging, chat.ask_at, chat.mark_at = None, False, 0, 0
            chat.uncounted = False
        self.asking = 0

    def mark_again(self) -> None:
        """Marks sent lately may have been dropped (an expired token)."""
        for chat in self.chats.values():
            chat.told_delivered, chat.told_read = chat.server_delivered, chat.server_read
            self._touch(chat)

    def saved(self, chat_id: int, seq: int) -> None:
        """The log is durable up to there."""
        chat = self.chats.get(chat_id)
        if chat is not None and chat.saved < seq <= chat.applied:
            chat.saved = seq
            self._touch(chat)

    def read(self, chat_id: int, seq: int) -> None:
        """The user has read up to there, of what is applied."""
        chat = self.chats.get(chat_id)
        if chat is not None and chat.read < (seq := min(seq, chat.applied)):
            chat.read = seq
            self.emit(SaveMarks(chat_id, seq))
            self._touch(chat)

    # --- outputs ---

    def due(self, now: int) -> Iterator[Sync | MarkFrame]:
        """The frames to be sent now; each is given once."""
        yield from self._syncs(now)
        for chat_id in list(self.dirty):
            chat = self.chats[chat_id]
            if chat.unmarked and chat.mark_at <= now:
                chat.mark_at = now + self.timing.mark_every
                yield self._mark(chat)
            if not chat.unmarked and not chat.behind and chat.asked is None:
                del self.dirty[chat_id]

    def next_due(self) -> int | None:
        """When `due` will have something by the passing of time alone."""
        times = []
        for chat_id in self.dirty:
            chat = self.chats[chat_id]
            if chat.asked is not None:
                times.append(chat.asked.at + self.timing.resend)
            elif chat.behind and self.asking < SYNCS:
                times.append(chat.ask_at)
            if chat.unmarked:
                times.append(chat.mark_at)
        return min(times, default=None)

    @property
    def caught_up(self) -> bool:
        """No chat wants a page."""
        return not any(self.chats[chat_id].behind for chat_id in self.dirty)

    def _syncs(self, now: int) -> Iterator[Sync]:
        for chat_id in self.dirty:
            chat = self.chats[chat_id]
            if chat.asked is not None and now - chat.asked.at >= self.timing.resend:
                self._answered(chat)
        if self.asking >= SYNCS or not self.dirty:
            return
        wanting = [self.chats[chat_id] for chat_id in self.dirty]
        wanting = [chat for chat in wanting if chat.behind and chat.asked is None and chat.ask_at <= now]
        wanting.sort(key=lambda chat: (chat.last_at is not None, chat.last_at), reverse=True)
        for chat in wanting[: SYNCS - self.asking]:
            self.refs += 1
            chat.asked = Asked(f"sync-{self.refs}", chat.applied, chat.last_seq, now)
            self.asking += 1
            yield Sync(
                id=chat.asked.ref,
                chat_id=chat.chat_id,
                after_seq=chat.applied,
                after_at=chat.applied_at if chat.applied else None,
                limit=PAGE,
            )

    def _mark(self, chat: ChatLog) -> MarkFrame:
        delivered, read = chat.marks
        frame = MarkFrame(
            id=f"mark-{chat.chat_id}",
            chat_id=chat.chat_id,
            delivered_seq=delivered if chat.uncounted or delivered > chat.told_delivered else None,
            read_seq=read if read > chat.told_read else None,
        )
        chat.told_delivered, chat.told_read = max(delivered, chat.told_delivered), max(read, chat.told_read)
        return frame

    # --- chats ---

    def _list_head(self, head: Head) -> bool:
        chat = self.chats.get(head.chat_id)
        replaced = chat is not None and not chat.anew and _replaced(chat, head.last_seq, head.last_at, chat.applied)
        if chat is not None and replaced:
            chat = self._start_anew(chat)
        if chat is None or chat.anew:
            chat = self._enter(head.chat_id, head.first_seq, head.last_seq)
            self._tell_start(chat)
        else:
            self._begins(chat, head.first_seq)
            if self._skips and head.left_seq is None and head.last_seq - chat.applied > FAR_BEHIND:
                self._jump(chat, head.last_seq)
        chat.left_seq, chat.last_at = head.left_seq, head.last_at
        chat.member_seq = max(chat.member_seq, head.last_seq if head.left_seq is None else head.left_seq - 1)
        chat.last_seq = max(chat.last_seq, head.last_seq)
        if chat.applied == head.last_seq and chat.applied_at is None:
            chat.applied_at = head.last_at
        chat.server_delivered, chat.server_read = head.delivered_seq, head.read_seq
        chat.told_delivered, chat.told_read = head.delivered_seq, head.read_seq
        self._touch(chat)
        return replaced

    @property
    def _skips(self) -> bool:
        return self.skips and not self.whole_log

    def _is_new(self, told: Chat) -> bool:
        """It was made since this link is up: messages that came before this word of it are not history."""
        return not self.skips and self.ready_at is not None and told.created_at >= self.ready_at - SKEW

    def _enter(self, chat_id: int, first_seq: int, last_seq: int, *, whole: bool = False) -> ChatLog:
        applied = max(0, first_seq - 1) if whole or self.whole_log else last_seq
        chat = self.chats[chat_id] = ChatLog(chat_id, first_seq, last_seq, applied, applied)
        return chat

    def _tell_start(self, chat: ChatLog) -> None:
        if chat.applied or not self.skips:  # a cursor at 0 is one too: without it nothing could be told apart later
            self.emit(Jump(chat.chat_id, chat.applied))
        if chat.first_seq > 1:
            self.emit(Begins(chat.chat_id, chat.first_seq))

    def _begins(self, chat: ChatLog, first_seq: int) -> None:
        """What this user may see of the log begins elsewhere than was known; who takes it whole goes back for it."""
        if first_seq == chat.first_seq:
            return
        fell = first_seq < chat.first_seq
        chat.first_seq = first_seq
        self.emit(Begins(chat.chat_id, first_seq) if fell else Expire(chat.chat_id, first_seq))
        if fell and self.whole_log:
            self._answered(chat)
            chat.last_seq = max(chat.last_seq, chat.applied)
            chat.early.clear()
            self._jump(chat, first_seq - 1)

    def _start_anew(self, chat: ChatLog) -> ChatLog:
        """Drop what was applied; where the new log ends is asked first."""
        self._answered(chat)
        self.emit(Forget(chat.chat_id))
        left_seq = None if chat.doubted else chat.left_seq
        fresh = self.chats[chat.chat_id] = ChatLog(chat.chat_id, 1, 0, 0, 0, left_seq=left_seq, anew=True)
        self._touch(fresh)
        return fresh

    def _jump(self, chat: ChatLog, seq: int) -> None:
        """The log goes on above `seq`; nothing of what lies between will be applied, so it counts as durable."""
        chat.applied = chat.saved = seq
        chat.applied_at = None
        chat.early = {early: item for early, item in chat.early.items() if early > seq}
        self.emit(Jump(chat.chat_id, seq))

    def _server_has(self, chat: ChatLog, delivered: int, read: int) -> None:
        chat.server_delivered = max(chat.server_delivered, delivered)
        chat.server_read = max(chat.server_read, read)
        chat.told_delivered = max(chat.told_delivered, delivered)
        chat.told_read = max(chat.told_read, read)

    def _touch(self, chat: ChatLog) -> None:
        self.dirty[chat.chat_id] = None

    def _answered(self, chat: ChatLog) -> None:
        if chat.asked is not None:
            chat.asked = None
            self.asking -= 1

    # --- items ---

    def _apply(self, chat: ChatLog, item: LogItem) -> None:
        chat.applied = item.seq
        chat.applied_at = item.created_at
        self.emit(Apply(_within(item, chat.first_seq)))
        if removes(item, self.user_id) and item.seq > chat.member_seq:  # else they were added again since
            chat.left_seq = chat.last_seq = item.seq
            chat.lagging = False
            chat.early.clear()

    def _apply_early(self, chat: ChatLog) -> None:
        while (item := chat.early.pop(chat.applied + 1, None)) is not None:
            self._apply(chat, item)
        if chat.early and min(chat.early) <= chat.applied:
            chat.early = {seq: item for seq, item in chat.early.items() if seq > chat.applied}


def _within(item: LogItem, first_seq: int) -> LogItem:
    """The item for a log that begins with `first_seq`: it may have been read before something was removed."""
    about = item.target_seq if isinstance(item, Event) and item.target_seq is not None else item.seq
    return item if about >= first_seq else hidden(item)


def _replaced(chat: ChatLog, last_seq: int, last_at: datetime | None, applied: int) -> bool:
    """Whether the chat's log is not the one of which `applied` items were applied when this was asked for."""
    if last_seq < applied:
        return True
    same_place = last_seq == applied == chat.applied and chat.applied_at is not None and last_at is not None
    return same_place and last_at != chat.applied_at
