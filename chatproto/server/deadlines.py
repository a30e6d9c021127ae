"""What happens by itself as time goes by: deadlines of connections, retries, delayed news, and the sweep (I9)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from chatproto.operations import Outcome, Sweep, Swept
from chatproto.server import commands, fanout, handshake, presence, watermarks
from chatproto.server.pending import Sweeping
from chatproto.transitions import SessionState
from chatproto.wire.frames import AuthExpiring

if TYPE_CHECKING:
    from chatproto.server.hub import Hub
    from chatproto.server.session import ServerSession

TICK: Final = 0.25
"""Seconds between two calls of `Hub.handle_timer`; every deadline here is late by at most this."""


def handle(hub: Hub, now: datetime) -> None:
    """One tick."""
    for session in list(hub.sessions.values()):
        _check(hub, session, now)
    _retry(hub, now)
    _relist(hub, now)
    watermarks.flush(hub, now)
    presence.expire(hub, now)
    if hub.sessions and (hub.sweep_due is None or now >= hub.sweep_due):
        # the answer sets the next date; should it be lost with the store, we ask again all the same
        hub.sweep_due = now + timedelta(seconds=hub.limits.store_wait)
        session_ids = tuple(s.session_id for s in hub.sessions.values() if s.state is SessionState.ACTIVE)
        sweep = Sweep(chat_ids=tuple(hub.routes), session_ids=session_ids, user_ids=_next_users(hub))
        hub.run(sweep, Sweeping(dict(hub.heads)))


def _next_users(hub: Hub) -> tuple[int, ...]:
    """Whose memberships are compared this time: some of those who are here, all of them in turn."""
    users = sorted(hub.by_user)
    later = [user_id for user_id in users if user_id > hub.swept_to] or users
    chosen = tuple(later[: hub.limits.sweep_users])
    hub.swept_to = chosen[-1] if chosen else 0
    return chosen


def _check(hub: Hub, session: ServerSession, now: datetime) -> None:
    limits = hub.limits
    if session.expires_at is None:  # it has not said hello
        if now - session.opened_at >= timedelta(seconds=limits.hello_timeout):
            hub.close(session, 4408, "no hello")
        return
    if _is_silent(hub, session, now):
        return hub.close(session, 4408, "silent")
    for chat_id, until in list(session.typing_until.items()):
        if now >= until:
            fanout.typing(hub, session, chat_id, False)
    left = session.expires_at - now
    if left <= timedelta(seconds=-limits.token_grace):
        return hub.close(session, 4401, "token expired")
    handshake.release(hub, session, now)  # of a token that is good again: the clock was set back
    if session.warn_at is not None and now >= session.warn_at and session.state is SessionState.ACTIVE:
        session.warn_at = None
        hub.send(session, AuthExpiring(in_ms=max(0, int(left.total_seconds() * 1000))))


def _is_silent(hub: Hub, session: ServerSession, now: datetime) -> bool:
    """No frame for long; clients of `/ws/chat` need not say anything, they are asked by pings."""
    limits = hub.limits
    if session.only_chat is None:
        return now - session.heard_at >= timedelta(seconds=limits.idle_timeout)
    if now - (session.pinged_at or session.opened_at) < timedelta(seconds=limits.ping_interval):
        return False
    if session.pings >= limits.unanswered_pings:
        return True
    session.pinged_at = now
    session.pings += 1
    hub.ping(session)
    return False


def _retry(hub: Hub, now: datetime) -> None:
    for _ in range(len(hub.retries)):
        due, connection_id, chat_id = hub.retries.popleft()
        session = hub.sessions.get(connection_id)
        if session is None or chat_id not in session.sends:
            continue
        if due > now:
            hub.retries.append((due, connection_id, chat_id))
        else:
            commands.run_send(hub, session, chat_id, now)


def _relist(hub: Hub, now: datetime) -> None:
    while hub.relists and hub.relists[0][0] <= now:
        _, connection_id, chat_id = hub.relists.popleft()
        session = hub.sessions.get(connection_id)
        if session is not None and chat_id not in session.cursors:
            fanout.list_chat(hub, session, chat_id)


def swept(hub: Hub, pending: Sweeping, outcome: Outcome | None, now: datetime) -> None:
    """Repair what no hint brought; another epoch means that the database was restored, a shorter log as well."""
    hub.sweep_due = now + timedelta(seconds=hub.limits.sweep_interval - TICK)
    if not isinstance(outcome, Swept):
        return
    if hub.epoch is not None and outcome.epoch != hub.epoch:
        hub.epoch = outcome.epoch
        return hub.send_away("the database was restored")
    if hub.replaced == outcome.epoch:
        hub.renew_epoch(outcome.epoch)
    none = (0, None)
    if any(_is_gone(entry, outcome.heads.get(chat_id, none)) for chat_id, entry in pending.heads.items()):
        return hub.log_replaced()
    fanout.end_sessions(hub, set(outcome.ended))
    for chat_id, (last_seq, _) in outcome.heads.items():
        fanout.notice_head(hub, chat_id, last_seq)
    for user_id, chat_ids in outcome.memberships.items():
        for session in hub.connections_of(user_id):
            if session.state is SessionState.ACTIVE and session.only_chat is None:
                for chat_id in chat_ids:
                    if chat_id not in session.cursors:
                        fanout.list_chat(hub, session, chat_id)


def _is_gone(known: tuple[int, datetime | None], found: tuple[int, datetime | None]) -> bool:
    """Whether the known entry is not in the log whose last one was found: it is shorter, or holds another one there."""
    return found[0] < known[0] or (found[0] == known[0] and known[1] is not None and found[1] != known[1])
