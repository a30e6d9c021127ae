/** Searches the messages that are kept on this machine, and those that a page hands in; the newest first. */

import { isItem } from "../protocol/frames.js";
import { hasLink } from "../words/markup-plain.js";
import { matchesOf, readQuery } from "../words/query.js";
import { wordReader } from "../words/stems.js";
import { openThere, transact } from "./idb.js";
import { share } from "./rewriting.js";

/** @typedef {import("../types.js").Message} Message @typedef {import("../types.js").Found} Found
 * @typedef {import("../types.js").Wanted} Wanted */
/**
 * What a page says, under the number of its search: first the messages that it has in memory, in parts, then what is looked
 * for. `database`: where more are kept, null where nothing is.
 * @typedef {{id: number, held: Message[]} | {id: number, wanted: Wanted, database: string | null}} Said
 */

/** Items that are read at once. */
const PART = 400;
/** Results of one search. */
const MOST = 200;

export class MessageScanner {
  /** The search of now; an earlier one is given up. */
  #id = 0;
  /** What the page has in memory for it, by chat and seq. @type {Map<string, Message>} */
  #held = new Map();

  /** @param {import("../words/stems.js").Stemmers} stemmers */
  constructor(stemmers) {
    this.read = wordReader(stemmers);
  }

  /** @param {Said} said @returns {Promise<Found[] | null | undefined>} null: it could not be done; undefined: not yet, or
   * not any more */
  async take(said) {
    if (said.id < this.#id) return undefined;
    if (said.id > this.#id) [this.#id, this.#held] = [said.id, new Map()];
    if (!("held" in said)) return this.#search(said.id, said.wanted, said.database);
    for (const message of said.held) this.#held.set(keyOf(message), message);
    return undefined;
  }

  /** @param {number} id @param {Wanted} wanted @param {string | null} database */
  async #search(id, wanted, database) {
    const query = wanted.query === "" ? { terms: [], phrases: [] } : readQuery(wanted.query, this.read);
    if (!query) return [];
    /** @type {Found[]} */
    let found = [];
    /** @param {Message} message */
    const look = (message) => {
      const matches = fits(message, wanted) ? matchesOf(query, message.content ?? "", this.read) : null;
      if (matches) found.push({ message, matches });
      if (found.length > 4 * MOST) found = newest(found);
    };
    for (const message of this.#held.values()) look(message);
    if (database !== null) {
      for await (const part of kept(database, wanted.chat_id)) {
        if (id !== this.#id) return undefined;
        for (const message of part) if (!this.#held.has(keyOf(message))) look(message);
      }
    }
    return newest(found);
  }
}

/** @param {Message} message */
const keyOf = ({ chat_id, seq }) => `${chat_id}-${seq}`;

/** What needs no words. @param {Message} message @param {Wanted} wanted */
function fits(message, { chat_id, sender_id, after, before, has }) {
  if (message.deleted || message.content === null) return false;
  if ((chat_id !== null && message.chat_id !== chat_id) || (sender_id !== null && message.sender_id !== sender_id)) {
    return false;
  }
  const time = Date.parse(message.created_at);
  if ((after !== null && time < Date.parse(after)) || (before !== null && time >= Date.parse(before))) return false;
  const files = message.attachments ?? [];
  if (has === "file") return files.length > 0;
  if (has === "image") return files.some(({ content_type }) => content_type.startsWith("image/"));
  return has === null || hasLink(message.content);
}

/** @param {Found[]} found */
function newest(found) {
  return found.sort(({ message: a }, { message: b }) => timeOf(b) - timeOf(a) || b.seq - a.seq).slice(0, MOST);
}

/** @param {Message} message */
const timeOf = ({ created_at }) => Date.parse(created_at);

/**
 * The messages that a profile keeps, part by part. What is read is checked: anybody may have written the file.
 * @param {string} name of the database @param {number | null} chatId
 * @returns {AsyncGenerator<Message[]>}
 */
async function* kept(name, chatId) {
  const release = await share(name, () => {}); // who moves it waits for a search
  const database = await openThere(name, undefined, {}).catch((error) => {
    release();
    throw error;
  });
  if (database) database.onversionchange = () => database.close(); // who deletes it does not
  try {
    if (!database?.objectStoreNames.contains("items")) return;
    const end = [chatId ?? Infinity, Infinity];
    for (let from = [chatId ?? 0, 0]; ;) {
      const range = IDBKeyRange.bound(from, end, true);
      const { result } = await transact(database, ["items"], "readonly", (store) => store("items").getAll(range, PART));
      yield result.filter((item) => isItem(item) && item.type === "message");
      if (result.length < PART) return;
      const last = result[result.length - 1];
      from = [last.chat_id, last.seq];
    }
  } finally {
    database?.close();
    release();
  }
}
