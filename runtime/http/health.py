"""What a server says of itself: /healthz, /readyz and /metrics for operators, /api/server for clients."""

from hmac import compare_digest

import trio

from runtime.addresses import LOCAL, is_loopback
from runtime.http.problem import Problem
from runtime.http.routes import Answer, Call, Page, Result, Route
from runtime.http.shapes import Health, Ready, Server
from runtime.metrics import CONTENT_TYPE
from runtime.probing import is_proven


async def healthz(call: Call[None, None]) -> Result:
    """The process lives. Who has the server's key is told how the server sees them, through proxies and all."""
    services = call.services
    knows = call.authorization is not None and is_proven(services.keys, call.authorization, services.now())
    return Answer(200, Health(status="ok", address=call.address) if knows else Health(status="ok"))


async def readyz(call: Call[None, None]) -> Result:
    """Whether to send people here: database, schema, bus, and the server is not stopping. Why not, the log says."""
    readiness = call.services.readiness
    if readiness.draining:
        return Problem("draining")
    faults = await readiness.faults()
    if not faults:
        return Answer(200, Ready(status="ready", database="ok", bus="ok"))
    return Problem("store_unavailable" if "database" in faults else "bus_unavailable")


async def server(call: Call[None, None]) -> Result:
    """What this server takes, and from whom."""
    services = call.services
    return Answer(
        200,
        Server(
            registration=services.settings.registration,
            empty=await services.emptiness.is_empty(services.ask, services.clock),
            mail=services.mailer is not None,
            limits=services.limits,
        ),
    )


async def metrics(call: Call[None, None]) -> Result:
    """Counters for Prometheus; of all workers where there are several. For this machine, and whoever has the token:
    they tell how busy people are, and when."""
    services = call.services
    if not (is_local(call.address) or has_token(call.authorization, services.settings.metrics_token)):
        return Problem("forbidden", "this is for the machine itself, and for the bearer of VESTNIK_METRICS_TOKEN")
    if services.worker_metrics is not None:
        return Page(await services.worker_metrics(), CONTENT_TYPE)
    return Page(services.metrics.text(trio.current_time()), CONTENT_TYPE)


def is_local(address: str) -> bool:
    """Whether a client is on this machine: its address is loopback, or it came by a unix socket."""
    return address == LOCAL or is_loopback(address)


def has_token(authorization: str | None, token: str) -> bool:
    """Whether the header is `Bearer` and that token; never where `token` is empty."""
    return bool(token) and compare_digest((authorization or "").encode(), f"Bearer {token}".encode())


ROUTES = (
    Route(method="GET", path="/healthz", handler=healthz, summary="Is the process alive?", needs_token=False,
          answers={200: (Health,)}),
    Route(method="GET", path="/readyz", handler=readyz, summary="Is the server ready?", needs_token=False,
          answers={200: (Ready,)}, codes=("store_unavailable", "bus_unavailable", "draining")),
    Route(method="GET", path="/api/server", handler=server, summary="What this server takes", needs_token=False,
          answers={200: (Server,)}),
    Route(method="GET", path="/metrics", handler=metrics, summary="Counters for Prometheus", needs_token=False,
          answers={200: ()}, content_type=CONTENT_TYPE),
)  # fmt: skip
