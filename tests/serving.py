"""`vestnik serve` whose password hashes cost next to nothing, for tests that start a server as a process of its own.

A real hash takes 0.2 s of a processor at the lowest priority, so beside other tests seconds, and most make several
accounts. Real ones are hashed by tests/unit/test_passwords.py, under a stock hypercorn and by the command line.
"""

import sys
from collections.abc import Sequence
from functools import partial

from argon2 import PasswordHasher

from runtime import cli, compose
from storage.passwords import Passwords


def main(argv: Sequence[str] | None = None) -> int:
    """One command of `vestnik`; the exit code."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    setattr(compose, "Passwords", partial(Passwords, cheap))  # noqa: B010  # what `compose` makes them with
    return cli.main(argv)


if __name__ == "__main__":
    sys.exit(main())
