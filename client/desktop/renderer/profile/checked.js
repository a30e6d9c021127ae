/** Answers of the server to one request: looked at before they are believed. */

import { DONE, refusal } from "../protocol/answers.js";

/** @typedef {import("../types.js").Refused} Refused @typedef {import("../types.js").Done} Done
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
