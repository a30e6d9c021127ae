/**
 * The way back. Each chat that is opened and each place that is gone to in one is an entry of the browser's own history, so
 * its Back, Alt+Left and a mouse's button lead there. The first entry of a log-in is a guard: whoever goes back beyond the
 * beginning, or while a dialog is open, is sent forward to where they were, so that Back leaves nothing while one is signed
 * in.
 */

/**
 * `at`: which entry; `floor`: the first one of this log-in. `seq`: a place in the chat, where it matters. `back`: the
 * entry before is another place in the same chat. `results`: one went on from what a search had found, by its number.
 * @typedef {{at: number, floor: number, chat: number | null, seq: number | null, back: boolean, results?: number}} Entry
 */

/** @param {any} state @returns {Entry | null} */
const entryOf = (state) => (Number.isSafeInteger(state?.vestnik?.at) ? state.vestnik : null);

export class Trail {
  /** @type {Entry | null} null: nobody is signed in */
  #here = null;
  /** All that is gone through after this entry is one step. @type {number | null} */
  #from = null;

  /**
   * @param {(entry: Entry) => void} go @param {() => boolean} close whether there was something on top that closed
   */
  constructor(go, close) {
    this.go = go;
    this.close = close;
    window.addEventListener("popstate", (event) => this.#came(event.state));
  }

  /** Somebody is signed in. @param {boolean} anew not just after a reload of the page */
  begin(anew) {
    const known = entryOf(history.state);
    if (known && !anew) {
      this.#here = known;
      return;
    }
    const { href, pathname, search } = location;
    const at = (known?.at ?? 0) + 1;
    const guard = { at: at - 1, floor: at, chat: null, seq: null, back: false };
    history.replaceState({ vestnik: guard }, "", pathname + search); // no link leads anywhere a second time
    this.#here = { ...guard, at };
    history.pushState({ vestnik: this.#here }, "", href);
  }

  end() {
    this.#here = null;
  }

  /** From a chat, or none, into another. @param {number | null} from @param {number | null} to */
  visit(from, to) {
    if (!this.#here || from === to) return;
    this.#replace({ ...this.#here, chat: from });
    this.#push({ ...this.#here, at: this.#here.at + 1, chat: to, seq: null, back: false, results: undefined });
  }

  /** From one place of a chat to another. @param {number} chat @param {number | null} from @param {number} to */
  jump(chat, from, to) {
    if (!this.#here || from === to) return;
    this.#replace({ ...this.#here, chat, seq: from });
    this.#push({ ...this.#here, at: this.#here.at + 1, seq: to, back: from !== null, results: undefined });
  }

  /**
   * From the results of a search to a place: Back leads to them again.
   * @param {number} results their number @param {() => Promise<void>} go
   */
  async found(results, go) {
    if (!this.#here) return go();
    const { at } = this.#here;
    this.#replace({ ...this.#here, results });
    this.#from = at;
    await go();
    this.#from = null;
    // it was shown there already
    if (this.#here?.at === at) this.#push({ ...this.#here, at: at + 1, results: undefined, back: false });
  }

  /** Whether one came here from another place of this chat. @param {number | null} chat */
  jumped(chat) {
    return this.#here !== null && this.#here.back && this.#here.chat === chat;
  }

  /** One goes on from here by oneself. */
  settle() {
    if (this.#here?.back) this.#replace({ ...this.#here, back: false });
  }

  /** Where a link in the address led to: the entry was made by the browser. @param {unknown} state */
  #came(state) {
    const here = this.#here;
    if (!here) return;
    const entry = entryOf(state);
    if (!entry) {
      this.#replace({ ...here, at: here.at + 1, back: false });
    } else if (entry.at < here.floor || (entry.at < here.at && this.close())) {
      history.go(here.at - entry.at);
    } else if (entry.at !== here.at) {
      this.#here = entry;
      this.go(entry);
    }
  }

  /** @param {Entry} entry */
  #replace(entry) {
    this.#here = entry;
    history.replaceState({ vestnik: entry }, "");
  }

  /** @param {Entry} entry */
  #push(entry) {
    const here = this.#here?.at ?? 0;
    if (this.#from !== null && here > this.#from) return this.#replace({ ...entry, at: here, back: false });
    this.#here = entry;
    history.pushState({ vestnik: entry }, "");
  }
}
