"""Every metric of the server, in one place: names, labels, and what a label may hold (docs/operating.md lists them).

Labels take their values from sets that this program knows: methods, templates of routes, statuses, kinds of operations,
events. What a stranger chooses never becomes a label, so the number of series has a bound however long the server runs.
"""

from collections.abc import Callable, Iterable
from typing import Final

from attrs import define
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "other"
NO_ROUTE: Final = "none"
"""The route of a request that none of the templates takes."""
FRESH_FOR: Final = 1.0
"""Seconds that an exposition is given out again, so that a flood of scrapes costs one a second."""

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@define
class Exposition:
    """The last text that was given out, and when (monotonic seconds)."""

    text: bytes = b""
    made_at: float = float("-inf")


class Metrics:
    """The registry of one server. `connections` is asked when somebody reads."""

    def __init__(self, connections: Callable[[], int]) -> None:
        self.registry = registry = CollectorRegistry()
        self._exposition = Exposition()
        gauge = Gauge("vestnik_websocket_connections", "Open WebSocket connections.", registry=registry)
        gauge.set_function(connections)
        self._requests = Counter(
            "vestnik_http_requests", "Answered requests.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "vestnik_http_request_seconds", "Time to the answer.", ["method", "route"], registry=registry,
            buckets=_SECONDS,
        )  # fmt: skip
        self._answers: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer. `route` is a template of ours or NO_ROUTE, never the path."""
        method = method if method in METHODS else OTHER
        key = (method, route, status)
        children = self._answers.get(key)
        if children is None:
            children = (self._requests.labels(method, route, str(status)), self._seconds.labels(method, route))
            self._answers[key] = children
        requests, histogram = children
        requests.inc()
        histogram.observe(seconds)

    def text(self, now: float) -> bytes:
        """The exposition format, at most a second old. `now`: monotonic seconds."""
        if not 0 <= now - self._exposition.made_at < FRESH_FOR:
            self._exposition = Exposition(generate_latest(self.registry), now)
        return self._exposition.text

    def names(self) -> Iterable[str]:
        """Every metric, as docs/operating.md names it."""
        return sorted(f.name + ("_total" if f.type == "counter" else "") for f in self.registry.collect())
