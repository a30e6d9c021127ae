/** Forwarding messages: to one or several chats, and people without one, found by their names. */

import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { ShownChats } from "../../state/chat-list.js";
import { destinations, directWith, notToBeMet } from "../../state/destinations.js";
import { isUnheard } from "../../state/link-view.js";
import { isRemoved } from "../../state/removed.js";
import { messageWords } from "../../words/files.js";
import { rank, withOthers } from "../../words/fuzzy.js";
import { errorText, isolate, t } from "../../words/i18n.js";
import { nameOf, titleOf } from "../../words/names.js";
import { avatar } from "../parts/avatar.js";
import { showChat } from "../parts/chat-actions.js";
import { chatAvatar } from "../parts/chat-avatar.js";
import { chip, chosenChips } from "../parts/chips.js";
import { find } from "../parts/elements.js";
import { icon } from "../parts/icon.js";
import { commands, isComposed, keyName } from "../parts/keys.js";
import { errorNote } from "../parts/loading.js";
import { marked } from "../parts/marked.js";
import { createPeopleSearch, handleAndPresence, knownPeople, searchBox, searchNote } from "../parts/people.js";
import { rove } from "../parts/roving.js";
import { aboutChat } from "./places.js";

/** @typedef {import("../../types.js").State} State @typedef {import("../../types.js").Refused} Refused
 * @typedef {import("../../state/destinations.js").Destination} Destination
 * @typedef {{candidate: Destination, places: import("../../words/fuzzy.js").Place[]}} Offered */

const LIST = "forward-list";
/** Rows that are drawn: more are found by their names. */
const MOST = 50;

/**
 * `params`: `{messages, done?}`; `done` is called when they are on their way.
 * @type {import("../parts/dialog.js").DialogMaker}
 */
export function forward(face, { messages: given, done }, close) {
  const search = createPeopleSearch(face);
  const shown = new ShownChats();
  /** @type {Map<string, Destination>} */
  const chosen = new Map();
  /** The row that the Tab key comes to, where it is there. */
  let active = "";
  /** @type {string | null} */
  let problem = null;
  let busy = false;
  let left = false;

  /** What was deleted meanwhile goes nowhere. @param {State} state @returns {import("../../types.js").Message[]} */
  const there = (state) =>
    given.filter((/** @type {import("../../types.js").Message} */ one) => !isRemoved(state, one));

  /** What was offered last, and to what. @type {{asked: unknown[], found: {answers: Offered[], more: boolean}} | null} */
  let last = null;

  /** Where one may write, the best first, and whether there is more. @param {State} state */
  function offered(state) {
    const { query, status, users } = search.get();
    const asked = [state.chats, state.users, state.blocked, state.current, state.me, query, status, users];
    if (!last?.asked.every((one, place) => one === asked[place])) last = { asked, found: looked(state) };
    return last.found;
  }

  /** @param {State} state @returns {{answers: Offered[], more: boolean}} */
  function looked(state) {
    const { query, status, users } = search.get();
    const people = status === "empty" ? knownPeople(state, notToBeMet(state)) : users;
    const all = destinations(state, shown.of(state), people, status !== "empty");
    const names = (/** @type {Destination} */ { chat, user }) =>
      [nameOfDestination({ chat, user }, state), user ? `@${user.username}` : ""]; // prettier-ignore
    const found =
      status === "empty" ? all.map((candidate) => ({ candidate, places: [] })) : rank(query, all, names, all.length);
    const answers = withOthers(
      found,
      all.filter((one) => users.some(({ id }) => id === one.user?.id)),
    );
    return { answers: answers.slice(0, MOST), more: answers.length > MOST };
  }

  /** @param {Destination} destination */
  function toggle(destination) {
    problem = null;
    if (!chosen.delete(destination.id)) chosen.set(destination.id, destination);
    face.redraw();
  }

  /** The chats of those that are chosen, made where there was none: all of them before anything is sent.
   * @returns {Promise<{ok: true, ids: number[]} | {ok: false, problem: string}>} */
  async function chats() {
    const ids = [];
    for (const destination of chosen.values()) {
      const { chat, user } = destination;
      const known = chat ?? (user && directWith(face.messenger.state(), user.id));
      const answer = known || !user ? null : await face.messenger.openDirect(user.id);
      if (answer && !answer.ok) return { ok: false, problem: notMade(destination, answer) };
      const id = known?.id ?? answer?.chat_id;
      if (id !== undefined) ids.push(id);
    }
    return { ok: true, ids };
  }

  /** @param {Destination} destination @param {Refused} refused */
  function notMade(destination, refused) {
    const name = isolate(nameOfDestination(destination, face.messenger.state()));
    if (isUnheard(refused.code)) return t("forward.no_link", { name });
    return t("forward.refused", { name, reason: errorText(refused) });
  }

  async function send() {
    if (chosen.size === 0 || there(face.messenger.state()).length === 0 || busy) return;
    [busy, problem] = [true, null];
    face.redraw();
    const targets = await chats();
    const messages = there(face.messenger.state());
    if (left) return; // nobody wants it any more
    const outcome = targets.ok && messages.length > 0 ? await face.messenger.forward(targets.ids, messages) : null;
    busy = false;
    if (!targets.ok) problem = targets.problem;
    else if (outcome && !outcome.ok) problem = errorText(outcome);
    else if (outcome) sent(targets.ids, messages.length);
    face.redraw();
  }

  /** @param {number[]} targets @param {number} n messages */
  function sent(targets, n) {
    close();
    done?.();
    const text = t("forward.done", { n });
    if (targets.length > 1) face.overlays.toast({ text });
    else face.overlays.toast({ text, action: t("notice.open"), run: () => showChat(face, targets[0]) });
  }

  /** Enter ticks the first that was found, Down leads to the list. @param {KeyboardEvent} event */
  function keys(event) {
    if (isComposed(event) || commands(event) || !["Enter", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "ArrowDown") {
      find(document, `#${LIST} [tabindex="0"]`, HTMLElement)?.focus();
      return;
    }
    const [first] = offered(face.messenger.state()).answers;
    if (!first || search.get().query.trim() === "") return;
    toggle(first.candidate);
    search.type("");
  }

  /** From wherever one is in it. @param {KeyboardEvent} event */
  function sendByKeys(event) {
    if (event.key !== "Enter" || !commands(event) || isComposed(event)) return;
    event.preventDefault();
    void send();
  }

  /** @param {State} state @param {Offered} answer @param {boolean} tabbable */
  function row(state, { candidate, places }, tabbable) {
    const { id } = candidate;
    const title = nameOfDestination(candidate, state);
    return html`<li>
      <label class="row row--person">
        ${pictureOf(face, candidate, state)}
        <span class="row__main">
          <span class="row__line"><bdi class="row__name truncate">${marked(title, places)}</bdi></span>
          <span class="row__line"
            ><span class="row__preview truncate" id="forward-${id}-sub" aria-hidden="true"
              >${aboutOf(candidate, state)}</span
            ></span
          >
        </span>
        <span class="pick"
          ><input
            class="checkbox"
            type="checkbox"
            data-rove=${title}
            tabindex=${tabbable ? 0 : -1}
            aria-describedby="forward-${id}-sub"
            .checked=${chosen.has(id)}
            @focus=${() => {
              active = id;
              face.redraw();
            }}
            @change=${() => toggle(candidate)}
          />${icon("check", "icon--xs")}</span
        >
      </label>
    </li>`;
  }

  /** @param {State} state @param {Destination} destination */
  function chosenChip(state, destination) {
    const name = nameOfDestination(destination, state);
    const run = () => {
      toggle(destination);
      find(document, `[aria-controls=${LIST}]`, HTMLElement)?.focus();
    };
    return chip({ name, drop: t("newgroup.drop", { name: isolate(name) }), run });
  }

  /** @param {State} state */
  function list(state) {
    const { answers, more } = offered(state);
    const stop = answers.some(({ candidate }) => candidate.id === active) ? active : answers[0]?.candidate.id;
    const { status, users } = search.get();
    const none = answers.length === 0;
    return html`${
        none && status === "found" && users.length > 0
          ? html`<p class="note" role="status">${t("person.none")}</p>`
          : none || status === "failed"
            ? searchNote(search)
            : nothing
      }
      <ul id=${LIST} aria-label=${t("forward.chats")} @keydown=${rove}>
        ${repeat(
          answers,
          ({ candidate }) => candidate.id,
          (answer) => row(state, answer, answer.candidate.id === stop),
        )}
      </ul>
      ${more ? html`<p class="note dialog__wait">${t("forward.cut", { n: MOST })}</p>` : nothing}`;
  }

  /** @param {State} state */
  function content(state) {
    const messages = there(state);
    const what = messages.length > 1 ? t("forward.many", { n: messages.length }) : messages.map(messageWords)[0];
    return html`<div class="dialog__form" @keydown=${sendByKeys}>
      <div class="dialog__pad"><p class="note truncate">${what ?? t("msg.deleted")}</p></div>
      ${
        chosen.size > 0
          ? chosenChips(
              repeat(
                chosen.values(),
                ({ id }) => id,
                (destination) => chosenChip(state, destination),
              ),
            )
          : nothing
      }
      <div class="dialog__pad">${searchBox({ label: t("forward.find"), search, listId: LIST, keys, first: true })}</div>
      <div class="dialog__body dialog__body--list dialog__body--find">${list(state)}</div>
      ${errorNote(problem, { sign: true, foot: true })}
      <footer class="dialog__foot">
        <button class="btn btn--plain" type="button" @click=${close}>${t("dialog.cancel")}</button>
        <button
          class="btn btn--primary"
          type="button"
          title=${keyName(["Ctrl", "Enter"])}
          ?disabled=${chosen.size === 0 || !messages.length}
          aria-busy=${busy}
          @click=${send}
        >
          ${chosen.size > 1 ? t("forward.act_many", { n: chosen.size }) : t("forward.act")}
        </button>
      </footer>
    </div>`;
  }

  return {
    title: () => t("forward.title"),
    content,
    gone() {
      left = true;
      search.stop();
    },
  };
}

/** @param {Pick<Destination, "chat" | "user">} destination @param {State} state */
function nameOfDestination({ chat, user }, { me }) {
  if (chat) return titleOf(chat, me);
  return user && user.id === me?.id ? t("person.saved") : nameOf(user);
}

/** @param {Destination} destination @param {State} state */
function aboutOf({ chat, user }, state) {
  if (user && user.id === state.me?.id) return t("newchat.saved_about");
  return chat ? aboutChat(chat, state) : user ? handleAndPresence(user, state) : "";
}

/** @param {import("../face.js").Face} face @param {Destination} destination @param {State} state */
function pictureOf(face, { chat, user }, state) {
  if (chat) return chatAvatar(face, state, chat, "s");
  if (!user) return nothing;
  const online = user.id !== state.me?.id && user.online;
  return avatar(face, { id: user.id, name: nameOf(user), online, size: "s", url: user.avatar_url });
}
