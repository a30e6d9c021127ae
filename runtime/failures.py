"""A connection that failed: one count, and now and then one line of the log. Whoever sends bytes chooses how often
something fails, so the lines have a rate.
"""

import logging
import sys
from collections.abc import Callable
from typing import Final

import trio
from attrs import define, field

from runtime.logs import get_logger

log = get_logger(__name__)

QUIET_FOR: Final = 30.0
"""Seconds after a line in which the same failure is only counted."""
MAX_KINDS: Final = 100
"""Places that are told apart; a program has not more of them, and a stranger cannot make one."""

Place = tuple[str, str, int]


@define
class _Told:
    at: float
    since: int = 0


@define
class Failures:
    """`clock` gives monotonic seconds. `count`: since the process began."""

    clock: Callable[[], float]
    count: int = 0
    _told: dict[Place, _Told] = field(factory=dict)

    def report(self, error: BaseException) -> None:
        """Count what ended one connection; the first of its kind within QUIET_FOR is logged, with its traceback."""
        self.count += 1
        place = _place(error)
        told = self._told.get(place)
        now = self.clock()
        if told is not None and now - told.at < QUIET_FOR:
            told.since += 1
            return
        if told is None and len(self._told) >= MAX_KINDS:
            self._told.clear()
        self._told[place] = _Told(now)
        log.error("connection_failed", unsaid=0 if told is None else told.since, exc_info=error)


def _place(error: BaseException) -> Place:
    """What was raised where; of a group its first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else trace.tb_frame.f_code.co_filename
    return type(error).__name__, where, 0 if trace is None else trace.tb_lineno


class Seldom(logging.Filter):
    """Lets one record in QUIET_FOR seconds through, as one line without its traceback."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._at = -sys.float_info.max

    def filter(self, record: logging.LogRecord) -> bool:
        """See logging.Filter."""
        now = self._clock()
        if now - self._at < QUIET_FOR:
            return False
        self._at = now
        record.exc_info = None
        return True


failures: Final = Failures(trio.current_time)
"""Those of this process. One for all servers in it: the library that fails beneath them is one as well."""


def quiet_accept_errors() -> None:
    """trio writes a traceback ten times a second while there are no descriptors left to accept with."""
    logger = logging.getLogger("trio.serve_listeners")
    if not any(isinstance(one, Seldom) for one in logger.filters):
        logger.addFilter(Seldom(trio.current_time))
