"""The limits of log-ins, the bucket, and the second of a session: with the time as an argument."""

from datetime import UTC, datetime, timedelta

import pytest

from chatproto.tokens import AccessClaims
from runtime.http import guards
from runtime.http.guards import Attempt, Buckets, LiveSessions, LoginLimiter, network_of

NOW = datetime(2024, 5, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def claims(session: int, refresh: int = 1, user: int = 1) -> AccessClaims:
    return AccessClaims(user, session, refresh, NOW, at(900))


def test_ten_failures_of_an_account() -> None:
    limiter = LoginLimiter()
    for number in range(10):
        assert isinstance(limiter.begin("anna", f"192.0.2.{number}", at(number)), Attempt)
    assert limiter.begin("anna", "192.0.2.99", at(100)) == 800.0
    assert isinstance(limiter.begin("boris", "192.0.2.1", at(100)), Attempt)
    assert limiter.begin("anna", "192.0.2.99", at(899)) == 1.0
    assert isinstance(limiter.begin("anna", "192.0.2.99", at(900)), Attempt)
    assert limiter.begin("anna", "192.0.2.99", at(900)) == 1.0, "the window slides: the second of the ten is next"


def test_a_hundred_failures_of_an_address() -> None:
    limiter = LoginLimiter()
    for number in range(100):
        assert isinstance(limiter.begin(f"user{number}", "192.0.2.1", NOW), Attempt)
    assert limiter.begin("another", "192.0.2.1", NOW) == 900.0
    assert isinstance(limiter.begin("another", "192.0.2.2", NOW), Attempt)


def test_refused_attempts_count_for_nothing() -> None:
    limiter = LoginLimiter()
    for _ in range(50):
        limiter.begin("anna", "192.0.2.1", NOW)
    assert isinstance(limiter.begin("boris", "192.0.2.1", NOW), Attempt)
    assert isinstance(limiter.begin("anna", "192.0.2.1", at(901)), Attempt)


def test_success_is_taken_back() -> None:
    limiter = LoginLimiter()
    for number in range(50):
        attempt = limiter.begin("anna", "192.0.2.1", at(number))
        assert isinstance(attempt, Attempt)
        limiter.take_back(attempt)
        limiter.take_back(attempt)
    assert limiter == LoginLimiter(), "nothing is kept"


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "REMEMBERED_KEYS", 6)
    limiter = LoginLimiter()
    for number in range(100):
        limiter.begin("x" * 10_000 + str(number), f"2001:db8:{number:x}::1", NOW)
    assert len(limiter._failures) == 6
    monkeypatch.setattr(guards, "REMEMBERED_SESSIONS", 3)
    live = LiveSessions()
    for number in range(10):
        live.remember(claims(number), NOW)
    assert [live.knows(claims(number), NOW) for number in range(10)] == [False] * 7 + [True] * 3
    monkeypatch.setattr(guards, "REMEMBERED_USERS", 3)
    buckets = Buckets(1.0, 1)
    for number in range(10):
        buckets.delay(number, NOW)
    assert len(buckets._spent) == 3


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::/64"), ("2001:db8::ffff:1", "2001:db8::/64"),
     ("2001:db8:0:1::1", "2001:db8:0:1::/64"), ("::ffff:192.0.2.1", "192.0.2.1"), ("local", "local")],
)  # fmt: skip
def test_whom_an_address_stands_for(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_session_is_believed_for_a_second() -> None:
    live = LiveSessions()
    live.remember(claims(1), NOW)
    assert live.knows(claims(1), NOW) and live.knows(claims(1), at(0.999))
    assert not live.knows(claims(1), at(1)) and not live.knows(claims(1), at(-1)), "neither later nor earlier"
    assert not live.knows(claims(2), NOW) and not live.knows(claims(1, refresh=2), NOW)
    assert not live.knows(claims(1, user=2), NOW)
    live.remember(claims(1, refresh=2), NOW)
    live.remember(claims(2), NOW)
    live.forget([1, 99])
    assert not live.knows(claims(1), NOW) and not live.knows(claims(1, refresh=2), NOW) and live.knows(claims(2), NOW)


def test_a_bucket_slows_down_and_then_refuses() -> None:
    buckets = Buckets(rate=2.0, burst=3)
    assert [buckets.delay(1, NOW) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert [buckets.delay(1, NOW) for _ in range(4)] == [0.5, 1.0, 1.5, 2.0]
    assert buckets.delay(1, NOW) == 2.5 and buckets.delay(1, NOW) == 2.5, "a refused one costs nothing"
    assert buckets.delay(2, NOW) == 0.0
    assert buckets.delay(1, at(0.5)) == 2.0
    assert buckets.delay(1, at(1000)) == 0.0
    assert buckets.delay(1, at(0)) == 0.0, "a clock set back takes nothing away"
