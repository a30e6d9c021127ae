"""What this process tells the others: hints that say where to look."""

from datetime import datetime

from chatproto.operations import (
    AccountDeleted,
    Appended,
    BlockSet,
    ChatCreated,
    ChatFound,
    Marked,
    Outcome,
    SessionsEnded,
    SetFlags,
    UserUpdated,
)
from chatproto.server.hints import (
    Absent,
    FlagsSet,
    HeadMoved,
    HidingSet,
    Hint,
    MembersAdded,
    Present,
    ProfileChanged,
    Typed,
)
from chatproto.server.hints import News as Told
from chatproto.server.history import History
from chatproto.server.hub_outputs import Publish
from chatproto.server.out import Out
from chatproto.server.pending import Pending, Request


class News:
    """A process that does not know yet of which history it speaks tells nothing. Without a name (`process`) it tells
    nothing of who is online: there are no others."""

    def __init__(self, out: Out, history: History, process: str | None) -> None:
        self._out = out
        self._history = history
        self._process = process

    def appended(self, chat_id: int, outcomes: list[Appended]) -> None:
        """Entries were put into a log."""
        last = max((outcome.last_seq for outcome in outcomes if outcome.items), default=None)
        if last is not None:
            self._publish(HeadMoved(chat_id, last))
        added = tuple(user_id for outcome in outcomes for user_id in outcome.added_ids)
        if added:
            self._publish(MembersAdded(chat_id, added))

    def changed(self, pending: Pending, outcome: Outcome) -> None:
        """Anything else happened that others want to know."""
        match outcome:
            case ChatCreated(chat, created=True):
                self._publish(MembersAdded(chat.id, outcome.member_ids))
            case UserUpdated(user, chat_ids, hides):
                self._publish(ProfileChanged(user.id, chat_ids))
                if hides is not None:
                    self._publish(HidingSet(user.id, hides.last_seen, hides.reads))
            case ChatFound(chat) if isinstance(pending, Request) and isinstance(pending.operation, SetFlags):
                self._publish(FlagsSet(pending.operation.user_id, chat.id))
            case Marked(changed=True):
                self._publish(outcome)
            case BlockSet() | AccountDeleted():
                self._publish(outcome)
            case SessionsEnded(session_ids) if session_ids:
                self._publish(outcome)

    def typed(self, chat_id: int, user_id: int, *, on: bool) -> None:
        """Somebody here types, or no longer does."""
        self._publish(Typed(chat_id, user_id, on))

    def present(self, user_ids: tuple[int, ...]) -> None:
        """They are online here."""
        if self._process is not None:
            self._publish(Present(self._process, user_ids))

    def hidden(self, user_id: int, *, reads: bool) -> None:
        """A user hides their presence: what other processes were told of it is taken back."""
        if self._process is not None:
            self._publish(HidingSet(user_id, last_seen=True, reads=reads))

    def absent(self, user_id: int, since: datetime) -> None:
        """They are no longer online here."""
        if self._process is not None:
            self._publish(Absent(self._process, user_id, since))

    def _publish(self, told: Told) -> None:
        if self._history.epoch is not None:
            self._out.emit(Publish(Hint(self._history.epoch, told)))
