"""Logs: one line an event, JSON or for the console, and no secrets or message texts in it."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

from runtime.config import LogFormat, Secret

HIDDEN = "***"
SECRET_KEYS = frozenset({"token", "password", "refresh_token", "access_token", "authorization", "content"})
"""Keys whose values are never logged, compared in lower case, at any depth."""

_SECRET_TEXT = re.compile(r"(token=|password=|\bbearer\s+)[^&\s\"'<>]+", re.IGNORECASE)
_MAX_DEPTH = 6


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
        return _SECRET_TEXT.sub(rf"\1{HIDDEN}", value)
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


def configure_logging(log_format: LogFormat = "auto", *, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send structlog and the standard library's logging (hypercorn, quart) to `stream`, by default stderr."""
    out = sys.stderr if stream is None else stream
    console = log_format == "console" or (log_format == "auto" and out.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer()
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,  # before redact, which sees tracebacks only as text
            redact,
            renderer,
        ],
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("hypercorn.error", "hypercorn.access", "quart.app", "quart.serving"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
    logging.getLogger("alembic").setLevel("WARNING")  # what it does step by step is for nobody but its authors
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
