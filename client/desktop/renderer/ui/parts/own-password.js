/**
 * One's own password, asked before what only its owner may do: the field, what is wrong with it, and one request at a time;
 * and what is wrong with a new one.
 */

import { errorText, fieldErrorText, t } from "../../words/i18n.js";
import { textField } from "./field.js";
import { errorNote } from "./loading.js";

/** @typedef {import("../../types.js").Refused} Refused */

/** Characters of a password. */
const SHORTEST = 8;

/** What is wrong with a new password that is typed twice. @param {string} next @param {string} again
 * @returns {Record<string, string>} by field */
export function passwordFaults(next, again) {
  if ([...next].length < SHORTEST) return { new_password: fieldErrorText("password", "too_short", { n: SHORTEST }) };
  return next === again ? {} : { again: t("settings.password_differs") };
}

/**
 * @template {{ok: true}} T
 * @param {import("../face.js").Face} face @param {string} id of the field
 * @param {(password: string) => Promise<T | Refused>} ask @param {(answer: T) => void} done the password was right
 */
export function ownPassword(face, id, ask, done) {
  let value = "";
  /** @type {string | undefined} */
  let wrong;
  /** @type {string | null} */
  let error = null;
  let busy = false;

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    if (busy) return;
    [wrong, error] = [value === "" ? fieldErrorText("current_password", "required") : undefined, null];
    if (wrong === undefined) {
      busy = true;
      face.redraw();
      const answer = await ask(value);
      busy = false;
      if (answer.ok) {
        value = "";
        return done(answer);
      }
      if (answer.code === "invalid_credentials") wrong = fieldErrorText("current_password", answer.code);
      else error = errorText(answer);
    }
    face.redraw();
    if (wrong !== undefined) document.getElementById(id)?.focus();
  }

  return {
    send,
    /** Whether an answer is awaited, for the button that sends. */
    busy: () => (busy ? "true" : "false"),
    field: () =>
      textField({
        id,
        label: t("settings.password_current"),
        type: "password",
        value,
        input: (given) => {
          [value, wrong] = [given, undefined];
          face.redraw();
        },
        error: wrong,
        autocomplete: "current-password",
        busy,
        first: true,
      }),
    problem: () => errorNote(error, { foot: true }),
    /** Something else went wrong with it. @param {string | null} text */
    tell(text) {
      error = text;
      face.redraw();
    },
  };
}
