/** Who somebody is, from wherever their name stands; and the way to write to them. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { errorText, t } from "../../words/i18n.js";
import { nameOf } from "../../words/names.js";
import { createAsking } from "../parts/asking.js";
import { avatar } from "../parts/avatar.js";
import { block, unblock } from "../parts/blocking.js";
import { writeTo } from "../parts/chat-actions.js";
import { errorNote } from "../parts/loading.js";
import { personLines } from "../parts/people.js";

/** `params`: `{userId, name?}`; `name`: what they are called where nobody here knows them. @type {import("../parts/dialog.js").DialogMaker} */
export function person(face, { userId, name: told }, close) {
  let busy = false;
  /** @type {string | null} */
  let problem = null;
  const asking = createAsking(face, () => face.messenger.loadUser(userId));
  const { me, users } = face.messenger.state();
  if (userId !== me?.id && !users.has(userId)) void asking.ask();

  async function write() {
    if (busy) return;
    busy = true;
    const answer = await writeTo(face, userId, close);
    busy = false;
    problem = answer.ok ? null : errorText(answer);
    face.redraw();
  }

  /** @param {import("../../types.js").State} state */
  function content(state) {
    const mine = userId === state.me?.id;
    const user = mine ? state.me : state.users.get(userId);
    const name = user ? nameOf(user) : (told ?? nameOf(user));
    asking.follow(state);
    const unknown = user ? null : asking.get();
    const refused = unknown?.ok === false ? errorText(unknown) : null;
    const about = user ? personLines(user, state) : [];
    return html`<div class="dialog__pad">
        <div class="hero">
          ${avatar(face, { id: userId, name, online: user?.online, size: "l", url: user?.avatar_url })}
          <div class="hero__text">
            <div class="hero__name"><bdi>${name}</bdi></div>
            ${about.map((line) => html`<div class="hero__sub">${line}</div>`)}
          </div>
        </div>
      </div>
      ${errorNote(refused, { foot: true, role: "status" })} ${errorNote(problem, { foot: true })}
      ${
        mine || user?.deleted
          ? nothing
          : html`<footer class="dialog__foot">
              ${user && !user.deleted ? blockButton(face, user, state.blocked.has(userId)) : nothing}
              <button class="btn btn--primary" type="button" @click=${write}>${t("newchat.write")}</button>
            </footer>`
      }`;
  }

  return { title: () => t("info.person"), harmless: true, content };
}

/** @param {import("../face.js").Face} face @param {import("../../types.js").User} user @param {boolean} blocked */
const blockButton = (face, user, blocked) =>
  html`<button
    class="btn ${blocked ? "btn--plain" : "btn--danger-quiet"}"
    type="button"
    @click=${() => (blocked ? unblock(face, user) : block(face, user))}
  >
    ${t(blocked ? "block.undo" : "block.act")}
  </button>`;
