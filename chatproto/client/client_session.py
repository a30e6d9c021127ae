"""ClientSession: one log-in of one device, over as many links as it takes (docs/protocol.md sections 3 and 4).

Drive it with inputs (synchronous; `now` is milliseconds of a clock that never goes back), drain `outputs()` after each
one and perform them in order, and call `handle_timer` at `next_timer()`.
"""

from collections.abc import Callable, Sequence
from typing import Final, assert_never

from chatproto.client.client_config import ClientConfig
from chatproto.client.connector import Connector
from chatproto.client.outbox import Outbox
from chatproto.client.replica import Replica
from chatproto.client.session_outputs import (
    Output,
    Row,
    SaveEpoch,
    SendFrame,
    Tell,
)
from chatproto.client.snapshot import Snapshot, restore, take
from chatproto.transitions import ClientState
from chatproto.wire.frames import (
    Ack,
    Auth,
    AuthExpiring,
    AuthOk,
    BlockFrame,
    Bye,
    ChatFrame,
    Chats,
    ClientInfo,
    ErrorFrame,
    Expired,
    FromClient,
    FromServer,
    Hello,
    Lag,
    Marks,
    PageFrame,
    Ping,
    Pong,
    Presence,
    Ready,
    Typing,
    TypingFrame,
    UserFrame,
)
from chatproto.wire.model import Event, Hidden, Message

NO_LINK: Final = 1006
AUTH: Final = "auth"
"""The id of `auth` frames, by which their refusal is known."""


class ClientSession:
    """`random` gives numbers from 0 up to 1; with a snapshot it goes on where that one was taken.

    `skips`: it may leave out what lies between where it was and the end of a chat that is more than 1,000 items ahead,
    as a screen may and a bot may not.
    """

    def __init__(
        self,
        config: ClientConfig,
        random: Callable[[], float],
        snapshot: Snapshot | None = None,
        *,
        skips: bool = True,
    ) -> None:
        self._outputs: list[Output] = []
        self.config = config
        self.timing = config.timing
        self.outbox = Outbox(self._emit)
        self.replica = Replica(self.timing, self._emit, config.whole_log, skips)
        self._connector = Connector(self.timing, random, self._emit)
        self._inflight = 0
        self._sent_at = 0
        self._heard_at = 0
        self._pinged_at: int | None = None
        self._typed_at: dict[int, int] = {}
        if snapshot is not None:
            restore(snapshot, self.replica, self.outbox)

    @property
    def state(self) -> ClientState:
        """Where it stands."""
        return self._connector.state

    @property
    def link(self) -> int:
        """The number of the present link; what comes from an earlier one is void."""
        return self._connector.link

    # --- inputs ---

    def outputs(self) -> list[Output]:
        """Everything the last inputs asked for, in order."""
        drained, self._outputs = self._outputs, []
        return drained

    def start(self, token: str, now: int) -> None:
        """Connect with an access token and stay connected; also after a log-out, with the token of a new log-in."""
        self._connector.start(token, now)

    def connected(self, link: int, now: int) -> None:
        """The WebSocket is open: say hello."""
        if link != self.link or self.state is not ClientState.CONNECTING:
            return
        self._connector.connected(now)
        self._heard_at, self._pinged_at = now, None
        self._typed_at.clear()
        config = self.config
        info = ClientInfo(name=config.name, version=config.version, os=config.os)
        hello = Hello(v=[1], token=self._connector.token, device=config.device, client=info, epoch=self.replica.epoch)
        self._send(hello, now)

    def receive(self, link: int, frames: Sequence[FromServer], now: int) -> None:
        """The frames of one WebSocket message."""
        if link == self.link:
            self._heard_at, self._pinged_at = now, None
        for frame in frames:
            if link != self.link or not self._connector.linked:
                return
            if isinstance(frame, Ready):
                self._ready(frame, now)
            elif self._connector.ready_at is not None:
                self._take(frame, now)
            elif isinstance(frame, Bye):  # before `ready` only the delay counts; the close code decides
                self._connector.told(bye=frame.reconnect_after_ms)
            elif isinstance(frame, ErrorFrame):
                self._connector.told(delay=frame.retry_after_ms)
        self._pump(now)

    def lost(self, link: int, code: int, reason: str, now: int) -> None:
        """The link ended, or could not be made (1006)."""
        if link == self.link and self._connector.under_way:
            self._lost(code, reason, now)

    def renewed(self, token: str, now: int) -> None:
        """The answer to Renew."""
        if self._connector.renewed(token, now):
            self._send(Auth(id=AUTH, token=token), now)

    def not_renewed(self, code: str, passing: bool, now: int) -> None:
        """The answer to Renew where there is no token: perhaps soon (`passing`), or never: the log-in is over."""
        self._connector.not_renewed(now)
        if not passing:
            self._leave("refused", code)

    def network_up(self, now: int) -> None:
        """The network, the screen or the user is back: try at once; on a live link, make sure that it is one."""
        if not self._connector.hurry(now) and self._connector.ready_at is not None and self._pinged_at is None:
            self._ping(now)

    def stop(self, now: int) -> None:
        """Leave for good. Rows stay where they are saved."""
        del now
        if self.state is not ClientState.STOPPED:
            self._leave("stop", "stopped")

    def send(self, row: Row, now: int, *, saved: bool = False) -> bool:
        """Put a command behind those already on their way to its chat; False where its cid is among them.

        What no link has carried yet it may change or end instead (`Merged`). `saved`: the row is durable already.
        """
        if not self.outbox.put(row, saved=saved):
            return False
        self._pump(now)
        return True

    def row_saved(self, cid: str, now: int) -> None:
        """The answer to a SaveRow, one for each: from the last on it may be sent (C1)."""
        self.outbox.saved(cid)
        self._pump(now)

    def uploaded(self, local_id: str, file_id: str, now: int) -> None:
        """The answer to an Upload: the file is there. Once that is saved of all of them, their row may be sent."""
        self.outbox.uploaded(local_id, file_id)
        self._pump(now)

    def upload_failed(self, local_id: str, code: str, detail: str, now: int) -> None:
        """The answer to an Upload that was refused for good: so is the row."""
        self.outbox.upload_failed(local_id, code, detail)
        self._pump(now)

    def discard(self, cid: str, now: int) -> None:
        """The user takes a row back. Should it have been sent already, the server may have it all the same."""
        if self.outbox.discard(cid):
            self._pump(now)

    def saved(self, chat_id: int, seq: int, now: int) -> None:
        """What was to be applied is durable up to there (C6)."""
        self.replica.saved(chat_id, seq)
        self._pump(now)

    def read(self, chat_id: int, seq: int, now: int) -> None:
        """The user has read a chat up to there."""
        self.replica.read(chat_id, seq)
        self._pump(now)

    def typing(self, chat_id: int, on: bool, now: int) -> None:
        """The user types, or stopped; told at most every 3 s, and never kept."""
        if self._connector.ready_at is None:
            return
        last = self._typed_at.pop(chat_id, None)
        if on and last is not None and now - last < self.timing.typing_every:
            self._typed_at[chat_id] = last
            return
        if on:
            self._typed_at[chat_id] = now
        elif last is None:
            return
        self._send(TypingFrame(chat_id=chat_id, on=on), now)

    def handle_timer(self, now: int) -> None:
        """Whatever is due by the passing of time."""
        connector = self._connector
        if connector.due is not None and now >= connector.due:
            if connector.state is ClientState.BACKOFF:
                connector.retry(now)
            else:
                self._abandon(NO_LINK, "no answer", now)
        elif connector.ready_at is not None:
            if connector.renew_at is not None and now >= connector.renew_at:
                connector.renew()
            self._beat(now)
        self._pump(now)

    def next_timer(self) -> int | None:
        """When `handle_timer` is to be called; None: never."""
        connector = self._connector
        if connector.due is not None:
            return connector.due
        if connector.ready_at is None:
            return None
        times = [self._beat_at(), connector.renew_at, self.replica.next_due(), self.outbox.next_due(self.timing.resend)]
        return min(time for time in times if time is not None)

    def snapshot(self) -> Snapshot:
        """All that must outlive this process."""
        return take(self.replica, self.outbox)

    # --- one link ---

    def _ready(self, frame: Ready, now: int) -> None:
        if self._connector.ready_at is not None:
            return
        self._connector.ready(now)
        self._inflight = min(32, frame.limits.inflight)
        if self.replica.ready(frame):
            self.outbox.forget_log(None)
        self._emit(SaveEpoch(frame.user.id, frame.epoch))
        self._listed(frame)
        self.outbox.ready()

    def _listed(self, frame: Ready | Chats) -> None:
        for chat_id in self.replica.list_heads(frame.chats):
            self.outbox.forget_log(chat_id)
        self._emit(Tell(frame))

    def _take(self, frame: FromServer, now: int) -> None:
        """Any frame of a link that is ready."""
        match frame:
            case Message():
                self._own(frame)
                self.replica.live(frame)
            case Event() | Hidden():
                self.replica.live(frame)
            case PageFrame():
                self._page(frame, now)
            case Ack():
                self.outbox.stored(frame.cid, frame.seq, frame.created_at, frame.dup)
            case ErrorFrame():
                self._error(frame, now)
            case Lag():
                self.replica.lag(frame)
            case Expired():
                self.replica.expired(frame)
            case Chats():
                self._listed(frame)
            case ChatFrame():
                self.replica.list_chat(frame.chat)
                self._emit(Tell(frame))
            case Marks():
                if frame.user_id == self.replica.user_id:
                    self.replica.own_marks(frame)
                self._emit(Tell(frame))
            case Typing() | Presence() | UserFrame() | BlockFrame():
                self._emit(Tell(frame))
            case AuthExpiring():
                self._connector.renew()
            case AuthOk():
                self.replica.mark_again()
            case Bye():
                self._connector.told(bye=frame.reconnect_after_ms)
            case Pong() | Ready():
                pass
            case _:
                assert_never(frame)

    def _pump(self, now: int) -> None:
        """Send what may be sent; the only place where commands of the log, syncs and marks leave."""
        if self._connector.ready_at is None:
            return
        for frame in self.replica.due(now):
            self._send(frame, now)
        for row in self.outbox.due(self._inflight, self.timing.resend, now):
            self._send(row, now)
        if self.state is ClientState.RESUMING and self.replica.caught_up:
            self._connector.move("caught_up")

    def _beat_at(self) -> int:
        """When the link is to be asked for a sign of life, or given up."""
        if self._pinged_at is None:
            return min(self._sent_at, self._heard_at) + self.timing.quiet
        return self._pinged_at + (self.timing.busy_answer if self.outbox.flying else self.timing.answer)

    def _beat(self, now: int) -> None:
        if now < self._beat_at():
            return
        if self._pinged_at is None:
            self._ping(now)
        else:
            self._abandon(NO_LINK, "silent", now)

    def _ping(self, now: int) -> None:
        self._pinged_at = now
        self._send(Ping(t=now), now)

    # --- answers ---

    def _page(self, page: PageFrame, now: int) -> None:
        for item in page.items:
            if isinstance(item, Message):
                self._own(item)
        chat_id = self.replica.page(page, now)
        if chat_id is not None:
            self.outbox.forget_log(chat_id)

    def _own(self, message: Message) -> None:
        """One's own message is an acknowledgement as good as the other (C3)."""
        if message.sender_id == self.replica.user_id:
            self.outbox.stored(message.cid, message.seq, message.created_at, False)

    def _error(self, error: ErrorFrame, now: int) -> None:
        self._connector.told(delay=error.retry_after_ms)
        if error.ref == AUTH:  # the token did not arrive: before it runs out, another one
            wait = self.timing.renew_again if error.retry_after_ms is None else error.retry_after_ms
            self._connector.renew_at = now + wait
            return
        entry = self.outbox.entries.get(error.ref or "")
        if entry is None:
            chat_id = self.replica.error(error, now)
            if chat_id is not None:
                self.outbox.forget_log(chat_id)
        elif error.retryable:  # what comes later must not overtake it: leave, and send all again in order
            self._abandon(4503, error.code, now)
        else:
            self.outbox.refused(entry.row.cid, error.code, error.detail)

    # --- the ends ---

    def _abandon(self, code: int, reason: str, now: int) -> None:
        """This side gives the link up."""
        self._connector.close(code, reason)
        self._lost(code, reason, now)

    def _lost(self, code: int, reason: str, now: int) -> None:
        self._disconnected(code)
        self._connector.lost(code, reason, now)

    def _leave(self, event: str, code: str) -> None:
        """End whatever there is from this side."""
        if self._connector.under_way:
            self._connector.close(1000, "")
            self._disconnected(1000)
        self._connector.leave(event, code)

    def _disconnected(self, code: int) -> None:
        self.replica.disconnected()
        self.outbox.disconnected(code)

    def _send(self, frame: FromClient, now: int) -> None:
        self._sent_at = now
        self._emit(SendFrame(frame))

    def _emit(self, output: Output) -> None:
        self._outputs.append(output)
