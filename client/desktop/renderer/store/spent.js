/**
 * Which refresh tokens were exchanged: who presents one of them is taken for a thief, and the log-in ends in all windows. A tab
 * that the browser put to sleep, or opens again, has what it had; the others of its log-in went on. So numbers made from those
 * that are used up are kept for all tabs, the latest of them, under one name whoever is logged in: tokens are random, and a
 * number made from one tells neither of it nor of anybody. What is not among them, as where a browser lets pages keep nothing or
 * lost them in a crash, is taken for good.
 */

const NAME = "vestnik spent";
/** Numbers that are kept: of a log-in that is exchanged four times an hour, ten days. */
const KEPT = 1_000;

/** The server has exchanged it. @param {string} token */
export function noteSpent(token) {
  try {
    localStorage.setItem(NAME, [...noted(), fingerprint(token)].slice(-KEPT).join(" "));
  } catch {
    // forbidden, or full
  }
}

/** Whether it is known to have been exchanged. @param {string} token */
export function isSpent(token) {
  return noted().includes(fingerprint(token));
}

function noted() {
  try {
    return (localStorage.getItem(NAME) ?? "").split(" ").filter((one) => one !== "");
  } catch {
    return [];
  }
}

/** 64 bits of what has many more (FNV-1a): so many that a good token is not taken for one of a thousand others. @param {string} text */
function fingerprint(text) {
  let hash = 0xcbf29ce484222325n;
  for (let at = 0; at < text.length; at += 1) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(at))) * 0x100000001b3n);
  }
  return hash.toString(36);
}
