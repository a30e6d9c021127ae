"""Records what a Hub does, step by step, in the form that other implementations replay."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from attrs import asdict, define, field

from chatproto import operations, tokens
from chatproto.operations import Appended, LogRead, Operation, Outcome
from chatproto.server import hints
from chatproto.server.clock import Now
from chatproto.server.handshake import CheckToken
from chatproto.server.hints import Hint
from chatproto.server.hub import Hub
from chatproto.server.hub_outputs import (
    Broadcast,
    CloseConnection,
    Note,
    Output,
    PingConnection,
    Publish,
    Reply,
    RunOperation,
    SendFrame,
)
from chatproto.server.knobs import Knobs
from chatproto.simulation.model_operations import perform
from chatproto.tokens import AccessClaims, TokenRefusal
from chatproto.wire.limits import Limits
from chatproto.wire.model import Event, User
from tests.scenarios.hub_world import START, World
from tests.vectors.recorder import Json, stripped

NESTED: Final = frozenset({"commands", "outcomes"})
"""Members that hold operations or outcomes."""


def tagged(value: object) -> Json:
    """An operation, an outcome or a hint's news: its members, and `is` with its name."""
    plain = msgspec.to_builtins(value, str_keys=True)
    for name in NESTED & plain.keys():
        plain[name] = [tagged(one) for one in getattr(value, name)]
    return {"is": type(value).__name__, **plain}


def plain_output(output: Output) -> Json:
    """What `outputs` of a step hold, without members that are null."""
    return stripped(_output(output))


def _output(output: Output) -> Json:
    match output:
        case Broadcast(connections, frames, chat_id, first_seq, last_seq):
            told = {"connections": list(connections), "chat_id": chat_id, "first_seq": first_seq, "last_seq": last_seq}
            return {"do": "broadcast", **told, "frames": [json.loads(data) for data in frames]}
        case Note(level, event, fields):
            return {"do": "note", "level": level, "event": event, "fields": fields}
        case SendFrame(connection, data, kind):
            return {"do": "send", "connection": connection, "kind": kind, "frame": json.loads(data)}
        case CloseConnection(connection, code, reason):
            return {"do": "close", "connection": connection, "code": code, "reason": reason}
        case PingConnection(connection):
            return {"do": "ping", "connection": connection}
        case RunOperation(request, operation):
            return {"do": "run", "request": request, "operation": tagged(operation)}
        case Reply(request, outcome):
            return {"do": "reply", "request": request, "outcome": tagged(outcome)}
        case Publish(hint):
            return {"do": "publish", "hint": plain_hint(hint)}


def plain_hint(hint: Hint) -> Json:
    """A hint."""
    return {"epoch": hint.epoch, "news": tagged(hint.news)}


@define
class PlainTokens:
    """Tokens that are their own names; `claims` is what a vector tells of them."""

    claims: dict[str, AccessClaims] = field(factory=dict)

    def sign(
        self, *, user_id: int, session_id: int, session_key: bytes, refresh_id: bytes, jti: str, now: datetime,
        lifetime: int,
    ) -> str:  # fmt: skip
        token = f"token-{len(self.claims) + 1}"
        self.claims[token] = AccessClaims(
            user_id, session_id, session_key, refresh_id, now, now + timedelta(seconds=lifetime)
        )
        return token

    def check(self, token: str, now: datetime) -> AccessClaims | TokenRefusal:
        claims = self.claims.get(token)
        if claims is None:
            return TokenRefusal.INVALID
        return claims if now < claims.expires_at else TokenRefusal.EXPIRED


class RecordedHub(Hub):
    """A Hub whose inputs are kept, each with what came out of it."""

    def __init__(
        self, check_token: CheckToken, new_cid: Callable[[], str], limits: Limits | None, knobs: Knobs | None
    ) -> None:
        super().__init__(check_token, new_cid, limits, knobs)
        self.steps: list[Json] = []
        self._waiting: list[Output] = []

    def outputs(self) -> list[Output]:
        drained, self._waiting = self._waiting, []
        return drained

    def _step(self, call: str, now: Now | None, arguments: Json, act: Callable[[], Any]) -> Any:
        returned = act()
        outputs = super().outputs()
        self._waiting += outputs
        step = {"call": call, "args": arguments, "outputs": [plain_output(output) for output in outputs]}
        if now is not None:
            step = {**moment(now), **step}
        if returned is not None:
            step["returns"] = returned
        self.steps.append(step | {"timer": milliseconds(self.next_timer())})
        return returned

    def open_connection(self, now: Now) -> int:
        act = super().open_connection
        number: int = self._step("open_connection", now, {}, lambda: act(now))
        return number

    def open_chat_connection(self, claims: AccessClaims, chat_id: int, after_seq: int | None, now: Now) -> int:
        arguments = stripped({"claims": tagged(claims), "chat_id": chat_id, "after_seq": after_seq})
        act = super().open_chat_connection
        number: int = self._step("open_chat_connection", now, arguments, lambda: act(claims, chat_id, after_seq, now))
        return number

    def close_connection(self, connection_id: int, now: Now) -> None:
        act = super().close_connection
        self._step("close_connection", now, {"connection": connection_id}, lambda: act(connection_id, now))

    def receive_frame(self, connection_id: int, data: str | bytes, now: Now) -> None:
        assert isinstance(data, str)
        act = super().receive_frame
        arguments = {"connection": connection_id, "text": data}
        self._step("receive_frame", now, arguments, lambda: act(connection_id, data, now))

    def receive_pong(self, connection_id: int) -> None:
        act = super().receive_pong
        self._step("receive_pong", None, {"connection": connection_id}, lambda: act(connection_id))

    def request(self, operation: Operation, now: Now) -> int:
        act = super().request
        number: int = self._step("request", now, {"operation": tagged(operation)}, lambda: act(operation, now))
        return number

    def complete_operation(self, request_id: int, outcome: Outcome, now: Now) -> None:
        act = super().complete_operation
        arguments = {"request": request_id, "outcome": tagged(outcome)}
        self._step("complete_operation", now, arguments, lambda: act(request_id, outcome, now))

    def receive_hint(self, hint: Hint, now: Now) -> None:
        act = super().receive_hint
        self._step("receive_hint", now, {"hint": plain_hint(hint)}, lambda: act(hint, now))

    def report_lag(self, connection_id: int, chat_id: int, first_dropped: int, now: Now) -> None:
        act = super().report_lag
        arguments = {"connection": connection_id, "chat_id": chat_id, "first_dropped": first_dropped}
        self._step("report_lag", now, arguments, lambda: act(connection_id, chat_id, first_dropped, now))

    def report_pages_written(self, connection_id: int, now: Now) -> None:
        act = super().report_pages_written
        self._step("report_pages_written", now, {"connection": connection_id}, lambda: act(connection_id, now))

    def handle_timer(self, now: Now) -> None:
        act = super().handle_timer
        self._step("handle_timer", now, {}, lambda: act(now))

    def drain(self, delay_ms: Callable[[], int], reason: str, now: Now) -> None:
        act = super().drain
        arguments = {"delay_ms": delay_ms(), "reason": reason}
        self._step("drain", now, arguments, lambda: act(delay_ms, reason, now))


def milliseconds(mono: float | None) -> float | None:
    """A date of the monotonic clock, which begins at 0."""
    return None if mono is None else round(mono * 1000, 3)


def moment(now: Now) -> Json:
    """`at`: the monotonic clock; `wall`: the other one, where it is not `begin` + `at`."""
    at, wall = milliseconds(now.mono), round((now.wall - START).total_seconds() * 1000, 3)
    return {"at": at} if at == wall else {"at": at, "wall": wall}


class RecordedWorld(World):
    """A world of scenarios whose Hub is recorded. Its people and chats are made in the store, before the Hub wakes."""

    hub: RecordedHub

    def __init__(self, limits: Limits | None = None, knobs: Knobs | None = None) -> None:
        self.tokens = PlainTokens()
        super().__init__(limits, knobs, keys=self.tokens, make_hub=RecordedHub)
        self._told = limits
        self._turned = knobs or Knobs()

    def _created(self, operation: Any) -> int:
        outcome: Any = perform(self.store, operation)
        chat_id: int = outcome.chat.id
        return chat_id

    def document(self, about: str) -> Json:
        """The whole vector."""
        limits = {} if self._told is None else msgspec.to_builtins(self._told)
        changed = {name: value for name, value in limits.items() if value != getattr(Limits(), name)}
        turned = {name: value for name, value in asdict(self._turned).items() if value != getattr(Knobs(), name)}
        tokens = {
            token: {name: value for name, value in tagged(claims).items() if name != "is"}
            for token, claims in self.tokens.claims.items()
        }
        return {
            "about": about, "kind": "server", "begin": "2026-01-01T00:00:00Z", "limits": changed, "knobs": turned,
            "tokens": tokens,
            "cids": "server-1, server-2, ...", "steps": self.hub.steps,
        }  # fmt: skip


def untagged(value: Json) -> Any:
    """The operation, outcome, claims or news that `tagged` wrote."""
    name = value["is"]
    kind = next(getattr(module, name) for module in (operations, hints, tokens) if hasattr(module, name))
    members = {key: member for key, member in value.items() if key != "is"}
    for nested in NESTED & members.keys():
        return kind(**members | {nested: tuple(untagged(one) for one in members[nested])})
    read = msgspec.convert(members, kind, str_keys=True)
    for item in getattr(read, "items", ()) if isinstance(read, Appended | LogRead) else ():
        if isinstance(item, Event) and "user" in item.data:
            item.data["user"] = msgspec.convert(item.data["user"], User)
    return read
