/** The quick switcher: a few letters, and one is in another chat, writes to a person or runs a command. */

import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { rank } from "../../words/fuzzy.js";
import { t } from "../../words/i18n.js";
import { listKey, markOf, reveal } from "../parts/combobox.js";
import { icon } from "../parts/icon.js";
import { KEYS } from "../parts/keys.js";
import { quickFoot, quickInput } from "../parts/quick.js";
import { createPlaces, entryRow, namesOf } from "./places.js";

/** @typedef {import("../../types.js").State} State @typedef {import("./places.js").Entry} Entry
 * @typedef {import("./places.js").Ranked} Ranked */

const LIST = "switcher-list";
const MOST = 12;
/** Commands: quick keys that open something. @type {Record<string, string>} */
const COMMANDS = { "new-chat": "compose", "new-group": "users", settings: "settings", shortcuts: "keyboard" };

/** @type {import("../parts/dialog.js").DialogMaker} */
export function switcher(face, _params, close) {
  const places = createPlaces(face, close);
  let query = "";
  /** The id of the row that the mark is on. @type {string | null} */
  let active = null;

  /** @returns {Entry[]} */
  function commands() {
    return KEYS.filter(({ id }) => id in COMMANDS).map(({ id, label, keys: pressed }) => ({
      id: `switch-${id}`,
      name: t(label),
      more: [],
      about: pressed.join(" "),
      picture: icon(COMMANDS[id]),
      run: () => {
        close();
        face.overlays.open(id);
      },
    }));
  }

  /** @param {State} state */
  const found = (state) => ({
    places: places.found(state, query, MOST),
    commands: rank(query, commands(), namesOf, MOST),
  });

  /** What is typed counts, drawn or not. @param {KeyboardEvent} event */
  function keys(event) {
    const answers = found(face.messenger.state());
    const entries = [...answers.places, ...answers.commands].map(({ candidate }) => candidate);
    const key = listKey(event, markOf(entries, active), entries.length);
    if (key === null) return;
    event.preventDefault();
    if ("choose" in key) entries[key.choose].run();
    else {
      active = entries[key.active].id;
      reveal(active);
      face.redraw();
    }
  }

  /** @param {string} label @param {Ranked[]} answers @param {Entry | undefined} current */
  const group = (label, answers, current) =>
    answers.length === 0
      ? nothing
      : html`<div class="list-head" aria-hidden="true">${label}</div>
          <ul role="group" aria-label=${label}>
            ${repeat(
              answers,
              ({ candidate }) => candidate.id,
              (answer) => entryRow(answer, answer.candidate === current),
            )}
          </ul>`;

  return {
    title: () => t("switcher.title"),
    kind: "dialog--quick",
    harmless: true,
    bare: true,
    gone: places.stop,
    content(state) {
      const answers = found(state);
      const entries = [...answers.places, ...answers.commands].map(({ candidate }) => candidate);
      const current = entries[markOf(entries, active)];
      active = current?.id ?? null; // what Enter takes, whatever comes before it
      const problem = places.problem();
      return html`<div class="quick__input">
          ${icon("search")}
          ${quickInput({
            label: t("switcher.label"),
            list: LIST,
            count: entries.length,
            active: current?.id,
            value: query,
            typed: (text) => {
              [query, active] = [text, null];
              places.type(query);
            },
            keys,
          })}
        </div>
        <div class="dialog__body dialog__body--list">
          <div id=${LIST} role="listbox" aria-label=${t("switcher.results")} ?hidden=${entries.length === 0}>
            ${group(t("switcher.chats"), answers.places, current)}
            ${group(t("switcher.commands"), answers.commands, current)}
          </div>
          <div class="find-note" role="status">
            ${
              problem
                ? html`<p class="err">${problem}</p>`
                : entries.length === 0
                  ? html`<p class="note">${t("person.none")}</p>`
                  : nothing
            }
          </div>
        </div>
        ${quickFoot()}`;
    },
  };
}
