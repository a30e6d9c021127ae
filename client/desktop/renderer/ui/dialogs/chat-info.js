/** About a group or about the other one of a direct chat; what may be done here depends on one's role. */

import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { fullDate } from "../../words/format.js";
import { errorText, isolate, t } from "../../words/i18n.js";
import { isMuted } from "../../state/muting.js";
import { latestOf, onlineIn } from "../../state/people.js";
import { keptDays } from "../../state/retention.js";
import { handleOf, isSaved, nameOf, titleOf } from "../../words/names.js";
import { blockItems } from "../parts/blocking.js";
import { hideChat, toggleFavourite, toggleMuted, writeTo } from "../parts/chat-actions.js";
import { chatAvatar } from "../parts/chat-avatar.js";
import { icon } from "../parts/icon.js";
import { mutedText } from "../parts/mute-menu.js";
import { personLines, personRow, presence } from "../parts/people.js";
import { retentionMenu } from "../parts/retention-menu.js";
import { rove } from "../parts/roving.js";

/** @typedef {import("../face.js").Face} Face @typedef {import("../../types.js").State} State */
/** @typedef {import("../../types.js").ChatView} ChatView @typedef {import("../../types.js").Member} Member */

/** `params`: `{chatId}`. @type {import("../parts/dialog.js").DialogMaker} */
export function chatInfo(face, { chatId }, close) {
  let active = 0;
  /** @type {string | null} */
  let problem = null;
  const opened = face.messenger.state().chats.get(chatId);
  if (opened?.is_group) void load();

  async function load() {
    problem = null;
    const answer = await face.messenger.loadMembers(chatId);
    problem = answer.ok ? null : errorText(answer);
    face.redraw();
  }

  /** What the server refused is said in the dialog. @param {Promise<{ok: true} | {ok: false, code: string}>} doing */
  async function attempt(doing) {
    const outcome = await doing;
    problem = outcome.ok ? null : errorText(outcome);
    face.redraw();
    return outcome.ok;
  }

  /** @param {"all" | "admins"} writers */
  async function setWriters(writers) {
    if (!(await attempt(face.messenger.changeChat(chatId, { writers })))) return;
    face.announce(t(writers === "admins" ? "event.admins_write_by_you" : "event.all_write_by_you"));
  }

  /** @param {number} userId */
  async function write(userId) {
    await attempt(writeTo(face, userId, close));
  }

  /** @param {Member} member */
  async function remove(member) {
    const name = isolate(nameOf(member.user));
    const question = {
      title: t("info.remove_title", { name }),
      text: t("info.remove_text"),
      act: t("info.remove"),
      danger: true,
    };
    if (await face.overlays.confirm(question)) await attempt(face.messenger.removeMember(chatId, member.user.id));
  }

  /** @param {ChatView} chat @param {number} myId */
  async function leave(chat, myId) {
    const title = t("info.leave_title", { title: isolate(titleOf(chat, null)) });
    const others = (chat.members ?? []).filter((member) => member.user.id !== myId);
    const alone = chat.role === "admin" && others.length > 0 && others.every((member) => member.role !== "admin");
    const text = t(alone ? "info.leave_last_admin" : "info.leave_text");
    if (!(await face.overlays.confirm({ title, text, act: t("info.leave"), danger: true }))) return;
    if (await attempt(face.messenger.removeMember(chatId, myId))) close();
  }

  /** @param {Member} member @param {ChatView} chat @param {Element} at */
  function memberMenu(member, chat, at) {
    const { user, role } = member;
    const other = role === "admin" ? "member" : "admin";
    const changeRole = () => void attempt(face.messenger.changeRole(chatId, user.id, other));
    const items = [{ label: t("newchat.write"), icon: "compose", run: () => void write(user.id) }];
    const rights = [
      { label: t(role === "admin" ? "info.unmake_admin" : "info.make_admin"), icon: "user", run: changeRole },
      null,
      { label: t("info.remove"), icon: "trash", danger: true, run: () => void remove(member) },
    ];
    const mayChange = chat.role === "admin" && chat.left_seq === null;
    face.overlays.showMenu({ label: nameOf(user), items: mayChange ? [...items, ...rights] : items }, at);
  }

  /** @param {Member} member @param {number} index @param {ChatView} chat @param {State} state */
  function memberRow(member, index, chat, state) {
    const user = latestOf(state.users, member.user);
    const mine = user.id === state.me?.id;
    const role = member.role === "admin" ? html`<span class="role role--owner">${t("info.admin")}</span>` : nothing;
    const end = html`<span class="row__end">${role}${mine ? nothing : icon("more", "icon--s")}</span>`;
    const sub = mine ? t("info.you") : presence(user, state, new Date()) || handleOf(user);
    const row = personRow(face, user, { id: `member-${user.id}`, end, sub });
    return html`<li>
      <button
        class="row row--person"
        type="button"
        data-rove=${nameOf(user)}
        tabindex=${index === active ? "0" : "-1"}
        aria-haspopup=${mine ? nothing : "menu"}
        @focus=${() => {
          active = index;
          face.redraw();
        }}
        @click=${(/** @type {MouseEvent & {currentTarget: Element}} */ event) => mine || memberMenu(member, chat, event.currentTarget)}
      >
        ${row}
      </button>
    </li>`;
  }

  /** @param {ChatView} chat @param {State} state */
  function memberList(chat, state) {
    if (chat.members === null) return problem ? nothing : html`<p class="note dialog__wait">${t("info.loading")}</p>`;
    const members = sorted(chat.members, state);
    active = Math.min(active, Math.max(0, members.length - 1));
    return html`<h3 class="list-head"><span>${t("info.members")}</span><span>${members.length}</span></h3>
      <ul aria-label=${t("info.members")} @keydown=${rove}>
        ${repeat(
          members,
          (member) => member.user.id,
          (member, index) => memberRow(member, index, chat, state),
        )}
      </ul>`;
  }

  /** @param {ChatView} chat @param {State} state */
  function acts(chat, state) {
    const hide = act("close", t("context.hide"), async () => {
      if (await hideChat(face, chat)) close();
    });
    const files = act("folder", t("files.short"), () => face.overlays.open("shared-files", { chatId }));
    if (chat.left_seq !== null) return [files, hide];
    const muted = isMuted(chat, Date.now());
    const flags = [
      act(muted ? "mute" : "bell", t("info.mute"), () => void toggleMuted(face, chat), { pressed: muted }),
      act("pin", t("info.favourite"), () => void toggleFavourite(face, chat), { pressed: chat.favourite }),
    ];
    if (!chat.is_group) return [...flags, files, hide, ...blocking(chat, state)];
    const admin = [
      act("image", t("info.avatar"), () => face.overlays.open("avatar", { chatId })),
      act("edit", t("info.rename"), () => face.overlays.open("rename", { chatId })),
      act("adduser", t("info.add"), () => face.overlays.open("add-members", { chatId })),
      act("link", t("info.invites"), () => face.overlays.open("invites", { chatId })),
    ];
    const closed = chat.writers === "admins";
    const writers = act("bell", t("info.admins_write"), () => void setWriters(closed ? "all" : "admins"), {
      pressed: closed,
    });
    const kept = act("clock", t("retention.title"), ({ currentTarget }) =>
      face.overlays.showMenu(retentionMenu(face, chat), currentTarget),
    );
    admin.push(writers, kept);
    const out = act("logout", t("info.leave"), () => void leave(chat, state.me?.id ?? 0), { danger: true });
    return [...flags, ...(chat.role === "admin" ? admin : []), files, hide, out];
  }

  /** @param {ChatView} chat @param {State} state */
  function blocking({ peer }, state) {
    if (!peer || peer.id === state.me?.id) return [];
    const items = blockItems(face, latestOf(state.users, peer));
    return items.map(({ icon: sign, label, run, danger }) => act(sign, label, run, { danger }));
  }

  return {
    title: () => t(opened?.is_group === false ? "info.person" : "info.group"),
    harmless: true,
    content(state) {
      const chat = state.chats.get(chatId);
      if (!chat) return html`<div class="dialog__pad"><p class="note">${t("error.not_found")}</p></div>`;
      return html`<div class="dialog__pad">
          ${hero(face, chat, state)}
          ${chat.left_seq === null ? nothing : html`<p class="alert alert--warn">${icon("info")}${t("info.former")}</p>`}
          ${chat.blocked ? html`<p class="alert alert--warn">${icon("info")}${t("info.blocked")}</p>` : nothing}
          <div class="acts">${acts(chat, state)}</div>
        </div>
        ${
          problem
            ? html`<p class="err dialog__err" role="alert">
                ${icon("alert", "icon--s")}<span>${problem}</span>
                ${
                  chat.is_group && chat.members === null
                    ? html`<button class="link-btn" type="button" @click=${load}>${t("dialog.again")}</button>`
                    : nothing
                }
              </p>`
            : nothing
        }
        ${chat.is_group ? html`<div class="dialog__body dialog__body--list">${memberList(chat, state)}</div>` : nothing}`;
    },
  };
}

/** Admins first, then by name. @param {Member[]} members @param {State} state */
function sorted(members, state) {
  const name = (/** @type {Member} */ { user }) => nameOf(latestOf(state.users, user));
  const rank = (/** @type {Member} */ { role }) => (role === "admin" ? 0 : 1);
  return [...members].sort((a, b) => rank(a) - rank(b) || name(a).localeCompare(name(b)));
}

/** @param {Face} face @param {ChatView} chat @param {State} state */
function hero(face, chat, state) {
  const peer = chat.peer ? latestOf(state.users, chat.peer) : null;
  const about = chat.is_group
    ? aboutGroup(chat, state)
    : isSaved(chat, state.me)
      ? [t("newchat.saved_about")]
      : peer
        ? personLines(peer, state)
        : [];
  const now = new Date();
  if (chat.left_seq === null && chat.muted_until && isMuted(chat, now.getTime())) about.push(mutedText(chat, now));
  return html`<div class="hero">
    ${chatAvatar(face, state, chat, "l")}
    <div class="hero__text">
      <div class="hero__name"><bdi>${titleOf(chat, state.me)}</bdi></div>
      ${about.map((line) => html`<div class="hero__sub">${line}</div>`)}
    </div>
  </div>`;
}

/** @param {ChatView} chat @param {State} state @returns {string[]} */
function aboutGroup(chat, state) {
  const kept = keptDays(chat, state.limits);
  const created = t("info.created", { date: fullDate(chat.created_at) });
  const about = [created, ...(kept > 0 ? [t("retention.note", { n: kept })] : [])];
  if (chat.members === null) return about;
  const online = onlineIn(chat, state);
  const count = t("info.count", { n: chat.members.length });
  return [online > 0 ? `${count}, ${t("info.online", { n: online })}` : count, ...about];
}

/**
 * @param {string} name @param {string} label @param {(event: MouseEvent & {currentTarget: Element}) => void} run
 * @param {{pressed?: boolean, danger?: boolean}} [options]
 */
const act = (name, label, run, { pressed, danger = false } = {}) =>
  html`<button
    class="act ${danger ? "act--danger" : ""}"
    type="button"
    aria-pressed=${pressed === undefined ? nothing : String(pressed)}
    @click=${run}
  >
    ${icon(name)}${label}
  </button>`;
