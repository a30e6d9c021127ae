/**
 * Going to a place of a chat: a message, a day, back to where one was. What this machine has is shown at once. What only the
 * server has waits for the link, for some minutes, which is said; whoever goes elsewhere meanwhile is not taken there any
 * more, and whoever stays is told when it is given up.
 */

import { errorText, t } from "../words/i18n.js";
import { isUnheard, watchReturn } from "../state/link-view.js";

/** @typedef {import("../types.js").State} State @typedef {import("../types.js").Done} Done
 * @typedef {import("../types.js").Refused} Refused */
/**
 * A message to go to. `focus`: it takes the focus; `jumped`: there is a way back.
 * @typedef {{chatId: number, seq: number, focus: boolean, jumped: boolean}} Goal
 */

/** @type {Done} */
const DONE = { ok: true };
/** Milliseconds that a place waits for the link: after that nobody expects the log to move. */
const PATIENCE = 5 * 60_000;

export class Going {
  /** What waits for the link, where one was by then, and its end. @type {{goal: Goal, isHere: () => boolean,
   *   end: ReturnType<typeof setTimeout>} | null} */
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
    const { chatId, seq, focus, jumped } = goal;
    this.#giveUp();
    const here = this.face.messenger.state().current === chatId;
    const from = here ? (this.parts()?.log.where() ?? null) : null;
    if (!here) await this.open(chatId);
    const shown = await this.parts()?.log.show(chatId, seq, focus);
    if (!shown?.ok) {
      if (shown) this.#tell(shown, goal);
      return false;
    }
    if (jumped && here) this.trail.jump(chatId, from, seq);
    return true;
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
    if (!this.#isBack(link) || this.#waiting === null) return;
    const { goal, isHere } = this.#waiting;
    this.#giveUp();
    if (isHere()) void this.toMessage(goal);
  }

  /** The place waits for the link. @param {Goal} goal */
  #wait(goal) {
    const [parts, moved] = [this.parts(), this.parts()?.log.scroll.moved];
    const { messenger, overlays } = this.face;
    /** The same one has gone nowhere else. */
    const isHere = () =>
      this.parts() === parts && parts?.log.scroll.moved === moved && messenger.state().current === goal.chatId;
    const end = setTimeout(() => {
      this.#waiting = null;
      if (isHere()) overlays.toast({ text: t("place.given_up") });
    }, PATIENCE);
    this.#waiting = { goal, isHere, end };
  }

  #giveUp() {
    clearTimeout(this.#waiting?.end);
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
