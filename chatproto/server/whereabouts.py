"""Presence across processes: each tells the others who is online at it, and hears who is online at them.

A process tells when a user comes and when they are gone. Besides, it repeats all its users in turn, so that a lost hint
is made up for, and a user who is not repeated counts as gone. A process that hears of a new one tells it all its users.
"""

from datetime import timedelta
from itertools import islice
from typing import Final

from chatproto.operations import SaveLastSeen
from chatproto.server.clock import Deadline, Now, Timers
from chatproto.server.elsewhere import Elsewhere
from chatproto.server.hints import Absent, Present
from chatproto.server.knobs import Knobs
from chatproto.server.news import News
from chatproto.server.out import Out
from chatproto.server.pending import SavingLastSeen
from chatproto.server.presence import PRESENT, Presence

AT_ONCE: Final = 1_000
"""Users in one hint."""


class Whereabouts:
    """`process`: this one's name, unlike any other's; None where there are no others."""

    def __init__(
        self, out: Out, timers: Timers, presence: Presence, elsewhere: Elsewhere, news: News, knobs: Knobs,
        process: str | None,
    ) -> None:  # fmt: skip
        self._out = out
        self._timers = timers
        self._presence = presence
        self._elsewhere = elsewhere
        self._news = news
        self._knobs = knobs
        self._process = process
        self._turn: list[int] = []
        self._tell_all = False

    def hear(self, told: Present | Absent, now: Now) -> None:
        """Another process says so of its users."""
        if self._process is None or told.process == self._process:
            return
        if isinstance(told, Absent):
            if self._elsewhere.absent(told.process, told.user_id):
                self._presence.left_elsewhere(told.user_id, told.since)
            return
        if not self._elsewhere.knows(told.process) and self._presence.peers:
            self._tell_all = True
            self._timers.set(Deadline(PRESENT), now.mono)
        for user_id in self._elsewhere.present(told.process, told.user_ids, now.mono):
            self._presence.came_elsewhere(user_id)
        self._timers.soonest(Deadline(PRESENT), now.mono + self._knobs.presence_interval)

    def beat(self, now: Now) -> None:
        """Tell of some, and find out who is gone without a word. It goes on while anybody is here, or elsewhere."""
        self._expire(now)
        if self._presence.peers:
            self._tell()
        if self._presence.peers or self._elsewhere:
            self._timers.set(Deadline(PRESENT), now.mono + self._knobs.presence_interval)

    def _expire(self, now: Now) -> None:
        seen = []
        for user_id, at in self._elsewhere.take_overdue(now.mono):
            since = now.wall - timedelta(seconds=now.mono - at)
            if self._presence.left_elsewhere(user_id, since):
                seen.append((user_id, since))
        if seen:  # the process may have died before it could
            self._out.run(SaveLastSeen(tuple(seen)), SavingLastSeen())

    def _tell(self) -> None:
        here = self._presence.peers
        if self._tell_all or not self._turn:
            self._turn = list(here)
        count = len(self._turn) if self._tell_all else max(1, len(here) // self._knobs.presence_rounds)
        self._tell_all = False
        told, self._turn = self._turn[:count], self._turn[count:]
        users = iter([user_id for user_id in told if user_id in here and not self._presence.tell_hidden(user_id)])
        part = tuple(islice(users, AT_ONCE))
        self._news.present(part)  # even of nobody: it is a sign of life
        while part := tuple(islice(users, AT_ONCE)):
            self._news.present(part)
