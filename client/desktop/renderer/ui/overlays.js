/** Everything that floats over the face: a stack of dialogs, one menu or picker on top of it, toasts, and what is said aloud. */

import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { chatMenu, echoMenu, messageMenu } from "./log/context.js";
import { dialogFrame, show } from "./parts/dialog.js";
import { createEmojiPicker } from "./composer/emoji-picker.js";
import { createMenu } from "./parts/menu.js";
import { createToasts } from "./parts/toasts.js";
import { addMembers } from "./dialogs/add-members.js";
import { avatarDialog } from "./dialogs/avatar.js";
import { chatInfo } from "./dialogs/chat-info.js";
import { date } from "./dialogs/date.js";
import { confirm } from "./dialogs/confirm.js";
import { groupInvites } from "./dialogs/invites.js";
import { findMessages } from "./dialogs/find-messages.js";
import { exportData } from "./dialogs/export-data.js";
import { forward } from "./dialogs/forward.js";
import { newChat } from "./dialogs/new-chat.js";
import { newGroup } from "./dialogs/new-group.js";
import { deleteAccount } from "./dialogs/delete-account.js";
import { password } from "./dialogs/password.js";
import { person } from "./dialogs/person.js";
import { picture } from "./dialogs/picture.js";
import { pins } from "./dialogs/pinned-list.js";
import { readers } from "./dialogs/readers.js";
import { userSessions } from "./dialogs/user-sessions.js";
import { resetLink } from "./dialogs/reset-link.js";
import { rename } from "./dialogs/rename.js";
import { revisions } from "./dialogs/revisions.js";
import { settings } from "./dialogs/settings-window.js";
import { sharedFiles } from "./dialogs/shared-files.js";
import { shortcuts } from "./dialogs/shortcuts.js";
import { switcher } from "./dialogs/switcher.js";
import { whoReacted } from "./dialogs/who-reacted.js";

/** @typedef {import("./face.js").Face} Face @typedef {import("./face.js").Overlays} Overlays */
/** @typedef {import("./parts/dialog.js").Shown} Shown @typedef {import("./parts/popup.js").Anchor} Anchor */
/** @typedef {{template: () => unknown, opener: Element | null}} Popup */

/** @type {Record<string, import("./parts/dialog.js").DialogMaker>} */
const DIALOGS = {
  avatar: avatarDialog,
  "new-chat": newChat,
  "new-group": newGroup,
  "chat-info": chatInfo,
  "add-members": addMembers,
  rename,
  settings,
  password,
  "delete-account": deleteAccount,
  "export-data": exportData,
  "shared-files": sharedFiles,
  switcher,
  shortcuts,
  confirm,
  "find-messages": findMessages,
  invites: groupInvites,
  forward,
  picture,
  pins,
  revisions,
  readers,
  "user-sessions": userSessions,
  "reset-link": resetLink,
  person,
  date,
  "who-reacted": whoReacted,
};

/** @type {Record<string, (face: Face, params: any, at: Anchor) => import("./parts/menu.js").Menu>} */
const MENUS = { message: messageMenu, echo: echoMenu, chat: chatMenu };

/** @param {Face} face @returns {Overlays} */
export function createOverlays(face) {
  let serial = 0;
  /** @type {Shown[]} */
  let stack = [];
  /** @type {Popup | null} */
  let popup = null;
  const toasts = createToasts(() => face.redraw());
  /** What a screen reader was told last, and in which dialog; 0: in none. */
  let said = { text: "", id: 0 };

  /** One of a name at a time, but questions: they are asked by others. @param {string} name @param {any} [params] */
  function open(name, params = {}) {
    if (name !== "confirm" && stack.some((shown) => shown.name === name)) return;
    closePopup();
    const id = ++serial;
    const close = () => closeDialog(id);
    /** @type {Shown} */
    const shown = {
      id,
      name,
      dialog: DIALOGS[name](face, params, close),
      element: null,
      close,
      attach(element) {
        if (!(element instanceof HTMLDialogElement) || element.open) return;
        shown.element = element;
        queueMicrotask(() => element.isConnected && show(element));
      },
    };
    stack = [...stack, shown];
    face.redraw();
  }

  /** @param {number} id @returns {boolean} whether it was open */
  function closeDialog(id) {
    const shown = stack.find((one) => one.id === id);
    if (!shown) return false;
    closePopup();
    stack = stack.filter((one) => one !== shown);
    shown.element?.close(); // it gives the focus back
    if (stack.length === 0 && document.activeElement === document.body) face.focusComposer();
    shown.dialog.gone?.();
    face.redraw();
    return true;
  }

  /** To whoever hears the page: nothing is heard of what lies under a dialog. @param {string} text */
  function say(text) {
    const id = stack.at(-1)?.id ?? 0;
    const again = said.text === text && said.id === id; // the same words twice are two pieces of news
    said = { text: again ? `${text}\u200b` : text, id };
    face.redraw();
  }

  /** A live region that is there before it says anything. @param {number} id */
  const saying = (id) => html`<div class="sr" role="status" data-said>${said.id === id ? said.text : ""}</div>`;

  /** @param {(close: () => void) => {template: () => unknown}} make */
  function openPopup(make) {
    closePopup();
    const mine = { ...make(closePopup), opener: document.activeElement };
    popup = mine;
    document.addEventListener("pointerdown", pointerElsewhere, true);
    addEventListener("resize", closePopup);
    face.redraw();
  }

  function closePopup() {
    const closing = popup;
    if (closing === null) return;
    popup = null;
    document.removeEventListener("pointerdown", pointerElsewhere, true);
    removeEventListener("resize", closePopup);
    const inside = document.activeElement?.closest(".menu, .emoji");
    if (inside && closing.opener instanceof HTMLElement) closing.opener.focus();
    face.redraw();
  }

  /** @param {PointerEvent} event */
  function pointerElsewhere(event) {
    if (!(event.target instanceof Element && event.target.closest(".menu, .emoji"))) closePopup();
  }

  /** From the top down: each gives the focus back to what is below. @param {Shown[]} going */
  function closeThese(going) {
    closePopup();
    stack = stack.filter((shown) => !going.includes(shown));
    for (const { element, dialog } of [...going].reverse()) {
      element?.close();
      dialog.gone?.();
    }
    face.redraw();
  }

  /** What was open, or said, belongs to an account that is gone. */
  function closeAll() {
    closeThese(stack);
    toasts.clear();
    said = { text: "", id: 0 };
  }

  /** One goes to what lies below. What is typed and not saved stays. */
  const makeWay = () => closeThese(stack.filter(({ dialog }) => !dialog.isChanged?.()));

  return {
    open,
    template(state) {
      const top = stack.at(-1)?.id ?? 0;
      /** @param {number} id */
      const floating = (id) =>
        html`${id === top && popup ? popup.template() : nothing} ${toasts.template(id === top)} ${saying(id)}`;
      return html`${repeat(
        stack,
        (shown) => shown.id,
        (shown) => dialogFrame(shown, state, floating(shown.id)),
      )}${floating(0)}`;
    },
    menu: (kind, params, at) => {
      const menu = MENUS[kind](face, params, at);
      if (menu.items.length > 0) openPopup((close) => createMenu(menu, at, close));
    },
    showMenu: (menu, at) => openPopup((close) => createMenu(menu, at, close)),
    emoji: (anchor, onPick) => openPopup((close) => createEmojiPicker(face, anchor, onPick, close)),
    toast: toasts.add,
    say,
    confirm: (question) => new Promise((answer) => open("confirm", { ...question, answer })),
    closeTop() {
      if (popup) closePopup();
      else if (stack.length > 0) stack[stack.length - 1].close();
      else return false;
      return true;
    },
    closePopup,
    makeWay,
    closeAll,
    busy: () => stack.length > 0,
  };
}
