/** A window of the web client without a face: the data layer alone, in a real page of the server's origin. */

import assert from "node:assert/strict";
import { newPage, newProfile, STEP_TIMEOUT } from "../harness/harness.js";

/** A file that the server gives out and that runs nothing. */
const BLANK = "/app-icon.svg";

/** What a page shows of its State. @typedef {{phase: string, ended: string | null, link: string, current: number | null, unread: number,
 *   chats: {id: number, title: string | null, unread: number, last: string | null, read_seq: number, draft: string,
 *     queued: number, failed: number, others_read_seq: number, others_delivered_seq: number, left_seq: number | null}[],
 *   timeline: null | {seqs: number[], texts: string[], echoes: {content: string, state: string, code: string | null}[],
 *     at_start: boolean, at_end: boolean, loading: string | null, problem: string | null},
 *   arrivals: string[]}} Seen */

export class DataWindow {
  /** @param {import("playwright-core").Page} page @param {string[]} errors */
  constructor(page, errors) {
    this.page = page;
    this.errors = errors;
  }

  /** Load the data layer anew, as opening the page does. @param {string} url @param {Record<string, number>} [timing] */
  async open(url, timing = {}) {
    await this.page.goto(url + BLANK);
    await this.page.evaluate(async (waits) => {
      const [{ createPlatform }, { createMessenger }, { listed }] = await Promise.all([
        import(/** @type {any} */ ("/platform.js")),
        import(/** @type {any} */ ("/profile/messenger.js")),
        import(/** @type {any} */ ("/state/chats.js")),
      ]);
      const messenger = createMessenger(await createPlatform(), { timing: waits });
      /** @type {string[]} */
      const arrivals = [];
      messenger.onArrival((/** @type {any} */ message) => arrivals.push(message.content));
      const seen = () => {
        const { phase, ended, link, current, unread, chats, timelines } = messenger.state();
        const line = timelines.get(current) ?? null;
        return {
          phase,
          ended,
          link: link.state,
          current,
          unread,
          arrivals,
          chats: listed(chats).map((/** @type {any} */ chat) => ({
            id: chat.id,
            title: chat.title ?? chat.peer?.display_name ?? null,
            unread: chat.unread_count,
            last: chat.last_message?.content ?? null,
            read_seq: chat.read_seq,
            draft: chat.draft,
            queued: chat.queued,
            failed: chat.failed,
            others_read_seq: chat.others_read_seq,
            others_delivered_seq: chat.others_delivered_seq,
            left_seq: chat.left_seq,
          })),
          timeline: line && {
            seqs: line.items.map((/** @type {any} */ item) => item.seq),
            texts: line.items
              .filter((/** @type {any} */ item) => item.type === "message")
              .map((/** @type {any} */ item) => item.content),
            echoes: line.echoes.map((/** @type {any} */ { content, state, code }) => ({ content, state, code })),
            at_start: line.at_start,
            at_end: line.at_end,
            loading: line.loading,
            problem: line.problem,
          },
        };
      };
      Object.assign(window, { messenger, seen });
      await messenger.start();
    }, timing);
    return this;
  }

  /** An action of the messenger, with its answer. @param {string} name @param {any[]} args @returns {Promise<any>} */
  act(name, ...args) {
    return this.page.evaluate(
      ([action, given]) => /** @type {any} */ (window).messenger[action](...given),
      /** @type {const} */ ([name, args]),
    );
  }

  /** @returns {Promise<Seen>} */
  seen() {
    return this.page.evaluate(() => /** @type {any} */ (window).seen());
  }

  /**
   * Wait until what is seen is as `holds` says; it runs in the page.
   * @param {(seen: Seen, arg: any) => boolean} holds @param {any} [arg] @param {number} [timeout] milliseconds
   */
  async until(holds, arg = null, timeout = STEP_TIMEOUT) {
    const source = `(${holds})`;
    try {
      await this.page.waitForFunction(
        ([text, given]) => {
          const tester = /** @type {any} */ (window).testers?.[text];
          return tester ? tester(/** @type {any} */ (window).seen(), given) : false;
        },
        await this.#tester(source, arg),
        { timeout, polling: 20 },
      );
    } catch (error) {
      const seen = JSON.stringify(await this.seen()).slice(0, 3000);
      throw new Error(`not so: ${source} with ${JSON.stringify(arg)}\n${seen}\n${error}`, { cause: error });
    }
  }

  /**
   * What the profile keeps on this machine in one of its stores (db.js): nothing where its database is gone. @param {string} store
   * @returns {Promise<any[]>}
   */
  kept(store) {
    return this.page.evaluate(async (name) => {
      const all = (await indexedDB.databases()).map((one) => one.name ?? "");
      const profile = all.find((one) => one.startsWith("vestnik http") && !/ (aside|moved|previews)$/.test(one));
      return profile ? read(profile) : [];

      /** @param {string} database @returns {Promise<any[]>} */
      function read(database) {
        return new Promise((resolve, reject) => {
          const opening = indexedDB.open(database);
          opening.onupgradeneeded = () => {
            opening.onerror = () => resolve([]); // it is gone
            opening.transaction?.abort(); // else there would be an empty one
          };
          opening.onerror = () => reject(opening.error);
          opening.onsuccess = () => {
            const opened = opening.result;
            const reading = opened.transaction(name).objectStore(name).getAll();
            reading.onerror = () => reject(reading.error);
            reading.onsuccess = () => {
              opened.close();
              resolve(reading.result);
            };
          };
        });
      }
    }, store);
  }

  /** @param {string} source @param {any} arg @returns {Promise<[string, any]>} */
  async #tester(source, arg) {
    // evaluated by the debugger, so the page's policy on eval does not matter
    await this.page.evaluate(`(window.testers ??= {})[${JSON.stringify(source)}] = ${source}`);
    return [source, arg];
  }

  /** @param {{username: string, password: string}} account @param {{remember?: boolean}} [how] */
  async logIn({ username, password }, { remember = true } = {}) {
    assert.deepEqual(await this.act("login", { login: username, password, remember }), { ok: true });
    await this.until((seen) => seen.link === "live");
    return this;
  }
}

/**
 * A new browser profile with one window in it.
 * @param {import("playwright-core").Browser} browser @param {string} url @param {Record<string, number>} [timing]
 */
export async function openWindow(browser, url, timing = {}) {
  return anotherWindow(await newProfile(browser), url, timing);
}

/** One more window of a profile. @param {import("playwright-core").BrowserContext} context @param {string} url
 * @param {Record<string, number>} [timing] */
export async function anotherWindow(context, url, timing = {}) {
  const { page, errors } = await newPage(context);
  return new DataWindow(page, errors).open(url, timing);
}
