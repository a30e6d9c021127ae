"""The register of scenarios: each is a function that plays one behaviour on a Recorder and checks what it is about."""

from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

from chatproto.client.client_config import ClientConfig
from chatproto.client.snapshot import Snapshot
from chatproto.wire.frames import FromServer
from chatproto.wire.model import Head
from tests.vectors.recorder import Recorder
from tests.vectors.server_frames import ready

Play = Callable[[Recorder], None]


@frozen
class Scenario:
    """A vector in the making. `about`: one sentence."""

    name: str
    about: str
    play: Play
    config: ClientConfig
    snapshot: Snapshot | None
    random: Sequence[float]

    def record(self) -> Any:
        """The vector as JSON."""
        recorder = Recorder(config=self.config, snapshot=self.snapshot, random=self.random)
        self.play(recorder)
        return recorder.document(self.about)


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    about: str,
    *,
    name: str | None = None,
    whole_log: bool = False,
    snapshot: Snapshot | None = None,
    random: Sequence[float] = (),
) -> Callable[[Play], Play]:
    """Register a function; its name, or `name`, becomes the vector's."""

    def register(play: Play) -> Play:
        add(name or play.__name__, about, play, whole_log=whole_log, snapshot=snapshot, random=random)
        return play

    return register


def add(
    name: str,
    about: str,
    play: Play,
    *,
    whole_log: bool = False,
    snapshot: Snapshot | None = None,
    random: Sequence[float] = (),
) -> None:
    """Register one of a family."""
    assert name not in SCENARIOS, name
    config = ClientConfig(device="desk", name="vestnik", version="1", whole_log=whole_log)
    SCENARIOS[name] = Scenario(name, about, play, config, snapshot, random)


def go_live(r: Recorder, *heads: Head, **more: Any) -> None:
    """From nothing to `ready`."""
    r.start()
    r.connected()
    r.receive(ready(*heads, **more))


def come_back(r: Recorder, *heads: Head, code: int = 1006, then: Sequence[FromServer] = (), **more: Any) -> None:
    """Lose the link, wait, and be ready on another."""
    r.lost(code)
    r.wait((r.session.next_timer() or r.now) - r.now)
    r.connected()
    r.receive(ready(*heads, **more), *then)


def load() -> dict[str, Scenario]:
    """All of them."""
    from tests.vectors import (  # noqa: F401
        client_catch_up,
        client_changes,
        client_collapse,
        client_expired,
        client_files,
        client_links,
        client_marks,
        client_outbox,
        client_restored,
    )

    return SCENARIOS
