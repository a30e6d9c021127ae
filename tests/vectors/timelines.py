"""Vectors of what a client shows of a log: items applied in order, messages read elsewhere, own rows over them (C3)."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from attrs import frozen

from chatproto.client.outbox_changes import delete_of, edit_of, pin_of, react_to
from chatproto.client.session_outputs import Row
from chatproto.client.timeline import Timeline, shown
from chatproto.wire.model import Event, LogItem, Message, Reaction
from tests.vectors.recorder import plain
from tests.vectors.server_frames import ME, OTHER, at, event, hidden, message

LIKE: Final = {"emoji": "👍", "count": 1, "user_ids": [OTHER]}
FIRST: Final = list(range(101, 121))
MANY: Final = {"emoji": "👍", "count": 24, "user_ids": FIRST}
TWO: Final = {"emoji": "👍", "count": 2, "user_ids": [OTHER, ME]}


@frozen
class Read:
    """A message that was read elsewhere than in the log as it is applied: in a page of the past."""

    message: Message


@frozen
class Story:
    """`rows`: one's own commands that are on their way at the end. `texts`: by seq, what is to be shown then."""

    name: str
    about: str
    steps: Sequence[LogItem | Read]
    texts: dict[int, str | None]
    rows: Sequence[Row] = ()

    def document(self) -> Any:
        """The vector as JSON; `shown`: all messages, by seq."""
        messages = replay(self.steps, self.rows)
        assert {found.seq: found.content for found in messages} == self.texts, self.name
        given = [("read", step.message) if isinstance(step, Read) else ("apply", step) for step in self.steps]
        return {
            "about": self.about,
            "kind": "timeline",
            "user_id": ME,
            "rows": [plain(row) for row in self.rows],
            "shown": [state_of(found) for found in messages],
            "steps": [{step: msgspec.to_builtins(item)} for step, item in given],
        }


def replay(steps: Sequence[LogItem | Read], rows: Sequence[Row]) -> list[Message]:
    """What is shown in the end."""
    timeline = Timeline(1000)
    held: dict[int, Message] = {}
    for step in steps:
        if isinstance(step, Read):
            held[step.message.seq] = step.message
        else:
            timeline.apply(step)
    held |= {item.seq: item for item in timeline.items.values() if isinstance(item, Message)}
    return [shown(timeline.current(held[seq]), rows, ME) for seq in sorted(held)]


def state_of(found: Message) -> Any:
    """What the vectors compare."""
    names = ("seq", "rev", "content", "deleted", "reactions", "mentions", "mentions_all")
    return msgspec.json.decode(msgspec.json.encode({name: getattr(found, name) for name in names}))


def about(seq: int, word: str, target_seq: int, *, actor_id: int = OTHER, **data: Any) -> Event:
    """An event about a message."""
    return msgspec.structs.replace(event(5, seq, word, **data), target_seq=target_seq, actor_id=actor_id)


def edited(seq: int, target_seq: int, content: str, rev: int, **data: Any) -> Event:
    return about(seq, "edited", target_seq, content=content, edited_at="2026-01-01T01:00:00Z", rev=rev, **data)


def reacted(seq: int, target_seq: int, rev: int, reactions: list[Any], **data: Any) -> Event:
    told: dict[str, Any] = {"emoji": "👍", "rev": rev, "reactions": reactions} | data
    return about(seq, "reaction_added", target_seq, **told)


def state(seq: int, **more: Any) -> Message:
    return msgspec.structs.replace(message(5, seq), **more)


ONE: Final = message(5, 1)
LIKED: Final = state(1, reactions=(Reaction(emoji="👍", count=1, user_ids=(OTHER,)),))
MINE: Final = state(1, reactions=(Reaction(emoji="👍", count=2, user_ids=(OTHER, ME)),))

STORIES: Final = (
    Story("edited", "An edit changes the text", [ONE, edited(2, 1, "better", 2)], {1: "better"}),
    Story(
        "edited-and-reacted",
        "Each event changes its part",
        [ONE, edited(2, 1, "better", 2), reacted(3, 1, 3, [LIKE]), edited(4, 1, "best", 4)],
        {1: "best"},
    ),
    Story(
        "told-late",
        "Events that are told late tell all that became of their message, each time",
        [
            ONE,
            edited(2, 1, "best", 4, reactions=[LIKE]),
            reacted(3, 1, 4, [LIKE], content="best", edited_at="2026-01-01T01:00:00Z"),
            edited(4, 1, "best", 4, reactions=[LIKE]),
        ],
        {1: "best"},
    ),
    Story(
        "mentions",
        "An edit names others; a reaction that is told late tells whom the text names too",
        [
            state(1, mentions=(ME,), mentions_all=True),
            message(5, 2),
            edited(3, 1, "@user2", 2, mentions=[OTHER], mentions_all=False),
            edited(4, 2, "@all", 2, mentions=[], mentions_all=True),
            edited(5, 2, "nobody", 3),
            reacted(6, 1, 4, [LIKE], content="nobody", edited_at="2026-01-01T01:00:00Z"),
        ],
        {1: "nobody", 2: "nobody"},
    ),
    Story(
        "oneself-among-many",
        "Events name the first of many: one's own reaction is still there when others come and go",
        [
            state(1, reactions=(Reaction(emoji="👍", count=23, user_ids=(*range(101, 121), ME)),)),
            reacted(2, 1, 2, [MANY]),
            about(3, "reaction_removed", 1, emoji="👍", rev=3, reactions=[MANY | {"count": 23}], actor_id=140),
            reacted(4, 1, 4, [MANY, {"emoji": "🎉", "count": 22, "user_ids": FIRST}], emoji="🎉"),
            edited(5, 1, "better", 5, reactions=[MANY]),
        ],
        {1: "better"},
    ),
    Story(
        "own-reaction-among-many",
        "One's own event names oneself behind the first of many, and takes oneself away again",
        [
            ONE,
            reacted(2, 1, 2, [MANY], actor_id=ME),
            message(5, 3),
            reacted(4, 3, 2, [MANY], actor_id=ME),
            about(5, "reaction_removed", 3, emoji="👍", rev=3, reactions=[MANY], actor_id=ME),
        ],
        {1: "text 1", 3: "text 3"},
    ),
    Story(
        "all-are-named",
        "Where an event names all who reacted, nobody else did",
        [state(1, reactions=(Reaction(emoji="👍", count=2, user_ids=(OTHER, ME)),)), reacted(2, 1, 2, [LIKE])],
        {1: "text 1"},
    ),
    Story(
        "reactions-go",
        "The last reaction that goes leaves none",
        [ONE, reacted(2, 1, 2, [LIKE]), about(3, "reaction_removed", 1, emoji="👍", rev=3, reactions=[])],
        {1: "text 1"},
    ),
    Story(
        "deleted",
        "A deletion leaves a tombstone, without text, reactions and mentions",
        [
            msgspec.structs.replace(LIKED, mentions=(ME,), mentions_all=True),
            edited(2, 1, "better", 2),
            about(3, "deleted", 1, sender_id=OTHER, rev=3),
        ],
        {1: None},
    ),
    Story(
        "deleted-since",
        "What is about a message that was deleted since tells nothing, until the deletion comes",
        [ONE, about(2, "edited", 1), about(3, "reaction_added", 1), about(4, "deleted", 1, sender_id=OTHER, rev=4)],
        {1: None},
    ),
    Story(
        "older-than-the-copy",
        "A copy that is newer than an event keeps its state",
        [state(1, rev=4, content="best"), edited(2, 1, "better", 2), reacted(3, 1, 3, [LIKE])],
        {1: "best"},
    ),
    Story(
        "not-older-than-the-copy",
        "An event of the same rev is applied: the copy may be of a moment between",
        [state(1, rev=2, content="better"), edited(2, 1, "better", 2, reactions=[LIKE])],
        {1: "better"},
    ),
    Story(
        "read-too-early",
        "A page that was read before an event, and comes after it, is brought up to date",
        [message(5, 2), edited(3, 1, "better", 2), reacted(4, 1, 3, [LIKE]), Read(ONE)],
        {1: "better", 2: "text 2"},
    ),
    Story(
        "read-too-early-and-deleted",
        "So is one that was deleted",
        [message(5, 2), edited(3, 1, "better", 2), about(4, "deleted", 1, sender_id=OTHER, rev=3), Read(ONE)],
        {1: None, 2: "text 2"},
    ),
    Story(
        "read-later",
        "A page that was read after the events stays as it is",
        [message(5, 2), edited(3, 1, "better", 2), Read(state(1, rev=3, content="best"))],
        {1: "best", 2: "text 2"},
    ),
    Story(
        "others-stay",
        "Pins, unknown events, and events about what is no message change no text",
        [
            ONE,
            about(2, "pinned", 1, pinned_seq=1),
            hidden(5, 3),
            about(4, "sung", 1, rev=9, content="la"),
            edited(5, 2, "x", 2),
            edited(6, 3, "x", 2),
            about(7, "unpinned", 1),
        ],
        {1: "text 1"},
    ),
    Story(
        "strange-data",
        "An event without a rev, or with a strange one, changes nothing",
        [ONE, about(2, "edited", 1, content="x"), about(3, "edited", 1, content="x", rev="9")],
        {1: "text 1"},
    ),
    # --- own rows ---
    Story("own-edit", "One's own edit is seen at once", [ONE], {1: "mine"}, [edit_of(ONE, "a", "mine")]),
    Story(
        "own-edits",
        "Of several the last one, over what came meanwhile",
        [ONE, edited(2, 1, "theirs", 2)],
        {1: "last"},
        [edit_of(ONE, "a", "mine"), edit_of(ONE, "b", "last")],
    ),
    Story(
        "own-deletion",
        "One's own deletion is seen at once, and nothing more is seen of it",
        [msgspec.structs.replace(MINE, mentions=(ME,), mentions_all=True)],
        {1: None},
        [delete_of(ONE, "a"), edit_of(ONE, "b", "mine"), react_to(ONE, "c", "🎉", True)],
    ),
    Story(
        "own-reactions",
        "One's own reactions are counted at once",
        [LIKED, message(5, 2)],
        {1: "text 1", 2: "text 2"},
        [react_to(ONE, "a", "👍", True), react_to(ONE, "b", "🎉", True), react_to(message(5, 2), "c", "🎉", False)],
    ),
    Story(
        "own-reactions-go",
        "One's own reactions go at once, and the last of its kind with its emoji",
        [MINE, state(2, reactions=(Reaction(emoji="🎉", count=1, user_ids=(ME,)),))],
        {1: "text 1", 2: "text 2"},
        [react_to(ONE, "a", "👍", False), react_to(message(5, 2), "b", "🎉", False)],
    ),
    Story(
        "own-reaction-is-there",
        "A reaction that came meanwhile is not counted twice",
        [ONE, reacted(2, 1, 2, [TWO])],
        {1: "text 1"},
        [react_to(ONE, "a", "👍", True)],
    ),
    Story(
        "own-change-of-another-log",
        "A row about a message of another time is not about this one; nor is a send, or a pin",
        [ONE, message(5, 2)],
        {1: "text 1", 2: "text 2"},
        [
            edit_of(state(1, created_at=at(1, log=9)), "a", "mine"),
            Row(cid="b", chat_id=5, content="new"),
            pin_of(ONE, "c", True),
        ],
    ),
    Story(
        "own-edit-of-a-tombstone",
        "What was deleted meanwhile stays deleted",
        [ONE, about(2, "deleted", 1, sender_id=OTHER, rev=2)],
        {1: None},
        [edit_of(ONE, "a", "mine")],
    ),
)


def documents() -> dict[str, Any]:
    """The vectors by their names."""
    return {f"timeline-{story.name}.json": story.document() for story in STORIES}
