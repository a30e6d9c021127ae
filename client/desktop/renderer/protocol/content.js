/** What may stand in a message: the checks of the server (docs/protocol.md section 1), made before it is queued. */

import { isBlank } from "../rules/blank.js";

// eslint-disable-next-line no-control-regex -- these are the ones that are refused
const FORBIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f]/;

/**
 * The code with which the server would refuse it; null for a good one.
 * @param {string} content @param {Record<string, number>} limits as `ready` told them
 * @param {boolean} [holds] it has files: then it needs no text
 * @returns {string | null}
 */
export function contentProblem(content, { content_code_points = 4000, content_bytes = 16 * 1024 }, holds = false) {
  if (!holds && isBlank(content)) return "empty_content";
  if (FORBIDDEN.test(content)) return "bad_unicode";
  const long = [...content].length > content_code_points || new TextEncoder().encode(content).length > content_bytes;
  return long ? "content_too_long" : null;
}

/** Without halves of surrogate pairs, which are no text. @param {string} text */
export function withoutHalves(text) {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}
