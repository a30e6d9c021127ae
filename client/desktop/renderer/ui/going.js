/**
 * Going to a place of a chat: a message, a day, back to where one was. What this machine has is shown at once. What only the
 * server has waits for the link, for some minutes, which is said; whoever goes elsewhere meanwhile is not taken there any
 * more, and whoever stays is told when it is given up.
 */

import { errorText, t } from "../words/i18n.js";
import { isLive, isUnheard, watchReturn } from "../state/link-view.js";

/** @typedef {import("../types.js").State} State @typedef {import("../types.js").Done} Done
 * @typedef {import("../types.js").Refused} Refused */
/**
 * A message to go to. `focus`: it takes the focus; `jumped`: there is a way back.
 * @typedef {{chatId: number, seq: number, focus: boolean, jumped: boolean}} Goal
 */

/**
 * `isHere`: where one was by then one still is; `end`: when it is given up; `again`: when it is asked for anew where the
 * link holds, and after how many milliseconds the next time.
 * @typedef {{goal: Goal, isHere: () => boolean, end: ReturnType<typeof setTimeout>,
 *   again: ReturnType<typeof setTimeout> | undefined, pause: number}} Waiting
 */

/** @type {Done} */
const DONE = { ok: true };
/** Milliseconds that a place waits for the link: after that nobody expects the log to move. */
const PATIENCE = 5 * 60_000;
/** Milliseconds until it is asked for anew where the link holds: twice as many each time. */
const FIRST_PAUSE = 1000;
const LAST_PAUSE = 30_000;

export class Going {
  /** What waits for the link. @type {Waiting | null} */
  #waiting = null;
  #isBack = watchReturn();

  /**
   * @param {import("./face.js").Face} face @param {() => import("./signed-in.js").SignedIn | null} parts
   * @param {(chatId: number | null) => Promise<unknown>} open a chat
   * @param {import("./trail.js").Trail} trail
   */
  constructor(face, parts, open, trail) {
    this.face = face;
    this.parts = parts;
    this.open = open;
    this.trail = trail;
  }

  /** @param {Goal} goal @returns {Promise<boolean>} whether it is shown now */
  async toMessage(goal) {
    this.#giveUp();
    const shown = await this.#show(goal);
    if (shown?.ok) return true;
    if (shown) this.#tell(shown, goal);
    return false;
  }

  /** @param {Goal} goal @returns {Promise<Done | Refused | undefined>} */
  async #show({ chatId, seq, focus, jumped }) {
    const here = this.face.messenger.state().current === chatId;
    const from = here ? (this.parts()?.log.where() ?? null) : null;
    if (!here) await this.open(chatId);
    const shown = await this.parts()?.log.show(chatId, seq, focus);
    if (shown?.ok && jumped && here) this.trail.jump(chatId, from, seq);
    return shown;
  }

  /** @param {number} chatId @param {string} at RFC 3339 @returns {Promise<Done | Refused>} */
  async toDay(chatId, at) {
    this.#giveUp();
    const { messenger } = this.face;
    const from = messenger.state().current === chatId ? (this.parts()?.log.where() ?? null) : null;
    if (messenger.state().current !== chatId) await this.open(chatId);
    const found = await messenger.jumpToTime(chatId, at);
    if (!found.ok) return found;
    if ((await this.parts()?.log.show(chatId, found.seq, true))?.ok) this.trail.jump(chatId, from, found.seq);
    return DONE;
  }

  /** After each render: what waited for the link. @param {State} state */
  rendered({ link }) {
    if (this.#isBack(link)) void this.#tryAgain();
  }

  /** What waits is asked for once more; that it waits on is not said again. */
  async #tryAgain() {
    const waiting = this.#waiting;
    if (!waiting?.isHere()) return this.#giveUp();
    clearTimeout(waiting.again);
    const shown = await this.#show(waiting.goal);
    if (this.#waiting !== waiting) return;
    if (shown && !shown.ok && isUnheard(shown.code)) return this.#later(waiting);
    this.#giveUp();
    if (shown && !shown.ok) this.#tell(shown, waiting.goal);
  }

  /** An answer may be lost while the link holds, or is back already: nobody tells of its return then. @param {Waiting} waiting */
  #later(waiting) {
    clearTimeout(waiting.again);
    waiting.again = setTimeout(() => {
      if (isLive(this.face.messenger.state().link)) void this.#tryAgain();
    }, waiting.pause);
    waiting.pause = Math.min(2 * waiting.pause, LAST_PAUSE);
  }

  /** The place waits for the link. @param {Goal} goal */
  #wait(goal) {
    const [parts, moved] = [this.parts(), this.parts()?.log.scroll.moved];
    const { messenger, overlays } = this.face;
    /** The same one has gone nowhere else. */
    const isHere = () =>
      this.parts() === parts && parts?.log.scroll.moved === moved && messenger.state().current === goal.chatId;
    const end = setTimeout(() => {
      this.#giveUp();
      if (isHere()) overlays.toast({ text: t("place.given_up") });
    }, PATIENCE);
    this.#waiting = { goal, isHere, end, again: undefined, pause: FIRST_PAUSE };
    this.#later(this.#waiting);
  }

  #giveUp() {
    clearTimeout(this.#waiting?.end);
    clearTimeout(this.#waiting?.again);
    this.#waiting = null;
  }

  /** @param {Refused} refused @param {Goal} goal */
  #tell({ code }, goal) {
    if (code === "cancelled") return; // for another place
    const waits = isUnheard(code);
    if (waits) this.#wait(goal);
    const text = waits ? t("place.waits") : code === "not_found" ? t("place.no_message") : errorText({ code });
    this.face.overlays.toast({ text });
  }
}
