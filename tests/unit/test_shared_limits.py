"""Limits that count across processes."""

import json
import math
from random import Random

from chatproto.buckets import Buckets, Rate
from runtime.buses.bus import LocalBus, Spent
from runtime.buses.hint_codec import encode_hints
from runtime.config import Settings
from runtime.http.guards import Guards
from runtime.http.logins import Attempt, Caller
from runtime.shared_limits import REMEMBERED, SharedLimits
from storage.password_lanes import Lane

KEY = b"k" * 32


class Bus(LocalBus):
    """Remembers what was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Spent] = []
        self.join(lambda one: self.told.append(one) if isinstance(one, Spent) else None)


def processes(count: int = 2, settings: Settings | None = None) -> tuple[Bus, list[Guards]]:
    bus, made = Bus(), []
    for number in range(count):
        limits = SharedLimits(bus, KEY, Random(number), lambda: 0.0)
        made.append(Guards.of(settings or Settings(), limits))
        limits.join(lambda one: None)
    return bus, made


def test_what_is_spent_at_one_process_is_missing_at_the_others() -> None:
    _, (one, other) = processes(settings=Settings(limit_registrations=3, limit_new_members=10))
    for _ in range(2):
        assert one.registrations.take("192.0.2.1", 0.0) == 0
    assert other.registrations.take("192.0.2.1", 0.0) == 0
    assert one.registrations.take("192.0.2.1", 0.0) > 0 and other.registrations.take("192.0.2.1", 0.0) > 0
    assert other.registrations.take("192.0.2.2", 0.0) == 0
    one.registrations.give_back("192.0.2.1", 0.0)
    assert other.registrations.take("192.0.2.1", 0.0) == 0
    assert one.new_members.take(7, 0.0, 8) == 0 and other.new_members.take(7, 0.0, 3) > 0
    assert one.delay("searches", 7, 0.0) == 0 and other.searches.debt(7, 0.0) == 0


def test_failed_logins_count_wherever_they_were() -> None:
    _, made = processes(3, Settings(limit_login_failures=3))
    ann, bob = (Caller.at_log_in(name, "Web, Firefox", "192.0.2.1") for name in ("ann", "bob"))
    for guards in made:
        attempt = guards.logins.begin(ann, 0.0)
        assert isinstance(attempt, Attempt)
        guards.logins.failed(attempt, 0.0)
        guards.logins.learn(ann, [], "192.0.2.1", 0.0)
    waits = [guards.logins.begin(ann, 0.0) for guards in made]
    assert all(isinstance(wait, float) and wait > 0 for wait in waits)
    assert all(isinstance(guards.logins.begin(bob, 0.0), Attempt) for guards in made)
    assert {guards.logins.lane(bob, 0.0) for guards in made} == {Lane.AFTER_FAILURES}


def test_what_is_asked_all_the_time_counts_in_each_process() -> None:
    bus, (one, _) = processes()
    one.reads.take(1, 0.0)
    one.writes.take(1, 0.0)
    one.measures.take(1, 0.0)
    assert bus.told == []


def test_nobody_is_named_on_the_way() -> None:
    bus, (one, _) = processes()
    one.registrations.take("192.0.2.1", 0.0)
    one.refused_tokens.take("192.0.2.1", 0.0)
    first, second = bus.told
    assert first.name != second.name and "192.0.2.1" not in json.dumps(encode_hints(bus.told).decode())


def test_a_word_counts_once_and_nonsense_never() -> None:
    bus, (one, _) = processes(settings=Settings(limit_registrations=3))
    one.registrations.take("192.0.2.1", 0.0)
    [spent] = bus.told
    limits = SharedLimits(LocalBus(), KEY, Random(1), lambda: 0.0)
    third = Guards.of(Settings(limit_registrations=3), limits)
    wait = third.registrations.wait

    for _ in range(5):
        limits.hear(spent)
    assert wait("192.0.2.1", 0.0, 2) == 0 < wait("192.0.2.1", 0.0, 3)
    odd = [
        Spent(1, "no such limit", spent.name, 1.0), Spent(2, spent.kind, "zz" * 16, 1.0),
        Spent(3, spent.kind, "ab", 1.0), Spent(4, spent.kind, spent.name, math.nan),
        Spent(5, spent.kind, spent.name, math.inf), Spent(6, spent.kind, spent.name, 1e9),
    ]  # fmt: skip
    for one_odd in odd:
        limits.hear(one_odd)
    assert wait("192.0.2.1", 0.0, 2) == 0 < wait("192.0.2.1", 0.0, 3)
    for number in range(REMEMBERED + 5):
        limits.hear(Spent(10 + number, spent.kind, "ab" * 16, 1.0))
    assert len(third.registrations) == 2


def test_alone_a_process_has_plain_buckets() -> None:
    alone = Guards.of(Settings())
    assert type(alone.registrations) is Buckets
    limits = SharedLimits(LocalBus(), KEY, Random(1), lambda: 0.0)
    limits.buckets("x", Rate(1, 1), 10).spend("nobody is told before the bus is joined", 0.0)
