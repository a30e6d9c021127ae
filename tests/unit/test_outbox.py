"""The outbox: its bounds, and that it survives an end at any moment with everything that the user wrote."""

from random import Random

import pytest
from attrs import define, field, frozen

from chatproto.client.client_config import ClientConfig
from chatproto.client.client_session import ClientSession
from chatproto.client.outbox import REMEMBERED, Outbox
from chatproto.client.outbox_changes import Target, delete_of, edit_of, react_to
from chatproto.client.session_outputs import DropRow, Failed, Output, Row, SaveRow, SendFrame
from chatproto.client.snapshot import Snapshot
from chatproto.transitions import ClientState
from chatproto.wire.frames import DeleteFrame, EditFrame, FromServer, ReactFrame, Send
from chatproto.wire.model import Message
from tests.vectors.server_frames import ME, ack, at, error, head, ready, row

SEEDS = range(300)


def test_a_row_that_lacks_what_its_kind_needs_is_a_bug() -> None:
    with pytest.raises(ValueError, match="kind react"):
        Outbox(print).put(Row(cid="mine", chat_id=5, kind="react", seq=2, target_at=at(2), on=True))


def test_the_places_of_the_last_messages_are_remembered() -> None:
    told: list[Output] = []
    outbox = Outbox(told.append)
    for number in range(1, REMEMBERED + 2):
        outbox.put(row(number))
        outbox.stored(f"mine-{number}", number, at(number), False)
    told.clear()
    for number in (1, 2):
        outbox.put(edit_of(row(number), f"edit-{number}", "better"))
    assert [type(output) for output in told] == [DropRow, Failed, SaveRow]


# --- an end at any moment ---


@define
class Server:
    """One chat: what a server with one log makes of the commands, each by its cid once."""

    accepted: dict[str, tuple[object, int]] = field(factory=dict)
    messages: dict[int, Message] = field(factory=dict)
    texts: dict[str, str | None] = field(factory=dict)
    reactions: dict[str, set[str]] = field(factory=dict)
    last_seq: int = 0

    def answer(self, frame: Send | EditFrame | DeleteFrame | ReactFrame) -> FromServer:
        known = self.accepted.get(frame.cid)
        if known is not None:
            assert known[0] == frame, "a command that was sent keeps its bytes"
            return ack(frame.cid, 5, known[1], dup=True)
        if isinstance(frame, Send):
            self.last_seq += 1
            self.texts[frame.cid] = frame.content
            self.messages[self.last_seq] = message = Message(
                id=self.last_seq, chat_id=5, seq=self.last_seq, sender_id=ME, content="", cid=frame.cid,
                created_at=at(self.last_seq),
            )  # fmt: skip
        else:
            message = self.messages[frame.seq]
            assert frame.target_at == message.created_at
            if self.texts[message.cid] is None and not isinstance(frame, DeleteFrame):
                return error(frame.cid, "message_deleted", chat_id=5)
            self.last_seq += 1
        match frame:
            case EditFrame():
                self.texts[message.cid] = frame.content
            case DeleteFrame():
                self.texts[message.cid] = None
            case ReactFrame():
                there = self.reactions.setdefault(message.cid, set())
                (there.add if frame.on else there.discard)(frame.emoji)
        self.accepted[frame.cid] = (frame, self.last_seq)
        return ack(frame.cid, 5, self.last_seq)


@frozen
class Act:
    """What the user did to one of their messages. `before`: what they wanted until then; `first`: the output with which
    it is durable."""

    name: str
    before: tuple[str | None, bool] | None
    first: Output


@define
class Person:
    """Somebody whose link breaks and whose machine is switched off at any moment.

    `wanted`: by cid the text that shall stand in the log, None where they deleted it, and whether a 👍 is to be there.
    """

    random: Random
    server: Server = field(factory=Server)
    disk: dict[str, Row] = field(factory=dict)
    unsaved: list[SaveRow | DropRow] = field(factory=list)
    wanted: dict[str, tuple[str | None, bool]] = field(factory=dict)
    acts: list[Act] = field(factory=list)
    written: int = 0
    now: int = 0
    answers: list[FromServer] = field(factory=list)
    session: ClientSession = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A new life, from the disk; what was not durable is as if it had not been done."""
        for act in reversed(self.acts):
            if any(output is act.first for output in self.unsaved):
                if act.before is None:
                    del self.wanted[act.name]
                else:
                    self.wanted[act.name] = act.before
        self.acts.clear()
        self.unsaved.clear()
        self.answers.clear()
        snapshot = Snapshot(user_id=ME, epoch="e1", rows=tuple(self.disk.values()))
        self.session = ClientSession(ClientConfig(), lambda: 0.5, snapshot)
        self.session.start("token", self.now)
        self.perform()

    def perform(self) -> None:
        """The network is faster than the disk."""
        for output in self.session.outputs():
            if isinstance(output, SaveRow | DropRow):
                self.unsaved.append(output)
            elif isinstance(output, Failed):  # of a message that they deleted, with an end between two outputs of that
                row = self.disk[output.cid]
                name = row.of_cid or self.server.messages[row.seq or 0].cid
                assert self.wanted[name][0] is None
            elif isinstance(output, SendFrame):
                frame = output.frame
                if isinstance(frame, Send | EditFrame | DeleteFrame | ReactFrame):
                    self.answers.append(self.server.answer(frame))

    def save(self) -> bool:
        """One output at a time: an end may come between any two."""
        if not self.unsaved:
            return False
        output = self.unsaved.pop(0)
        if isinstance(output, SaveRow):
            self.disk[output.row.cid] = output.row
            self.session.row_saved(output.row.cid, self.now)
        else:
            self.disk.pop(output.cid, None)
        self.perform()
        return True

    def hear(self) -> bool:
        """One answer comes."""
        if not self.answers:
            return False
        self.session.receive(self.session.link, [self.answers.pop(0)], self.now)
        self.perform()
        return True

    def link(self) -> None:
        """Be live, if that is not so."""
        if self.session.state is ClientState.BACKOFF:
            self.now = self.session.next_timer() or self.now
            self.session.handle_timer(self.now)
        self.session.connected(self.session.link, self.now)
        self.session.receive(self.session.link, [ready(head(5, 0))], self.now)
        self.perform()

    def cut(self) -> None:
        """The link is gone, with the answers that were on it."""
        self.answers.clear()
        self.session.lost(self.session.link, 1006, "", self.now)
        self.perform()

    def use(self) -> None:
        """They write, or do something to what they wrote."""
        self.written += 1
        cid = f"c{self.written}"
        action = self.random.choice(("send", "edit", "delete", "react"))
        names = [name for name, (text, _) in self.wanted.items() if text is not None]
        name = cid if action == "send" or not names else self.random.choice(names)
        before = self.wanted.get(name)
        if before is None:
            self.wanted[name] = (f"text {cid}", False)
            self.session.send(Row(cid=cid, chat_id=5, content=f"text {cid}"), self.now)
        else:
            row = self.change(action, name, cid, *before)
            self.session.send(row, self.now)
        outputs = len(self.unsaved)
        self.perform()
        if len(self.unsaved) > outputs:
            self.acts.append(Act(name, before, self.unsaved[outputs]))

    def change(self, action: str, name: str, cid: str, text: str | None, liked: bool) -> Row:
        """A command about one of their messages, as the program makes it: by its place, where that is known."""
        there = next((one for one in self.server.messages.values() if one.cid == name), None)
        waits = name in self.session.outbox.entries
        target: Target = there if there is not None and not waits else Row(cid=name, chat_id=5)
        if action == "edit":
            self.wanted[name] = (f"text {cid}", liked)
            return edit_of(target, cid, f"text {cid}")
        if action == "delete":
            self.wanted[name] = (None, liked)
            return delete_of(target, cid)
        self.wanted[name] = (text, not liked)
        return react_to(target, cid, "👍", not liked)

    def end(self) -> None:
        """Everything works from now on."""
        self.link()
        while self.save() or self.hear():
            pass


@pytest.mark.parametrize("seed", SEEDS)
def test_an_end_at_any_moment_loses_nothing_that_was_durable(seed: int) -> None:
    person = Person(Random(seed))
    for _ in range(60):
        match person.random.choice(("use", "use", "save", "save", "save", "hear", "hear", "link", "cut", "begin")):
            case "use":
                person.use()
            case "save":
                person.save()
            case "hear":
                person.hear()
            case "link":
                person.link()
            case "cut":
                person.cut()
            case "begin":
                person.begin()
    person.end()
    assert not person.session.outbox.entries
    assert not person.disk
    for cid, (text, liked) in person.wanted.items():
        assert person.server.texts.get(cid) == text
        assert text is None or liked == ("👍" in person.server.reactions.get(cid, ()))
