"""Whether there is a link, when to return, and with which token (docs/protocol.md section 4, close codes)."""

from collections.abc import Callable
from typing import Final

from chatproto.client.session_outputs import Changed, Close, Connect, Output, Renew
from chatproto.client.timing import Backoff, Timing
from chatproto.transitions import CLIENT, ClientState, after

REVOKED: Final = 4403
STOPS: Final = {1000: "stopped", 4426: "unsupported_version"}
"""Close codes after which nobody returns, and why."""


class Connector:
    """The state of one log-in's links, one after another.

    `emit` takes what it asks for. `link` counts the links; `due`: when to act next where that is known (return, or give
    up waiting for an answer); `ready_at`: since when the link is ready, None where it is not; `renew_at`: when the
    token is to be exchanged again. Times are milliseconds of a clock that never goes back.
    """

    def __init__(self, timing: Timing, random: Callable[[], float], emit: Callable[[Output], None]) -> None:
        self.state = ClientState.IDLE
        self.link = 0
        self.token = ""
        self.due: int | None = None
        self.ready_at: int | None = None
        self.renew_at: int | None = None
        self._timing = timing
        self._emit = emit
        self._backoff = Backoff(timing, random)
        self._token_used = ""
        self._renewing = False
        self._renewed = False
        self._bye: int | None = None
        self._told_delay: int | None = None
        self._held = False

    @property
    def linked(self) -> bool:
        """Whether frames of this link are taken."""
        return self.state in (ClientState.AUTHENTICATING, ClientState.RESUMING, ClientState.LIVE)

    @property
    def under_way(self) -> bool:
        """Whether there is a link, or one is being made."""
        return self.linked or self.state is ClientState.CONNECTING

    def start(self, token: str, now: int) -> None:
        """Connect with this token."""
        self.token, self._renewed = token, False
        self._backoff.reset()
        self.move("start")
        self._connect(now)

    def connected(self, now: int) -> None:
        """The WebSocket is open, and `hello` is about to be sent with the token."""
        self.move("connected")
        self.due = now + self._timing.connect
        self._token_used = self.token

    def ready(self, now: int) -> None:
        """`ready` came."""
        self.move("ready")
        self.due, self.ready_at, self._renewed = None, now, False

    def told(self, *, bye: int | None = None, delay: int | None = None) -> None:
        """The server named the time of the return, in ms: before a restart, or with an error."""
        self._bye = self._bye if bye is None else bye
        self._told_delay = self._told_delay if delay is None else delay

    def move(self, event: str, code: str | None = None) -> None:
        """Follow the table of transitions."""
        self.state = after(CLIENT, self.state, event)
        self._emit(Changed(self.state, code))

    # --- the token ---

    def renew(self) -> None:
        """Ask for another token than the one that was used."""
        self.renew_at = None
        if not self._renewing:
            self._renewing = True
            self._emit(Renew(self._token_used))

    def renewed(self, token: str, now: int) -> bool:
        """The answer to Renew; True where a link is ready that should hear of it."""
        self._renewing, self.token = False, token
        if self.state is ClientState.BACKOFF and self.due is None:
            self._renewed = True
            self.retry(now)
        elif self.ready_at is not None:
            self._token_used = token
            return True
        return False

    def not_renewed(self, now: int) -> None:
        """The answer to Renew where there is no token for the moment."""
        self._renewing = False
        if self.state is ClientState.BACKOFF and self.due is None:
            self._pause(self._backoff.next(), now)
        elif self.ready_at is not None:
            self.renew_at = now + self._timing.renew_again

    # --- the ends ---

    def hurry(self, now: int) -> bool:
        """The network is back: whether that ended a pause. A pause that the server named is not shortened."""
        if self.state is not ClientState.BACKOFF or self.due is None or self._held:
            return False
        self.retry(now)
        return True

    def lost(self, code: int, reason: str, now: int) -> None:
        """Whether and when to return is decided by the close code alone."""
        if self.ready_at is not None and now - self.ready_at >= self._timing.steady:
            self._backoff.reset()
        if code in STOPS:
            return self._ended("stop", reason or STOPS[code])
        if code == REVOKED:
            return self._ended("refused", reason or "revoked")
        self.move("lost")
        self.ready_at = None
        if code == 4401 and self.token != self._token_used:
            self.retry(now)
        elif code == 4401 and not self._renewed:
            self.due = None
            self.renew()
        elif code == 4401:  # a fresh token did not help; the next one may, after a pause
            self._renewed = False
            self._pause(self._backoff.next(), now)
        elif self._bye is not None:
            self._pause(self._bye, now, held=True)
        elif code == 4409:
            self._pause(self._timing.crowded, now, held=True)
        elif code == 4429:
            self._pause(self._timing.limited if self._told_delay is None else self._told_delay, now, held=True)
        else:
            self._pause(self._backoff.next(), now)

    def leave(self, event: str, code: str) -> None:
        """End for good, with the event `stop` or `refused`, where the state allows it."""
        if event in CLIENT[self.state]:
            self._ended(event, code)

    def close(self, code: int, reason: str) -> None:
        """Close the link from this side."""
        self._emit(Close(code, reason))

    def retry(self, now: int) -> None:
        """The pause is over."""
        self.move("retry")
        self._connect(now)

    def _connect(self, now: int) -> None:
        self.link += 1
        self._bye = self._told_delay = self.ready_at = self.renew_at = None
        self.due = now + self._timing.connect
        self._emit(Connect(self.link))

    def _pause(self, wait: int, now: int, *, held: bool = False) -> None:
        """`held`: the server named the delay, and a network that comes back does not shorten it."""
        self.due, self._held = now + max(1, wait), held

    def _ended(self, event: str, code: str) -> None:
        self.due = self.ready_at = None
        self.move(event, code)
