"""Records what a ClientSession does, step by step, in the form that other implementations replay."""

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from chatproto.client.client_config import ClientConfig
from chatproto.client.client_session import ClientSession
from chatproto.client.session_outputs import Row
from chatproto.client.snapshot import Snapshot
from chatproto.wire import codec
from chatproto.wire.frames import FromServer

Json = Any
HALF: Final = 0.5
"""What `random` gives where a vector names nothing else."""


def plain(value: object) -> Json:
    """As JSON, without the members that are null: null and absent are the same (docs/protocol.md section 1)."""
    return stripped(msgspec.to_builtins(value, str_keys=True))


def stripped(value: Json) -> Json:
    """Without members that are null."""
    if isinstance(value, dict):
        return {name: stripped(member) for name, member in value.items() if member is not None}
    return [stripped(member) for member in value] if isinstance(value, list | tuple) else value


class Randoms:
    """Numbers in a given order, then HALF for ever."""

    def __init__(self, numbers: Sequence[float]) -> None:
        self._numbers = list(numbers)

    def __call__(self) -> float:
        return self._numbers.pop(0) if self._numbers else HALF


class Recorder:
    """A session whose steps are kept. Inputs are its methods; each ends in a step with all that came out.

    `outputs` are those of the last step, as JSON, for the scenario's own checks.
    """

    def __init__(
        self,
        *,
        config: ClientConfig | None = None,
        snapshot: Snapshot | None = None,
        random: Sequence[float] = (),
    ) -> None:
        self.now = 1_000
        self.steps: list[Json] = []
        self.outputs: list[Json] = []
        self._start = {"config": plain(config or ClientConfig()), "snapshot": plain(snapshot), "random": list(random)}
        self.session = ClientSession(config or ClientConfig(), Randoms(random), snapshot)

    def document(self, about: str) -> Json:
        """The whole vector."""
        return {"about": about, "kind": "client", **self._start, "steps": self.steps}

    # --- inputs ---

    def start(self, token: str = "token-1") -> list[Json]:
        return self._step("start", {"token": token}, lambda: self.session.start(token, self.now))

    def connected(self, link: int | None = None) -> list[Json]:
        number = self.session.link if link is None else link
        return self._step("connected", {"link": number}, lambda: self.session.connected(number, self.now))

    def receive(self, *frames: FromServer, link: int | None = None, whole: bool = False) -> list[Json]:
        """`whole`: as a server of version 0.1 sends them, with the fields that have their default."""
        number = self.session.link if link is None else link
        encoded = [msgspec.json.encode(frame) if whole else codec.encode(frame) for frame in frames]
        arguments = {"link": number, "frames": [json.loads(data) for data in encoded]}
        return self._step("receive", arguments, lambda: self.session.receive(number, frames, self.now))

    def lost(self, code: int = 1006, reason: str = "", link: int | None = None) -> list[Json]:
        number = self.session.link if link is None else link
        arguments = {"link": number, "code": code, "reason": reason}
        return self._step("lost", arguments, lambda: self.session.lost(number, code, reason, self.now))

    def renewed(self, token: str) -> list[Json]:
        return self._step("renewed", {"token": token}, lambda: self.session.renewed(token, self.now))

    def not_renewed(self, code: str, passing: bool) -> list[Json]:
        arguments = {"code": code, "passing": passing}
        return self._step("not_renewed", arguments, lambda: self.session.not_renewed(code, passing, self.now))

    def network_up(self) -> list[Json]:
        return self._step("network_up", {}, lambda: self.session.network_up(self.now))

    def stop(self) -> list[Json]:
        return self._step("stop", {}, lambda: self.session.stop(self.now))

    def send(self, row: Row, *, save: bool = True, saved: bool = False) -> list[Json]:
        """With `save` the driver makes durable at once what is to be; `saved`: the row is already."""
        arguments = {"row": plain(row), "saved": True} if saved else {"row": plain(row)}
        outputs = self._step("send", arguments, lambda: self.session.send(row, self.now, saved=saved))
        return outputs + self.save_rows() if save else outputs

    def save_rows(self) -> list[Json]:
        """Make durable what the last step asked for. All that came out."""
        cids = [output["row"]["cid"] for output in self.done("save_row")]
        return [output for cid in cids for output in self.row_saved(cid)]

    def row_saved(self, cid: str) -> list[Json]:
        return self._step("row_saved", {"cid": cid}, lambda: self.session.row_saved(cid, self.now))

    def uploaded(self, local_id: str, file_id: str) -> list[Json]:
        arguments = {"local_id": local_id, "file_id": file_id}
        return self._step("uploaded", arguments, lambda: self.session.uploaded(local_id, file_id, self.now))

    def upload_failed(self, local_id: str, code: str, detail: str = "") -> list[Json]:
        arguments = {"local_id": local_id, "code": code, "detail": detail}
        return self._step(
            "upload_failed", arguments, lambda: self.session.upload_failed(local_id, code, detail, self.now)
        )

    def discard(self, cid: str) -> list[Json]:
        return self._step("discard", {"cid": cid}, lambda: self.session.discard(cid, self.now))

    def saved(self, chat_id: int, seq: int) -> list[Json]:
        arguments = {"chat_id": chat_id, "seq": seq}
        return self._step("saved", arguments, lambda: self.session.saved(chat_id, seq, self.now))

    def read(self, chat_id: int, seq: int) -> list[Json]:
        arguments = {"chat_id": chat_id, "seq": seq}
        return self._step("read", arguments, lambda: self.session.read(chat_id, seq, self.now))

    def typing(self, chat_id: int, on: bool) -> list[Json]:
        arguments = {"chat_id": chat_id, "on": on}
        return self._step("typing", arguments, lambda: self.session.typing(chat_id, on, self.now))

    def timer(self) -> list[Json]:
        return self._step("handle_timer", {}, lambda: self.session.handle_timer(self.now))

    def wait(self, milliseconds: int) -> list[Json]:
        """Let time go by; timers are handled when they are due. All that came out."""
        end = self.now + milliseconds
        found: list[Json] = []
        while (due := self.session.next_timer()) is not None and due <= end:
            self.now = max(self.now, due)
            found += self.timer()
        self.now = end
        return found

    # --- what came out ---

    def sent(self, kind: str | None = None) -> list[Json]:
        """The frames that the last step sent."""
        frames = [output["frame"] for output in self.outputs if output["do"] == "send"]
        return [frame for frame in frames if kind in (None, frame["type"])]

    def done(self, kind: str) -> list[Json]:
        """The last step's outputs of one kind."""
        return [output for output in self.outputs if output["do"] == kind]

    @property
    def state(self) -> str:
        return str(self.session.state)

    def _step(self, call: str, arguments: Json, act: Callable[[], object]) -> list[Json]:
        act()
        self.outputs = plain(self.session.outputs())
        self.steps.append(
            {
                "at": self.now,
                "call": call,
                "args": arguments,
                "outputs": self.outputs,
                "next_timer": self.session.next_timer(),
                "state": str(self.session.state),
            }
        )
        return self.outputs
