"""Logs: one line an event, and no secret in it."""

import ast
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.config import LogFormat, Secret
from runtime.logs import ALL_KINDS, BURST, MAX_TEXT, configure_logging, get_logger

ROOT = Path(__file__).parents[2]
SOURCES = [path for folder in ("chatproto/server", "storage", "runtime") for path in (ROOT / folder).rglob("*.py")]


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level


def lines(log_format: LogFormat = "json", per_second: float = 20.0) -> io.StringIO:
    stream = io.StringIO()
    configure_logging(log_format, stream=stream, per_second=per_second)
    return stream


def events(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_both_libraries_write_the_same_kind_of_line() -> None:
    stream = lines()
    get_logger("one").info("served", port=8000)
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
    """O1 of docs/security.md."""
    stream = lines(log_format)
    log = get_logger("x")
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
    get_logger("x").info("x", number=1.5, none=None, flag=True, names=["a"], odd=object)
    [event] = events(stream)
    assert (event["number"], event["none"], event["flag"], event["names"]) == (1.5, None, True, ["a"])


def test_endless_nesting_ends() -> None:
    stream = lines()
    deep: list[Any] = []
    deep.append(deep)
    get_logger("x").info("x", deep=deep)
    assert "***" in stream.getvalue()


def test_a_line_is_a_line_whatever_a_client_sends() -> None:
    stream = lines()
    get_logger("x").info("name\nlevel: forged")
    assert len(stream.getvalue().splitlines()) == 1


def test_fields_stand_beside_the_event() -> None:
    stream = lines()
    get_logger("runtime.x").warning("a reader is slow", connection=7, chat=None, odd={1, 2})
    [event] = events(stream)
    del event["timestamp"]
    assert event == {
        "event": "a reader is slow", "level": "warning", "logger": "runtime.x", "connection": 7, "chat": None,
        "odd": [1, 2],
    }  # fmt: skip


def test_lines_of_the_standard_library_have_fields_too() -> None:
    stream = lines()
    logging.getLogger("storage.open").warning("database_silent", extra={"reason": "password=s3cret", "mood": "bad"})
    [event] = events(stream)
    assert (event["event"], event["reason"]) == ("database_silent", "password=***")
    assert "mood" not in event


def test_events_are_names() -> None:
    """What varies, and what explains an event, stands in its fields: so it can be searched for and counted."""
    found = [name for path in SOURCES for name in events_of(ast.parse(path.read_text(encoding="utf-8")))]
    assert len(found) > 15
    assert [name for name in found if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []


def events_of(tree: ast.AST) -> Iterator[str]:
    """The first argument of every `log.warning(...)`, `_log.error(...)` and `note(level, event)`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "_log")), args=[ast.Constant(str(event)), *_]):
                yield event
            case ast.Call(func=ast.Attribute(attr="note"), args=[ast.Constant(), ast.Constant(str(event)), *_]):
                yield event


def test_our_loggers_write_whoever_set_logging_up(caplog: pytest.LogCaptureFixture) -> None:
    get_logger("runtime.x").warning("told", number=1)
    assert "'event': 'told', 'number': 1" in caplog.text or "'number': 1, 'event': 'told'" in caplog.text


def test_a_flood_of_the_same_line_is_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("runtime.logs.time.monotonic", lambda: now)
    stream = lines(per_second=2.0)
    log, other = get_logger("runtime.x"), logging.getLogger("hypercorn.error")
    for number in range(1000):
        log.info("request", number=number, status=401)
        other.warning("peer %d is gone", number)
    log.info("request", status=500)
    written = events(stream)
    assert len(written) == 2 * 2 * BURST + 1 and written[-1]["status"] == 500, "each kind has its own"
    now += 1.0
    log.info("request", status=401)
    log.info("request", status=401)
    log.info("request", status=401)
    late = events(stream)[len(written) :]
    assert [event.get("left_out") for event in late] == [1000 - 2 * BURST, None]


def test_invented_kinds_are_no_way_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.logs.time.monotonic", lambda: 1000.0)  # a busy machine takes seconds for this
    stream = lines(per_second=1.0)
    for number in range(5000):
        logging.getLogger("x").warning(f"kind {number}")
    assert len(events(stream)) == ALL_KINDS * BURST


def test_a_flood_of_many_kinds_keeps_nothing_out_that_is_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused requests of many statuses, which any stranger can cause."""
    monkeypatch.setattr("runtime.logs.time.monotonic", lambda: 1000.0)
    stream = lines(per_second=1.0)
    log = get_logger("x")
    for status in range(400, 400 + 2 * ALL_KINDS):
        for _ in range(BURST):
            log.info("request", status=status)
    log.info("administration")
    for number in range(ALL_KINDS * BURST):
        log.warning(f"warning {number}")
    log.warning("database_away")
    log.error("request_failed")
    found = events(stream)
    assert len([event for event in found if event["event"] == "request"]) == ALL_KINDS * BURST
    assert [event for event in found if event["event"] == "administration"]
    assert len([event for event in found if event["level"] == "warning"]) == ALL_KINDS * BURST - 1, "with that one"
    assert found[-1]["event"] == "request_failed"


def test_a_long_field_is_cut() -> None:
    stream = lines()
    get_logger("x").error("e", text="x" * 100_000)
    assert len(events(stream)[0]["text"]) == MAX_TEXT
