"""For operators: /healthz, /readyz and /metrics."""

import trio

from runtime.http.problem import Problem
from runtime.http.routes import Answer, Call, Page, Result, Route
from runtime.http.views import Health
from runtime.metrics import CONTENT_TYPE

CHECK_TIMEOUT = 2.0
"""Seconds that the store has to answer /readyz."""


async def healthz(_call: Call[None, None]) -> Result:
    """The process lives."""
    return Answer(200, Health(status="ok"))


async def readyz(call: Call[None, None]) -> Result:
    """Whether to send people here: the store answers, its schema is right, and the server is not stopping."""
    if call.services.draining.active:
        return Problem("draining")
    with trio.move_on_after(CHECK_TIMEOUT) as scope:
        reason = await call.services.storage.check()
    if scope.cancelled_caught:
        return Problem("store_unavailable", "The database does not answer.")
    return Answer(200, Health(status="ready")) if reason is None else Problem("store_unavailable", reason)


async def metrics(call: Call[None, None]) -> Result:
    """Counters for Prometheus."""
    return Page(call.services.metrics.text(trio.current_time()), CONTENT_TYPE)


ROUTES = (
    Route(method="GET", path="/healthz", handler=healthz, summary="Is the process alive?", needs_token=False,
          answers={200: (Health,)}),
    Route(method="GET", path="/readyz", handler=readyz, summary="Is the server ready?", needs_token=False,
          answers={200: (Health,)}, codes=("store_unavailable", "draining")),
    Route(method="GET", path="/metrics", handler=metrics, summary="Counters for Prometheus", needs_token=False,
          answers={200: ()}, content_type=CONTENT_TYPE),
)  # fmt: skip
