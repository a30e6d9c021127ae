"""A database of one server: MariaDB."""

from attrs import frozen

from tests.bench.drill.cluster import Disturbance, blocking
from tests.mariadb_server import MariaDB


@frozen
class SingleMariaDB:
    """See Database."""

    server: MariaDB
    name: str = "one MariaDB"

    def pids(self) -> list[int]:
        """See Database."""
        return [self.server.pid]

    def disturbances(self, away: float) -> list[Disturbance]:
        """See Database."""
        return blocking("database", self.server, away, roll=self.server.restart)
