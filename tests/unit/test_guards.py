"""The limits of log-ins, the buckets, and the second of a session: with the time as an argument."""

from datetime import UTC, datetime

import pytest

from chatproto.buckets import Buckets, Rate
from chatproto.tokens import AccessClaims
from chatproto.wire.networks import network_of
from runtime.config import Settings
from runtime.http import guards, logins
from runtime.http.guards import Guards, LiveSessions
from runtime.http.logins import Attempt, Caller, LoginLimiter, Unsure
from storage.password_lanes import Lane

NOW = datetime(2024, 5, 1, tzinfo=UTC)


def claims(session: int, refresh: int = 1, user: int = 1, key: bytes = b"k" * 16) -> AccessClaims:
    return AccessClaims(user, session, key, bytes([refresh]), NOW, NOW)


FIREFOX, APP = "Web, Firefox, Linux", "Vestnik, Windows 11"
HERE = "192.0.2.1"


def new_limiter() -> LoginLimiter:
    return Guards.of(Settings(limit_address_failures=100)).logins


def caller(name: str, label: str = FIREFOX, address: str = HERE) -> Caller:
    return Caller.at_log_in(name, label, address)


def begin(limiter: LoginLimiter, who: Caller, now: float = 0.0) -> Attempt | float:
    """Where storage knows of no device."""
    attempt = limiter.begin(who, now)
    if isinstance(attempt, Unsure):
        limiter.learn(who, [], HERE, now)
        attempt = limiter.begin(who, now)
    assert not isinstance(attempt, Unsure)
    return attempt


def test_ten_failures_of_an_address_for_an_account() -> None:
    limiter = new_limiter()
    for _ in range(10):
        assert isinstance(begin(limiter, caller("anna")), Attempt)
    assert begin(limiter, caller("anna", APP)) == pytest.approx(90.0)
    assert isinstance(begin(limiter, caller("boris")), Attempt)
    assert isinstance(begin(limiter, caller("anna"), 90.1), Attempt), "slower, not shut"
    assert begin(limiter, caller("anna"), 90.1) == pytest.approx(90.0, abs=0.2)
    for _ in range(10):
        assert isinstance(begin(limiter, caller("anna"), 5000.0), Attempt)


def test_nobody_locks_anybody_out() -> None:
    """O7: whatever was tried elsewhere counts for nothing here."""
    limiter = new_limiter()
    for number in range(5000):
        begin(limiter, caller("anna", address=f"198.51.{number // 250}.{number % 250}"))
    assert isinstance(begin(limiter, caller("anna")), Attempt)


def test_a_known_device_has_a_count_of_its_own() -> None:
    """O7: neither wrong passwords for the account nor those of the whole address reach it."""
    limiter = new_limiter()
    for _ in range(11):
        begin(limiter, caller("anna"))
    for number in range(100):
        failed(limiter, caller(f"user{number}"), 0.0)
    assert isinstance(begin(limiter, caller("anna"), 0.0), float)
    limiter.learn(caller("anna"), [("Vestnik, Windows", HERE), (FIREFOX, "192.0.2.2"), ("Python", None)], HERE, 0.0)
    attempts = [limiter.begin(caller("anna", APP), 0.0) for _ in range(10)]
    assert all(isinstance(attempt, Attempt) for attempt in attempts)
    assert limiter.begin(caller("anna", APP), 0.0) == pytest.approx(90.0), "so guesses stay bounded there as well"
    assert isinstance(limiter.begin(caller("anna"), 0.0), float)
    assert isinstance(limiter.begin(caller("anna", APP), 90.1), Attempt)


def test_guesses_at_one_account_are_bounded_for_an_address() -> None:
    """O7: for each program and system that is known there as many as for all the others together."""
    limiter = new_limiter()
    limiter.learn(caller("anna"), [(FIREFOX, HERE), (APP, HERE), ("Vestnik, Windows", HERE)], HERE, 0.0)
    labels = [FIREFOX, APP, "unknown", *(f"made up {number}" for number in range(1000))]
    tried = [limiter.begin(caller("anna", label), 0.0) for _ in range(20) for label in labels]
    assert sum(isinstance(attempt, Attempt) for attempt in tried) == 30


def test_storage_is_asked_seldom() -> None:
    limiter = new_limiter()
    for _ in range(10):
        begin(limiter, caller("anna"))
    assert isinstance(limiter.begin(caller("anna"), 1.0), Unsure)
    limiter.learn(caller("anna"), [], HERE, 1.0)
    assert isinstance(limiter.begin(caller("anna"), 60.9), float)
    assert isinstance(limiter.begin(caller("anna"), 61.0), Unsure)
    for number in range(100):
        failed(limiter, caller(f"user{number}"), 61.0)
    asked = [limiter.begin(caller(f"stranger{number}"), 61.0) for number in range(1000)]
    assert sum(isinstance(one, Unsure) for one in asked) == 299, "for all accounts of one address"


def failed(limiter: LoginLimiter, who: Caller, now: float) -> None:
    attempt = limiter.begin(who, now)
    assert isinstance(attempt, Attempt)
    limiter.failed(attempt, now)


def test_a_hundred_failures_of_an_address() -> None:
    limiter = new_limiter()
    for number in range(100):
        failed(limiter, caller(f"user{number}"), 0.0)
    assert begin(limiter, caller("another")) == pytest.approx(9.0)
    assert isinstance(begin(limiter, caller("another", address="192.0.2.2")), Attempt)
    limiter.learn(caller("anna"), [(APP, HERE)], HERE, 0.0)
    assert isinstance(limiter.begin(caller("anna"), 0.0), Attempt), "who is known there on another device"
    assert isinstance(limiter.begin(Caller.logged_in(5, HERE), 0.0), Attempt), "who is logged in"
    for _ in range(9):
        assert isinstance(limiter.begin(Caller.logged_in(5, HERE), 0.0), Attempt)
    assert isinstance(limiter.begin(Caller.logged_in(5, "192.0.2.2"), 0.0), float), "elsewhere it is the same session"


def test_an_office_behind_one_address_logs_in_at_once() -> None:
    limiter = new_limiter()
    people = [caller(f"user{number}") for number in range(1000)]
    assert all(isinstance(limiter.begin(one, 0.0), Attempt) for one in people)
    assert {limiter.lane(one, 0.0) for one in people} == {Lane.LOG_IN}


def test_whose_turn_is_first() -> None:
    limiter = new_limiter()
    wrong, right = limiter.begin(caller("anna"), 0.0), limiter.begin(caller("anna", address="192.0.2.2"), 0.0)
    assert isinstance(wrong, Attempt) and isinstance(right, Attempt)
    for _ in range(5):
        limiter.failed(wrong, 0.0)
    limiter.got_in(right, 0.0)
    assert limiter.lane(caller("anna"), 1.0) == limiter.lane(caller("boris"), 899.0) == Lane.AFTER_FAILURES
    assert limiter.lane(caller("boris"), 900.1) == Lane.LOG_IN
    assert limiter.lane(caller("anna", address="192.0.2.2"), 1.0) == Lane.KNOWN
    assert limiter.lane(caller("anna", APP, "192.0.2.2"), 1.0) == Lane.LOG_IN
    assert limiter.lane(Caller.logged_in(5, HERE), 1.0) == Lane.LOG_IN


def test_refused_attempts_count_for_nothing() -> None:
    limiter = new_limiter()
    for _ in range(500):
        begin(limiter, caller("anna"))
    assert isinstance(begin(limiter, caller("boris")), Attempt)
    assert isinstance(begin(limiter, caller("anna"), 90.1), Attempt)


@pytest.mark.parametrize("known", [False, True])
def test_success_is_taken_back(known: bool) -> None:
    limiter = new_limiter()
    if known:
        limiter.learn(caller("anna"), [(FIREFOX, HERE)], HERE, 0.0)
    for number in range(500):
        attempt = limiter.begin(caller("anna"), float(number) / 100)
        assert isinstance(attempt, Attempt)
        limiter.take_back(attempt, float(number) / 100)
        limiter.take_back(attempt, float(number) / 100)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    few: list[Buckets[bytes]] = [Buckets(Rate(1.0, 1), 6) for _ in range(4)]
    limiter = LoginLimiter(few[0], few[1], few[2], few[3])
    monkeypatch.setattr(logins, "REMEMBERED_PAIRS", 5)
    for number in range(100):
        who = caller("x" * 10_000 + str(number), "y" * 10_000, f"2001:db8:{number:x}::1")
        attempt = limiter.begin(who, 0.0)
        assert isinstance(attempt, Attempt)
        (limiter.failed if number % 2 else limiter.got_in)(attempt, 0.0)
        assert isinstance(limiter.begin(who, 0.0), Attempt | Unsure)
    assert [len(buckets) for buckets in few] == [6, 6, 6, 6]
    assert len(limiter._known) == 5
    for number in range(10_000):
        limiter.learn(caller("anna"), [(f"made up {number}", HERE)], HERE, 0.0)
    assert len(limiter._known[caller("anna").pair].devices) <= 200
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
