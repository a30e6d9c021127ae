"""What the log tells of a changed message, once for every store (docs/protocol.md section 4, frame `event`; I4).

An event keeps no text. What it is sent with is the state of its target at that moment, so that nobody is ever told a
text that was erased, and a client that missed what lies between is right at once.

Where the target was changed again since, the event carries all that can change. Else a client that was told this text
with the last `rev` would take what comes next, about the reactions between, for older than what it has.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import evolve
from msgspec import structs

from chatproto.operations.outcomes import Appended, Refused
from chatproto.wire.model import Event, LogItem, Message, Reaction, hidden

SHOWN: Final = 20
"""Users named under one emoji."""
OF_REVISIONS: Final = frozenset({"edited", "deleted", "reaction_added", "reaction_removed"})
"""Events that raise their target's `rev`."""
OF_CONTENT: Final = OF_REVISIONS - {"deleted"}
"""Events that say nothing once their target is deleted."""
UNPINNED: Final = "unpinned"
"""In the stored data of `deleted`: the message was pinned before."""


def rendered(event: Event, target: Message, pinned_seq: int | None) -> Event:
    """An event about a message as it is sent.

    `event`: as it is stored, with the `rev` that it made, and the emoji of a reaction; `target`: as the viewer sees it
    now; `pinned_seq`: the highest pinned seq that they may see.
    """
    return structs.replace(event, data=_data(event, target, pinned_seq))


def _data(event: Event, target: Message, pinned_seq: int | None) -> dict[str, Any]:
    match event.event:
        case "edited" | "reaction_added" | "reaction_removed" if not target.deleted:
            changed_since = event.data["rev"] != target.rev
            data: dict[str, Any] = {"emoji": event.data["emoji"]} if "emoji" in event.data else {}
            if event.event == "edited" or changed_since:
                data |= {"content": target.content, "edited_at": target.edited_at} | _named(target)
            if event.event != "edited" or changed_since:
                data["reactions"] = target.reactions
            return data | {"rev": target.rev}
        case "deleted":
            told = {"sender_id": target.sender_id, "rev": target.rev}
            return told | {"pinned_seq": pinned_seq} if UNPINNED in event.data else told
        case "pinned" | "unpinned":
            return {"pinned_seq": pinned_seq}
        case _:
            return {}


def _named(target: Message) -> dict[str, Any]:
    """Whom the text names, where it names anybody."""
    data: dict[str, Any] = {"mentions": target.mentions} if target.mentions else {}
    return data | {"mentions_all": True} if target.mentions_all else data


def seen_from(item: LogItem, first_seq: int) -> LogItem:
    """The item for somebody who may see the log from `first_seq` on: nothing of what happens to earlier messages, nor
    that one of them is pinned."""
    if not isinstance(item, Event) or item.target_seq is None:
        return item
    if item.target_seq < first_seq:
        return hidden(item)
    pinned_seq = item.data.get("pinned_seq")
    if pinned_seq is None or pinned_seq >= first_seq:
        return item
    return structs.replace(item, data={**item.data, "pinned_seq": None})


def pinned_from(pinned_seq: int | None, first_seq: int) -> int | None:
    """The highest pinned seq of a chat, for somebody who may see its log from `first_seq` on."""
    return pinned_seq if pinned_seq is not None and pinned_seq >= first_seq else None


def gathered(reactions: Iterable[tuple[int, str, int]], viewer_id: int = 0) -> tuple[Reaction, ...]:
    """The reactions under a message, from (user id, emoji, seq of its event) each, emoji and users in order of time.

    `viewer_id`: the one user who is told, 0 where all are. They are named under each emoji they gave, also where only
    the first users are."""
    users: dict[str, list[int]] = {}
    for user_id, emoji, _ in sorted(reactions, key=lambda one: one[2]):
        users.setdefault(emoji, []).append(user_id)
    return tuple(
        Reaction(emoji=emoji, count=len(user_ids), user_ids=_named_under(user_ids, viewer_id))
        for emoji, user_ids in users.items()
    )


def _named_under(user_ids: list[int], viewer_id: int) -> tuple[int, ...]:
    first = tuple(user_ids[:SHOWN])
    return (*first, viewer_id) if viewer_id in user_ids[SHOWN:] else first


def tombstone(message: Message, rev: int) -> Message:
    """What is left of a deleted message."""
    return structs.replace(
        message,
        rev=rev,
        content=None,
        edited_at=None,
        deleted=True,
        attachment_url=None,
        attachments=(),
        reactions=(),
        mentions=(),
        mentions_all=False,
        forwarded=None,
    )


Erased = Mapping[tuple[int, int | None], int]
"""Messages that were deleted, by chat and seq: their last `rev`."""


def erased_by(items: Iterable[Message | Event]) -> Erased:
    """The messages that these items delete."""
    return {
        (item.chat_id, item.target_seq): item.data["rev"]
        for item in items
        if isinstance(item, Event) and item.event == "deleted"
    }


def without(item: Message | Event, erased: Erased) -> Message | Event:
    """The item without what was erased: a message becomes a tombstone, an event that told of its text tells nothing."""
    if isinstance(item, Message):
        rev = erased.get((item.chat_id, item.seq))
        return item if rev is None else tombstone(item, rev)
    is_void = item.event in OF_CONTENT and (item.chat_id, item.target_seq) in erased
    return structs.replace(item, data={}) if is_void else item


def without_erased(outcomes: Sequence[Appended | Refused]) -> list[Appended | Refused]:
    """The outcomes of one transaction, each told as of its own place in it, but for what the transaction erased."""
    erased = erased_by(item for outcome in outcomes if isinstance(outcome, Appended) for item in outcome.items)
    if not erased:
        return list(outcomes)
    return [
        evolve(outcome, items=tuple(without(item, erased) for item in outcome.items))
        if isinstance(outcome, Appended)
        else outcome
        for outcome in outcomes
    ]
