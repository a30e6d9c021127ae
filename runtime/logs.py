"""Logs: one line an event, JSON or for the console, its fields beside it; no secrets or message texts in it.

An event is a constant name in snake_case (`database_away`); what varies, and what explains it, stands in fields.

What a stranger can make us write has a limit: of each kind of line so many a second, and the next line of that kind
tells how many were left out.
"""

import logging
import re
import sys
import threading
import time
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TextIO, cast

import msgspec
import structlog

from chatproto.buckets import Buckets, Rate
from runtime.config import LogFormat, Secret

HIDDEN = "***"
SECRET_KEYS = frozenset({"token", "password", "refresh_token", "access_token", "authorization", "content"})
"""Keys whose values are never logged, compared in lower case, at any depth."""
BURST: Final = 10
"""Seconds' worth of lines of one kind that may come at once."""
KINDS: Final = 1000
"""Kinds of lines that are counted; beyond, the one that came longest ago is forgotten."""
ALL_KINDS: Final = 10
"""All kinds of a level together may write as many lines as so many kinds."""
ALWAYS_TOLD: Final = "administration"
"""The event that is looked for when something went wrong: it counts among the warnings, though it is none."""
MAX_TEXT: Final = 8192
"""Characters of one field, tracebacks included."""

_SECRET_TEXT = re.compile(r"(token=|password=|\bbearer\s+)[^&\s\"'<>]+", re.IGNORECASE)
_MAX_DEPTH = 6
_SHARED: Final[list[structlog.typing.Processor]] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]
_FOREIGN: Final[list[structlog.typing.Processor]] = [*_SHARED, structlog.stdlib.ExtraAdder(("reason", "chat_id"))]
"""For lines of the standard library's logging, storage's among them: `log.warning("event", extra={"reason": ...})`."""


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger for events with fields: `log.info("listening", url=url)`. It writes through logging as set up."""
    logger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[structlog.stdlib.filter_by_level, *_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return cast("structlog.stdlib.BoundLogger", logger)


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor that hides SECRET_KEYS, Secret values, and `token=...` within any string."""
    for key, value in event.items():
        if not key.startswith("_"):  # structlog's own: _record, _from_structlog
            event[key] = HIDDEN if key.lower() in SECRET_KEYS else _redacted(value, 0)
    return event


def _redacted(value: Any, depth: int) -> Any:
    if isinstance(value, Secret) or depth > _MAX_DEPTH:
        return HIDDEN
    if isinstance(value, str):
        return _SECRET_TEXT.sub(rf"\1{HIDDEN}", value[:MAX_TEXT])
    if isinstance(value, bytes):
        return _redacted(value.decode("utf-8", "backslashreplace"), depth)
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if str(key).lower() in SECRET_KEYS else _redacted(item, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(item, depth + 1) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _redacted(repr(value), depth)


class Repeats(logging.Filter):
    """Lets `per_second` lines of each kind through, and BURST times as many at once.

    A kind is the logger and the event (with its status, where it has one), or the unformatted message. What goes on as
    usual, warnings, and errors have a limit of their own each, for all their kinds: a stranger who can make us write
    many kinds of lines, such as requests that are refused, keeps no error out of the log.
    """

    def __init__(self, per_second: float) -> None:
        super().__init__()
        self._kinds: Buckets[tuple[object, ...]] = Buckets(Rate(per_second, per_second * BURST), KINDS)
        self._levels: Buckets[int] = Buckets(Rate(per_second * ALL_KINDS, per_second * ALL_KINDS * BURST))
        self._left_out: dict[tuple[object, ...], int] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written; one that is after others were not carries `left_out`."""
        message: object = record.msg
        if isinstance(message, dict):
            kind = (record.name, str(message.get("event")), message.get("status"))
        else:
            kind = (record.name, str(message), None)
        level, now = _level(record.levelno, kind[1]), time.monotonic()
        with self._lock:
            if max(self._kinds.wait(kind, now), self._levels.wait(level, now)) > 0:
                if kind in self._left_out or len(self._left_out) < KINDS:
                    self._left_out[kind] = self._left_out.get(kind, 0) + 1
                return False
            self._kinds.spend(kind, now)
            self._levels.spend(level, now)
            record.left_out = self._left_out.pop(kind, 0)
        return True


def _level(level: int, event: str) -> int:
    if level >= logging.ERROR:
        return logging.ERROR
    return logging.WARNING if level >= logging.WARNING or event == ALWAYS_TOLD else logging.INFO


def _tell_left_out(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    left_out = getattr(event.get("_record"), "left_out", 0)
    if left_out:
        event["left_out"] = left_out
    return event


def _json(event: Any, **_options: Any) -> str:
    return msgspec.json.encode(event).decode()


def configure_logging(
    log_format: LogFormat = "auto", *, level: str = "INFO", stream: TextIO | None = None, per_second: float = 20.0
) -> None:
    """Send what get_logger's loggers and the standard library's (hypercorn, quart) tell to `stream`, by default stderr.

    `per_second`: lines of one kind (see Repeats).
    """
    out = sys.stderr if stream is None else stream
    console = log_format == "console" or (log_format == "auto" and out.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer(_json)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_FOREIGN,
        processors=[
            _tell_left_out,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,  # before redact, which sees tracebacks only as text
            redact,
            renderer,
        ],
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    handler.addFilter(Repeats(per_second))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("hypercorn.error", "hypercorn.access", "quart.app", "quart.serving"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
    logging.getLogger("alembic").setLevel("WARNING")  # what it does step by step is for nobody but its authors
