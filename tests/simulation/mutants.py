"""Plants realistic bugs in copies of the core, one at a time, and tells which invariant of the simulation catches each.

`./just mutants` or `python -m tests.simulation.mutants [NAME...]`. What no seed catches, because a sweep or a client
makes up for it, a vector must; a mutant that neither catches is a hole: exit code 1. The JavaScript session has mutants
of its own, to be caught by the vectors.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from attrs import frozen

ROOT: Final = Path(__file__).parents[2]
SEEDS: Final = 400
"""How many are tried before a mutant counts as missed."""
LIMIT: Final = 240
"""Seconds for one mutant: a bug may be an endless loop, which counts as caught."""


@frozen
class Mutant:
    """In `file`, `old` (which stands there exactly once) becomes `new`."""

    name: str
    file: str
    old: str
    new: str


CORE: Final = (
    # --- the server: rooms, broadcasts, routing ---
    Mutant(
        "entries are given in the order they come",
        "chatproto/server/rooms.py",
        "if dense and not room.early and entries[0].seq - 1 == room.seq:",
        "if dense and not room.early:",
    ),
    Mutant(
        "an early outcome is dropped",
        "chatproto/server/room.py",
        "                self.early[entry.seq] = entry\n",
        "                pass\n",
    ),
    Mutant(
        "a gap is not read from the log",
        "chatproto/server/rooms.py",
        "        if room.behind and not room.reading and",
        "        if False and",
    ),
    Mutant(
        "tail served beyond what a member may see",
        "chatproto/server/rooms.py",
        "        if end is not None:\n            entries = entries[: end + 1]",
        "        if False:\n            entries = entries[: end + 1]",
    ),
    Mutant(
        "single flight shared across different cursors",
        "chatproto/server/rooms.py",
        "            position = (cursor.seq, cursor.at)\n            cursor.reading",
        "            position = (0, None)\n            cursor.reading",
    ),
    Mutant(
        "a broadcast to a connection that has left",
        "chatproto/server/room.py",
        "        if self.live[kind].pop(session.id, None) is not None:\n            self._ids[kind] = None\n\n"
        "    def go_live",
        "        self.live[kind].pop(session.id, None)\n\n    def go_live",
    ),
    Mutant(
        "a tail not cut after a replaced log",
        "chatproto/server/rooms.py",
        "        if None not in (cursor.at, at) and cursor.at != at:",
        "        if False:",
    ),
    Mutant(
        "head moved before the batch is whole",
        "chatproto/server/rooms.py",
        "        begin = 0\n        added",
        "        begin = len(entries) - 1\n        added",
    ),
    Mutant(
        "removed member still routed",
        "chatproto/server/rooms.py",
        "                for session in leaving:\n                    self.leave(session, room.chat_id)",
        "                pass",
    ),
    Mutant(
        "memberships are not compared",
        "chatproto/server/sweeping.py",
        "for user_id, chat_ids in outcome.memberships.items():",
        "for user_id, chat_ids in ():",
    ),
    Mutant(
        "the sweep repairs no head",
        "chatproto/server/sweeping.py",
        "                self._rooms.heard(chat_id, last_seq)",
        "                pass",
    ),
    Mutant(
        "a new epoch is not noticed",
        "chatproto/server/sweeping.py",
        "if self._history.epoch is not None and outcome.epoch != self._history.epoch:",
        "if False:",
    ),
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
        "            return None if is_author else AUTHOR_ONLY",
        "            return None",
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
        " and line.waiting[0].row.whole)",
        ")",
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
    # --- the server: acks, retries, order of a sender ---
    Mutant(
        "ack before the commit is known",
        "chatproto/server/appends.py",
        "        command = self._send(session.user_id, frame, now)\n",
        "        command = self._send(session.user_id, frame, now)\n"
        "        ack = Ack(cid=frame.cid, chat_id=frame.chat_id, seq=1, created_at=now.wall, dup=False)\n"
        "        self._connections.send(session, ack)\n",
    ),
    Mutant(
        "the ack names the head, not the place",
        "chatproto/server/appends.py",
        "        seq=item.seq,\n",
        "        seq=outcome.last_seq + 1,\n",
    ),
    Mutant(
        "two batches of a chat at once",
        "chatproto/server/lines.py",
        '        if not line.flying and Deadline("line", 0, chat_id) not in self._timers:',
        '        if Deadline("line", 0, chat_id) not in self._timers:',
    ),
    Mutant(
        "a retry is not run",
        "chatproto/server/lines.py",
        "        if line is not None and not line.flying:\n            self._launch",
        "        if False:\n            self._launch",
    ),
    Mutant(
        "what failed is tried again behind what came later",
        "chatproto/server/lines.py",
        "line.waiting.extendleft(reversed(again))",
        "line.waiting.extend(again)",
    ),
    Mutant(
        "the rest of a line is forgotten",
        "chatproto/server/lines.py",
        "        if line is not None:\n            self._launch(pending.chat_id, line, now)\n\n    def put_back",
        "        if False:\n            self._launch(pending.chat_id, line, now)\n\n    def put_back",
    ),
    Mutant(
        "held frames are dropped",
        "chatproto/server/reception.py",
        "            self._handle(session, held.popleft(), now)",
        "            held.popleft()",
    ),
    Mutant(
        "a second page is not read",
        "chatproto/server/sync_pages.py",
        "        session.paging = False\n        self._next",
        "        self._next",
    ),
    Mutant(
        "the queue has no bound",
        "chatproto/server/out_queue.py",
        "return self._items > self.limits.queue_items or",
        "return self._items > 10 * self.limits.queue_items or",
    ),
    # --- between processes ---
    Mutant(
        "a hint is believed without reading the log",
        "chatproto/server/rooms.py",
        "        room.seen = max(room.seen, last_seq)\n        if not self._lines",
        "        room.seq = room.seen = max(room.seen, last_seq)\n        if not self._lines",
    ),
    Mutant(
        "a hint of another history is taken",
        "chatproto/server/hub.py",
        "if hint.epoch == self.parts.history.epoch:",
        "if True:",
    ),
    Mutant("heads are not published", "chatproto/server/news.py", "        if last is not None:", "        if False:"),
    Mutant("new members are not published", "chatproto/server/news.py", "        if added:", "        if False:"),
    Mutant(
        "marks that did not rise are published",
        "chatproto/server/news.py",
        "case Marked(changed=True):",
        "case Marked():",
    ),
    Mutant(
        "ended sessions are not published",
        "chatproto/server/news.py",
        "case SessionsEnded(session_ids) if session_ids:",
        "case SessionsEnded(session_ids) if False:",
    ),
    Mutant(
        "what a hint told is waited for though it is not there",
        "chatproto/server/rooms.py",
        "        if not heard_more:",
        "        if False:",
    ),
    Mutant(
        "removed and added again goes on as if nothing were",
        "chatproto/server/rooms.py",
        "        again = session.id in room.relist",
        "        again = False",
    ),
    # --- a history that was lost under the same epoch ---
    Mutant(
        "a shorter log is not noticed by the sweep",
        "chatproto/server/history.py",
        "        if seq < known[0] or _differ(known, found):",
        "        if _differ(known, found):",
    ),
    Mutant(
        "another entry at the head is not noticed by the sweep",
        "chatproto/server/history.py",
        "        if seq < known[0] or _differ(known, found):",
        "        if seq < known[0]:",
    ),
    Mutant(
        "a place that was taken is not noticed",
        "chatproto/server/history.py",
        "        if first.seq <= known:",
        "        if False:",
    ),
    Mutant(
        "another entry before a new one is not noticed",
        "chatproto/server/history.py",
        " or (behind is not None and _differ(head, behind)):",
        ":",
    ),
    Mutant(
        "another entry in the place of the head is not noticed",
        "chatproto/server/history.py",
        "        if _differ(head, found) or (behind",
        "        if (behind",
    ),
    Mutant(
        "a new epoch is asked for once",
        "chatproto/server/sweeping.py",
        "        if self._history.replaced == outcome.epoch:",
        "        if False:",
    ),
    Mutant(
        "a reading that is gone is passed over",
        "chatproto/server/history.py",
        '            case Reading(own=True), Refused(code="bad_seq"):\n                return False',
        '            case Reading(own=True), Refused(code="bad_seq"):\n                return True',
    ),
    Mutant(
        "what a page told is not known",
        "chatproto/server/history.py",
        "            case _, PageFound(page):\n"
        "                return self.observe(page.chat_id, (page.last_seq, page.last_at))",
        "            case _, PageFound():\n                return True",
    ),
    # --- bugs and floods ---
    Mutant(
        "a bug leaves its room half done",
        "chatproto/server/containment.py",
        "        for chat_id in {touched.room, parts.rooms.touched}:",
        "        for chat_id in {touched.room}:",
    ),
    Mutant(
        "a bug leaves a line that waits for nothing",
        "chatproto/server/containment.py",
        "        parts.lines.mend(now)",
        "        pass",
    ),
    Mutant(
        "surplus marks go to storage at once",
        "chatproto/server/markers.py",
        "        if not state.flying:\n            self._wait(session, frame.chat_id, state)",
        "        if not state.flying:\n            self.fall_due(session.id, frame.chat_id, now)",
    ),
    Mutant(
        "a stop lets typing start anew",
        "chatproto/server/typists.py",
        "            state.until = None\n            self._timers",
        '            state.until, state.on_at = None, float("-inf")\n            self._timers',
    ),
    Mutant(
        "an older page settles a doubt",
        "chatproto/client/replica.py",
        "            chat.lagging = True\n            self._answered(chat)",
        "            chat.lagging = True",
    ),
    # --- the store's model: what a database could do wrong ---
    Mutant(
        "dedupe skipped",
        "chatproto/simulation/store_log.py",
        "command = room.commands.get((operation.actor_id, operation.cid))",
        "command = None",
    ),
    # --- the client: its log ---
    Mutant(
        "applied without the order test",
        "chatproto/client/replica.py",
        "== chat.applied + 1 and not chat.lagging:\n            self._apply(chat, item)",
        "== item.seq:\n            self._apply(chat, item)",
    ),
    Mutant(
        "a gap is not asked for",
        "chatproto/client/chat_log.py",
        "return self.lagging or self.anew or self.applied < self.last_seq",
        "return self.lagging or self.anew",
    ),
    Mutant(
        "an answered sync keeps its slot",
        "chatproto/client/replica.py",
        "            self.asking -= 1",
        "            pass",
    ),
    Mutant(
        "an old removal ends the log",
        "chatproto/client/replica.py",
        "if removes(item, self.user_id) and item.seq > chat.member_seq:",
        "if removes(item, self.user_id):",
    ),
    Mutant(
        "delivered is told before it is durable",
        "chatproto/client/chat_log.py",
        "return self.saved, min(self.read, self.saved)",
        "return self.applied, min(self.read, self.applied)",
    ),
    Mutant(
        "the epoch is ignored",
        "chatproto/client/replica.py",
        "replaced = self.epoch is not None and frame.epoch != self.epoch",
        "replaced = False",
    ),
    Mutant(
        "early items outlive their link",
        "chatproto/client/replica.py",
        "        for chat in self.chats.values():\n            chat.early.clear()",
        "        for chat in self.chats.values():",
    ),
    Mutant(
        "heads that were heard of outlive their link",
        "chatproto/client/replica.py",
        "            chat.last_seq = chat.applied\n            chat.asked",
        "            chat.asked",
    ),
    Mutant(
        "what is pushed while a log begins anew is missed",
        "chatproto/client/replica.py",
        "        if chat is None or item.seq <= chat.applied:",
        "        if chat is None or chat.anew or item.seq <= chat.applied:",
    ),
    Mutant(
        "a chat frame that tells of another log is passed over",
        "chatproto/client/replica.py",
        "            chat.lagging = True\n            self._answered(chat)",
        "            self._answered(chat)",
    ),
    Mutant(
        "what is pushed while a log is doubted is applied",
        "chatproto/client/replica.py",
        "if item.seq == chat.applied + 1 and not chat.lagging:",
        "if item.seq == chat.applied + 1:",
    ),
    Mutant(
        "the first removal in a page is the end",
        "chatproto/client/replica.py",
        "chat.member_seq = max(chat.member_seq, page.last_seq - 1)",
        "pass",
    ),
    # --- the client: its outbox and links ---
    Mutant(
        "sent before it is durable",
        "chatproto/client/outbox.py",
        "not line.waiting[0].unsaved and ",
        "",
    ),
    Mutant(
        "outbox dropped on reconnect",
        "chatproto/client/outbox.py",
        "            line.waiting.extendleft(reversed(line.flying))",
        "            pass",
    ),
    Mutant(
        "resent out of order",
        "chatproto/client/outbox.py",
        "line.waiting.extendleft(reversed(line.flying))",
        "line.waiting.extendleft(line.flying)",
    ),
    Mutant(
        "window of a chat ignored",
        "chatproto/client/outbox.py",
        "len(line.flying) < WINDOW and",
        "len(line.flying) < 99 and",
    ),
    Mutant(
        "a row leaves on a retryable error",
        "chatproto/client/client_session.py",
        "elif error.retryable:",
        "elif False:",
    ),
    Mutant(
        "a final error is not told",
        "chatproto/client/outbox.py",
        "            self._fail(cid, code, detail)",
        "            pass",
    ),
    Mutant(
        "ping timer not re-armed",
        "chatproto/client/client_session.py",
        "            self._heard_at, self._pinged_at = now, None",
        "            self._heard_at = now",
    ),
    Mutant(
        "a silent link is never given up",
        "chatproto/client/client_session.py",
        '            self._abandon(NO_LINK, "silent", now)',
        "            self._ping(now)",
    ),
    Mutant(
        "no hello deadline",
        "chatproto/client/connector.py",
        "        self.due = now + self._timing.connect\n        self._token_used",
        "        self.due = None\n        self._token_used",
    ),
    Mutant(
        "an expired token is tried again as it is",
        "chatproto/client/connector.py",
        "elif code == 4401 and not self._renewed:",
        "elif False:",
    ),
    Mutant("a revoked device goes on", "chatproto/client/connector.py", "if code == REVOKED:", "if False:"),
    Mutant(
        "late frames of an old link are taken",
        "chatproto/client/client_session.py",
        "            if link != self.link or not self._connector.linked:\n                return",
        "            if not self._connector.linked:\n                return",
    ),
)

SCRIPT: Final = (
    Mutant("js: a page below is believed", "replica.js", "if (lastSeq < applied) return true;", ""),
    Mutant(
        "js: gap not asked for",
        "replica.js",
        "return this.lagging || this.anew || this.applied < this.lastSeq;",
        "return this.lagging;",
    ),
    Mutant("js: one sync a connection", "replica.js", "export const SYNCS = 4;", "export const SYNCS = 1;"),
    Mutant(
        "js: oldest activity first",
        "replica.js",
        "compareTimes(other.lastAt, one.lastAt)",
        "compareTimes(one.lastAt, other.lastAt)",
    ),
    Mutant("js: far behind pages on", "replica.js", "const FAR_BEHIND = 1000;", "const FAR_BEHIND = 1e9;"),
    Mutant("js: early items not bounded", "replica.js", "export const BUFFERED = 200;", "export const BUFFERED = 1e9;"),
    Mutant("js: epoch ignored", "replica.js", "this.epoch !== null && frame.epoch !== this.epoch", "false"),
    Mutant(
        "js: delivered before durable", "replica.js", "return [this.saved, Math.min", "return [this.applied, Math.min"
    ),
    Mutant("js: removal never ends", "replica.js", "if (removed && item.seq > chat.memberSeq)", "if (false)"),
    Mutant(
        "js: early items outlive their link",
        "replica.js",
        "      chat.early.clear();\n      chat.lastSeq",
        "      chat.lastSeq",
    ),
    Mutant(
        "js: heard heads outlive their link",
        "replica.js",
        "      chat.lastSeq = chat.applied;\n      chat.asked",
        "      chat.asked",
    ),
    Mutant(
        "js: pushed while a log begins anew",
        "replica.js",
        "if (!chat || item.seq <= chat.applied) return;",
        "if (!chat || chat.anew || item.seq <= chat.applied) return;",
    ),
    Mutant(
        "js: chat frame of another log",
        "replica.js",
        "if (wasReplaced(chat, told.last_seq",
        "if (false && wasReplaced(chat, told.last_seq",
    ),
    Mutant(
        "js: applied while a log is doubted",
        "replica.js",
        "if (item.seq === chat.applied + 1 && !chat.lagging) {",
        "if (item.seq === chat.applied + 1) {",
    ),
    Mutant(
        "js: the first removal in a page is the end",
        "replica.js",
        "chat.memberSeq = Math.max(chat.memberSeq, page.last_seq - 1);",
        "",
    ),
    Mutant("js: page not believed", "replica.js", "if (chat.lastSeq === asked.heard) chat.lastSeq = chat.applied;", ""),
    Mutant("js: sent before durable", "outbox.js", "first?.saved && ", "first && "),
    Mutant("js: what was sent is changed", "outbox.js", "!entry.tried && sameMessage", "sameMessage"),
    Mutant("js: a change counts as saved", "outbox.js", "    entry.unsaved += 1;\n", ""),
    Mutant("js: an edit forgets where its message is", "outbox.js", "seq, target_at: createdAt, of_cid", "seq, of_cid"),
    Mutant("js: rows of a lost log stay", "outbox.js", "if (named && (chatId", "if (false && (chatId"),
    Mutant("js: an unsent reaction stays", "collapse.js", "plan(null, [same.cid])", "plan(row.cid)"),
    Mutant("js: window ignored", "outbox.js", "export const WINDOW = 8;", "export const WINDOW = 99;"),
    Mutant(
        "js: resent out of order",
        "outbox.js",
        "line.waiting.unshift(...line.flying);",
        "line.waiting.push(...line.flying);",
    ),
    Mutant("js: poison not noticed", "outbox.js", "const POISON_CODES = [1009, 4400];", "const POISON_CODES = [];"),
    Mutant(
        "js: replies kept after a restore",
        "outbox.js",
        "reply_to: null, target_at: null, reply_lost: true",
        "reply_lost: true",
    ),
    Mutant("js: 4403 returns", "session.js", "if (code === REVOKED)", "if (false)"),
    Mutant(
        "js: bye ignored", "session.js", "this.#pause(this.#bye, now, true);", "this.#pause(this.#backoff.next(), now);"
    ),
    Mutant("js: no jitter", "timing.js", "this.random() * bound", "bound"),
    Mutant("js: back-off reset at once", "session.js", "now - this.#readyAt >= this.timing.steady", "true"),
    Mutant(
        "js: ping not answered by frames",
        "session.js",
        "      this.#pingedAt = null;\n    }\n    for",
        "    }\n    for",
    ),
    Mutant(
        "js: stale links taken",
        "session.js",
        'if (link !== this.link || this.state !== "connecting") return;',
        'if (this.state !== "connecting") return;',
    ),
    Mutant("js: two exchanges at once", "session.js", "    if (this.#renewing) return;\n", ""),
    Mutant(
        "js: final errors kept",
        "outbox.js",
        'this.emit({ do: "failed", cid, chat_id, code, detail });',
        "",
    ),
)


@frozen
class Caught:
    """By what, at which seed; nothing where it was missed."""

    mutant: Mutant
    by: str | None
    after: str


def try_core(mutant: Mutant) -> Caught:
    """Run seeds on a copy of the core with the bug in it."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        shutil.copytree(ROOT / "chatproto", Path(folder) / "chatproto", ignore=shutil.ignore_patterns("__pycache__"))
        _plant(Path(folder) / mutant.file, mutant)
        began = time.monotonic()
        for first in range(0, SEEDS, 20):
            command = [sys.executable, "-m", "chatproto.simulation", "--lite", "--quiet", "--no-shrink"]
            command += ["--seeds", f"{first}..{first + 20}"]
            try:
                done = subprocess.run(
                    command, cwd=folder, env=os.environ | {"PYTHONPATH": folder}, capture_output=True, text=True,
                    timeout=LIMIT, check=False,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return Caught(mutant, "endless", f"seed {first} or later")
            found = re.search(r"^  (\d+): (\S+):", done.stdout, re.MULTILINE)
            if found:
                return Caught(mutant, found.group(2), f"{int(found.group(1)) + 1} seeds")
            if done.returncode:
                return Caught(mutant, None, f"it did not run: {done.stderr[-300:]}")
            if time.monotonic() - began > LIMIT:
                break
        return _try_vectors(mutant, Path(folder), first + 20)


def _try_vectors(mutant: Mutant, folder: Path, seeds: int) -> Caught:
    """Replay the vectors of client and server on the same copy."""
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", "tests/vectors"]
    command += ["-k", "replayed"]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    failed = re.findall(r"^FAILED .*\[(\S+)\]", done.stdout, re.MULTILINE)
    return Caught(mutant, failed[0] if failed else None, f"{len(failed)} vectors, {seeds} seeds in vain")


def try_script(mutant: Mutant) -> Caught:
    """Replay the vectors on a copy of the JavaScript session with the bug in it."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        desktop = Path(folder) / "client/desktop"
        shutil.copytree(ROOT / "client/desktop", desktop, ignore=shutil.ignore_patterns("node_modules"))
        shutil.copytree(ROOT / "tests/vectors", Path(folder) / "tests/vectors")
        _plant(desktop / "renderer/protocol" / mutant.file, mutant)
        command = ["node", "--test", "--test-reporter=tap", "test/vectors.test.js"]
        done = subprocess.run(command, cwd=desktop, capture_output=True, text=True, timeout=LIMIT, check=False)
        failed = re.findall(r"^not ok \d+ - client-(\S+)\.json", done.stdout, re.MULTILINE)
        return Caught(mutant, failed[0] if failed else None, f"{len(failed)} vectors")


def _plant(path: Path, mutant: Mutant) -> None:
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.name}: {mutant.file} does not hold its line exactly once")
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")


def results(names: list[str], jobs: int) -> Iterator[Caught]:
    """Of all mutants, or of those whose names hold one of the given words."""

    def wanted(mutant: Mutant) -> bool:
        return not names or any(name in mutant.name for name in names)

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(try_core, filter(wanted, CORE))
        yield from pool.map(try_script, filter(wanted, SCRIPT))


def main() -> int:
    """Exit code 0 where every mutant was caught."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="words of the mutants' names; all where none is given")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    caught = missed = 0
    for result in results(arguments.names, arguments.jobs):
        caught, missed = caught + (result.by is not None), missed + (result.by is None)
        print(f"{result.by or 'MISSED':28} {result.after:14} {result.mutant.name}", flush=True)
    print(f"{caught} caught, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
