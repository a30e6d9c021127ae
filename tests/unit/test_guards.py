"""The limits of log-ins, the buckets, and the second of a session: with the time as an argument."""

from datetime import UTC, datetime

import pytest

from chatproto.buckets import Buckets, Rate
from chatproto.tokens import AccessClaims
from chatproto.wire.networks import network_of
from runtime.config import Settings
from runtime.http import guards
from runtime.http.guards import Attempt, Guards, LiveSessions, LoginLimiter

NOW = datetime(2024, 5, 1, tzinfo=UTC)


def claims(session: int, refresh: int = 1, user: int = 1, key: bytes = b"k" * 16) -> AccessClaims:
    return AccessClaims(user, session, key, bytes([refresh]), NOW, NOW)


def new_limiter() -> LoginLimiter:
    return Guards.of(Settings()).logins


def test_ten_failures_of_an_address_for_an_account() -> None:
    limiter = new_limiter()
    for _ in range(10):
        assert isinstance(limiter.begin("anna", "192.0.2.1", 0.0), Attempt)
    assert limiter.begin("anna", "192.0.2.1", 0.0) == pytest.approx(90.0)
    assert isinstance(limiter.begin("boris", "192.0.2.1", 0.0), Attempt)
    assert isinstance(limiter.begin("anna", "192.0.2.1", 90.1), Attempt), "slower, not shut"
    assert limiter.begin("anna", "192.0.2.1", 90.1) == pytest.approx(90.0, abs=0.2)
    for _ in range(10):
        assert isinstance(limiter.begin("anna", "192.0.2.1", 5000.0), Attempt)


def test_nobody_locks_anybody_out() -> None:
    limiter = new_limiter()
    for number in range(5000):
        limiter.begin("anna", f"198.51.{number // 250}.{number % 250}", 0.0)
    assert isinstance(limiter.begin("anna", "192.0.2.1", 0.0), Attempt)


def test_a_hundred_failures_of_an_address() -> None:
    limiter = new_limiter()
    for number in range(100):
        attempt = limiter.begin(f"user{number}", "192.0.2.1", 0.0)
        assert isinstance(attempt, Attempt)
        limiter.failed(attempt, 0.0)
    assert limiter.begin("another", "192.0.2.1", 0.0) == pytest.approx(9.0)
    assert isinstance(limiter.begin("another", "192.0.2.2", 0.0), Attempt)


def test_an_office_behind_one_address_logs_in_at_once() -> None:
    limiter = new_limiter()
    attempts = [limiter.begin(f"user{number}", "192.0.2.1", 0.0) for number in range(1000)]
    assert all(isinstance(attempt, Attempt) and attempt.clean for attempt in attempts)


def test_what_is_known_of_an_address() -> None:
    limiter = new_limiter()

    def seen(name: str, address: str, now: float) -> tuple[bool, bool]:
        attempt = limiter.begin(name, address, now)
        assert isinstance(attempt, Attempt)
        return attempt.known, attempt.clean

    wrong, right = limiter.begin("anna", "192.0.2.1", 0.0), limiter.begin("anna", "192.0.2.2", 0.0)
    assert isinstance(wrong, Attempt) and isinstance(right, Attempt)
    limiter.failed(wrong, 0.0)
    limiter.got_in(right, 0.0)
    assert seen("anna", "192.0.2.1", 1.0) == (False, False)
    assert seen("boris", "192.0.2.1", 899.0) == (False, False)
    assert seen("boris", "192.0.2.1", 900.1) == (False, True)
    assert seen("anna", "192.0.2.2", 1.0) == (True, True)
    assert seen("boris", "192.0.2.2", 1.0) == (False, True)


def test_refused_attempts_count_for_nothing() -> None:
    limiter = new_limiter()
    for _ in range(500):
        limiter.begin("anna", "192.0.2.1", 0.0)
    assert isinstance(limiter.begin("boris", "192.0.2.1", 0.0), Attempt)
    assert isinstance(limiter.begin("anna", "192.0.2.1", 90.1), Attempt)


def test_success_is_taken_back() -> None:
    limiter = new_limiter()
    for number in range(500):
        attempt = limiter.begin("anna", "192.0.2.1", float(number) / 100)
        assert isinstance(attempt, Attempt)
        limiter.take_back(attempt, float(number) / 100)
        limiter.take_back(attempt, float(number) / 100)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    limiter = LoginLimiter(Buckets(Rate(1.0, 1), 6), Buckets(Rate(1.0, 1), 6), Buckets(Rate(1.0, 1), 6))
    monkeypatch.setattr(guards, "REMEMBERED_ADDRESSES", 5)
    for number in range(100):
        attempt = limiter.begin("x" * 10_000 + str(number), f"2001:db8:{number:x}::1", 0.0)
        assert isinstance(attempt, Attempt)
        (limiter.failed if number % 2 else limiter.got_in)(attempt, 0.0)
    assert len(limiter.pairs) == len(limiter.addresses) == len(limiter.lately) == 6
    assert len(limiter.known) == 5
    monkeypatch.setattr(guards, "REMEMBERED_SESSIONS", 3)
    live = LiveSessions()
    for number in range(10):
        live.alive(claims(number), f"t{number}", 0.0)
    assert [live.knows(claims(number), 0.0) for number in range(10)] == [None] * 7 + [True] * 3
    assert len(live._tokens) == 3
    for number in range(20, 30):
        live.ended(claims(number), 0.0)
    assert [live.knows(claims(number), 0.0) for number in range(20, 30)] == [None] * 7 + [False] * 3


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::/64"), ("2001:db8::ffff:1", "2001:db8::/64"),
     ("2001:db8:0:1::1", "2001:db8:0:1::/64"), ("::ffff:192.0.2.1", "192.0.2.1"), ("local", "local")],
)  # fmt: skip
def test_whom_an_address_stands_for(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_session_is_believed_for_a_second() -> None:
    live = LiveSessions()
    live.alive(claims(1), "one", 10.0)
    assert live.knows(claims(1), 10.0) and live.knows(claims(1), 10.999)
    assert live.knows(claims(1), 11.0) is None and live.knows(claims(1), 9.0) is None, "neither later nor earlier"
    assert live.knows(claims(2), 10.0) is None and live.knows(claims(1, refresh=2), 10.0) is None
    assert live.knows(claims(1, user=2), 10.0) is None
    live.alive(claims(1, refresh=2), "two", 10.0)
    live.alive(claims(2), "three", 10.0)
    live.forget([1, 99])
    assert live.knows(claims(1), 10.0) is None and live.knows(claims(1, refresh=2), 10.0) is None
    assert live.knows(claims(2), 10.0)


def test_an_ended_session_is_refused_unasked_for_a_minute() -> None:
    live = LiveSessions()
    live.ended(claims(1), 10.0)
    assert live.knows(claims(1), 10.0) is False and live.knows(claims(1), 69.9) is False
    assert live.knows(claims(1), 70.0) is None and live.knows(claims(1), 9.0) is None


def test_every_kind_has_a_bucket_of_its_configured_size() -> None:
    settings = Settings(
        bucket_rate=2.0, bucket_burst=1, limit_reads_rate=4.0, limit_reads_burst=2, limit_searches_rate=8.0,
        limit_searches_burst=3, limit_new_chats=5, limit_new_members=6, limit_registrations=7, limit_refused_tokens=8,
    )  # fmt: skip
    made = Guards.of(settings)
    assert [made.delay("writes", 1, 0.0) for _ in range(2)] == [0.0, 0.5]
    assert [made.delay("reads", 1, 0.0) for _ in range(3)] == [0.0, 0.0, 0.25]
    assert [made.delay("searches", 1, 0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.125]
    assert made.reads.take(2, 0.0) == 0.0
    rates = [guard.rate for guard in (made.new_chats, made.new_members, made.registrations, made.refused_tokens)]
    assert rates == [Rate(5 / 3600, 5), Rate(6 / 3600, 6), Rate(7 / 3600, 7), Rate(8 / 60, 8)]


def test_a_token_is_believed_as_long_as_its_session() -> None:
    live = LiveSessions()
    live.alive(claims(1), "one", 10.0)
    assert live.claims("one") == claims(1) and live.claims("other") is None
    live.alive(claims(1), "two", 11.0)
    assert live.claims("two") == claims(1) and live.claims("one") is None, "one token a session is kept"
    live.ended(claims(1), 11.5)
    assert live.claims("two") is None and live.knows(claims(1), 11.5) is False
    live.alive(claims(2), "three", 12.0)
    live.forget([2])
    assert live.claims("three") is None
    assert "three" not in repr(live)
