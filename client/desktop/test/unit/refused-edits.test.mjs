/** What is asked before a change that the server refused is given up: by whether its message is still there. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { askRemove } from "../../renderer/ui/log/acts.js";

/** The question's title and its button. @param {string} code why the edit failed */
async function asked(code) {
  /** @type {string[]} */
  const questions = [];
  const confirm = async (/** @type {{title: string, act: string}} */ { title, act }) => {
    questions.push(title, act);
    return false;
  };
  const face = /** @type {any} */ ({ overlays: { confirm } });
  const echo = /** @type {any} */ ({ kind: "edit", state: "failed", code });
  assert.equal(await askRemove(face, 7, [echo]), false);
  return questions;
}

test("a refused change is discarded, the lost text of a deleted message is deleted", async () => {
  assert.deepEqual(await asked("forbidden"), ["remove.change_title", "context.discard"]);
  assert.deepEqual(await asked("message_deleted"), ["remove.title", "context.discard"]);
});
