/** One HTTP request: its answer is looked at before it is believed, and told only while who asked is logged in. */

import { DONE, refusal } from "../protocol/answers.js";

/** @typedef {import("../types.js").Refused} Refused @typedef {import("../types.js").Done} Done
 * @typedef {import("../types.js").Update} Update @typedef {import("../link/api.js").Api} Api
 * @typedef {Promise<{ok: true, body: any} | Refused>} Asked */

/** Where the body says nothing. @param {Asked} asked @returns {Promise<Done | Refused>} */
export async function done(asked) {
  const answer = await asked;
  return answer.ok ? DONE : answer;
}

/**
 * @template B, T
 * @param {Asked} asked @param {import("../types.js").Check<B>} check of the body
 * @param {(body: B) => T} take what of it is the answer @returns {Promise<({ok: true} & T) | Refused>}
 */
export async function checked(asked, check, take) {
  const answer = await asked;
  if (!answer.ok) return answer;
  return check(answer.body) ? { ok: true, ...take(answer.body) } : refusal("bad_answer");
}

/**
 * What a request that begins now will tell: nothing, where somebody else is logged in by then.
 * @param {() => Api} api @param {(updates: Update[]) => void} publish to all windows
 * @returns {() => (updates: Update[]) => void} called where the request begins
 */
export const tellingOf = (api, publish) => () => {
  const asked = api();
  return (updates) => void (asked === api() && publish(updates));
};

/** @param {Api} api @param {string} path @param {Blob | null} square null: none any more @returns {Asked} */
export function sendAvatar(api, path, square) {
  if (!square) return api.call("DELETE", path);
  const form = new FormData();
  form.append("file", square, "Avatar.webp");
  return api.call("POST", path, form);
}
