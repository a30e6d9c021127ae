"""Where events go that an operator should see: to the log with their fields, and counted."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from runtime.logs import get_logger
from runtime.metrics import Metrics

log = get_logger(__name__)

Level = Literal["debug", "info", "warning", "error"]
NoteSink = Callable[[Level, str, Mapping[str, Any]], None]
"""`event` is one of few constant texts; what varies stands in `fields`."""

_NUMBERS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def note_into(metrics: Metrics) -> NoteSink:
    """A sink that writes to the log and counts in `metrics`."""

    def note(level: Level, event: str, fields: Mapping[str, Any]) -> None:
        metrics.noted(event)
        log.log(_NUMBERS[level], event, **{name: value for name, value in fields.items() if name != "event"})

    return note
