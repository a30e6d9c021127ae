/** The people of the server: found, and what may be done to an account. */

import { repeat } from "../../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { sizeText } from "../../../words/files.js";
import { lastSeen } from "../../../words/format.js";
import { errorText, isolate, t } from "../../../words/i18n.js";
import { nameOf } from "../../../words/names.js";
import { icon } from "../../parts/icon.js";
import { moreButton, problemLine, waiting } from "../../parts/loading.js";
import { personRow } from "../../parts/people.js";
import { rove } from "../../parts/roving.js";
import { choiceRow } from "../../parts/setting-rows.js";
import { signOutQuestion } from "../user-sessions.js";

/** @typedef {import("../../face.js").Face} Face @typedef {import("../../../types.js").Account} Account */
/** @typedef {import("../../../types.js").Refused} Refused @typedef {import("../../../types.js").Done} Done */

/** So long a pause in typing starts the search. */
const PAUSE = 250;
const SHORTEST = 2;
/** @type {Record<string, {role: string, disabled: string}>} */
const SHOWN = {
  all: { role: "", disabled: "" },
  admins: { role: "admin", disabled: "" },
  disabled: { role: "", disabled: "true" },
};

/** @param {Face} face @returns {import("../settings/administration.js").Part} */
export function peoplePart(face) {
  /** @type {Account[] | null} */
  let accounts = null;
  let more = false;
  /** @type {string | null} */
  let problem = null;
  let [query, shown, active, asked] = ["", "all", 0, 0];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** The last question counts. @param {boolean} on from the last one */
  async function load(on = false) {
    const mine = ++asked;
    const afterId = on ? (accounts?.at(-1)?.id ?? 0) : 0;
    const wanted = [...query.trim()].length < SHORTEST ? "" : query.trim();
    const answer = await face.messenger.accounts({ query: wanted, ...SHOWN[shown], afterId });
    if (mine !== asked) return;
    if (answer.ok) [accounts, more] = [[...(on && accounts ? accounts : []), ...answer.accounts], answer.has_more];
    problem = answer.ok ? null : errorText(answer);
    face.redraw();
  }

  /** @param {string} typed */
  function type(typed) {
    query = typed;
    clearTimeout(timer);
    timer = setTimeout(() => void load(), PAUSE);
  }

  /** @param {Promise<Done | Refused>} asking */
  async function attempt(asking) {
    const answer = await asking;
    // who still sees this page is an administrator: only the last one is refused
    if (!answer.ok) face.overlays.toast({ text: answer.code === "forbidden" ? t("admin.last") : errorText(answer) });
    await load();
  }

  /** @param {Account} account @param {boolean} disabled */
  async function setDisabled(account, disabled) {
    const name = isolate(nameOf(account));
    const title = t("admin.disable_title", { name });
    const question = { title, text: t("admin.disable_text"), act: t("admin.disable"), danger: true };
    if (disabled && !(await face.overlays.confirm(question))) return;
    await attempt(face.messenger.changeAccount(account.id, { disabled }));
  }

  /** @param {Account} account */
  async function setRole(account) {
    const name = isolate(nameOf(account));
    const role = account.role === "admin" ? "member" : "admin";
    const question = {
      title: t(role === "admin" ? "admin.promote_title" : "admin.demote_title", { name }),
      text: t(role === "admin" ? "admin.promote_text" : "admin.demote_text"),
      act: t(role === "admin" ? "admin.promote" : "admin.demote"),
      danger: role === "member",
    };
    if (await face.overlays.confirm(question)) await attempt(face.messenger.changeAccount(account.id, { role }));
  }

  /** @param {Account} account */
  async function signOut(account) {
    if (await face.overlays.confirm(signOutQuestion(account))) await attempt(face.messenger.signOutUser(account.id));
  }

  /** @param {Account} account */
  function sessionsOf(account) {
    face.overlays.open("user-sessions", { account });
  }

  /** @param {Account} account */
  async function remove(account) {
    const title = t("admin.delete_title", { name: isolate(nameOf(account)) });
    const question = { title, text: t("admin.delete_text"), act: t("deletion.act"), danger: true };
    if (await face.overlays.confirm(question)) await attempt(face.messenger.deleteUser(account.id));
  }

  /** Shown once: the server does not know it any more. @param {Account} account */
  async function resetLink(account) {
    const answer = await face.messenger.makeResetLink(account.id);
    if (!answer.ok) {
      face.overlays.toast({ text: errorText(answer) });
      return;
    }
    const link = answer.url ?? `${face.messenger.state().server.url}/reset#${answer.code}`;
    face.overlays.open("reset-link", { account, link });
  }

  /** @param {Account} account @param {Element} at */
  function menu(account, at) {
    const disabled = account.disabled_at !== null;
    const items = [
      { label: t("admin.reset_link"), icon: "link", run: () => void resetLink(account) },
      { label: t("settings.sessions"), icon: "monitor", run: () => sessionsOf(account) },
      { label: t("admin.sign_out"), icon: "logout", run: () => void signOut(account) },
      {
        label: t(account.role === "admin" ? "admin.demote" : "admin.promote"),
        icon: "user",
        run: () => void setRole(account),
      },
      null,
      disabled
        ? { label: t("admin.enable"), icon: "check", run: () => void setDisabled(account, false) }
        : { label: t("admin.disable"), icon: "close", danger: true, run: () => void setDisabled(account, true) },
      ...(account.id === face.messenger.state().me?.id
        ? [] // in one's own settings, with the password
        : [{ label: t("admin.delete"), icon: "trash", danger: true, run: () => void remove(account) }]),
    ];
    face.overlays.showMenu({ label: nameOf(account), items }, at);
  }

  /** @param {Account} account @param {number} index */
  function row(account, index) {
    const badges = [
      account.role === "admin" ? html`<span class="role role--owner">${t("info.admin")}</span>` : nothing,
      account.disabled_at === null ? nothing : html`<span class="role">${t("admin.is_disabled")}</span>`,
    ];
    const end = html`<span class="row__end">${badges}${icon("more", "icon--s")}</span>`;
    return html`<li>
      <button
        class="row row--person"
        type="button"
        data-rove=${nameOf(account)}
        tabindex=${index === active ? "0" : "-1"}
        aria-haspopup="menu"
        @focus=${() => {
          active = index;
          face.redraw();
        }}
        @click=${(/** @type {MouseEvent & {currentTarget: Element}} */ event) => menu(account, event.currentTarget)}
      >
        ${personRow(face, account, { id: `account-${account.id}`, end, sub: aboutAccount(account) })}
      </button>
    </li>`;
  }

  const search = () =>
    html`<div class="search search--l">
      ${icon("search", "icon--s")}
      <input
        type="search"
        dir="auto"
        autocomplete="off"
        spellcheck="false"
        maxlength="64"
        aria-label=${t("admin.find")}
        placeholder=${t("admin.find")}
        .value=${query}
        @input=${(/** @type {Event & {currentTarget: HTMLInputElement}} */ event) => type(event.currentTarget.value)}
      />
    </div>`;

  return {
    opened: () => void load(),
    body() {
      const found = accounts ?? [];
      active = Math.min(active, Math.max(0, found.length - 1));
      return html`${search()}
        ${choiceRow({
          id: "admin-shown",
          label: t("admin.shown"),
          value: shown,
          options: Object.keys(SHOWN).map((value) => ({ value, label: t(`admin.shown_${value}`) })),
          change(value) {
            shown = value;
            void load();
            face.redraw();
          },
        })}
        ${problemLine(problem, () => load())} ${waiting(accounts === null && problem === null)}
        ${accounts?.length === 0 ? html`<p class="note" role="status">${t("person.none")}</p>` : nothing}
        <ul aria-label=${t("admin.people")} @keydown=${rove}>
          ${repeat(found, (account) => account.id, row)}
        </ul>
        ${moreButton(more, () => load(true))}`;
    },
  };
}

/** @param {Account} account */
function aboutAccount({ username, last_seen_at, sessions, file_bytes }) {
  const seen = last_seen_at ? lastSeen(last_seen_at, new Date()) : "";
  const files = file_bytes > 0 ? sizeText(file_bytes) : "";
  return [`@${username}`, seen, t("admin.sessions", { n: sessions }), files].filter(Boolean).join(" · ");
}
