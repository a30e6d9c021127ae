"""A device: a ClientSession, a disk that is slower than the network, and an app that shows what it is given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING

from chatproto.client import lenient_codec
from chatproto.client.client_config import ClientConfig
from chatproto.client.client_session import ClientSession
from chatproto.client.session_outputs import (
    Apply,
    Begins,
    Changed,
    Close,
    Connect,
    DropRow,
    Expire,
    Failed,
    Forget,
    Jump,
    Output,
    Renew,
    Row,
    SaveEpoch,
    SaveMarks,
    SaveRow,
    SendFrame,
    Sent,
    saved_by,
)
from chatproto.operations import (
    ChatFound,
    CreateSession,
    Outcome,
    Refused,
    RotateRefresh,
    SessionCreated,
    SetFlags,
    UpdateUser,
)
from chatproto.simulation.author import Author
from chatproto.simulation.database import time_at
from chatproto.simulation.disk import Disk
from chatproto.simulation.network import Link
from chatproto.tokens import SESSION_KEY_BYTES
from chatproto.transitions import ClientState
from chatproto.wire.frames import FromServer
from chatproto.wire.model import Notify

if TYPE_CHECKING:
    from chatproto.simulation.world import World

ONLY_STORED = frozenset({SaveRow, DropRow, SaveMarks, SaveEpoch, Begins, Expire})
STORED = ONLY_STORED | {Apply, Jump, Forget}


class Device:
    """`life` counts its starts. `shown`: the seq of each chat that the app was given last."""

    def __init__(self, world: World, name: str, user_id: int, random: Random, *, whole_log: bool) -> None:
        self.name = name
        self.user_id = user_id
        self.life = 0
        self.disk = Disk()
        self.shown: dict[int, int] = {}
        self.asleep_until = 0
        self._slept: list[tuple[int, Callable[..., None], tuple[object, ...]]] = []
        self.on = True
        self._world = world
        self._random = random
        self._config = ClientConfig(device=name, whole_log=whole_log)
        self.link: Link | None = None
        self._writing: list[Output] = []
        self._unwritten: list[Output] = []
        self._timer_at: int | None = None
        self._token = ""
        self._refresh = b""
        self._refreshes = 0
        self._renewing = False
        self._author = Author(self, random)
        self.session = self._new_session()

    # --- what the world does with it ---

    def log_in(self) -> None:
        """With the password, until it works."""
        life = self.life
        secret = self._new_secret()

        def done(outcome: Outcome | None) -> None:
            if life != self.life:
                return
            if not isinstance(outcome, SessionCreated):
                return self._world.scheduler.after(1_000, self._log_in_again, life)
            self._take_tokens(outcome, secret)
            self.session.start(self._token, self._now())
            self.perform()

        server = self._random.choice(self._world.servers)
        key = sha256(b"key of " + secret).digest()[:SESSION_KEY_BYTES]
        server.request(CreateSession(self.user_id, self.name, sha256(secret).digest(), key, self._wall()), done)

    def say(self, chat_id: int, *, reply: bool = False) -> None:
        """The user writes."""
        if self.awake:
            self._write(self._author.message(chat_id, reply=reply))

    def forward(self, chat_id: int) -> None:
        """The user forwards something that they see to this chat."""
        if self.awake:
            self._write(self._author.forward(chat_id))

    def change(self, chat_id: int) -> None:
        """The user edits, deletes, reacts to or pins one of the newest messages that they see, or one on its way."""
        if self.awake:
            self._write(self._author.change(chat_id))

    def _write(self, row: Row | None) -> None:
        if row is None:
            return
        self._world.checkers.commands.written(self, row)
        self.session.send(row, self._now())
        self.perform()

    def flag(self, chat_id: int) -> None:
        """The user says of what they want to be notified, or mutes the chat for a while."""
        if not self.awake:
            return
        random = self._random
        notify: Notify = random.choice(("all", "mentions", "none"))
        muted = random.choice((None, False, True))
        until = time_at(self._now() + 60_000) if muted and random.random() < 0.5 else None
        operation = SetFlags(self.user_id, chat_id, muted, None, None, notify, until)

        def done(outcome: Outcome | None) -> None:
            if isinstance(outcome, ChatFound):
                self._world.checkers.flagged(operation, outcome.chat)

        random.choice(self._world.servers).request(operation, done)

    def hide(self) -> None:
        """The user hides what they read, or when they were last seen, or no more."""
        last_seen, reads = (self._random.random() < 0.5 for _ in range(2))
        operation = UpdateUser(
            self.user_id, None, None, None, None, None, self._wall(), hide_last_seen=last_seen, hide_reads=reads
        )
        self._random.choice(self._world.servers).request(operation, lambda _outcome: None)

    def read(self, chat_id: int) -> None:
        """The user has read what is shown."""
        if not self.awake:
            return
        self.session.read(chat_id, self.shown.get(chat_id, 0), self._now())
        self.perform()

    def type(self, chat_id: int) -> None:
        """The user types."""
        if not self.awake:
            return
        self.session.typing(chat_id, True, self._now())
        self.perform()

    def crash(self) -> None:
        """Power is lost: what the disk had not written is gone, the link dies without a word."""
        self.life += 1
        self.on = False
        if self.link is not None:
            self._world.network.close_by_client(self.link)
        self.link = None
        self._writing, self._unwritten = [], []
        self._timer_at = None
        self._renewing = False

    def boot(self) -> None:
        """Start again from the disk."""
        self.on = True
        self._world.checkers.booted(self)
        self.session = self._new_session()
        self.shown = {chat_id: applied for chat_id, (applied, _) in self.disk.cursors.items()}
        if not self._token:
            return self.log_in()
        self.session.start(self._token, self._now())
        self.perform()

    def wake_up(self) -> None:
        """After a sleep, or as the network is back."""
        if not self.on:
            return
        self.session.network_up(self._now())
        self.perform()

    # --- what the network does with it ---

    def connected(self, link: Link) -> None:
        """The WebSocket is open."""
        self.session.connected(link.number, self._now())
        self.perform()

    def received(self, link: Link, frames: list[FromServer]) -> None:
        """A message of the server's."""
        if self._later(self.received, link, frames):
            return
        self.session.receive(link.number, frames, self._now())
        self.perform()

    def lost(self, link: Link, code: int, reason: str) -> None:
        """The link ended."""
        if self._later(self.lost, link, code, reason):
            return
        self.session.lost(link.number, code, reason, self._now())
        self.perform()

    # --- the driver ---

    def perform(self) -> None:
        """Perform outputs until there are none, then see to the timer."""
        while outputs := self.session.outputs():
            self._world.checkers.told(self, outputs)
            self._unwritten += [output for output in outputs if type(output) in STORED]
            for output in outputs:
                if type(output) not in ONLY_STORED:
                    self._perform(output)
        if self._unwritten and not self._writing:
            self._start_writing()
        self._world.checkers.session(self)
        due = self.session.next_timer()
        if due is not None and (self._timer_at is None or due < self._timer_at):
            self._timer_at = due
            self._world.scheduler.after(due - self._now(), self._ring, self.life, due)

    def _perform(self, output: Output) -> None:
        network = self._world.network
        match output:
            case Apply(item):
                self.shown[item.chat_id] = item.seq
            case SendFrame(frame):
                assert self.link is not None
                network.from_client(self.link, lenient_codec.encode(frame))
            case Connect(number):
                self.link = network.connect(self, number)
            case Close():
                assert self.link is not None
                network.close_by_client(self.link)
                self.link = None
            case Renew(token):
                self._renew(token)
            case Changed(state):
                self._world.note(self.name, state, output.code or "")
                if state == ClientState.LOGGED_OUT:
                    self._token = ""
                    self._world.scheduler.after(2_000, self._log_in_again, self.life)
            case Sent(cid):
                self._world.note(self.name, "sent", cid, "as", output.seq)
            case Failed(cid, _, code):
                self._world.note(self.name, "failed", cid, code)
            case Jump(chat_id, applied):
                self.shown[chat_id] = applied
            case Forget(chat_id):
                self.shown.pop(chat_id, None)

    def _start_writing(self) -> None:
        """All that is to be stored by now, in one transaction."""
        self._writing, self._unwritten = self._unwritten, []
        self._world.scheduler.after(self._world.options.disk_latency, self._written, self.life)

    def _written(self, life: int) -> None:
        """The disk is done."""
        if life != self.life:
            return
        outputs, self._writing = self._writing, []
        self.disk.save(outputs)
        self._world.checkers.commands.saved(outputs)
        cids, seqs = saved_by(outputs)
        for cid in cids:
            self.session.row_saved(cid, self._now())
        for chat_id, seq in seqs.items():
            self._world.checkers.durable(self, chat_id, seq)
            self.session.saved(chat_id, seq, self._now())
        self.perform()

    def _ring(self, life: int, due: int) -> None:
        if life != self.life or due != self._timer_at:
            return
        if self._later(self._ring, life, due):
            return
        self._timer_at = None
        now = self._now()
        if (wanted := self.session.next_timer()) is not None and wanted <= now:
            self.session.handle_timer(now)
            self._world.checkers.rang(self, now)
        self.perform()

    # --- tokens ---

    def _log_in_again(self, life: int) -> None:
        if life == self.life and self.session.state in (ClientState.LOGGED_OUT, ClientState.IDLE):
            self.log_in()

    def _renew(self, used: str) -> None:
        if used != self._token:
            return self._world.scheduler.after(1, self._renewed, self.life)
        life, secret = self.life, self._new_secret()
        lost = self._world.faulty and self._random.random() < self._world.options.refresh_lost

        def done(outcome: Outcome | None) -> None:
            if used != self._token:  # of a log-in that has ended since
                return self._renewed(life)
            if life != self.life:
                return
            if isinstance(outcome, SessionCreated) and not lost:
                self._take_tokens(outcome, secret)
                self._renewed(life)
            else:
                code = outcome.code if isinstance(outcome, Refused) and not lost else "no_connection"
                self._not_renewed(life, code)

        server = self._random.choice(self._world.servers)
        used_hash, new_hash = sha256(self._refresh).digest(), sha256(secret).digest()
        server.request(RotateRefresh(used_hash, new_hash, self._wall()), done)

    def _renewed(self, life: int) -> None:
        if life == self.life:
            self.session.renewed(self._token, self._now())
            self.perform()

    def _not_renewed(self, life: int, code: str) -> None:
        if code == "no_connection":
            return self._world.scheduler.after(50, self._not_renewed_now, life, code)
        self._not_renewed_now(life, code)

    def _not_renewed_now(self, life: int, code: str) -> None:
        if life == self.life:
            self.session.not_renewed(code, code == "no_connection", self._now())
            self.perform()

    def _take_tokens(self, created: SessionCreated, secret: bytes) -> None:
        self._refresh = secret
        self._token = self._world.tokens.issue(self.user_id, created, self._wall())

    def _new_secret(self) -> bytes:
        self._refreshes += 1
        return f"secret-canary-{self.name}-{self._refreshes}".encode()

    # --- small things ---

    def _new_session(self) -> ClientSession:
        return ClientSession(self._config, self._random.random, self.disk.snapshot())

    @property
    def deceived(self) -> bool:
        """Its link is half open or stalled, and it was not told."""
        link = self.link
        return link is not None and link.at_client and (link.silent or link.stalled_until > self._now())

    @property
    def was_removed(self) -> bool:
        """Its user is a former member of some chat, as far as it knows."""
        return any(chat.left_seq is not None for chat in self.session.replica.chats.values())

    @property
    def awake(self) -> bool:
        """It runs, and somebody may use it."""
        return self.on and self.asleep_until <= self._now()

    def _later(self, act: Callable[..., None], *arguments: object) -> bool:
        """A device that sleeps does everything when it wakes, in its order."""
        if self.asleep_until <= self._now() and not self._slept:
            return False
        self._slept.append((self.life, act, arguments))
        if len(self._slept) == 1:
            self._world.scheduler.after(self.asleep_until - self._now(), self._woken)
        return True

    def _woken(self) -> None:
        if self.asleep_until > self._now():
            return self._world.scheduler.after(self.asleep_until - self._now(), self._woken)
        slept, self._slept = self._slept, []
        for life, act, arguments in slept:
            if life == self.life:
                act(*arguments)

    def _now(self) -> int:
        return self._world.scheduler.now

    def _wall(self) -> datetime:
        return time_at(self._now())
