"""What Python's cyclic garbage collector looks through, and how often: while it does, nobody is served."""

import gc
from typing import Final

YOUNG: Final = 10_000
"""Objects that came and did not go before the youngest are looked through. Python's own 700 would do it oftener."""
ALL: Final = 20
"""Rounds of 10 looks at the youngest before all objects are looked through: with 10,000 connections that takes up to a
second. Two million objects in cycles, some 200 MiB, is the most that waits for it."""


def settle() -> None:
    """To be called once the server is ready: modules, routes and statements stay for its whole life, and are half of
    all objects where few are connected. Looked through with the rest they cost some tenths of a second each time."""
    gc.freeze()
    gc.set_threshold(YOUNG, 10, ALL)
