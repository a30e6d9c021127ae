"""All legal transitions of the state machines; the diagrams in docs/states.md are made from these tables."""

from enum import StrEnum
from typing import Final, TypeVar

from chatproto.errors import LocalProtocolError


class SessionState(StrEnum):
    """Where a connection stands."""

    AWAITING_HELLO = "awaiting_hello"
    LOADING = "loading"
    ACTIVE = "active"
    CLOSED = "closed"


class CursorState(StrEnum):
    """Where a connection stands in one chat while it is active.

    Of those that are LIVE all stand at the room's place.
    """

    LISTING = "listing"
    LIVE = "live"
    CATCHING_UP = "catching_up"
    AHEAD = "ahead"
    LAGGING = "lagging"


class ClientState(StrEnum):
    """Where a client's session stands."""

    IDLE = "idle"
    CONNECTING = "connecting"
    AUTHENTICATING = "authenticating"
    RESUMING = "resuming"
    LIVE = "live"
    BACKOFF = "backoff"
    LOGGED_OUT = "logged_out"
    STOPPED = "stopped"


S = TypeVar("S", SessionState, CursorState, ClientState)
Table = dict[S, dict[str, S]]

SESSION: Final[Table[SessionState]] = {
    SessionState.AWAITING_HELLO: {"hello": SessionState.LOADING, "close": SessionState.CLOSED},
    SessionState.LOADING: {"loaded": SessionState.ACTIVE, "close": SessionState.CLOSED},
    SessionState.ACTIVE: {"close": SessionState.CLOSED},
    SessionState.CLOSED: {},
}

CURSOR: Final[Table[CursorState]] = {
    CursorState.LISTING: {"listed": CursorState.LIVE},
    CursorState.LIVE: {"behind": CursorState.CATCHING_UP, "ahead": CursorState.AHEAD, "lag": CursorState.LAGGING},
    CursorState.CATCHING_UP: {"reached": CursorState.LIVE, "lag": CursorState.LAGGING},
    CursorState.AHEAD: {"reached": CursorState.LIVE, "lag": CursorState.LAGGING},
    CursorState.LAGGING: {"lag": CursorState.LAGGING, "synced": CursorState.LIVE},
}

_ENDS: Final = {"lost": ClientState.BACKOFF, "refused": ClientState.LOGGED_OUT, "stop": ClientState.STOPPED}

CLIENT: Final[Table[ClientState]] = {
    ClientState.IDLE: {"start": ClientState.CONNECTING, "stop": ClientState.STOPPED},
    ClientState.CONNECTING: {"connected": ClientState.AUTHENTICATING, **_ENDS},
    ClientState.AUTHENTICATING: {"ready": ClientState.RESUMING, **_ENDS},
    ClientState.RESUMING: {"caught_up": ClientState.LIVE, **_ENDS},
    ClientState.LIVE: _ENDS,
    ClientState.BACKOFF: {
        "retry": ClientState.CONNECTING,
        "refused": ClientState.LOGGED_OUT,
        "stop": ClientState.STOPPED,
    },
    ClientState.LOGGED_OUT: {"start": ClientState.CONNECTING, "stop": ClientState.STOPPED},
    ClientState.STOPPED: {},
}


def after(table: Table[S], state: S, event: str) -> S:
    """The state that follows; LocalProtocolError where the table has no such row."""
    try:
        return table[state][event]
    except KeyError:
        raise LocalProtocolError(f"{event} while {state}") from None


def mermaid(table: Table[S]) -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {next(iter(table))}"]
    for state, events in table.items():
        lines += [f"    {state} --> {following}: {event}" for event, following in events.items()]
    return "\n".join(lines)
