"""Bugs of the client's core in Python and in JavaScript, for tests/simulation/mutants.py."""

from typing import Final

from tests.simulation.mutant import Mutant

CLIENT: Final = (
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
        "what was removed after its time stays",
        "chatproto/client/timeline.py",
        "            if seq >= first_seq\n        }\n        self.pins",
        "            if seq\n        }\n        self.pins",
    ),
    Mutant(
        "what is told later of what was removed stays",
        "chatproto/client/timeline.py",
        "if _is_about(item, first_seq) else item\n",
        "if False else item\n",
    ),
    Mutant(
        "what was asked for before brings back what was removed",
        "chatproto/client/replica.py",
        "return item if about >= first_seq else",
        "return item if True else",
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
        "what waits above the head that a chat frame tells is applied",
        "chatproto/client/replica.py",
        "if seq > told.last_seq]",
        "if seq < 0]",
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
        "not entry.unsaved and ",
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
    Mutant("js: a page below is believed", "chat-log.js", "if (lastSeq < applied) return true;", ""),
    Mutant(
        "js: gap not asked for",
        "chat-log.js",
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
        "js: delivered before durable", "chat-log.js", "return [this.saved, Math.min", "return [this.applied, Math.min"
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
        "|| wasReplaced(chat, told.last_seq",
        "|| false && wasReplaced(chat, told.last_seq",
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
    Mutant("js: sent before durable", "row.js", "return this.saved && ", "return "),
    Mutant("js: what was sent is changed", "outbox.js", "!entry.tried && sameMessage", "sameMessage"),
    Mutant("js: a change counts as saved", "outbox.js", "    entry.unsaved += 1;\n", ""),
    Mutant("js: an edit forgets where its message is", "row.js", "seq, target_at: createdAt, of_cid", "seq, of_cid"),
    Mutant("js: rows of a lost log stay", "outbox.js", "if (named && (chatId", "if (false && (chatId"),
    Mutant("js: an unsent reaction stays", "collapse.js", "plan(null, [same.cid])", "plan(row.cid)"),
    Mutant("js: what waits above a told head stays", "replica.js", "seq > told.last_seq", "seq < 0"),
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
