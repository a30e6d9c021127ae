/** On which server one logs in: its name, and a field to name another one, which is taken where a server of ours answers. */

import { serverOrigin } from "../rules/address.js";
import { shownServer } from "../words/address.js";
import { errorText, t } from "../words/i18n.js";
import { ifDefined } from "../vendor/lit-html/directives/if-defined.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { note } from "./parts/auth-page.js";
import { focusSoon, valueOf } from "./parts/elements.js";
import { icon } from "./parts/icon.js";
import { isComposed } from "./parts/keys.js";

/** @typedef {import("../types.js").State} State */

const FIELD = "auth-server";

export class ServerAddress {
  #now = { open: false, busy: false, wrong: "" };

  /**
   * `leaving`: the shell may load the page anew now; `chosen`: it is another one from now on.
   * @param {import("./face.js").Face} face @param {{leaving: () => void, chosen: () => void}} told
   */
  constructor(face, told) {
    this.face = face;
    this.told = told;
  }

  /** Its field is there. @param {State} state */
  isAsked({ server }) {
    return !server.fixed && (this.#now.open || !server.url);
  }

  /** @param {State} state */
  template(state) {
    if (state.server.fixed) return nothing;
    if (this.isAsked(state)) return this.#form(state);
    const edit = () => this.#change({ open: true }, true);
    return html`<div class="server">
      ${icon("server", "icon--s")}
      <span class="server__name">${t("auth.server")} <b>${shownServer(state.server.url)}</b></span>
      <button class="btn btn--quiet btn--s" type="button" @click=${edit}>${t("auth.server_change")}</button>
    </div>`;
  }

  /** @param {State} state */
  #form(state) {
    const { busy, wrong } = this.#now;
    /** @param {KeyboardEvent} event */
    const entered = (event) => {
      if (event.key !== "Enter" || isComposed(event)) return;
      event.preventDefault();
      void this.save();
    };
    return html`<div class="server-edit field">
      <label for=${FIELD}>${t("auth.server_address")}</label>
      <div class="server-edit__row">
        <div class="input ${wrong ? "is-bad" : ""}">
          <input
            id=${FIELD}
            .defaultValue=${shownServer(state.server.url)}
            inputmode="url"
            autocomplete="url"
            autocapitalize="none"
            spellcheck="false"
            placeholder="chat.example.org"
            ?readonly=${busy}
            aria-invalid=${wrong ? "true" : "false"}
            aria-describedby=${ifDefined(wrong ? "auth-server-note" : undefined)}
            @keydown=${entered}
          />
        </div>
        <button class="btn btn--plain" type="button" aria-busy=${busy} @click=${() => this.save()}>
          ${t(busy ? "auth.server_checking" : "auth.server_check")}
        </button>
      </div>
      ${note("auth-server-note", wrong, "")}
    </div>`;
  }

  /** Saved only where a server of ours answers. @returns {Promise<boolean>} */
  async save() {
    if (this.#now.busy) return false;
    const url = serverOrigin(valueOf(FIELD));
    if (!url) return this.#change({ wrong: errorText({ code: "bad_address" }) }, true);
    this.#change({ busy: true, wrong: "" });
    const { messenger } = this.face;
    const probed = await messenger.probe(url);
    this.told.leaving();
    const saved = probed.ok ? await messenger.setServer(url) : probed;
    if (!saved.ok) return this.#change({ busy: false, open: true, wrong: errorText(saved) }, true);
    this.#change({ open: false, busy: false, wrong: "" });
    this.told.chosen();
    return true;
  }

  /** @param {Partial<{open: boolean, busy: boolean, wrong: string}>} change @param {boolean} [focus] its field gets it */
  #change(change, focus = false) {
    this.#now = { ...this.#now, ...change };
    this.face.redraw();
    if (focus) focusSoon(FIELD);
    return false;
  }
}
