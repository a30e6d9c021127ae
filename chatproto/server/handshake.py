"""How a connection becomes a user's: `hello` and `ready`, the renewal of tokens, and the join of `/ws/chat`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chatproto.operations import LoadSession, Outcome, Refused, SessionLoaded, TouchSession, UserFound
from chatproto.server import commands, fanout, presence
from chatproto.server.delivery import ChatCursor
from chatproto.server.pending import Joining, Loading, Renewing
from chatproto.tokens import AccessClaims, TokenRefusal
from chatproto.transitions import SessionState
from chatproto.wire.codec import BadFrame
from chatproto.wire.frames import Auth, AuthOk, Chats, ErrorFrame, Hello, Ready
from chatproto.wire.model import Head

if TYPE_CHECKING:
    from chatproto.server.hub import Hub
    from chatproto.server.session import ServerSession

HEADS_PER_FRAME = 200


def hello(hub: Hub, session: ServerSession, frame: Hello, now: datetime) -> None:
    """Check the version, the token and the count of connections; then load what `ready` tells."""
    if session.state is not SessionState.AWAITING_HELLO:
        return hub.violation(session, BadFrame(code="bad_frame", detail="a second hello", ref=frame.id))
    if 1 not in frame.v:
        _refuse(hub, session, "unsupported_version", frame.id)
        return hub.close(session, 4426, "unsupported version")
    claims = hub.check_token(frame.token, now)
    if isinstance(claims, TokenRefusal):
        _refuse(hub, session, claims.value, frame.id)
        return hub.close(session, 4401, claims.value)
    if not _own(hub, session, claims, now):
        return
    operation = LoadSession(claims.user_id, claims.session_id, claims.session_key, claims.refresh_id, frame.device, now)
    hub.run(operation, Loading(session.id, frame))


def join(
    hub: Hub, session: ServerSession, claims: AccessClaims, chat_id: int, after_seq: int | None, now: datetime
) -> None:
    """The same for a `/ws/chat` connection, whose token the endpoint has checked."""
    session.only_chat = chat_id
    if _own(hub, session, claims, now):
        operation = LoadSession(claims.user_id, claims.session_id, claims.session_key, claims.refresh_id, "", now)
        hub.run(operation, Joining(session.id, after_seq))


def _own(hub: Hub, session: ServerSession, claims: AccessClaims, now: datetime) -> bool:
    if len(hub.by_user.get(claims.user_id, ())) >= hub.limits.connections_per_user:
        hub.close(session, 4409, "too many connections")
        return False
    session.move("hello")
    session.user_id, session.session_id = claims.user_id, claims.session_id
    _expires(hub, session, claims, now)
    hub.by_user.setdefault(claims.user_id, {})[session.id] = None
    return True


def loaded(hub: Hub, pending: Loading, outcome: Outcome, now: datetime) -> None:
    """Storage has told what `ready` needs."""
    session = hub.sessions.get(pending.connection_id)
    if session is None:
        return
    if not isinstance(outcome, SessionLoaded) or session.expires_at is None:
        return _not_loaded(hub, session, outcome, pending.hello.id)
    hub.epoch = hub.epoch or outcome.epoch
    for head in outcome.heads:
        _route(hub, session, head)
    first, rest = outcome.heads[:HEADS_PER_FRAME], outcome.heads[HEADS_PER_FRAME:]
    ready = Ready(
        ref=pending.hello.id,
        v=1,
        session_id=session.session_id,
        user=outcome.user,
        epoch=outcome.epoch,
        server_time=now,
        token_exp=session.expires_at,
        heartbeat_ms=hub.limits.heartbeat_ms,
        limits=hub.limits,
        chats=first,
        more=bool(rest),
    )
    hub.send(session, ready)
    while rest:
        first, rest = rest[:HEADS_PER_FRAME], rest[HEADS_PER_FRAME:]
        hub.send(session, Chats(chats=first, more=bool(rest)))
    _activate(hub, session, outcome, now)


def joined(hub: Hub, pending: Joining, outcome: Outcome, now: datetime) -> None:
    """The same for `/ws/chat`: only that chat is routed, from `after_seq` on where the client gave it."""
    session = hub.sessions.get(pending.connection_id)
    if session is None:
        return
    if not isinstance(outcome, SessionLoaded):
        return _not_loaded(hub, session, outcome, None)
    hub.epoch = hub.epoch or outcome.epoch
    heads = [head for head in outcome.heads if head.chat_id == session.only_chat and head.left_seq is None]
    if not heads:
        return hub.close(session, 4404, "not a member")
    _route(hub, session, heads[0])
    if pending.after_seq is not None:
        session.cursors[heads[0].chat_id].move_to(min(pending.after_seq, heads[0].last_seq))
    session.missed = {chat_id: seq for chat_id, seq in session.missed.items() if chat_id == session.only_chat}
    _activate(hub, session, outcome, now)


def _not_loaded(hub: Hub, session: ServerSession, outcome: Outcome, ref: str | None) -> None:
    hub.refuse(session, outcome, ref)
    if isinstance(outcome, Refused):
        return hub.close(session, 4403, outcome.code)
    hub.close(session, 4503, "store unavailable")


def _route(hub: Hub, session: ServerSession, head: Head) -> None:
    if head.left_seq is None:
        seen = session.missed.pop(head.chat_id, 0)
        hub.route(session, head.chat_id, ChatCursor.live(head.last_seq, head.last_at, seen))


def _activate(hub: Hub, session: ServerSession, loaded: SessionLoaded, now: datetime) -> None:
    session.move("loaded")
    for chat_id in list(session.cursors):
        fanout.repair(hub, session, chat_id)
    for chat_id in session.missed:
        fanout.list_chat(hub, session, chat_id)
    session.missed.clear()
    presence.arrived(hub, session, loaded.peer_ids)
    release(hub, session, now)


def renew(hub: Hub, session: ServerSession, frame: Auth, now: datetime) -> None:
    """A fresh access token in band; one of another user ends the connection."""
    session.charge("auth", 0, now)
    claims = hub.check_token(frame.token, now)
    if isinstance(claims, TokenRefusal):
        return _refuse(hub, session, claims.value, frame.id)
    if claims.user_id != session.user_id:
        return hub.close(session, 4403, "another user")
    operation = TouchSession(claims.user_id, claims.session_id, claims.session_key, claims.refresh_id, now)
    hub.run(operation, Renewing(session.id, frame.id, claims))


def renewed(hub: Hub, pending: Renewing, outcome: Outcome, now: datetime) -> None:
    """The session of the fresh token was looked up."""
    session = hub.sessions.get(pending.connection_id)
    if session is None:
        return
    if isinstance(outcome, Refused):
        return hub.close(session, 4403, outcome.code)
    if not isinstance(outcome, UserFound):
        return hub.refuse(session, outcome, pending.ref)
    session.session_id = pending.claims.session_id
    _expires(hub, session, pending.claims, now)
    hub.send(session, AuthOk(ref=pending.ref, token_exp=pending.claims.expires_at))
    release(hub, session, now)


def release(hub: Hub, session: ServerSession, now: datetime) -> None:
    """Handle what was held for `ready` or for the token, in order."""
    while session.held and session.state is SessionState.ACTIVE and not session.expired(now):
        commands.handle(hub, session, session.held.popleft(), now)


def _refuse(hub: Hub, session: ServerSession, code: str, ref: str | None) -> None:
    hub.send(session, ErrorFrame(ref=ref, code=code, detail="the token or the version is refused", retryable=False))


def _expires(hub: Hub, session: ServerSession, claims: AccessClaims, now: datetime) -> None:
    """The end of a token, and when it is announced: 120 s before, but not before half of it is over."""
    session.expires_at = claims.expires_at
    warning = timedelta(seconds=hub.limits.token_warning)
    session.warn_at = claims.expires_at - min(warning, max(timedelta(), claims.expires_at - now) / 2)
