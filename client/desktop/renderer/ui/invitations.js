/** Invitations by a link: who is signed in joins, whoever is not registers by it, or joins after the log-in. */

import { shownServer } from "../words/address.js";
import { errorText, isolate, t } from "../words/i18n.js";

/** `server`: its origin, null: the app's. @typedef {{join: string, first: boolean, server: string | null}} Invitation */

export class Invitations {
  /** One that came before it is known who is signed in. @type {Invitation | null} */
  #waiting = null;

  /**
   * @param {import("./face.js").Face} face @param {import("./auth.js").Auth} auth
   * @param {(chatId: number) => Promise<unknown>} open a chat
   */
  constructor(face, auth, open) {
    this.face = face;
    this.auth = auth;
    this.open = open;
  }

  /** After each render. @param {import("../types.js").State} state */
  rendered({ phase }) {
    if (this.#waiting && phase !== "starting") this.come(this.#waiting);
    if (phase === "signed_in") this.#joinLate();
  }

  /** By a link into the app: who is signed in joins, others register by it, or join after they logged in.
   * @param {Invitation} invitation */
  come(invitation) {
    const { join, first, server } = invitation;
    const state = this.face.messenger.state();
    this.#waiting = state.phase === "starting" ? invitation : null;
    if (this.#waiting) return;
    if (server !== null && server !== state.server.url) void this.#elsewhere(server, join, first);
    else if (state.phase === "signed_in") void this.#join(join);
    else this.auth.invited(join, first);
    this.face.redraw();
  }

  /** By a link of another server than the app's, which is told nothing of it. @param {string} server its origin
   * @param {string} code @param {boolean} first */
  async #elsewhere(server, code, first) {
    const { messenger, overlays } = this.face;
    const { phase, server: here } = messenger.state();
    const names = { server: isolate(shownServer(server)), here: isolate(shownServer(here.url)) };
    if (phase === "signed_in") {
      const text = t("elsewhere.sign_out", names);
      await overlays.confirm({ title: t("elsewhere.title"), text, act: t("elsewhere.understood") });
      return;
    }
    const question = { title: t("elsewhere.title"), text: t("elsewhere.text", names), act: t("elsewhere.go") };
    if (!(await overlays.confirm(question))) return;
    const moved = await this.auth.moveTo(server, code, first);
    if (!moved.ok) overlays.toast({ text: errorText(moved) });
  }

  /** The group of an invitation. @param {string} code */
  async #join(code) {
    history.replaceState(history.state, "", "/");
    const joined = await this.face.messenger.acceptInvite(code);
    if (joined.ok) await this.open(joined.chat_id);
    else this.face.overlays.toast({ text: errorText(joined) });
  }

  /** What somebody was invited to before they logged in. */
  #joinLate() {
    const code = location.pathname === "/join" ? location.hash.slice(1) : this.auth.takeInvite();
    if (code) void this.#join(code);
    else if (location.pathname === "/setup") history.replaceState(history.state, "", "/");
  }
}
