"""Bugs of the server's core and of the store's model, for tests/simulation/mutants.py."""

from typing import Final

from tests.simulation.mutant import Mutant

SERVER: Final = (
    # --- the server: rooms, broadcasts, routing ---
    Mutant(
        "entries are given in the order they come",
        "chatproto/server/rooms.py",
        "if dense and not room.early and entries[0].seq - 1 == room.seq:",
        "if dense and not room.early:",
    ),
    Mutant(
        "nobody is told that the beginning of a log was removed",
        "chatproto/server/sweeping.py",
        "            self._rooms.expire(chat_id, first_seq)",
        "            pass",
    ),
    Mutant(
        "who is about to be told of a chat is not told where it begins by now",
        "chatproto/server/rooms.py",
        "        if told < room.first_seq:\n",
        "        if False:\n",
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
        "                for session in room.live_of(entry.removed):\n"
        "                    self.leave(session, room.chat_id)",
        "                pass",
    ),
    Mutant(
        "removed while they lag, and still told who types and reads",
        "chatproto/server/rooms.py",
        "                room.shut_out(entry.removed)\n",
        "",
    ),
    Mutant(
        "a mark that waits is overwritten where its timer is late",
        "chatproto/server/markers.py",
        "return self._run(session, _merged(waiting, frame), now)",
        "return self._run(session, frame, now)",
    ),
    Mutant(
        "who begins to hide and is known from groups alone is not heard of",
        "chatproto/server/spread.py",
        "if known else hides  # or they are known from groups alone",
        "if known else Hides()",
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
    Mutant(
        "what is read in hiding is told in groups",
        "chatproto/server/watermarks.py",
        "max(read, outcome.told_read_seq) if outcome.told_read_seq else 0",
        "max(read, outcome.read_seq)",
    ),
    Mutant(
        "what is read in hiding counts for others",
        "chatproto/simulation/store_marks.py",
        "        if not member.hides_reads:\n",
        "        if True:\n",
    ),
    Mutant(
        "the sweep does not read who hides what",
        "chatproto/server/spread.py",
        "for user_id, hides in outcome.hides.items():",
        "for user_id, hides in ():",
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
        "a block of another process is not looked for",
        "chatproto/server/sweeping.py",
        "        if pending.blocks_at == self._blocks.changes:",
        "        if False:",
    ),
    Mutant(
        "an older sweep is believed about blocks",
        "chatproto/server/sweeping.py",
        "        if pending.blocks_at == self._blocks.changes:",
        "        if True:",
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
    Mutant(
        "flags that were read before a removal are told after it",
        "chatproto/server/spread.py",
        "            left = chat.left_seq is None and chat.id not in session.chats",
        "            left = False",
    ),
    Mutant(
        "what was done in an unknown history is told",
        "chatproto/server/handshake.py",
        "            self._history.begin_anew(self._out.last_id)\n",
        "",
    ),
    Mutant(
        "removed and added again by what was dropped goes on as if nothing were",
        "chatproto/server/rooms.py",
        "        again = room.relist.get(session.id, seq + 1) <= seq",
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
        "        if before[0] < known[0] or _differ(known, before):",
        "        if _differ(known, before):",
    ),
    Mutant(
        "where nobody is connected nobody elsewhere is forgotten",
        "chatproto/server/whereabouts.py",
        "        if self._presence.peers or self._elsewhere:\n",
        "        if self._presence.peers:\n",
    ),
    Mutant(
        "what was known when something was sent is not compared with what is before it",
        "chatproto/server/history.py",
        "        if before[0] < known[0] or _differ(known, before):",
        "        if before[0] < known[0]:",
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
    Mutant(
        "a search finds what came after the removal",
        "chatproto/simulation/store_search.py",
        "in room.log[member.first_seq - 1 : end]:",
        "in room.log[member.first_seq - 1 :]:",
    ),
    Mutant(
        "a search finds what was said before one came",
        "chatproto/simulation/store_search.py",
        "in room.log[member.first_seq - 1 : end]:",
        "in room.log[:end]:",
    ),
    Mutant(
        "a search finds former and deleted texts",
        "chatproto/simulation/store_search.py",
        "content = seen.content\n        if content is None or content != as_of(room, item, None).content or not",
        "content = item.content\n        if content is None or not",
    ),
)
