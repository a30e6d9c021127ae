"""The identity of the logs: which history this process knows, and whether what it is told belongs to it.

A log can only grow. An entry that storage told of and that is not there any more, or another one in its place, means
that the database was replaced under the same epoch (docs/protocol.md section 7).
"""

from datetime import datetime
from itertools import pairwise

from chatproto.operations import (
    Appended,
    BatchAppended,
    ChatFound,
    LogRead,
    Outcome,
    PageFound,
    Refused,
    SessionLoaded,
    Swept,
)
from chatproto.server.pending import Appending, Listing, Pending, Reading, Sweeping

Entry = tuple[int, datetime | None]
"""A seq, and when its entry was made where that is known."""
NONE: Entry = (0, None)


class History:
    """`epoch`: its name, None until somebody told it. `heads`: of each chat that is followed here, the last entry that
    storage told of. `replaced`: the epoch under which one of them is gone, until it has another name. `renamed`: who
    came was told another name; the next sweep sees to it, also where they have left. `void_to`: what was asked with a
    number up to this one tells nothing of the present history.
    """

    def __init__(self) -> None:
        self.epoch: str | None = None
        self.replaced: str | None = None
        self.renamed = False
        self.void_to = 0
        self.heads: dict[int, Entry] = {}

    def follow(self, chat_id: int) -> None:
        """From now on its head is remembered."""
        self.heads.setdefault(chat_id, NONE)

    def forget(self, chat_id: int) -> None:
        """Nobody here follows it."""
        self.heads.pop(chat_id, None)

    def known(self, chat_id: int) -> Entry:
        """The last entry that storage told of, of a chat that is followed here."""
        return self.heads.get(chat_id, NONE)

    def begin_anew(self, last_id: int) -> None:
        """What was told before, and what was asked up to this number, is of another history."""
        self.void_to = last_id
        self.heads = dict.fromkeys(self.heads, NONE)

    def observe(self, chat_id: int, found: Entry, *, behind: Entry | None = None, known: Entry = NONE) -> bool:
        """Whether an entry that storage tells of can be in the log that is known; it is known from then on.

        `behind`: the entry before it, where that was told too. `known`: what was known of the log when storage was
        asked.
        """
        seq = found[0]
        head = self.heads.get(chat_id)
        if seq < known[0] or _differ(known, found):
            return False
        if head is None:
            return True
        if _differ(head, found) or (behind is not None and _differ(head, behind)):
            return False
        if seq > head[0]:
            self.heads[chat_id] = found
        return True

    def accepts(self, pending: Pending, outcome: Outcome) -> bool:
        """Whether an outcome belongs to the history that is known; False: a log was replaced."""
        match pending, outcome:
            case Appending(), BatchAppended(outcomes):
                return all(self._appended(one, pending.known) for one in outcomes if isinstance(one, Appended))
            case Sweeping(), Swept() if self.epoch in (None, outcome.epoch):
                told = outcome.heads
                return all(self.observe(chat, told.get(chat, NONE), known=it) for chat, it in pending.heads.items())
            case Reading(own=True), Refused(code="bad_seq"):
                return False
            case Reading(), LogRead(chat_id, _, last_seq, last_at):
                return self.observe(chat_id, (last_seq, last_at))
            case _, PageFound(page):
                return self.observe(page.chat_id, (page.last_seq, page.last_at))
            case Listing(), ChatFound(chat) if chat.left_seq is None:
                return self.observe(chat.id, (chat.last_seq, chat.last_at))
            case _, SessionLoaded(heads=heads) if self.epoch in (None, outcome.epoch):
                live = (head for head in heads if head.left_seq is None)
                return all(self.observe(head.chat_id, (head.last_seq, head.last_at)) for head in live)
            case _:
                return True

    def _appended(self, outcome: Appended, known: Entry) -> bool:
        """New items stand behind all that was known when they were sent; a sweep may have told of them since."""
        if outcome.dup:
            return True
        if outcome.unchanged is not None:  # it tells of the head as it was then
            return self.observe(outcome.chat_id, outcome.unchanged, known=known)
        if not outcome.items:
            return True
        first = outcome.items[0]
        before = first.seq - 1, outcome.previous_at
        if before[0] < known[0] or _differ(known, before):
            return False
        entries: list[Entry] = [before]
        entries += [(item.seq, item.created_at) for item in outcome.items]
        return all(self.observe(outcome.chat_id, found, behind=behind) for behind, found in pairwise(entries))


def _differ(one: Entry, other: Entry) -> bool:
    """The same place, and other entries in it."""
    return one[0] == other[0] and one[1] is not None and one[1] != other[1]
