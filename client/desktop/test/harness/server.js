/** The real server as a process of its own, with fresh data; it can be killed and started again on the same port. */

import { EventEmitter, once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "./closing.js";
import { freePort } from "./ports.js";
import { ROOT, startServing } from "./started.js";

export const PASSWORD = "correct horse battery";
/** Milliseconds a server may take to listen: a bound for one that never will, not for a busy machine. */
const READY_TIMEOUT = 120_000;

/** @typedef {{user: any, username: string, password: string, access_token: string, refresh_token: string}} Account */

export class Server {
  /** @type {import("./started.js").Started | null} */
  #process = null;
  #env;
  #keepsData;
  /** What it told whoever started it. @type {string[]} */
  #said = [];
  #lines = new EventEmitter();

  /**
   * @param {number} port @param {Record<string, string>} env further settings, such as VESTNIK_REGISTRATION
   * @param {string} [dataDir] one that is there already, and stays
   */
  constructor(port, env, dataDir) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.dataDir = dataDir ?? mkdtempSync(join(tmpdir(), "vestnik-test-"));
    this.#keepsData = dataDir !== undefined;
    this.#env = env;
  }

  get pid() {
    return this.#process?.pid ?? null;
  }

  /** Returns when it listens. Rejects with its log where it ends before that.
   * @param {Record<string, string>} [more] settings that hold from now on */
  async start(more = {}) {
    Object.assign(this.#env, more);
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith("VESTNIK_"));
    const words = ["serve", "--port", String(this.port), "--data-dir", this.dataDir];
    const before = this.#said.length;
    this.#process = await startServing(words, {
      folder: this.dataDir, // no .env is found here
      env: { ...Object.fromEntries(own), PYTHONPATH: ROOT, VESTNIK_LOG_FORMAT: "json", ...this.#env },
      log: join(this.dataDir, "server.log"),
      onLine: (line) => {
        this.#said.push(line);
        this.#lines.emit("line");
      },
    });
    const failed = this.#process.ended.then(() => {
      throw new Error(`the server did not start: ${this.log()}`);
    });
    failed.catch(() => {});
    const signal = AbortSignal.timeout(READY_TIMEOUT);
    if (this.#said.length === before) await Promise.race([once(this.#lines, "line", { signal }), failed]);
  }

  /** By which the first one registers, who keeps the server; of one that nobody is on. @returns {Promise<string>} */
  async setupLink() {
    for (;;) {
      const found = this.#said.map((line) => /\S+\/setup#\S+/u.exec(line)).find(Boolean);
      if (found) return found[0];
      await once(this.#lines, "line", { signal: AbortSignal.timeout(READY_TIMEOUT) });
    }
  }

  /** SIGTERM: it says goodbye. @returns {Promise<number | null>} the exit code */
  stop() {
    return this.#end("SIGTERM");
  }

  /** SIGKILL: what it did not write is lost. */
  kill() {
    return this.#end("SIGKILL");
  }

  /** On the same port with the same data. */
  async restart() {
    await this.stop();
    await this.start();
  }

  /** It holds its sockets open and answers nothing, until `resume`. */
  pause() {
    this.#process?.kill("SIGSTOP");
  }

  resume() {
    this.#process?.kill("SIGCONT");
  }

  /** The end of what it told its operator. */
  log() {
    const file = join(this.dataDir, "server.log");
    return existsSync(file) ? readFileSync(file, "utf8").slice(-4000) : "";
  }

  async close() {
    await this.kill();
    if (!this.#keepsData) rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** A new account, logged in. @param {string} username @param {Record<string, any>} [more] @returns {Promise<Account>} */
  async register(username, more = {}) {
    const form = { username, password: PASSWORD, ...more };
    return { ...form, ...(await this.call(null, "POST", "/api/auth/register", form)) };
  }

  /** Another session of an account. @param {{username: string, password: string}} account
   * @param {Record<string, string>} [headers] such as who says to log in @returns {Promise<Account>} */
  async login({ username, password }, headers) {
    const answer = await this.call(null, "POST", "/api/auth/login", { username, password }, headers);
    return { username, password, ...answer };
  }

  /**
   * One request over HTTP, as it were from another device. Throws on a refusal.
   * @param {Account | null} account whose token it carries @param {string} method @param {string} path
   * @param {any} [body] @param {Record<string, string>} [more] headers @returns {Promise<any>} what was answered
   */
  async call(account, method, path, body, more = {}) {
    /** @type {Record<string, string>} */
    const headers = body === undefined ? { ...more } : { "Content-Type": "application/json", ...more };
    if (account) headers.Authorization = `Bearer ${account.access_token}`;
    const answer = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  }

  /** The id of the direct chat of two. @param {Account} one @param {Account} other @returns {Promise<number>} */
  async direct(one, other) {
    return (await this.call(one, "POST", "/api/chats", { type: "direct", user_id: other.user.id })).id;
  }

  /** @param {Account} owner @param {string} title @param {Account[]} others @returns {Promise<number>} its id */
  async group(owner, title, ...others) {
    const body = { type: "group", title, user_ids: others.map((other) => other.user.id) };
    return (await this.call(owner, "POST", "/api/chats", body)).id;
  }

  /** The message as stored. @param {Account} from @param {number} chatId @param {string} content @param {object} [more] */
  send(from, chatId, content, more = {}) {
    return this.call(from, "POST", `/api/chats/${chatId}/messages`, { content, ...more });
  }

  /** A file that a message may hold. @param {Account} account @param {string} name @param {Buffer} bytes
   * @param {{asFile?: boolean}} [how] @returns {Promise<any>} */
  async upload(account, name, bytes, { asFile = false } = {}) {
    const body = new FormData();
    body.append("file", new Blob([new Uint8Array(bytes)]), name);
    if (asFile) body.append("as_file", "1");
    const headers = { Authorization: `Bearer ${account.access_token}` };
    const answer = await fetch(`${this.url}/api/files`, { method: "POST", headers, body });
    if (!answer.ok) throw new Error(`${name} was not taken: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** The bytes of a file. @param {Account} account @param {string} id */
  async download(account, id) {
    const headers = { Authorization: `Bearer ${account.access_token}` };
    const answer = await fetch(`${this.url}/api/files/${id}`, { headers });
    if (!answer.ok) throw new Error(`${id}: ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer());
  }

  /** What of a chat's log the server has. @param {Account} account @param {number} chatId @returns {Promise<any[]>} */
  async items(account, chatId) {
    const items = [];
    for (let after = 0, more = true; more;) {
      const page = await this.call(account, "GET", `/api/chats/${chatId}/messages?after_seq=${after}&limit=200`);
      items.push(...page.items);
      [after, more] = [page.to_seq, page.has_more];
    }
    return items;
  }

  /** @param {NodeJS.Signals} name */
  async #end(name) {
    const ending = this.#process;
    this.#process = null;
    ending?.kill(name);
    ending?.kill("SIGCONT");
    return ending?.ended ?? null;
  }
}

/**
 * A server with empty data, ready, ended with the test file.
 * @param {{env?: Record<string, string>, dataDir?: string}} [options] `env`: settings besides the defaults (the buckets
 *   are wide here); `dataDir`: data that is there already
 */
export async function startServer({ env = {}, dataDir } = {}) {
  const wide = ["READS_RATE", "READS_BURST", "SEARCHES_RATE", "NEW_CHATS", "NEW_MEMBERS", "REGISTRATIONS"];
  const limits = Object.fromEntries(wide.map((name) => [`VESTNIK_LIMIT_${name}`, "1000"]));
  const settings = { VESTNIK_BUCKET_RATE: "1000", VESTNIK_BUCKET_BURST: "1000", ...limits, ...env };
  for (let attempts = 5; ; attempts--) {
    const server = new Server(await freePort("server"), settings, dataDir);
    try {
      await server.start();
      atEnd(() => server.close());
      return server;
    } catch (error) {
      await server.close();
      if (attempts === 1 || !/Address already in use/.test(String(error))) throw error;
    }
  }
}
