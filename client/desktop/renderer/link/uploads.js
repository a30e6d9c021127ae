/**
 * Brings a file to the server (tus 1.0.0, docs/protocol.md "Files"): a cut link, a server that was started anew and an end
 * of this app go on from the offset that the server holds.
 */

import { Pieces } from "../protocol/pieces.js";
import { BARE, FAULTS, answered, isPassing } from "./api.js";

/** @typedef {import("../types.js").Refused} Refused @typedef {import("../protocol/row.js").LocalFile} LocalFile
 * @typedef {{file: LocalFile, bytes: Blob, place: string | null, note: (place: string) => Promise<void>,
 *   progress: (sent: number | null) => void, signal: AbortSignal, pauses: Set<() => void>}} Work
 *   `place`: where an earlier attempt has begun; `note` keeps that. `progress`: bytes that are on the server; null: there
 *   is no link, the next attempt comes by itself. `pauses`: ways to end those that are on, as the server can be had again
 * @typedef {{ok: true, place: string} | Refused} Begun
 */

const UPLOADS = "/api/uploads";
/** Milliseconds for a piece, however slow the link: the smallest has 64 KiB. */
const LIMIT = 60_000;
/** Milliseconds before another attempt: doubled each time, up to the last. */
export const AGAIN = { first: 500, last: 20_000 };
/** Attempts to read the bytes of a file where this machine fails to. */
export const READS = 10;
/** Refusals after which the offset is asked for, and the upload goes on; the session tells what becomes of a log-in. */
const GOES_ON = [
  "file_unreadable", "upload_locked", "offset_conflict", "checksum_mismatch", "request_timeout", "too_many", "not_found",
  "token_expired", "token_invalid", "token_missing", "token_reused", "revoked",
]; // prettier-ignore
/** A refusal to HEAD, which has no body: it may be a proxy's as well, and nobody knows why. */
const SILENT = "silent";
/** Refusals that may last: after so many, and no piece that arrived in between, the message fails. Each attempt at the end
 * of an upload costs the server much, and what is behind the message waits for it. @type {Record<string, number>} */
const FEW = { internal: FAULTS, file_unreadable: READS };

/**
 * Until it is there, refused for good, or not wanted any more (`cancelled`).
 * @param {import("./api.js").Api} api @param {Work} work @returns {Promise<{ok: true, id: string} | Refused>}
 */
export async function bring(api, work) {
  const pieces = new Pieces();
  let { place } = work;
  let left = { ...FEW };
  for (let wait = AGAIN.first; ; wait = Math.min(2 * wait, AGAIN.last)) {
    /** @type {Begun} */
    const begun = place === null ? await begin(api, work) : { ok: true, place };
    if (begun.ok) ({ place } = begun);
    const moved = () => {
      wait = AGAIN.first;
      left = { ...FEW };
    };
    const end = begun.ok ? await goOn(api, work, begun.place, pieces, moved) : begun;
    if (work.signal.aborted) return { ok: false, code: "cancelled" };
    if (end.ok || !(isPassing(end.code) || GOES_ON.includes(end.code))) return end;
    if (end.code in left && (left[end.code] -= 1) === 0) return end;
    if (end.code === "not_found") place = null;
    if (end.code !== "rate_limited") pieces.lost();
    work.progress(null);
    await pause(Math.max(wait, end.retry_after_ms ?? 0), work);
  }
}

/** The server need not keep for a day what nobody goes on with. @param {import("./api.js").Api} api @param {string} place */
export async function giveUp(api, place) {
  await ask(api, "DELETE", place, {}, null, new AbortController().signal);
}

/** @param {import("./api.js").Api} api @param {Work} work @returns {Promise<Begun>} */
async function begin(api, { file, note, signal }) {
  const name = `filename ${coded(new TextEncoder().encode(file.name))}`;
  const said = {
    "Upload-Length": `${file.size}`,
    "Upload-Metadata": file.as_file ? `${name},as_file ${btoa("1")}` : name,
  };
  const answer = await ask(api, "POST", UPLOADS, said, null, signal);
  if (!answer.ok) return answer;
  const place = answer.body.get("Location") ?? "";
  if (!place.startsWith(`${UPLOADS}/`)) return { ok: false, code: "bad_answer" };
  await note(place);
  return { ok: true, place };
}

/** Send what is missing. @param {import("./api.js").Api} api @param {Work} work @param {string} place
 * @param {Pieces} pieces @param {() => void} moved @returns {Promise<{ok: true, id: string} | Refused>} */
async function goOn(api, { file, bytes, progress, signal }, place, pieces, moved) {
  let answer = await look(api, file, place, signal);
  for (let before = -1; ;) {
    if (!answer.ok) return answer;
    const id = answer.body.get("Vestnik-File-Id");
    if (id) return { ok: true, id };
    const offset = offsetOf(answer.body);
    const isNew = Number.isInteger(offset) && offset > before && offset <= file.size;
    if (!isNew || signal.aborted) return { ok: false, code: "bad_answer" }; // all is there, and no file was made of it yet
    before = offset;
    progress(offset);
    let piece;
    try {
      piece = new Uint8Array(await bytes.slice(offset, offset + pieces.size).arrayBuffer());
    } catch (error) {
      return { ok: false, code: isLost(error) ? "file_lost" : "file_unreadable" };
    }
    const began = performance.now();
    answer = await ask(api, "PATCH", place, await saying(piece, offset), piece, signal);
    if (!answer.ok) continue;
    pieces.took(performance.now() - began);
    moved();
  }
}

/** How far it has come. @param {import("./api.js").Api} api @param {LocalFile} file @param {string} place
 * @param {AbortSignal} signal @returns {Promise<{ok: true, body: Headers} | Refused>} */
async function look(api, file, place, signal) {
  const answer = await ask(api, "HEAD", place, {}, null, signal);
  if (answer.ok ? answer.body.get("Vestnik-File-Id") : answer.code !== SILENT) return answer;
  // a request that was cut may hold it still: nothing is sent in vain. Where it was refused this has a body that says why:
  // no more than that is our server's word
  const offset = answer.ok ? offsetOf(answer.body) : file.size;
  const nothing = new Uint8Array();
  return ask(api, "PATCH", place, await saying(nothing, offset), nothing, signal);
}

/** The bytes are there no more. @param {unknown} error */
const isLost = (error) => error instanceof DOMException && error.name === "NotFoundError";

/** @param {Headers} headers */
const offsetOf = (headers) => Number(headers.get("Upload-Offset") ?? NaN);

/** Pages over plain HTTP have no digests: TCP's own sums must do there. @param {Uint8Array<ArrayBuffer>} piece
 * @param {number} offset @returns {Promise<Record<string, string>>} */
async function saying(piece, offset) {
  const said = { "Upload-Offset": `${offset}`, "Content-Type": "application/offset+octet-stream" };
  if (!crypto.subtle) return said;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", piece));
  return { ...said, "Upload-Checksum": `sha256 ${coded(digest)}` };
}

/** @param {Uint8Array} bytes few */
const coded = (bytes) => btoa(String.fromCharCode(...bytes));

/** The headers of an answer. @param {import("./api.js").Api} api @param {string} method @param {string} path
 * @param {Record<string, string>} headers @param {Uint8Array<ArrayBuffer> | null} body @param {AbortSignal} signal
 * @returns {Promise<{ok: true, body: Headers} | Refused>} */
function ask(api, method, path, headers, body, signal) {
  return api.authorized(async (bearing) => {
    const controller = new AbortController();
    const end = () => controller.abort();
    const limit = setTimeout(end, LIMIT);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    try {
      const response = await fetch(api.url + path, {
        method,
        headers: { "Tus-Resumable": "1.0.0", ...headers, ...bearing },
        body,
        signal: controller.signal,
        ...BARE,
      });
      if (response.ok) return { ok: true, body: response.headers };
      if (method === "HEAD") return { ok: false, code: response.status === 401 ? "token_expired" : SILENT };
      const refused = answered(response, await response.text());
      // a proxy's own page says no more than its status
      const large = !refused.ok && refused.code === "bad_answer" && response.status === 413;
      return large ? { ok: false, code: "too_large" } : refused;
    } catch {
      return { ok: false, code: "no_connection" };
    } finally {
      clearTimeout(limit);
      signal.removeEventListener("abort", end);
    }
  });
}

/** @param {number} milliseconds @param {Pick<Work, "signal" | "pauses">} work @returns {Promise<void>} */
export function pause(milliseconds, { signal, pauses }) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      pauses.delete(end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    pauses.add(end);
    signal.addEventListener("abort", end);
  });
}
