/** What comes of what was asked for: it is done, or refused. */

/** @typedef {import("../types.js").Refused} Refused */

/** @type {import("../types.js").Done} */
export const DONE = { ok: true };

/** @param {string} code @returns {Refused} */
export const refusal = (code) => ({ ok: false, code });
