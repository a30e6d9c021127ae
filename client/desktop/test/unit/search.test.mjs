/** Searching at hand: folding, chats by name, messages by text; and the order of the list. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ShownChats, neighbour, nextUnread, shownChats } from "../../renderer/state/chat-list.js";
import { otherLayout } from "../../renderer/words/layout.js";
import { fold, matches, matching, places } from "../../renderer/words/search.js";

test("case and ё are folded, lengths are kept", () => {
  assert.equal(fold("ЁЛКА Ёж"), "елка еж");
  for (const text of ["İstanbul", "ẞ", "ﬃ", "😀Ё", "\ud800"]) assert.equal(fold(text).length, text.length, text);
});

test("every word of the query is in one of the names", () => {
  assert.equal(matches("ковалева ан", ["Анна Ковалёва", "anna.k"]), true);
  assert.equal(matches("ANNA.", ["Анна Ковалёва", "anna.k"]), true);
  assert.equal(matches("анна борис", ["Анна Ковалёва", null, undefined]), false);
  assert.equal(matches("  ", ["x"]), true);
  assert.equal(matches("%", ["100%"]), true);
  assert.equal(matches("_", ["100%"]), false);
});

test("places are where the query stands in the text itself", () => {
  assert.deepEqual(places("Ёлка и елка", "ЕЛКА"), [
    { from: 0, to: 4 },
    { from: 7, to: 11 },
  ]);
  assert.deepEqual(places("aaaa", "aa"), [
    { from: 0, to: 2 },
    { from: 2, to: 4 },
  ]);
  assert.deepEqual(places("x", " "), []);
});

/** @param {number} id @param {string} at @param {any} [rest] @returns {any} */
const chat = (id, at, rest = {}) => ({
  id,
  created_at: at,
  last_message: null,
  hidden: false,
  favourite: false,
  muted: false,
  unread_count: 0,
  is_group: true,
  ...rest,
});

/** @param {Map<number, any>} chats */
const seen = (chats) => ({ chats, current: null, me: /** @type {any} */ ({ id: 9 }) });

test("favourites first, then the newest message; the hidden are not listed", () => {
  const chats = [
    chat(1, "2026-01-01", { last_message: { created_at: "2026-05-01" } }),
    chat(2, "2026-02-01"),
    chat(3, "2026-02-01"),
    chat(4, "2026-06-01", { hidden: true }),
    chat(5, "2025-01-01", { favourite: true }),
  ];
  assert.deepEqual(
    shownChats({ chats: new Map(chats.map((one) => [one.id, one])), current: null, me: null }).map(({ id }) => id),
    [5, 1, 3, 2],
  );
});

test("moving in the list stops at its ends", () => {
  const list = [chat(1, "1"), chat(2, "1"), chat(3, "1")];
  assert.equal(neighbour(list, 1, 1)?.id, 2);
  assert.equal(neighbour(list, 3, 1), undefined);
  assert.equal(neighbour(list, null, 1)?.id, 1);
  assert.equal(neighbour(list, null, -1)?.id, 3);
});

test("the next unread one is looked for downwards and around, the muted last", () => {
  const list = [chat(1, "1", { unread_count: 1 }), chat(2, "1"), chat(3, "1", { unread_count: 5, muted: true })];
  assert.equal(nextUnread(list, 2, 0)?.id, 1);
  assert.equal(nextUnread([list[1], list[2]], 2, 0)?.id, 3);
  assert.equal(nextUnread([list[1]], 2, 0), undefined);
  assert.equal(nextUnread(list, null, 0)?.id, 1);
});

test("the list is sorted anew only where a chat has moved", () => {
  const row = (/** @type {number} */ id, /** @type {any} */ more = {}) => {
    const created_at = `2026-11-2${id}T10:00:00Z`;
    return /** @type {any} */ ({
      id,
      created_at,
      last_message: null,
      hidden: false,
      favourite: false,
      draft: "",
      is_group: true,
      ...more,
    });
  };
  const shown = new ShownChats();
  const chats = new Map([1, 2, 3].map((id) => [id, row(id)]));
  const list = shown.of(seen(chats));
  assert.deepEqual(list.map(({ id }) => id), [3, 2, 1]); // prettier-ignore
  assert.equal(shown.of(seen(chats)), list);
  /** @param {any} change @param {number[]} order */
  const becomes = (change, order) => {
    const next = new Map(chats).set(2, row(2, change));
    const found = shown.of(seen(next));
    assert.deepEqual(found.map(({ id }) => id), order); // prettier-ignore
    assert.deepEqual(found, shownChats(seen(next)), "as sorted anew, with what the chats are now");
    shown.of(seen(chats));
  };
  becomes({ draft: "words" }, [3, 2, 1]);
  becomes({ favourite: true }, [2, 3, 1]);
  becomes({ hidden: true }, [3, 1]);
  becomes({ last_message: { created_at: "2026-11-28T10:00:00Z" } }, [2, 3, 1]);
});

test("a direct chat that nothing was written in is listed while it is open, or waits for its first words", () => {
  const empty = { is_group: false, last_seq: 0, draft: "", queued: 0, failed: 0 };
  const chats = new Map([chat(1, "1", empty), chat(2, "2", { ...empty, draft: "x" }), chat(3, "3", { ...empty, queued: 1 }), chat(4, "4", { ...empty, last_seq: 1 })].map((one) => [one.id, one])); // prettier-ignore
  const shown = new ShownChats();
  const ids = (/** @type {number | null} */ current) => shown.of({ ...seen(chats), current }).map(({ id }) => id);
  assert.deepEqual([ids(null), ids(1), ids(4), ids(null)], [[4, 3, 2], [4, 3, 2, 1], [4, 3, 2], [4, 3, 2]]); // prettier-ignore
  chats.set(1, chat(1, "1", { ...empty, last_seq: 1 }));
  assert.deepEqual(new ShownChats().of(seen(chats)).length, 4);
});

test("what was typed in the other layout is understood, and only where it names nobody as it stands", () => {
  assert.equal(otherLayout("ghbdtn"), "привет");
  assert.equal(otherLayout("Руддщ!"), "hello!");
  assert.equal(otherLayout(",jhbc"), "борис");
  assert.equal(otherLayout("12"), null);
  assert.equal(otherLayout("ann анн"), null);
  const people = ["Анна Ковалёва", "Фт Фтов", "Boris"];
  const by = (/** @type {string} */ query) => matching(query, people, (name) => [name]);
  assert.deepEqual(by("rjdfk tdf"), { query: "ковал ева", found: ["Анна Ковалёва"] });
  assert.deepEqual(by("ищк"), { query: "bor", found: ["Boris"] });
  assert.deepEqual(by("an"), { query: "фт", found: ["Фт Фтов"] });
  assert.deepEqual(by("bo").found, ["Boris"]);
  assert.deepEqual(by("zzz").found, []);
});

test("apostrophes are one, and the words of a name are marked where the whole is not there", () => {
  assert.equal(matches("о'нил", ["Борис О\u2019Нил"]), true);
  assert.equal(matches("О\u2019НИЛ", ["Борис О'Нил"]), true);
  assert.deepEqual(places("Борис О\u2019Нил", "о'нил бор"), [
    { from: 0, to: 3 },
    { from: 6, to: 11 },
  ]);
  assert.deepEqual(places("ананас", "ана нас"), [
    { from: 0, to: 3 },
    { from: 3, to: 6 },
  ]);
});
