"""What holds callers back: failed log-ins, floods, and the second for which a session counts as alive unasked.

All of it is memory of this process, bounded, with the time as an argument.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from attrs import define, field, frozen

from chatproto.tokens import AccessClaims

LOGIN_WINDOW: Final = timedelta(minutes=15)
FAILURES_PER_ACCOUNT: Final = 10
FAILURES_PER_ADDRESS: Final = 100
REMEMBERED_KEYS: Final = 20_000
REMEMBERED_SESSIONS: Final = 10_000
REMEMBERED_USERS: Final = 10_000
ALIVE_FOR: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = 2.0
"""Seconds that a request of a busy user is held back; one that would wait longer is refused."""

_Key = tuple[str, bytes]


@frozen
class Attempt:
    """A log-in under way, counted as failed until it is taken back."""

    keys: tuple[_Key, ...]
    at: datetime


@define
class LoginLimiter:
    """Failed log-ins: 10 an account and 100 an address in 15 minutes (docs/protocol.md section 2).

    An attempt counts from its beginning, so that many at once are no way around it; success takes it back. The
    longest unused keys are forgotten first, which an attacker can only bring about from many addresses.
    """

    _failures: OrderedDict[_Key, deque[datetime]] = field(factory=OrderedDict)

    def begin(self, account: str, address: str, now: datetime) -> Attempt | float:
        """An attempt that may go on, or the seconds until one may."""
        keys = (("account", _digest(account)), ("address", _digest(network_of(address))))
        waits = [self._wait(key, limit, now) for key, limit in zip(keys, _LIMITS, strict=True)]
        if max(waits) > 0:
            return max(waits)
        for key in keys:
            self._failures.setdefault(key, deque()).append(now)
            self._failures.move_to_end(key)
        while len(self._failures) > REMEMBERED_KEYS:
            self._failures.popitem(last=False)
        return Attempt(keys, now)

    def take_back(self, attempt: Attempt) -> None:
        """The attempt was no failed log-in."""
        for key in attempt.keys:
            times = self._failures.get(key, deque())
            if attempt.at in times:
                times.remove(attempt.at)
            if not times:
                self._failures.pop(key, None)

    def _wait(self, key: _Key, limit: int, now: datetime) -> float:
        times = self._failures.get(key)
        if times is None:
            return 0.0
        while times and not now - LOGIN_WINDOW < times[0] <= now:  # past, or from before the clock was set back
            times.popleft()
        return (times[-limit] + LOGIN_WINDOW - now).total_seconds() if len(times) >= limit else 0.0


_LIMITS: Final = (FAILURES_PER_ACCOUNT, FAILURES_PER_ADDRESS)


def _digest(text: str) -> bytes:
    """Names of any length take the same little room, and are not kept in clear."""
    return sha256(text.encode(errors="surrogatepass")).digest()[:16]


def network_of(address: str) -> str:
    """Whom an address stands for: itself, or the /64 that one IPv6 customer usually has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))


@define
class LiveSessions:
    """Sessions that storage called alive less than a second ago, so that a burst of requests asks once."""

    _asked: OrderedDict[tuple[int, int, int], datetime] = field(factory=OrderedDict)

    def knows(self, claims: AccessClaims, now: datetime) -> bool:
        """Whether this token need not be asked about again."""
        asked = self._asked.get((claims.session_id, claims.refresh_id, claims.user_id))
        return asked is not None and asked <= now < asked + ALIVE_FOR

    def remember(self, claims: AccessClaims, asked: datetime) -> None:
        """Storage was asked at `asked` and said yes."""
        key = (claims.session_id, claims.refresh_id, claims.user_id)
        self._asked[key] = asked
        self._asked.move_to_end(key)
        while len(self._asked) > REMEMBERED_SESSIONS:
            self._asked.popitem(last=False)

    def forget(self, session_ids: Iterable[int]) -> None:
        """These sessions were ended here: refuse them from now on."""
        ended = frozenset(session_ids)
        for key in [key for key in self._asked if key[0] in ended]:
            del self._asked[key]


@define
class Buckets:
    """A token bucket for each user: `rate` writing or searching requests a second, `burst` at once.

    As on the WebSocket, who is over it is slowed down first; only what would wait too long is refused.
    """

    rate: float
    burst: int
    _spent: OrderedDict[int, tuple[float, datetime]] = field(factory=OrderedDict)

    def delay(self, user_id: int, now: datetime) -> float:
        """Seconds to wait before going on; above LONGEST_WAIT the request is refused and costs nothing."""
        spent, at = self._spent.get(user_id, (0.0, now))
        spent = max(0.0, spent - max(0.0, (now - at).total_seconds()) * self.rate)
        wait = max(0.0, (spent + 1 - self.burst) / self.rate)
        if wait <= LONGEST_WAIT:
            spent += 1
        self._spent[user_id] = (spent, now)
        self._spent.move_to_end(user_id)
        while len(self._spent) > REMEMBERED_USERS:
            self._spent.popitem(last=False)
        return wait
