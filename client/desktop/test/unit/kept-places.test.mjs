/** Links to messages, and messages as a text. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { placeLink, placeOfHash, placeOfLink } from "../../renderer/state/places.js";
import { sizeText } from "../../renderer/words/files.js";
import { transcript } from "../../renderer/words/transcript.js";
import { shortTime } from "../../renderer/words/format.js";

const SERVER = "https://chat.example.org/vestnik";

test("a link leads to its place, in both forms, and nothing else does", () => {
  assert.deepEqual(placeOfLink(placeLink(SERVER, 7, 12), SERVER), { chat_id: 7, seq: 12 });
  for (const [link, place] of /** @type {const} */ ([
    ["vestnik://chat/7/12", { chat_id: 7, seq: 12 }],
    ["vestnik://chat/7", { chat_id: 7, seq: null }],
    [`${SERVER}/#/chat/7`, { chat_id: 7, seq: null }],
    ["https://chat.example.org.evil/vestnik/#chat/7/12", null],
    ["https://other.example.org/#chat/7/12", null],
    ["vestnik://chat/07/12", null],
    ["vestnik://chat/7/0", null],
    ["vestnik://chat/7/9007199254740993", null],
    ["vestnik://chat/7/12/3", null],
    [`${SERVER}/#chat/7/x`, null],
  ])) {
    assert.deepEqual(placeOfLink(link, SERVER), place, link);
  }
  assert.deepEqual(placeOfHash("#chat/7/12"), { chat_id: 7, seq: 12 });
  assert.equal(placeOfHash("#compose"), null);
});

test("copied messages say when and who, in the order of the log", () => {
  /** @param {number} seq @param {number} sender_id @param {string} content @returns {any} */
  const message = (seq, sender_id, content) => ({ seq, sender_id, content, created_at: `2026-11-28T09:0${seq}:00Z` });
  const names = ["", "Вера", "Борис"];
  const text = transcript([message(2, 2, "Да,\nконечно"), message(1, 1, "Едем?")], (id) => names[id], (iso) => shortTime(iso, "Europe/Moscow")); // prettier-ignore
  const file = { name: "план.pdf", size: 348_160 };
  const own = { ...message(3, 1, ""), attachments: [file, { name: "a.txt", size: 2 }] };
  const words = { ...message(4, 1, "Вот"), attachments: [file] };
  const named = transcript([own, words], (id) => names[id], () => "12:00"); // prettier-ignore
  const size = sizeText(file.size);
  const lines = [
    "[12:00] Вера: [план.pdf, " + size + "]",
    `[a.txt, ${sizeText(2)}]`,
    "[12:00] Вера: Вот",
    `[план.pdf, ${size}]`,
  ];
  assert.equal(named, lines.join("\n"));
  assert.match(text, /^\[28\.11\.2026, 12:01\] Вера: Едем\?\n\[28\.11\.2026, 12:02\] Борис: Да,\nконечно$/);
});
