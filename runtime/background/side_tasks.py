"""Work beside the serving that goes on for ever: what goes wrong in it costs a pause of that work, and nothing else."""

from collections.abc import Awaitable, Callable
from typing import Final

import trio

from runtime.logs import get_logger

log = get_logger(__name__)

PAUSE: Final = 5.0
"""Seconds before work that failed is begun again; a line of the log each time."""


async def keep_up(work: Callable[[], Awaitable[None]], name: str) -> None:
    """Do `work` until it ends or is cancelled, and again where it fails. `name` is for the log."""
    while True:
        try:
            return await work()
        except Exception as error:
            log.error("side_task_failed", task=name, exc_info=error)
        await trio.sleep(PAUSE)
