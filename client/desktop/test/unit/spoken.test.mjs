/** What a row of the log is called, for who hears the page. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setCatalogue } from "../../renderer/words/i18n.js";
import { spokenMessage } from "../../renderer/words/spoken.js";
import { spokenText } from "../../renderer/words/text.js";

/** @param {Record<string, any>} message @param {Record<string, any>} [around] */
const spoken = (message, around = {}) =>
  spokenMessage({ content: null, ...message }, { who: "Anna", when: "12:00", state: null, ...around });

test("who, what, when, and what became of it, in this order", () => {
  setCatalogue("en", {
    "msg.edited": "edited",
    "msg.read": "Read",
    "msg.deleted": "Message deleted",
    "msg.newer": "Update",
    "msg.quote": "Reply to:",
    "msg.forwarded": "Forwarded from {name}",
    "msg.reactions": "Reactions",
    "file.one": "File: {name}",
    "file.several_other": "{n} files",
  });
  const file = { id: "1", url: "", name: "a.txt", size: 1, content_type: "text/plain", width: null, height: null };
  assert.equal(spoken({ content: "Hello" }), "Anna, Hello, 12:00");
  assert.equal(spoken({}), "Anna, Update, 12:00");
  assert.equal(spoken({ content: "x", attachments: [file, file] }), "Anna, x, 2 files, 12:00");
  assert.equal(spoken({ attachments: [file] }, { first: "Boris" }), "Anna, Forwarded from Boris, File: a.txt, 12:00");
  const reactions = [
    { emoji: "👍", count: 2, user_ids: [] },
    { emoji: "🔥", count: 1, user_ids: [] },
  ];
  assert.equal(
    spoken({ content: "**x**", edited_at: "2026-01-01T00:00:00Z", reactions }, { state: "read", answers: "Boris" }),
    "Anna, Reply to: Boris, x, 12:00, edited, Read, Reactions: 👍 2, 🔥 1",
  );
  const gone = { deleted: true, attachments: [file], reactions, edited_at: "2026-01-01T00:00:00Z" };
  assert.equal(spoken(gone, { answers: "Boris", state: "read" }), "Anna, Message deleted, 12:00");
});

test("of a long text much is read out, and not without an end", () => {
  assert.equal(spokenText("a ".repeat(400)).length, 799);
  assert.equal([...spokenText("😀".repeat(3000))].length, 1001);
  assert.equal(spokenText("||secret||").includes("secret"), false);
});
