"""Records what a Hub does, step by step, in the form that other implementations replay."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from attrs import define, field

from chatproto import operations, tokens
from chatproto.operations import Operation, Outcome
from chatproto.server import hints
from chatproto.server.hints import Hint
from chatproto.server.hub import CheckToken, Hub
from chatproto.server.outputs import CloseConnection, Output, PingConnection, Publish, Reply, RunOperation, SendFrame
from chatproto.tokens import AccessClaims, TokenRefusal
from chatproto.wire.limits import Limits
from tests.scenarios.world import START, World
from tests.vectors.recorder import Json, stripped


def tagged(value: object) -> Json:
    """An operation, an outcome or a hint's news: its members, and `is` with its name."""
    return {"is": type(value).__name__, **msgspec.to_builtins(value, str_keys=True)}


def plain_output(output: Output) -> Json:
    """What `outputs` of a step hold, without members that are null."""
    return stripped(_output(output))


def _output(output: Output) -> Json:
    match output:
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
    """A Hub whose inputs are kept, each with what came out of it; calls of its own inputs are not."""

    def __init__(self, check_token: CheckToken, new_cid: Callable[[], str], limits: Limits | None) -> None:
        super().__init__(check_token, new_cid, limits)
        self.steps: list[Json] = []
        self._waiting: list[Output] = []
        self._inside = False

    def outputs(self) -> list[Output]:
        drained, self._waiting = self._waiting, []
        return drained

    def _step(self, call: str, at: datetime | None, arguments: Json, act: Callable[[], Any]) -> Any:
        if self._inside:
            return act()
        self._inside = True
        try:
            returned = act()
        finally:
            self._inside = False
        outputs = super().outputs()
        self._waiting += outputs
        step = {"call": call, "args": arguments, "outputs": [plain_output(output) for output in outputs]}
        if at is not None:
            step = {"at": round((at - START).total_seconds() * 1000), **step}
        if call == "handle_timer" and not outputs:
            return returned  # a tick that does nothing changes nothing
        if returned is not None:
            step["returns"] = returned
        self.steps.append(step | {"timer": self.next_timer()})
        return returned

    def open_connection(self, now: datetime) -> int:
        number: int = self._step("open_connection", now, {}, lambda: super(RecordedHub, self).open_connection(now))
        return number

    def open_chat_connection(self, claims: AccessClaims, chat_id: int, after_seq: int | None, now: datetime) -> int:
        arguments = stripped({"claims": tagged(claims), "chat_id": chat_id, "after_seq": after_seq})
        act = super().open_chat_connection
        number: int = self._step("open_chat_connection", now, arguments, lambda: act(claims, chat_id, after_seq, now))
        return number

    def close_connection(self, connection_id: int, now: datetime) -> None:
        act = super().close_connection
        self._step("close_connection", now, {"connection": connection_id}, lambda: act(connection_id, now))

    def receive_frame(self, connection_id: int, data: str | bytes, now: datetime) -> None:
        assert isinstance(data, str)
        act = super().receive_frame
        arguments = {"connection": connection_id, "text": data}
        self._step("receive_frame", now, arguments, lambda: act(connection_id, data, now))

    def receive_pong(self, connection_id: int) -> None:
        act = super().receive_pong
        self._step("receive_pong", None, {"connection": connection_id}, lambda: act(connection_id))

    def request(self, operation: Operation) -> int:
        act = super().request
        number: int = self._step("request", None, {"operation": tagged(operation)}, lambda: act(operation))
        return number

    def complete_operation(self, request_id: int, outcome: Outcome, now: datetime) -> None:
        act = super().complete_operation
        arguments = {"request": request_id, "outcome": tagged(outcome)}
        self._step("complete_operation", now, arguments, lambda: act(request_id, outcome, now))

    def receive_hint(self, hint: Hint, now: datetime) -> None:
        act = super().receive_hint
        self._step("receive_hint", now, {"hint": plain_hint(hint)}, lambda: act(hint, now))

    def report_lag(self, connection_id: int, chat_id: int, first_dropped: int) -> None:
        act = super().report_lag
        arguments = {"connection": connection_id, "chat_id": chat_id, "first_dropped": first_dropped}
        self._step("report_lag", None, arguments, lambda: act(connection_id, chat_id, first_dropped))

    def report_pages_written(self, connection_id: int, now: datetime) -> None:
        act = super().report_pages_written
        self._step("report_pages_written", now, {"connection": connection_id}, lambda: act(connection_id, now))

    def handle_timer(self, now: datetime) -> None:
        act = super().handle_timer
        self._step("handle_timer", now, {}, lambda: act(now))

    def drain(self, delay_ms: Callable[[], int], reason: str, now: datetime) -> None:
        act = super().drain
        arguments = {"delay_ms": delay_ms(), "reason": reason}
        self._step("drain", now, arguments, lambda: act(delay_ms, reason, now))


class RecordedWorld(World):
    """A world of scenarios whose Hub is recorded. Its people and chats are made in the store, before the Hub wakes."""

    hub: RecordedHub

    def __init__(self, limits: Limits | None = None) -> None:
        self.tokens = PlainTokens()
        super().__init__(limits, keys=self.tokens, make_hub=RecordedHub)
        self._told = limits

    def _created(self, operation: Any) -> int:
        outcome: Any = self.store.perform(operation)
        chat_id: int = outcome.chat.id
        return chat_id

    def document(self, about: str) -> Json:
        """The whole vector."""
        limits = {} if self._told is None else msgspec.to_builtins(self._told)
        changed = {name: value for name, value in limits.items() if value != getattr(Limits(), name)}
        tokens = {
            token: {name: value for name, value in tagged(claims).items() if name != "is"}
            for token, claims in self.tokens.claims.items()
        }
        return {
            "about": about, "kind": "server", "begin": "2026-01-01T00:00:00Z", "limits": changed, "tokens": tokens,
            "cids": "server-1, server-2, ...", "steps": self.hub.steps,
        }  # fmt: skip


def untagged(value: Json) -> Any:
    """The operation, outcome, claims or news that `tagged` wrote."""

    name = value["is"]
    kind = next(getattr(module, name) for module in (operations, hints, tokens) if hasattr(module, name))
    return msgspec.convert({key: member for key, member in value.items() if key != "is"}, kind, str_keys=True)
