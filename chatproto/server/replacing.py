"""What is done when the logs are found to be of another history (docs/protocol.md section 7)."""

from collections.abc import Callable

from chatproto.operations import RenewEpoch
from chatproto.server.connections import Connections
from chatproto.server.history import History
from chatproto.server.out import Out
from chatproto.server.pending import RenewingEpoch


class Replacing:
    """All are sent away, to compare what they have when they are back; nothing is pushed behind what is gone."""

    def __init__(self, out: Out, connections: Connections, history: History, new_cid: Callable[[], str]) -> None:
        self._out = out
        self._connections = connections
        self._history = history
        self._new_cid = new_cid

    def log_replaced(self) -> None:
        """An entry is gone: the database was restored to an older state, and nobody renamed its history."""
        old = self._history.epoch
        assert old is not None, "a head was told with the epoch, or after it"
        self._history.replaced, self._history.epoch = old, None
        self._out.note("error", "log_replaced", epoch=old)
        self._send_away("the log was replaced")
        self.renew(old)

    def database_restored(self, epoch: str) -> None:
        """The history has another name."""
        self._out.note("warning", "epoch_changed", old=self._history.epoch, new=epoch)
        self._history.epoch = epoch
        self._send_away("the database was restored")

    def renew(self, old: str) -> None:
        """Name the history anew; until that is done each sweep asks for it again."""
        self._out.run(RenewEpoch(old, self._new_cid()), RenewingEpoch())

    def _send_away(self, reason: str) -> None:
        self._history.begin_anew(self._out.last_id)
        for session in list(self._connections.by_id.values()):
            self._connections.close(session, 1012, reason)
