"""Which files of the outbox are brought to the server: a few at a time, in the order in which they came."""

from collections.abc import Callable
from typing import Final

from attrs import define, field

from chatproto.client.session_outputs import LocalFile, Row, Upload

PARALLEL: Final = 2
"""Uploads at a time; one more would only make the others slower."""


@define
class Uploads:
    """`waiting`: what is to be brought, by its local id; `running`: what is."""

    emit: Callable[[Upload], None]
    waiting: dict[str, Upload] = field(factory=dict)
    running: set[str] = field(factory=set)

    def want(self, row: Row, *, anew: bool = False) -> None:
        """Bring what the server does not have of a row's files."""
        for file in row.files:
            if file.file_id is None:
                self.waiting[file.local_id] = Upload(row.cid, file, anew)
        self._begin()

    def end(self, *files: LocalFile) -> None:
        """They are there, or not wanted any more."""
        for file in files:
            self.waiting.pop(file.local_id, None)
            self.running.discard(file.local_id)
        self._begin()

    def _begin(self) -> None:
        while self.waiting and len(self.running) < PARALLEL:
            local_id = next(iter(self.waiting))
            self.running.add(local_id)
            self.emit(self.waiting.pop(local_id))
