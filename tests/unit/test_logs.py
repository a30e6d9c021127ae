"""Logs: one line an event, and no secret in it."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from runtime.config import LogFormat, Secret
from runtime.logs import configure_logging


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def lines(log_format: LogFormat = "json") -> io.StringIO:
    stream = io.StringIO()
    configure_logging(log_format, stream=stream)
    return stream


def events(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_both_libraries_write_the_same_kind_of_line() -> None:
    stream = lines()
    structlog.get_logger("one").info("served", port=8000)
    logging.getLogger("two").warning("slow: %d", 5)
    logging.getLogger("hypercorn.error").error("crash")
    found = events(stream)
    assert [(e["event"], e["level"], e["logger"]) for e in found] == [
        ("served", "info", "one"),
        ("slow: 5", "warning", "two"),
        ("crash", "error", "hypercorn.error"),
    ]
    assert found[0]["port"] == 8000
    assert found[0]["timestamp"].endswith("Z")


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_secret_is_written(log_format: LogFormat) -> None:
    stream = lines(log_format)
    log = structlog.get_logger()
    log.info("a", token="s3cret", Password="s3cret", body={"refresh_token": "s3cret", "deep": [{"content": "s3cret"}]})
    log.info("GET /ws/chat/1?token=s3cret&after_seq=1")
    log.info("b", header="Authorization: Bearer s3cret", key=Secret("s3cret"), raw=b"password=s3cret")
    logging.getLogger("x").info("url %s", "https://x/?token=s3cret")
    logging.getLogger("x").info("object %s", {"authorization": Secret("s3cret")})
    try:
        raise ValueError("no access with token=s3cret")
    except ValueError:
        log.exception("failed")
        logging.getLogger("x").exception("failed")
    text = stream.getvalue()
    assert "s3cret" not in text
    assert text.count("***") >= 8
    assert "ValueError" in text, "what happened is told all the same"


def test_what_is_no_secret_stays() -> None:
    stream = lines()
    structlog.get_logger().info("x", number=1.5, none=None, flag=True, names=["a"], odd=object)
    [event] = events(stream)
    assert (event["number"], event["none"], event["flag"], event["names"]) == (1.5, None, True, ["a"])


def test_endless_nesting_ends() -> None:
    stream = lines()
    deep: list[Any] = []
    deep.append(deep)
    structlog.get_logger().info("x", deep=deep)
    assert "***" in stream.getvalue()


def test_a_line_is_a_line_whatever_a_client_sends() -> None:
    stream = lines()
    structlog.get_logger().info("name\nlevel: forged")
    assert len(stream.getvalue().splitlines()) == 1
