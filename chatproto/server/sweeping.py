"""The sweep (I9): what no hint brought is found by comparing with the database."""

from datetime import datetime
from itertools import islice
from typing import Final

from chatproto.operations import Outcome, Sweep, Swept
from chatproto.server.blocking import Blocking
from chatproto.server.clock import Deadline, Now, Timers
from chatproto.server.connections import Connections
from chatproto.server.hiding import Hiding
from chatproto.server.history import History
from chatproto.server.knobs import Knobs
from chatproto.server.known_blocks import KnownBlocks
from chatproto.server.out import Out
from chatproto.server.pending import Sweeping
from chatproto.server.replacing import Replacing
from chatproto.server.rooms import Rooms
from chatproto.transitions import SessionState

SWEEP: Final = Deadline("sweep")
SHORTEST: Final = 0.05
"""Seconds of rest between an answer and the next sweep, at least."""


class Sweeper:
    """Heads, memberships, blocks and what users hide are compared so many at a time, all of them in turn; ended log-ins
    all at once."""

    def __init__(
        self, out: Out, timers: Timers, connections: Connections, history: History, rooms: Rooms, replacing: Replacing,
        blocks: KnownBlocks, blocking: Blocking, hiding: Hiding, knobs: Knobs,
    ) -> None:  # fmt: skip
        self._out = out
        self._timers = timers
        self._connections = connections
        self._history = history
        self._rooms = rooms
        self._replacing = replacing
        self._blocks = blocks
        self._blocking = blocking
        self._hiding = hiding
        self._knobs = knobs
        self._chats: list[int] = []
        self._users: list[int] = []

    def arm(self, now: Now) -> None:
        """There are sweeps while somebody is here, or was sent away until the next one."""
        if not self._connections.by_id and not self._history.renamed:
            self._timers.cancel(SWEEP)
        elif SWEEP not in self._timers:
            self._timers.set(SWEEP, now.mono + self._knobs.sweep_interval)

    def run(self, now: Now) -> None:
        """Ask the database. The answer sets the time of the next sweep; without one, ask again after `store_wait`."""
        self._timers.set(SWEEP, now.mono + self._knobs.store_wait)
        self._chats = self._chats or self._rooms.chat_ids()
        self._users = self._users or list(self._connections.by_user)
        chats, self._chats = self._chats[: self._knobs.sweep_chats], self._chats[self._knobs.sweep_chats :]
        users, self._users = self._users[: self._knobs.sweep_users], self._users[self._knobs.sweep_users :]
        users = sorted({*users, *islice(self._hiding.unsure, self._knobs.sweep_users)})
        heads: dict[int, tuple[int, datetime | None]] = {
            chat_id: self._history.heads[chat_id] for chat_id in chats if chat_id in self._history.heads
        }
        logins = tuple(sorted(self._connections.by_login))
        sweeping = Sweeping(heads, now.mono, self._blocks.changes)
        self._out.run(Sweep(tuple(heads), logins, tuple(users)), sweeping)

    def soon(self, now: Now) -> None:
        """Something was renamed, or hints were lost: look at once."""
        self._timers.set(SWEEP, now.mono)

    def swept(self, pending: Sweeping, outcome: Outcome, now: Now, *, current: bool) -> None:
        """Repair what no hint brought; another epoch means that the database was restored."""
        self._timers.set(SWEEP, max(pending.asked_at + self._knobs.sweep_interval, now.mono + SHORTEST))
        if not current or not isinstance(outcome, Swept):
            return
        self._history.renamed = False
        if self._history.epoch is not None and outcome.epoch != self._history.epoch:
            return self._replacing.database_restored(outcome.epoch)
        if self._history.replaced == outcome.epoch:
            self._replacing.renew(outcome.epoch)
        self.end_logins(outcome.ended)
        for chat_id, (last_seq, _) in outcome.heads.items():
            if last_seq > self._rooms.place(chat_id):
                self._rooms.heard(chat_id, last_seq)
        for chat_id, first_seq in outcome.begins.items():
            self._rooms.expire(chat_id, first_seq)
        for user_id, chat_ids in outcome.memberships.items():
            for session in self._connections.of(user_id):
                if session.state is SessionState.ACTIVE and session.dialect.lists_chats:
                    for chat_id in chat_ids:
                        if chat_id not in session.chats:
                            self._rooms.list_chat(session, chat_id)

        if pending.blocks_at == self._blocks.changes:  # else what was found may be older than what is known by now
            self._blocking.compare(outcome.memberships, outcome.blocks)

    def end_logins(self, login_ids: tuple[int, ...]) -> None:
        """Close every connection that uses one of these log-ins."""
        for login_id in login_ids:
            for session in list(self._connections.by_login.get(login_id, {}).values()):
                self._connections.close(session, 4403, "revoked")
