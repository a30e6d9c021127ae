"""What a local copy of a chat's log shows (docs/protocol.md section 3: C3): texts, reactions and pins as they are now.

An event of the log changes its target where its rev is not below that of the copy. One whose target is not held is
remembered: whatever is read elsewhere (a page of the past) may be older than it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from attrs import define, field

from chatproto.client.session_outputs import Row
from chatproto.wire.model import Event, LogItem, Message, Reaction, hidden

REMEMBERED: Final = 1000
"""Messages whose changes are remembered."""


class _Change(msgspec.Struct):
    """What an event tells of its target. One that is told late tells both text and reactions, as they are by then."""

    rev: int
    content: str | msgspec.UnsetType | None = msgspec.UNSET
    edited_at: datetime | None = None
    mentions: tuple[int, ...] = ()
    mentions_all: bool = False
    reactions: tuple[Reaction, ...] | msgspec.UnsetType = msgspec.UNSET


CHANGES: Final = frozenset({"edited", "deleted", "reaction_added", "reaction_removed"})
"""Events that change the message that they are about."""


def changed_by(message: Message, event: Event) -> Message:
    """A message as an event leaves it: the same object where the event is older, about another, or strange."""
    if event.event not in CHANGES or event.target_seq != message.seq:
        return message
    try:
        change = msgspec.convert(event.data, _Change)
    except msgspec.ValidationError:  # of a message that is deleted by now it says nothing
        return message
    if change.rev < message.rev:
        return message
    if event.event == "deleted":
        return _tombstone(msgspec.structs.replace(message, rev=change.rev))
    fields: dict[str, Any] = {"rev": change.rev}
    if change.content is not msgspec.UNSET:
        fields |= {"content": change.content, "edited_at": change.edited_at}
        fields |= {"mentions": change.mentions, "mentions_all": change.mentions_all}
    if change.reactions is not msgspec.UNSET:
        fields["reactions"] = tuple(_with_held(one, message.reactions, event) for one in change.reactions)
    return msgspec.structs.replace(message, **fields)


def _with_held(told: Reaction, held: Sequence[Reaction], event: Event) -> Reaction:
    """A reaction as an event tells it, which goes to all: where it does not name all who chose the emoji, those who
    were named before still did, but for whom this event takes away, and with whom it adds."""
    if told.count <= len(told.user_ids):
        return told
    known = {user_id: None for one in held if one.emoji == told.emoji for user_id in one.user_ids}
    if event.data.get("emoji") == told.emoji:
        known.pop(event.actor_id, None)
        known |= {event.actor_id: None} if event.event == "reaction_added" else {}
    others = [user_id for user_id in known if user_id not in told.user_ids]
    return msgspec.structs.replace(told, user_ids=(*told.user_ids, *others)[: told.count])


def shown(message: Message, rows: Sequence[Row], user_id: int) -> Message:
    """A message with one's own edits, deletion and reactions that are on their way (`rows`, in their order) over it.

    What is refused leaves the rows, and is not seen any more.
    """
    for row in rows:
        there = row.chat_id == message.chat_id and row.seq == message.seq and row.target_at == message.created_at
        if not there or message.deleted:
            continue
        if row.kind == "edit":
            message = msgspec.structs.replace(message, content=row.content)
        elif row.kind == "delete":
            message = _tombstone(message)
        elif row.kind == "react":
            reactions = _reacted(message.reactions, row.emoji or "", bool(row.on), user_id)
            message = msgspec.structs.replace(message, reactions=reactions)
    return message


def _tombstone(message: Message) -> Message:
    return msgspec.structs.replace(
        message, deleted=True, content=None, edited_at=None, attachment_url=None, attachments=(), reactions=(),
        mentions=(), mentions_all=False, forwarded=None,
    )  # fmt: skip


def _reacted(reactions: tuple[Reaction, ...], emoji: str, on: bool, user_id: int) -> tuple[Reaction, ...]:
    there = next((one for one in reactions if one.emoji == emoji), None)
    if there is None:
        return (*reactions, Reaction(emoji=emoji, count=1, user_ids=(user_id,))) if on else reactions
    if on == (user_id in there.user_ids):
        return reactions
    ids = (*there.user_ids, user_id) if on else tuple(one for one in there.user_ids if one != user_id)
    after = Reaction(emoji=emoji, count=there.count + (1 if on else -1), user_ids=ids)
    return tuple(after if one is there else one for one in reactions if one is not there or after.count > 0)


def _is_about(item: LogItem, first_seq: int) -> bool:
    """Whether it tells of a message before that place."""
    return isinstance(item, Event) and item.target_seq is not None and item.target_seq < first_seq


@define
class Timeline:
    """The last `bound` items of a chat, ascending without a hole, each message as it is now. `pins`: the seqs of the
    messages that are pinned, as far as the events that were applied tell. `first_seq`: what came before was removed."""

    bound: int
    items: dict[int, LogItem] = field(factory=dict)
    pins: set[int] = field(factory=set)
    first_seq: int = 1
    _events: dict[int, dict[str, Event]] = field(factory=dict)

    def apply(self, item: LogItem) -> Message | None:
        """The next item of the log, once. The message that it changed, as it is now; None where it changed none."""
        self.items[item.seq] = item
        if len(self.items) > self.bound:
            del self.items[next(iter(self.items))]
        if not isinstance(item, Event) or item.target_seq is None:
            return None
        self._pin(item, item.target_seq)
        if item.event in CHANGES:
            self._remember(item, item.target_seq)
        target = self.items.get(item.target_seq)
        if not isinstance(target, Message) or (after := changed_by(target, item)) is target:
            return None
        self.items[target.seq] = after
        return after

    def expire(self, first_seq: int) -> None:
        """What came before is not to be seen any more, nor what is told of it."""
        self.first_seq = first_seq
        self.items = {
            seq: hidden(item) if _is_about(item, first_seq) else item
            for seq, item in self.items.items()
            if seq >= first_seq
        }
        self.pins = {seq for seq in self.pins if seq >= first_seq}
        self._events = {seq: events for seq, events in self._events.items() if seq >= first_seq}

    def current(self, message: Message) -> Message:
        """A message that was read elsewhere, brought up to date by what was applied here."""
        if message.seq < self.first_seq:
            return _tombstone(message)
        held = self.items.get(message.seq)
        if isinstance(held, Message) and held.rev > message.rev:
            message = held
        events = sorted(self._events.get(message.seq, {}).values(), key=lambda event: event.seq)
        for event in events:
            message = changed_by(message, event)
        return message

    def _pin(self, event: Event, seq: int) -> None:
        if event.event == "pinned":
            self.pins.add(seq)
        elif event.event in ("unpinned", "deleted"):
            self.pins.discard(seq)

    def _remember(self, event: Event, seq: int) -> None:
        facet = "reactions" if event.event.startswith("reaction") else event.event
        self._events[seq] = {**self._events.pop(seq, {}), facet: event}
        if len(self._events) > REMEMBERED:
            del self._events[next(iter(self._events))]
