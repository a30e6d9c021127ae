"""Counters of one server for Prometheus, in a registry of its own."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Metrics:
    """`connections` is asked when somebody reads."""

    def __init__(self, connections: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        gauge = Gauge("vestnik_websocket_connections", "Open WebSocket connections.", registry=self.registry)
        gauge.set_function(connections)
        self._requests = Counter(
            "vestnik_http_requests", "Answered requests.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "vestnik_http_request_seconds", "Time to the answer.", ["method", "route"], registry=self.registry
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer. `route` is the template, never the path, so that the labels stay few."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
