"""What the core asks of its driver, drained with `Hub.outputs()` after every input."""

from typing import Any, Literal

from attrs import Factory, frozen
from msgspec import Struct

from chatproto.operations import Operation, Outcome
from chatproto.server.hints import Hint

Kind = Literal["answer", "page", "lag", "item", "mark", "hint"]
Level = Literal["info", "warning", "error"]


class SendFrame(Struct, frozen=True, gc=False):
    """Queue encoded JSON on a connection. A Struct, as are all values that come with each message: made in a tenth of
    the time.

    `kind`: answers, pages and lags are never dropped; items count against the queue's bound; marks are merged and hints
    (typing, presence) dropped first. `chat_id` stands on items, lags and marks, `seq` on items, `user_id` on marks.
    """

    connection_id: int
    data: bytes
    kind: Kind = "answer"
    chat_id: int = 0
    seq: int = 0
    user_id: int = 0


class Broadcast(Struct, frozen=True):
    """Queue the same items on many connections: the entries `first_seq` to `last_seq` of a chat, a frame each."""

    connection_ids: tuple[int, ...]
    frames: tuple[bytes, ...]
    chat_id: int
    first_seq: int
    last_seq: int


@frozen
class PingConnection:
    """Send a protocol ping (RFC 6455 section 5.5.2); its answer comes back with `Hub.receive_pong`."""

    connection_id: int


@frozen
class CloseConnection:
    """Write what is queued, then close with this WebSocket code."""

    connection_id: int
    code: int
    reason: str


class RunOperation(Struct, frozen=True):
    """Perform on storage and come back with `Hub.complete_operation`."""

    request_id: int
    operation: Operation


@frozen
class Reply:
    """The end of a `Hub.request`."""

    request_id: int
    outcome: Outcome


@frozen
class Publish:
    """Give to every other process, which takes it with `Hub.receive_hint`. Nothing breaks where that fails."""

    hint: Hint


@frozen
class Note:
    """Something an operator wants to know: for the log and for metrics. `fields` hold no secrets and no texts."""

    level: Level
    event: str
    fields: dict[str, Any] = Factory(dict)
    error: BaseException | None = None


Output = SendFrame | Broadcast | PingConnection | CloseConnection | RunOperation | Reply | Publish | Note
