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
    # --- the server: order, fan-out, routing ---
    Mutant(
        "live push without the order test",
        "chatproto/server/delivery.py",
        "if self.state is not CursorState.LIVE or seq != self.sent + 1:",
        "if self.state is not CursorState.LIVE:",
    ),
    Mutant("gap test off by one", "chatproto/server/delivery.py", "seq != self.sent + 1:", "seq != self.sent + 2:"),
    Mutant(
        "cursor moved before the item is given",
        "chatproto/server/fanout.py",
        "    if page.from_seq > cursor.sent:\n        cursor.move_to(page.from_seq)",
        "    if page.to_seq > cursor.sent:\n        cursor.move_to(page.to_seq)",
    ),
    Mutant(
        "a gap is not read from the log",
        "chatproto/server/fanout.py",
        '    if cursor.behind:\n        cursor.move("gap")',
        '    if False:\n        cursor.move("gap")',
    ),
    Mutant(
        "removed member still routed",
        "chatproto/server/fanout.py",
        "    hub.unroute(session, chat_id)\n    if session.only_chat == chat_id:",
        "    if session.only_chat == chat_id:",
    ),
    Mutant(
        "memberships are not compared",
        "chatproto/server/deadlines.py",
        "for user_id, chat_ids in outcome.memberships.items():",
        "for user_id, chat_ids in ():",
    ),
    Mutant(
        "the sweep repairs no head",
        "chatproto/server/deadlines.py",
        "        fanout.notice_head(hub, chat_id, last_seq)",
        "        pass",
    ),
    Mutant(
        "a new epoch is not noticed",
        "chatproto/server/deadlines.py",
        "if hub.epoch is not None and outcome.epoch != hub.epoch:",
        "if False:",
    ),
    # --- the server: acks, retries, order of a sender ---
    Mutant(
        "ack before the commit is known",
        "chatproto/server/commands.py",
        "    hub.run(operation, Appending(session.id, chat_id, hub.head(chat_id)))",
        "    hub.run(operation, Appending(session.id, chat_id, hub.head(chat_id)))\n"
        "    hub.send(session, Ack(cid=frame.cid, chat_id=chat_id, seq=1, created_at=now, dup=False))",
    ),
    Mutant(
        "the ack names the head, not the place",
        "chatproto/server/commands.py",
        "        seq=item.seq,\n        created_at=item.created_at,\n        dup=outcome.dup,",
        "        seq=outcome.last_seq,\n        created_at=item.created_at,\n        dup=outcome.dup,",
    ),
    Mutant(
        "all of a line at once",
        "chatproto/server/commands.py",
        "    if len(line) == 1:\n        run_send",
        "    if line:\n        run_send",
    ),
    Mutant(
        "a retry is not run",
        "chatproto/server/deadlines.py",
        "            commands.run_send(hub, session, chat_id, now)",
        "            pass",
    ),
    Mutant(
        "the rest of a line is forgotten",
        "chatproto/server/commands.py",
        "    if line:\n        run_send(hub, session, pending.chat_id, now)\n    else:\n        del",
        "    if True:\n        del",
    ),
    Mutant(
        "held frames are dropped",
        "chatproto/server/handshake.py",
        "        commands.handle(hub, session, session.held.popleft(), now)",
        "        session.held.popleft()",
    ),
    Mutant(
        "a second page is not read",
        "chatproto/server/hub.py",
        "            session.paging = False\n            commands.next_sync",
        "            commands.next_sync",
    ),
    Mutant(
        "the queue has no bound",
        "chatproto/server/delivery.py",
        "return self._items > self.limits.queue_items or",
        "return self._items > 10 * self.limits.queue_items or",
    ),
    # --- between processes ---
    Mutant(
        "a hint is believed without reading the log",
        "chatproto/server/fanout.py",
        "        cursor.seen = max(cursor.seen, last_seq)\n        repair",
        "        cursor.sent = cursor.seen = max(cursor.seen, last_seq)\n        repair",
    ),
    Mutant(
        "a hint of an unknown chat crashes",
        "chatproto/server/fanout.py",
        "    for connection_id in list(hub.routes.get(chat_id, ())):\n        session = hub.sessions[connection_id]\n"
        "        cursor = session.cursors[chat_id]\n        cursor.seen = max(cursor.seen, last_seq)",
        "    for connection_id in list(hub.routes[chat_id]):\n        session = hub.sessions[connection_id]\n"
        "        cursor = session.cursors[chat_id]\n        cursor.seen = max(cursor.seen, last_seq)",
    ),
    Mutant("a hint of another history is taken", "chatproto/server/bus.py", "if hint.epoch != hub.epoch:", "if False:"),
    Mutant(
        "heads are not published",
        "chatproto/server/bus.py",
        "            hub.publish(HeadMoved(chat_id, outcome.last_seq))",
        "            pass",
    ),
    Mutant(
        "new members are not published",
        "chatproto/server/bus.py",
        "            if outcome.added_ids:",
        "            if False:",
    ),
    Mutant(
        "marks that did not rise are published",
        "chatproto/server/bus.py",
        "case Marked(changed=True):",
        "case Marked():",
    ),
    Mutant(
        "ended sessions are not published",
        "chatproto/server/bus.py",
        "case SessionsEnded(session_ids) if session_ids:",
        "case SessionsEnded(session_ids) if False:",
    ),
    Mutant(
        "what a hint told is waited for though it is not there",
        "chatproto/server/fanout.py",
        "    if not heard_more:",
        "    if False:",
    ),
    Mutant(
        "removed and added again elsewhere goes on as if nothing were",
        "chatproto/server/fanout.py",
        "    if page.from_seq > cursor.sent and session.only_chat is None:",
        "    if False:",
    ),
    # --- a history that was lost under the same epoch ---
    Mutant(
        "whoever is no member is pushed to",
        "chatproto/server/fanout.py",
        "if session.user_id in members and cursor.accepts(item.seq):",
        "if cursor.accepts(item.seq):",
    ),
    Mutant(
        "a shorter log is not noticed by the sweep",
        "chatproto/server/deadlines.py",
        "    return found[0] < known[0] or (found[0] == known[0]",
        "    return (found[0] == known[0]",
    ),
    Mutant(
        "another entry at the head is not noticed by the sweep",
        "chatproto/server/deadlines.py",
        "known[1] is not None and found[1] != known[1])",
        "False)",
    ),
    Mutant(
        "a place that was taken is not noticed",
        "chatproto/server/fanout.py",
        "if first <= known_then or other_before",
        "if other_before",
    ),
    Mutant(
        "another entry before a new one is not noticed",
        "chatproto/server/fanout.py",
        "known_then or other_before or",
        "known_then or",
    ),
    Mutant(
        "another entry in the place of the head is not noticed",
        "chatproto/server/fanout.py",
        "other_before or other_there:",
        "other_before:",
    ),
    Mutant(
        "an older page settles a doubt",
        "chatproto/client/replica.py",
        "            chat.lagging = True\n            self._answered(chat)",
        "            chat.lagging = True",
    ),
    Mutant(
        "a new epoch is asked for once",
        "chatproto/server/deadlines.py",
        "    if hub.replaced == outcome.epoch:",
        "    if False:",
    ),
    Mutant(
        "a reading that is gone is passed over",
        "chatproto/server/fanout.py",
        'if isinstance(outcome, Refused) and outcome.code == "bad_seq":',
        "if False:",
    ),
    Mutant(
        "what a page told is not known",
        "chatproto/server/commands.py",
        "    hub.note_head(page.chat_id, page.last_seq, page.last_at)",
        "    pass",
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
        "chatproto/client/replica.py",
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
        "chatproto/client/replica.py",
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
        "line.waiting and line.waiting[0].saved and",
        "line.waiting and",
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
    Mutant("a row leaves on a retryable error", "chatproto/client/session.py", "elif error.retryable:", "elif False:"),
    Mutant(
        "a final error is not told",
        "chatproto/client/session.py",
        "elif self.outbox.refused(entry.row.cid):",
        "elif False:",
    ),
    Mutant(
        "ping timer not re-armed",
        "chatproto/client/session.py",
        "            self._heard_at, self._pinged_at = now, None",
        "            self._heard_at = now",
    ),
    Mutant(
        "a silent link is never given up",
        "chatproto/client/session.py",
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
        "chatproto/client/session.py",
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
    Mutant("js: sent before durable", "outbox.js", "line.waiting[0].saved && ", ""),
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
        "session.js",
        'this.#emit({ do: "failed", cid, chat_id, code: error.code, detail: error.detail });',
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
        _plant(desktop / "renderer/core" / mutant.file, mutant)
        command = ["node", "--test", "--test-reporter=tap", "test/"]
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
