/** What a window asked of the one that owns its profile: told again until it is answered. */

/** @typedef {import("./obeying.js").Command} Command */

/** Milliseconds after which a command is told again, and without a word about it after which its owner is taken for dead. */
const REPEAT = 1_000;
const DEAD = 6_000;

export class Asked {
  /** Commands without an answer; `heard`: when they were told first, or the owner last said that it is at them.
   * @type {Map<string, {command: Command, heard: number, answer: (result: any) => void}>} */
  #waiting = new Map();
  #numbers = 0;
  #repeat = 0;

  /** @param {string} windowId @param {(id: string, command: Command) => void} tell @param {() => void} dead the owner
   * says nothing */
  constructor(windowId, tell, dead) {
    this.windowId = windowId;
    this.tell = tell;
    this.dead = dead;
  }

  /** @param {Command} command @returns {Promise<any>} its answer */
  ask(command) {
    const id = `${this.windowId} ${(this.#numbers += 1)}`;
    return new Promise((answer) => {
      this.#waiting.set(id, { command, heard: Date.now(), answer });
      this.tell(id, command);
      this.#repeat ||= window.setInterval(() => this.#askAgain(), REPEAT);
    });
  }

  /** The owner is at it; an exchange of tokens may take longer than a dead one is waited for. @param {string} id */
  heard(id) {
    const asked = this.#waiting.get(id);
    if (asked) asked.heard = Date.now();
  }

  /** @param {string} id @param {any} result */
  answered(id, result) {
    this.#waiting.get(id)?.answer(result);
    this.#waiting.delete(id);
  }

  /** Nobody is to answer any more. @param {(command: Command) => any} resultOf what is answered instead */
  end(resultOf) {
    for (const { command, answer } of this.#waiting.values()) answer(resultOf(command));
    this.#waiting.clear();
    this.#rest();
  }

  #askAgain() {
    if (this.#waiting.size === 0) this.#rest();
    for (const [id, { command, heard }] of this.#waiting) {
      if (Date.now() - heard > DEAD) this.dead();
      this.tell(id, command);
    }
  }

  #rest() {
    clearInterval(this.#repeat);
    this.#repeat = 0;
  }
}
