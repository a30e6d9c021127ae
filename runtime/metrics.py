"""Every metric of the server, in one place: names, labels, and what a label may hold (docs/watching.md lists them).

Labels take their values from sets that this program knows: methods, templates of routes, statuses, kinds of operations,
events. What a stranger chooses never becomes a label, so the number of series has a bound however long the server runs.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Final, Literal

from attrs import frozen
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from runtime.failures import failures
from runtime.version import VERSION
from storage.observer import ReplicaAnswer

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "other"
NO_ROUTE: Final = "none"
"""The route of a request that none of the templates takes."""
FRESH_FOR: Final = 1.0
"""Seconds that an exposition is given out again, so that a flood of scrapes costs one a second."""
EVENTS: Final = 64
"""Different events that are counted by name; further ones are `other`."""

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)

End = Literal["done", "refused", "failed", "unknown", "broken"]
"""How an operation of storage ended: `failed` and `unknown` are the store's trouble, `broken` is a bug."""


@frozen
class Exposition:
    """A text that was given out, and when (monotonic seconds)."""

    text: bytes = b""
    made_at: float = float("-inf")


class _Failures(Collector):
    """Reads a count that is kept elsewhere, for all servers of this process."""

    def collect(self) -> Iterable[CounterMetricFamily]:
        """See prometheus_client."""
        yield CounterMetricFamily("vestnik_connection_failures", "Connections that a fault ended.", failures.count)


class Passes(Collector):
    """A histogram that costs little, for what happens many times for each message; for one thread."""

    def __init__(self, name: str, text: str, buckets: tuple[float, ...]) -> None:
        self._name = name
        self._text = text
        self._buckets = buckets
        self._counts = [0] * (len(buckets) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count one."""
        self._counts[bisect_left(self._buckets, value)] += 1
        self._sum += value

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """See prometheus_client."""
        counts = accumulate(self._counts)
        bounds = [*map(str, self._buckets), "+Inf"]
        yield HistogramMetricFamily(self._name, self._text, list(zip(bounds, counts, strict=True)), self._sum)


@frozen(kw_only=True)
class Sources:
    """What is asked when somebody reads."""

    connections: Callable[[], int]
    queue_bytes: Callable[[], int]
    password_queue: Callable[[], int]


class Metrics:
    """The registry of one server."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._exposition = Exposition()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"vestnik_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"vestnik_{name}", text, labels, buckets=buckets, registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"vestnik_{name}", text, registry=registry)

        Info("vestnik_build", "this program", registry=registry).info({"version": VERSION})

        self._connections = gauge("websocket_connections", "Open WebSocket connections.")
        self._queue_bytes = gauge("queue_bytes", "Bytes that wait for WebSocket connections.")
        self._password_queue = gauge("password_queue", "Passwords that wait to be hashed or checked.")
        self._requests = counter("http_requests", "Answered requests.", "method", "route", "status")
        self._request_seconds = histogram("http_request_seconds", "Time to the answer.", _SECONDS, "method", "route")
        registry.register(_Failures())
        self._answers: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.messages = counter("messages", "Messages stored.")
        self.messages_expired = counter("messages_expired", "Messages removed after their time.")
        self.sockets_refused = counter("sockets_refused", "WebSockets refused, as their address has too many.", "full")
        self.deliveries = counter("deliveries", "Items of logs queued for WebSocket connections.")
        self.fanout_bytes = counter("fanout_bytes", "Bytes queued for WebSocket connections.")
        self.catch_up_reads = counter("catch_up_reads", "Reads of a log for connections that lacked a part of it.")
        self.lags = counter("lags", "Times that a slow reader's items were dropped.")
        self._operations = counter("operations", "Operations of storage, by how they ended.", "operation", "end")
        self._ends: dict[tuple[str, End], Counter] = {}
        self.operation_seconds = histogram("operation_seconds", "Time an operation of storage took.", _SECONDS)
        self.sweep_seconds = histogram("sweep_seconds", "Time a comparison with the database took.", _SECONDS)
        self.epoch_renewals = counter("epoch_renewals", "New names given to the history of the database.")
        self.database_up = gauge("database_up", "1 while the database answers, 0 while it is away.")
        self.database_up.set(1)
        self.redis_up = gauge("redis_up", "1 while hints go over Redis, 0 while it is away or not used.")
        self.hints_garbled = counter("hints_garbled", "Messages on the channel in Redis that no server of ours wrote.")
        self.batch_size = histogram("batch_size", "Operations committed together.", _SIZES)
        self.commit_seconds = histogram("commit_seconds", "Time a batch took from begin to commit.", _SECONDS)
        self.pool_in_use = gauge("pool_in_use", "Connections to the database in use.")
        self.replica_reads = counter("replica_reads", "Reads that replicas may answer, by what came of it.", "answer")
        self.loop_delay = Passes("vestnik_loop_delay_seconds", "Time one pass of the event loop took.", _SECONDS)
        registry.register(self.loop_delay)
        self._notes = counter("notes", "Events that the server noted in its log.", "event")
        self._events: set[str] = set()

    def watch(self, sources: Sources) -> None:
        """Ask these from now on."""
        self._connections.set_function(sources.connections)
        self._queue_bytes.set_function(sources.queue_bytes)
        self._password_queue.set_function(sources.password_queue)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer. `route` is a template of ours or NO_ROUTE, never the path."""
        method = method if method in METHODS else OTHER
        key = (method, route, status)
        children = self._answers.get(key)
        if children is None:
            children = (self._requests.labels(method, route, str(status)), self._request_seconds.labels(method, route))
            self._answers[key] = children
        requests, histogram = children
        requests.inc()
        histogram.observe(seconds)

    def performed(self, operation: str, end: End, seconds: float) -> None:
        """Count one operation of storage, by the name of its class."""
        counter = self._ends.get((operation, end))
        if counter is None:
            counter = self._ends[operation, end] = self._operations.labels(operation, end)
        counter.inc()
        self.operation_seconds.observe(seconds)

    def noted(self, event: str) -> None:
        """Count one event of the log."""
        if event not in self._events:
            if len(self._events) >= EVENTS:
                event = OTHER
            else:
                self._events.add(event)
        self._notes.labels(event).inc()

    # --- what storage tells of itself (storage.observer.Observer) ---

    def committed(self, operations: int, seconds: float) -> None:
        """A batch was committed."""
        self.batch_size.observe(operations)
        self.commit_seconds.observe(seconds)

    def leased(self, connections: int) -> None:
        """So many more connections of a pool are in use, or fewer where negative."""
        self.pool_in_use.inc(connections)

    def replica_asked(self, answer: ReplicaAnswer) -> None:
        """A read went to a replica, or why not."""
        self.replica_reads.labels(answer).inc()

    # --- for those who read ---

    def text(self, now: float) -> bytes:
        """The exposition format, at most a second old. `now`: monotonic seconds."""
        if not 0 <= now - self._exposition.made_at < FRESH_FOR:
            self._exposition = Exposition(generate_latest(self.registry), now)
        return self._exposition.text

    def names(self) -> set[str]:
        """Every metric, as docs/watching.md names it."""
        ends = {"counter": "_total", "info": "_info"}
        return {family.name + ends.get(family.type, "") for family in self.registry.collect()}
