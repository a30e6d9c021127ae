/** Links by which people come: made, copied, taken back. To the server, or (`chatId`) to a group. */

import { repeat } from "../../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { fullTime } from "../../../words/format.js";
import { errorText, isolate, t } from "../../../words/i18n.js";
import { copyAndTell } from "../../parts/copying.js";
import { icon } from "../../parts/icon.js";
import { problemLine, waiting } from "../../parts/loading.js";

/** @typedef {import("../../../types.js").Invite} Invite @typedef {import("../../../types.js").State} State */

const USES = [1, 10, 100, 1000];
const DAYS = [1, 7, 30, 90];

/** @param {import("../../face.js").Face} face @param {number | null} chatId
 * @returns {import("../settings/administration.js").Part} */
export function invitesPart(face, chatId) {
  /** @type {Invite[] | null} */
  let invites = null;
  /** @type {string | null} */
  let problem = null;
  let [uses, days] = [chatId === null ? 1 : 10, 7];
  /** Shown once: the server does not know it any more. */
  let link = "";
  /** Which one that is. */
  let linked = 0;
  let busy = false;
  let asked = 0;

  async function load() {
    const mine = ++asked;
    const answer = await face.messenger.invites();
    if (mine !== asked) return;
    if (answer.ok) {
      invites = answer.invites.filter((invite) => chatId === null || invite.chat_id === chatId);
    }
    problem = answer.ok ? null : errorText(answer);
    face.redraw();
  }

  /** @param {Event} event */
  async function make(event) {
    event.preventDefault();
    if (busy) return;
    [busy, problem] = [true, null];
    face.redraw();
    const answer = await face.messenger.createInvite({ uses, days, chatId });
    busy = false;
    if (answer.ok) {
      linked = answer.id;
      link = answer.url ?? `${face.messenger.state().server.url}/join#${answer.code}`;
      await load();
      await copyAndTell(face, link);
    } else problem = errorText(answer);
    face.redraw();
  }

  /** @param {Invite} invite */
  async function revoke(invite) {
    const question = { title: t("invites.revoke_title"), text: t("invites.revoke_text"), act: t("invites.revoke") };
    if (!(await face.overlays.confirm({ ...question, danger: true }))) return;
    const answer = await face.messenger.revokeInvite(invite.id);
    if (answer.ok && invite.id === linked) link = "";
    await load();
    if (!answer.ok) problem = errorText(answer);
    face.redraw();
  }

  /**
   * @param {string} id @param {string} label @param {number[]} of @param {number} value
   * @param {(n: number) => string} said @param {(n: number) => void} set
   */
  const choice = (id, label, of, value, said, set) =>
    html`<div class="set__row">
      <label for=${id}>${label}</label>
      <span class="input"
        ><select
          id=${id}
          @change=${(/** @type {Event & {currentTarget: HTMLSelectElement}} */ event) => set(Number(event.currentTarget.value))}
        >
          ${of.map((n) => html`<option value=${n} ?selected=${n === value}>${said(n)}</option>`)}
        </select></span
      >
    </div>`;

  const form = () =>
    html`<form class="set__group" @submit=${make}>
      ${choice("invite-uses", t("invites.uses"), USES, uses, String, (n) => {
        uses = n;
      })}
      ${choice(
        "invite-days",
        t("invites.days"),
        DAYS,
        days,
        (n) => t("invites.day", { n }),
        (n) => {
          days = n;
        },
      )}
      ${link === "" ? nothing : made()}
      <button class="btn btn--primary" type="submit" aria-busy=${busy ? "true" : "false"}>${t("invites.make")}</button>
    </form>`;

  const made = () =>
    html`<div class="field">
      <div class="field__head"><label for="invite-link">${t("invites.link")}</label></div>
      <div class="input">
        <input id="invite-link" readonly dir="ltr" .value=${link} aria-describedby="invite-link-hint" />
        <button class="ibtn" type="button" aria-label=${t("menu.copy_link")} @click=${() => copyAndTell(face, link)}>
          ${icon("copy")}
        </button>
      </div>
      <p class="hint" id="invite-link-hint">${t("invites.once")}</p>
    </div>`;

  /** @param {Invite} invite @param {State} state */
  function row(invite, state) {
    const [used, state_] = [t("invites.used", { n: invite.used, of: invite.uses }), stateOf(invite)];
    return html`<li class="session">
      <span class="session__icon">${icon("link")}</span>
      <span class="session__text"
        ><b>${nameOf(invite, state)}</b
        ><small
          >${used} · ${state_ === null ? t("invites.until", { moment: fullTime(invite.expires_at) }) : t(state_)}</small
        ></span
      >
      ${
        state_ === null
          ? html`<button
              class="btn btn--danger-quiet btn--s"
              type="button"
              aria-label=${t("invites.revoke_named", { name: nameOf(invite, state) })}
              @click=${() => revoke(invite)}
            >
              ${t("invites.revoke")}
            </button>`
          : nothing
      }
    </li>`;
  }

  return {
    opened() {
      link = "";
      void load();
    },
    body: (state) =>
      html`<p class="note">${t(chatId === null ? "invites.about" : "invites.about_group")}</p>
        ${form()} ${problemLine(problem, load)} ${waiting(invites === null && problem === null)}
        <ul aria-label=${t("admin.invites")}>
          ${repeat(
            invites ?? [],
            (invite) => invite.id,
            (invite) => row(invite, state),
          )}
        </ul>`,
  };
}

/** @param {Invite} invite @param {State} state */
function nameOf({ id, chat_id }, { chats }) {
  if (chat_id === null) return t("invites.number", { n: id });
  const title = chats.get(chat_id)?.title;
  return title ? t("invites.to_group", { n: id, title: isolate(title) }) : t("invites.to_some_group", { n: id });
}

/** Why nobody comes by it any more, as a key; null where people do. @param {Invite} invite */
function stateOf({ revoked, used, uses, expires_at }) {
  if (revoked) return "invites.revoked";
  if (used >= uses) return "invites.used_up";
  return Date.parse(expires_at) <= Date.now() ? "invites.expired" : null;
}
