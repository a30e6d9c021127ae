"""Bugs of what is done to messages: edits, reactions, forwards and the like, for tests/simulation/mutants.py."""

from typing import Final

from tests.simulation.mutant import Mutant

CHANGES: Final = (
    # --- edits, deletions, reactions, pins ---
    Mutant(
        "what happens to earlier messages is told",
        "chatproto/operations/message_events.py",
        "    if item.target_seq < first_seq:",
        "    if False:",
    ),
    Mutant(
        "a pin of an earlier message is told",
        "chatproto/operations/message_events.py",
        "    if pinned_seq is None or pinned_seq >= first_seq:",
        "    if True:",
    ),
    Mutant(
        "a reaction twice is appended",
        "chatproto/operations/message_rules.py",
        '    if command.on == (command.emoji in target.own_emoji):\n        return "unchanged"\n',
        "",
    ),
    Mutant(
        "everybody edits everything",
        "chatproto/operations/message_rules.py",
        "            return actor.barred if is_author else AUTHOR_ONLY",
        "            return actor.barred",
    ),
    Mutant(
        "everybody writes where only admins do",
        "chatproto/operations/append_rules.py",
        "    if barred is not None:\n        return barred\n",
        "",
    ),
    Mutant(
        "one of two who block each other may write when the other lifts theirs",
        "chatproto/simulation/model_store.py",
        "return (one, other) in self.blocks or (other, one) in self.blocks",
        "return (one, other) in self.blocks",
    ),
    Mutant(
        "who is blocked reacts",
        "chatproto/operations/message_rules.py",
        "            return actor.shut\n",
        "            return None\n",
    ),
    Mutant(
        "everybody edits where only admins write",
        "chatproto/operations/message_rules.py",
        "            return actor.barred if is_author else AUTHOR_ONLY",
        "            return None if is_author else AUTHOR_ONLY",
    ),
    Mutant(
        "a deleted message is changed",
        "chatproto/operations/message_rules.py",
        'return "unchanged" if isinstance(command, DeleteMessage) else DELETED',
        'return "unchanged"',
    ),
    Mutant(
        "who lags learns what came after their removal",
        "chatproto/simulation/store_pages.py",
        'return room.members[item.data["user_id"]].left_seq == item.seq',
        "return False",
    ),
    Mutant(
        "a former member sees the present",
        "chatproto/simulation/store_pages.py",
        "everybody(room, item, ends[0] if ends else None)",
        "everybody(room, item)",
    ),
    Mutant(
        "what changed nothing is not remembered",
        "chatproto/simulation/store_messages.py",
        "        room.commands[operation.actor_id, operation.cid] = (operation.digest, last_seq + 1, last_seq)\n",
        "",
    ),
    Mutant(
        "a deletion keeps the pin",
        "chatproto/simulation/store_messages.py",
        "                room.pins.append((seq, operation.seq, False))",
        "                pass",
    ),
    Mutant(
        "an ack of nothing names the next seq",
        "chatproto/server/appends.py",
        "        seq, created_at = outcome.unchanged\n",
        "        seq, created_at = outcome.last_seq + 1, outcome.unchanged[1]\n",
    ),
    Mutant(
        "a deletion leaves the reactions",
        "chatproto/client/timeline.py",
        "attachments=(), reactions=(),\n",
        "attachments=(),\n",
    ),
    Mutant(
        "a reaction is always put",
        "chatproto/client/outbox.py",
        '            return ReactFrame(emoji=row.emoji or "", **switch)',
        '            return ReactFrame(emoji=row.emoji or "", **{**switch, "on": True})',
    ),
    Mutant(
        "an edit goes on naming others",
        "chatproto/client/timeline.py",
        '        fields |= {"mentions": change.mentions, "mentions_all": change.mentions_all}\n',
        "",
    ),
    Mutant(
        "a deletion goes on naming others",
        "chatproto/client/timeline.py",
        "mentions=(), mentions_all=False, forwarded=None,",
        "forwarded=None,",
    ),
    Mutant(
        "a deletion goes on naming the first author",
        "chatproto/client/timeline.py",
        "mentions_all=False, forwarded=None,",
        "mentions_all=False,",
    ),
    # --- forwards, mentions, flags ---
    Mutant(
        "a forward of a forward names who forwarded it",
        "chatproto/simulation/store_log.py",
        "seen.forwarded or author",
        "author",
    ),
    Mutant(
        "a forward takes the first text",
        "chatproto/simulation/store_log.py",
        "Source(seen.created_at, seen.content,",
        "Source(seen.created_at, item.content,",
    ),
    Mutant(
        "what may not be seen is forwarded",
        "chatproto/simulation/store_log.py",
        "if member.first_seq <= forward.seq <= end",
        "if forward.seq <= end",
    ),
    Mutant(
        "a deleted message is forwarded",
        "chatproto/operations/append_rules.py",
        "        if source.content is None:\n            return DELETED_SOURCE\n",
        "",
    ),
    Mutant(
        "a mark tells of no mentions",
        "chatproto/server/watermarks.py",
        "mention_count=outcome.mention_count",
        "mention_count=0",
    ),
    Mutant(
        "former members count what names them now",
        "chatproto/simulation/store_chats.py",
        "as_of(room, item, member.left_seq)\n        for item",
        "as_of(room, item, None)\n        for item",
    ),
    Mutant(
        "for how long is not kept",
        "chatproto/simulation/store_chats.py",
        "member.muted, member.muted_until = operation.muted, operation.muted_until",
        "member.muted = operation.muted",
    ),
    # --- changes of what is on its way ---
    Mutant(
        "a deletion leaves what was not sent yet",
        "chatproto/client/collapse.py",
        "return Plan(None, drops=cids)",
        "return Plan(None)",
    ),
    Mutant(
        "a reaction that was taken back goes out",
        "chatproto/client/collapse.py",
        "Plan(None, drops=(same[-1].cid,))",
        "Plan(None)",
    ),
    Mutant(
        "what was saved as unsent is changed after a crash",
        "chatproto/client/outbox.py",
        "            if not entry.row.tried:\n                self._save",
        "            if False:\n                self._save",
    ),
    Mutant(
        "a change counts as saved",
        "chatproto/client/outbox.py",
        "        entry.unsaved += 1\n",
        "",
    ),
    Mutant(
        "what was sent is changed",
        "chatproto/client/outbox.py",
        "if not entry.tried and _same_message",
        "if _same_message",
    ),
    Mutant(
        "an edit does not wait for its message",
        "chatproto/client/outbox.py",
        " and entry.row.whole",
        "",
    ),
    Mutant(
        "an edit forgets where its message is",
        "chatproto/client/outbox.py",
        "row, seq=seq, target_at=created_at, of_cid=None)",
        "row, seq=seq, of_cid=None)",
    ),
    Mutant(
        "what is about a row that failed stays",
        "chatproto/client/outbox.py",
        "            self._fail(one.row.cid, code, detail)",
        "            pass",
    ),
)
