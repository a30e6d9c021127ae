/**
 * HTTP requests to the server (docs/protocol.md section 2). Nothing throws: an answer is `{ok: true, body}` or Refused.
 * What does not come from a Vestnik server (a captive portal's page, a proxy's) is `bad_answer`, which is as good as no
 * connection.
 */

/** @typedef {import("../types.js").Refused} Refused
 * @typedef {{ok: true, body: any}} Answered
 * @typedef {{token: () => string, renewed: (used: string) => Promise<{ok: true} | Refused>}} Bearer `renewed`: another
 *   token than `used`, exchanged where nobody did
 */

/** Milliseconds that may pass without a byte of an answer, however long all of it takes on a slow link. */
const SILENCE = 10_000;
/** Milliseconds that a request may take at most: nobody feeds a page for ever, byte by byte. */
const TIME_LIMIT = 5 * 60_000;
/** Characters of an answer: a list of many chats with long last messages is the largest. */
const MAX_ANSWER = 32 * 1024 * 1024;
/** No cookies, nothing kept by the browser, no other place, and no word of where a request comes from. */
export const BARE = /** @type {const} */ ({
  credentials: "omit",
  cache: "no-store",
  redirect: "error",
  referrerPolicy: "no-referrer",
});
/** Codes of refusals that may be gone at the next attempt. */
const PASSING = ["no_connection", "bad_answer", "store_unavailable", "rate_limited", "internal", "busy", "draining"];
/** Of them `internal` may last: so many in a row are answered to one message, then it is the user's to try again. */
export const FAULTS = 5;
/** Milliseconds for which a log-in waits its turn while many people log in. */
const BUSY_FOR = 120_000;
/** The same where one sees nothing but that it goes on: a password of somebody who is in already. */
export const BUSY_UNSEEN = 20_000;
/** Refusals after which the tokens are exchanged: another access token may help, or it shows that the log-in is over. */
const STALE = ["token_expired", "token_invalid", "token_missing", "token_reused", "revoked"];

/** @param {string} code */
export function isPassing(code) {
  return PASSING.includes(code);
}

export class Api {
  /** @param {string} url of the server, without a slash at its end @param {Bearer | null} bearer */
  constructor(url, bearer = null) {
    this.url = url;
    this.bearer = bearer;
  }

  /**
   * @param {string} method @param {string} path with its query @param {any} [body]
   * @param {Record<string, string>} [headers] @returns {Promise<Answered | Refused>}
   */
  async call(method, path, body, headers = {}) {
    return this.authorized((bearing) => request(this.url + path, method, body, { ...headers, ...bearing }));
  }

  /**
   * A request as the user; once more where its token was exchanged meanwhile.
   * @param {(bearing: Record<string, string>) => Promise<Answered | Refused>} send with these headers
   * @returns {Promise<Answered | Refused>}
   */
  async authorized(send) {
    if (!this.bearer) return send({});
    if (!this.bearer.token()) {
      const renewed = await this.bearer.renewed("");
      if (!renewed.ok) return renewed;
    }
    const token = this.bearer.token();
    const answer = await send({ Authorization: `Bearer ${token}` });
    if (answer.ok || !STALE.includes(answer.code)) return answer;
    const renewed = await this.bearer.renewed(token);
    if (!renewed.ok) return renewed;
    return send({ Authorization: `Bearer ${this.bearer.token()}` });
  }

  /** @param {string} path */
  get(path) {
    return this.call("GET", path);
  }

  /** Bytes instead of JSON. @param {string} path @param {number} most bytes; more of them are no answer of ours
   * @returns {Promise<{ok: true, body: Blob} | Refused>} */
  bytes(path, most) {
    /** @type {Reader} */
    const read = async (response, progress) => {
      if (!response.ok) return answered(response, await textOf(response, progress));
      const body = await blobOf(response, most, progress);
      return body ? { ok: true, body } : { ok: false, code: "bad_answer" };
    };
    return this.authorized((bearing) => request(this.url + path, "GET", undefined, bearing, read));
  }

  /** @param {string} path @param {any} [body] @param {Record<string, string>} [headers] */
  post(path, body = {}, headers = {}) {
    return this.call("POST", path, body, headers);
  }

  /** Of nobody in particular, and sent also where the page is closed right after. @param {string} path @param {any} body */
  farewell(path, body) {
    return request(this.url + path, "POST", body, {}, readJson, true);
  }
}

/**
 * Come back as often as the server says that many people log in at once, for at most `limit` milliseconds.
 * @param {() => Promise<Answered | Refused>} send @param {(wait: number) => void} waits is told each time how many
 *   milliseconds it is until the next attempt @param {number} [limit] @returns {Promise<Answered | Refused>}
 */
export async function inTurn(send, waits, limit = BUSY_FOR) {
  for (const until = performance.now() + limit; ;) {
    const answer = await send();
    if (answer.ok || answer.code !== "busy") return answer;
    const wait = (answer.retry_after_ms ?? 1_000) * (1 + Math.random() / 2); // so that they do not all come at once
    if (performance.now() + wait > until) return answer;
    waits(wait);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** Whether a Vestnik server answers there. @param {string} url @returns {Promise<{ok: true} | Refused>} */
export async function probe(url) {
  const answer = await request(`${url}/healthz`, "GET", undefined, {});
  if (!answer.ok) return answer;
  return answer.body?.status === "ok" ? { ok: true } : { ok: false, code: "bad_answer" };
}

/**
 * @typedef {(response: Response, progress: () => void) => Promise<Answered | Refused>} Reader of what an answer holds
 * @param {string} url @param {string} method @param {any} body @param {Record<string, string>} headers
 * @param {Reader} [read] @param {boolean} [keepalive] past the end of the page @returns {Promise<Answered | Refused>}
 */
async function request(url, method, body, headers, read = readJson, keepalive = false) {
  const controller = new AbortController();
  const giveUp = () => controller.abort();
  const limit = setTimeout(giveUp, TIME_LIMIT);
  let silence = setTimeout(giveUp, SILENCE);
  const progress = () => {
    clearTimeout(silence);
    silence = setTimeout(giveUp, SILENCE);
  };
  const isForm = body instanceof FormData;
  try {
    const response = await fetch(url, {
      method,
      headers: body === undefined || isForm ? headers : { ...headers, "Content-Type": "application/json" },
      body: body === undefined || isForm ? body : JSON.stringify(body),
      signal: controller.signal,
      keepalive,
      ...BARE,
    });
    progress();
    return await read(response, progress);
  } catch {
    return { ok: false, code: "no_connection" };
  } finally {
    clearTimeout(limit);
    clearTimeout(silence);
  }
}

/** @type {Reader} */
async function readJson(response, progress) {
  return answered(response, await textOf(response, progress));
}

/** @param {{ok: boolean}} response @param {string | null} text null: more than is bearable @returns {Answered | Refused} */
export function answered(response, text) {
  if (text === "" && response.ok) return { ok: true, body: null };
  const found = text === null ? undefined : parsed(text);
  if (response.ok) return found === undefined ? { ok: false, code: "bad_answer" } : { ok: true, body: found };
  if (typeof found?.code !== "string") return { ok: false, code: "bad_answer" };
  /** @type {Refused} */
  const refused = { ok: false, code: found.code };
  if (Array.isArray(found.errors)) refused.errors = found.errors;
  if (Number.isFinite(found.retry_after_ms)) refused.retry_after_ms = found.retry_after_ms;
  return refused;
}

/** @param {string} text @returns {any} undefined where it is not JSON */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {Response} response @param {() => void} progress @returns {Promise<string | null>} */
async function textOf(response, progress) {
  if (!response.body) return "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return parts.join("");
    progress();
    size += value.length;
    if (size > MAX_ANSWER) {
      await reader.cancel();
      return null;
    }
    parts.push(value);
  }
}

/** @param {Response} response @param {number} most bytes @param {() => void} progress @returns {Promise<Blob | null>} */
async function blobOf(response, most, progress) {
  const parts = [];
  let size = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done || !value) return new Blob(parts, { type: response.headers.get("Content-Type") ?? "" });
    progress();
    size += value.length;
    if (size > most) {
      await reader?.cancel();
      return null;
    }
    parts.push(value);
  }
}
