/** Files on their way to the server (docs/protocol.md, "Files"): progress is told, and a link that is lost is waited for. */

import { answered, isPassing } from "./api.js";

/** @typedef {import("../types.js").Refused} Refused @typedef {import("../types.js").Attachment} Attachment */

/** Milliseconds without progress after which a try ends. */
const SILENCE = 30_000;
/** Milliseconds before another try: doubled each time, up to the last. */
const AGAIN = { first: 1_000, last: 30_000 };

/**
 * Bring it there, again and again while the reason may pass: the key makes one file of all tries.
 * @param {import("./api.js").Api} api @param {File} file
 * @param {{key: string, progress: (sent: number | null) => void, signal: AbortSignal}} how `progress`: bytes that are
 *   sent; null: there is no link, the next try comes by itself
 * @returns {Promise<{ok: true, file: Attachment} | Refused>} `cancelled` by the signal
 */
export async function upload(api, file, { key, progress, signal }) {
  for (let wait = AGAIN.first; ; wait = Math.min(2 * wait, AGAIN.last)) {
    const answer = await attempt(api, file, key, progress, signal);
    if (signal.aborted) return { ok: false, code: "cancelled" };
    if (answer.ok || !isPassing(answer.code)) return answer;
    progress(null);
    await pause(answer.retry_after_ms ?? wait, signal);
    if (signal.aborted) return { ok: false, code: "cancelled" };
  }
}

/** @param {import("./api.js").Api} api @param {File} file @param {string} key
 * @param {(sent: number | null) => void} progress @param {AbortSignal} signal
 * @returns {Promise<{ok: true, file: Attachment} | Refused>} */
async function attempt(api, file, key, progress, signal) {
  const answer = await api.authorized((bearing) => {
    const headers = { ...bearing, "Idempotency-Key": key };
    return post(`${api.url}/api/files`, headers, file, progress, signal);
  });
  if (!answer.ok) return answer;
  return typeof answer.body?.id === "string" ? { ok: true, file: answer.body } : { ok: false, code: "bad_answer" };
}

/** fetch() tells nothing of what was sent. @param {string} url @param {Record<string, string>} headers
 * @param {File} file @param {(sent: number | null) => void} progress @param {AbortSignal} signal
 * @returns {Promise<import("./api.js").Answered | Refused>} */
function post(url, headers, file, progress, signal) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const end = () => request.abort();
    let silence = setTimeout(end, SILENCE);
    const moved = () => {
      clearTimeout(silence);
      silence = setTimeout(end, SILENCE);
    };
    request.upload.onprogress = ({ loaded }) => {
      moved();
      progress(Math.min(loaded, file.size));
    };
    request.onloadend = () => {
      clearTimeout(silence);
      signal.removeEventListener("abort", end);
      resolve(uploaded(request.status, request.responseText));
    };
    signal.addEventListener("abort", end);
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  });
}

/** @param {number} status @param {string} text @returns {import("./api.js").Answered | Refused} */
function uploaded(status, text) {
  if (status === 0) return { ok: false, code: "no_connection" };
  const answer = answered({ ok: status < 300 }, text);
  // a proxy's own page says no more than its status
  return !answer.ok && answer.code === "bad_answer" && status === 413 ? { ok: false, code: "too_large" } : answer;
}

/** @param {number} milliseconds @param {AbortSignal} signal @returns {Promise<void>} */
function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
    window.addEventListener("online", () => resolve(), { once: true, signal });
  });
}
