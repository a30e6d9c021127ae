/** The face as a whole: one render a frame, the quick keys, and what its parts ask of each other. */

import { followZone } from "../words/format.js";
import { errorText, isolate, t } from "../words/i18n.js";
import { nextChange } from "../state/link-view.js";
import { placeOfHash } from "../state/places.js";
import { html, render } from "../vendor/lit-html/lit-html.js";
import { applyAppearance } from "./appearance.js";
import { Auth } from "./auth.js";
import { Door, doorOf } from "./door.js";
import { Going } from "./going.js";
import { Invitations } from "./invitations.js";
import { find } from "./parts/elements.js";
import { isComposed, quickKey } from "./parts/keys.js";
import { loadLanguage } from "./parts/languages.js";
import { createOverlays } from "./overlays.js";
import { SignedIn } from "./signed-in.js";
import { Trail } from "./trail.js";

/** @typedef {import("../types.js").State} State @typedef {import("./face.js").Face} Face */

/** Times such as "был(а) в сети в 12:46" and "вчера" grow old. */
const MINUTE = 60_000;
/** Milliseconds until texts that could not be loaded are asked for again, at first and at most. */
const FIRST_WAIT = 500;
const LAST_WAIT = 10_000;
const REGIONS = ["side", "log", "composer"];

export class App {
  #frame = 0;
  /** The next render is of more than the composer. */
  #whole = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer = undefined;
  /** @type {import("../types.js").Settings | null} */
  #settings = null;
  /** A chat to be opened once somebody is logged in. @type {number | null} */
  #wanted = null;
  /** The message in it. @type {number | null} */
  #wantedSeq = null;
  /** What belongs to the log-in that there is. @type {SignedIn | null} */
  #parts = null;
  /** Somebody signed in by hand, or may: what lies before is not theirs. */
  #anew = false;
  /** What a search had found when one went on from it. @type {{id: number, shown: unknown}} */
  #results = { id: Date.now(), shown: null };

  /** @param {import("../types.js").Messenger} messenger @param {import("./face.js").Platform} platform @param {HTMLElement} root */
  constructor(messenger, platform, root) {
    this.root = root;
    /** @type {Face} */
    this.face = {
      messenger,
      ended: new AbortController().signal, // the app itself has no end
      platform,
      get overlays() {
        return overlays; // which are made with this face
      },
      redraw: () => this.#redraw(),
      redrawComposer: () => this.#ask(),
      reply: (chatId, message) => this.#reply(chatId, message),
      edit: (chatId, target) => this.#parts?.composer.edit(chatId, target),
      announce: (text) => overlays.say(text),
      select: (chatId, seq) => this.#parts?.selecting.begin(chatId, seq),
      openPlace: (place) => this.#openPlace(place),
      openFound: (place, results) => {
        this.#results = { id: this.#results.id + 1, shown: results };
        return this.trail.found(this.#results.id, () => this.#openPlace(place));
      },
      openChat: (chatId) => void this.#openChat(chatId),
      focusComposer: () => this.#parts?.composer.focus(),
      showMessage: (chatId, seq, focus = true) => this.going.toMessage({ chatId, seq, focus, jumped: focus }),
      showDay: (chatId, at) => this.going.toDay(chatId, at),
      back: {
        isPossible: () => this.trail.jumped(messenger.state().current),
        go: () => window.history.back(),
        settle: () => this.trail.settle(),
      },
    };
    this.trail = new Trail(
      (entry) => void this.#goBack(entry),
      () => this.#closeTop(),
    );
    this.going = new Going(
      this.face,
      () => this.#parts,
      (chatId) => this.#openChat(chatId),
      this.trail,
    );
    const overlays = createOverlays(this.face);
    this.auth = new Auth(this.face);
    this.invitations = new Invitations(this.face, this.auth, (chatId) =>
      this.#openPlace({ chat_id: chatId, seq: null }),
    );
    const what = platform.desktop ? null : doorOf(location);
    /** What a link in a letter leads to. */
    this.door = what && new Door(this.face, what);
  }

  async start() {
    const { messenger, platform } = this.face;
    messenger.subscribe(() => this.#changed());
    window.addEventListener("keydown", this.#key);
    window.addEventListener("dragover", this.#dropped);
    window.addEventListener("drop", this.#dropped);
    window.addEventListener("hashchange", () => this.#openHash());
    platform.onOpenChat((place) => {
      if (typeof place === "object" && "join" in place) this.invitations.come(place);
      else void this.#openPlace(typeof place === "number" ? { chat_id: place, seq: null } : place);
    });
    platform.onSaved((file) => this.#saved(file));
    platform.onWake(() => followZone() && this.#redraw());
    platform.onMenu((action) => this.#run(action, 0));
    await this.#follow(messenger.state());
    this.#draw();
    await messenger.start();
    this.#draw();
    if (messenger.state().phase === "signed_out") this.auth.focus();
    else this.face.focusComposer(); // the last chat may be open again
    this.#openHash();
  }

  /** Whoever logs in before the next frame gets parts of their own. */
  #changed() {
    if (this.#parts && this.face.messenger.state().phase !== "signed_in") {
      this.#parts.end();
      this.#parts = null;
      this.trail.end();
      this.#results = { id: this.#results.id + 1, shown: null };
      this.face.overlays.closeAll();
    }
    this.#redraw();
    // a tab that nobody sees draws no frames: what belongs to the log-in is made all the same, for it tells of messages
    if (document.hidden && !this.#parts && this.face.messenger.state().phase === "signed_in") {
      setTimeout(() => this.#parts ?? this.#draw());
    }
  }

  #redraw() {
    this.#whole = true;
    this.#ask();
  }

  #ask() {
    this.#frame ||= requestAnimationFrame(() => this.#draw(this.#whole));
  }

  /** @param {boolean} [whole] more than the composer changed */
  #draw(whole = true) {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#whole = false;
    const state = this.face.messenger.state();
    if (state.settings !== this.#settings) void this.#follow(state);
    const now = new Date();
    const focused = document.activeElement;
    render(this.#template(state, now, whole), this.root);
    keepFocus(focused);
    this.#parts?.rendered(state, whole);
    if (this.#parts) this.going.rendered(state);
    else document.title = t("auth.brand");
    this.invitations.rendered(state);
    if (this.#wanted !== null && state.phase === "signed_in") {
      const place = { chat_id: this.#wanted, seq: this.#wantedSeq };
      this.#wantedSeq = null;
      void this.#openPlace(place);
    }
    this.#later(state, now.getTime());
  }

  /** Language, theme and size. @param {State} state */
  async #follow(state) {
    const before = this.#settings;
    this.#settings = state.settings;
    applyAppearance(state.settings);
    if (before?.language === state.settings.language) return;
    await this.#language(state.settings.language);
    this.#redraw();
  }

  /** Asked for until it comes: a page without words is none. @param {string} setting */
  async #language(setting) {
    for (let wait = FIRST_WAIT; this.#settings?.language === setting; wait = Math.min(2 * wait, LAST_WAIT)) {
      try {
        return await loadLanguage(setting);
      } catch (error) {
        console.warn("the texts could not be loaded:", error);
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  /** @param {State} state @param {Date} now @param {boolean} whole */
  #template(state, now, whole) {
    return html`${this.#phase(state, now, whole)} ${this.face.overlays.template(state)}`;
  }

  /** @param {State} state @param {Date} now @param {boolean} whole */
  #phase(state, now, whole) {
    if (this.door) return this.door.template();
    if (state.phase === "starting") return splash();
    if (state.phase === "signed_out") {
      this.#anew = true;
      return this.auth.template(state);
    }
    if (!this.#parts) this.trail.begin(this.#anew);
    this.#parts ??= new SignedIn(this.face);
    return this.#parts.template(state, now, whole);
  }

  /** The next render that no change of State brings. @param {State} state @param {number} now */
  #later(state, now) {
    clearTimeout(this.#timer);
    const wait = Math.min(nextChange(state.link, now) ?? MINUTE, MINUTE);
    this.#timer = setTimeout(() => {
      followZone();
      this.#redraw();
    }, wait);
  }

  /** Shown at once, filled as its messages come; before the log-in it is kept for after it.
   * @param {number | null} chatId @param {boolean} [visited] by going on, not back */
  async #openChat(chatId, visited = true) {
    const { messenger } = this.face;
    if (messenger.state().phase !== "signed_in") {
      this.#wanted = chatId;
      return null;
    }
    this.#wanted = null;
    if (location.hash) history.replaceState(history.state, "", location.pathname + location.search);
    const place = chatId === null ? null : (this.#parts?.log.scroll.placeOf(chatId) ?? null);
    const before = messenger.state().current;
    const opening = messenger.openChat(chatId, place);
    const refused = messenger.state().current === chatId ? null : await opening;
    if (refused && !refused.ok) return refused;
    if (visited) this.trail.visit(before, chatId);
    this.face.overlays.closePopup(); // what it would do belongs to the chat that was open
    this.#draw();
    if (chatId !== null) this.face.focusComposer();
    else find(document, ".side__list [tabindex='0']", HTMLElement)?.focus();
    return opening;
  }

  #openHash() {
    const place = placeOfHash(location.hash);
    if (place) void this.#openPlace(place);
  }

  /** Where a link leads, or a word about why not. @param {import("../state/places.js").Place} place */
  async #openPlace({ chat_id: chatId, seq }) {
    const { messenger, overlays } = this.face;
    if (messenger.state().phase === "signed_in") overlays.makeWay();
    const opened = await this.#openChat(chatId);
    const { phase, current } = messenger.state();
    if (phase !== "signed_in") {
      this.#wantedSeq = seq; // after the log-in
      return;
    }
    if (opened && !opened.ok) {
      if (opened.code === "cancelled") return; // for another chat
      return overlays.toast({ text: opened.code === "not_found" ? t("place.no_chat") : errorText(opened) });
    }
    if (current === chatId && seq !== null) await this.going.toMessage({ chatId, seq, focus: true, jumped: true });
  }

  /** @param {number} chatId @param {import("../types.js").Message | null} message */
  #reply(chatId, message) {
    this.#parts?.composer.reply(chatId, message);
  }

  /** Where one was before, or after that. @param {import("./trail.js").Entry} entry */
  async #goBack({ chat, seq, results }) {
    if (chat !== this.face.messenger.state().current) await this.#openChat(chat, false);
    if (chat !== null && seq !== null) await this.going.toMessage({ chatId: chat, seq, focus: true, jumped: false });
    if (results === this.#results.id) this.face.overlays.open("find-messages", { again: this.#results.shown });
    this.#redraw();
  }

  /** A browser would leave the page for a file that is dropped on it. @param {DragEvent} event */
  #dropped = (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  };

  /** @param {KeyboardEvent} event */
  #key = (event) => {
    if (event.defaultPrevented || isComposed(event)) return;
    const key = quickKey(event);
    if (!key) this.#typed(event);
    if (!key || this.face.messenger.state().phase !== "signed_in") return;
    if (key.id === "close" ? this.#close() : this.#run(key.id, key.digit)) event.preventDefault();
  };

  /** What is typed where nothing takes it is for the composer. @param {KeyboardEvent} event */
  #typed({ key, ctrlKey, metaKey, altKey, target }) {
    const nowhere = target === document.body || (target instanceof Element && target.matches("[role=log]"));
    if (!nowhere || [...key].length !== 1 || key === " " || ctrlKey || metaKey || altKey) return;
    if (!this.face.overlays.busy()) this.face.focusComposer();
  }

  /** The app saved a file: it can show where; or could not (null). @param {{key: number | null, name: string}} file */
  #saved({ key, name }) {
    if (key === null) return this.face.overlays.toast({ text: t("file.broke_off", { name: isolate(name) }) });
    const show = async () => {
      const there = await this.face.platform.showInFolder(key);
      if (!there) this.face.overlays.toast({ text: t("file.not_there") });
    };
    const text = t("file.saved", { name: isolate(name) });
    this.face.overlays.toast({ text, action: t("file.show_in_folder"), run: () => void show() });
  }

  /** What a quick key or a menu of the system asks for. @param {string} id @param {number} digit */
  #run(id, digit) {
    const { overlays, messenger } = this.face;
    const state = messenger.state();
    const parts = this.#parts;
    if (!parts || overlays.busy()) return false;
    if (["switcher", "new-chat", "new-group", "settings", "shortcuts"].includes(id)) overlays.open(id);
    else if (id === "previous" || id === "next") parts.side.move(state, id);
    else if (id === "next-unread") parts.side.move(state, "unread");
    else if (id === "nth") parts.side.move(state, digit);
    else if (id === "search") overlays.open("find-messages");
    else if (id === "filter") parts.side.focusSearch();
    else if (id === "region") nextRegion(digit < 0 ? -1 : 1);
    else if (id === "back") window.history.back();
    else if (id === "find" && state.current !== null) parts.find.open(state.current);
    else if (id === "find-next" && state.current !== null) parts.find.step(state.current, digit < 0 ? -1 : 1);
    else return false;
    return true;
  }

  /** What lies over the log. */
  #closeTop() {
    const parts = this.#parts;
    return this.face.overlays.closeTop() || (parts !== null && (parts.find.close() || parts.selecting.end()));
  }

  /** Esc: the topmost thing, then a reply, then the end of the chat. */
  #close() {
    const { current } = this.face.messenger.state();
    const parts = this.#parts;
    if (this.#closeTop() || !parts) return true;
    if (current === null || parts.composer.cancel(current)) return current !== null;
    void parts.log.toEnd(current);
    parts.composer.focus();
    return true;
  }
}

/** A row that was moved to another place of its list has lost the focus. @param {Element | null} before who had it */
function keepFocus(before) {
  if (document.activeElement !== document.body || !before?.isConnected) return;
  if (before instanceof HTMLElement && before !== document.body) before.focus({ preventScroll: true });
}

/** @param {1 | -1} step */
function nextRegion(step) {
  const here = document.activeElement?.closest("[data-region]")?.getAttribute("data-region") ?? "";
  const there = REGIONS.map((name) => document.querySelector(`[data-region="${name}"]`)).filter(
    (found) => found !== null,
  );
  const at = there.findIndex((found) => found.getAttribute("data-region") === here);
  const next = there[(at + step + there.length) % there.length];
  const target = next?.matches("[tabindex]")
    ? next
    : next?.querySelector("textarea, .row[tabindex='0'], input:not([hidden])");
  if (target instanceof HTMLElement) target.focus();
}

function splash() {
  return html`<div class="splash" aria-busy="true">
    <svg class="brand__mark" aria-hidden="true" viewBox="0 0 32 32"><use href="#mark" /></svg>
    <span class="sr">${t("auth.brand")}</span>
  </div>`;
}
