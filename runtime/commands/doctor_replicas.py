"""What `vestnik doctor` says of replicas of the database."""

from collections.abc import Iterator
from functools import partial

import trio
from trio_mysql import err

from runtime.commands.finding import Finding
from runtime.config import Settings
from storage.mysql_replicas import fault_of
from storage.mysql_url import parse_url


def replicas(settings: Settings) -> Iterator[Finding]:
    """A finding for each; none is needed, so none is a failure."""
    primary = None
    for url in settings.database_read_url:
        primary = primary or parse_url(settings.database_url)
        replica = parse_url(url)
        try:
            fault = trio.run(partial(fault_of, replica, primary))
        except err.MySQLError:
            return  # the primary is away, which is said elsewhere
        if fault is None:
            yield Finding("ok", "replica", f"{replica.place} is up to date")
        else:
            yield Finding("warn", "replica", f"{replica.place} {fault}; the primary answers in its place")
