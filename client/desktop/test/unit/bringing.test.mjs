/** Uploads where the server, something before it, or this machine's disk refuses: what goes on, and what is told. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Api } from "../../renderer/link/api.js";
import { bring } from "../../renderer/link/uploads.js";
import { Bringing } from "../../renderer/profile/bringing.js";
import { newPage, settled } from "./page.js";
import { URL } from "./windows.js";

/** @typedef {import("./page.js").Answer} Answer */

const SIZE = 700_000;
const PAGE = "<!doctype html><title>Not here</title>";
/** @type {import("../../renderer/protocol/row.js").LocalFile} */
const FILE = { local_id: "local", name: "a.bin", size: SIZE, content_type: "", as_file: true, file_id: null };

/** A server that takes uploads (docs/protocol.md "Files"). `refuses`: why no file is made of one that is whole; `before`: what
 * something before it answers instead. */
class Server {
  /** @type {string[]} */
  asked = [];
  /** @type {Map<string, number>} */
  offsets = new Map();
  made = 0;
  /** @type {Answer | null} */
  refuses = null;
  /** @type {(method: string) => Answer | null} */
  before = () => null;

  constructor() {
    newPage(({ method, path, body, headers }) => {
      this.asked.push(method);
      return this.before(method) ?? this.answer(method, path, body, headers);
    });
  }

  /** @param {string} method @param {string} path @param {any} body @param {Record<string, string>} headers @returns {Answer} */
  answer(method, path, body, headers) {
    if (method === "POST") {
      const place = `/api/uploads/${this.offsets.size}`;
      this.offsets.set(place, 0);
      return { status: 201, headers: { Location: place } };
    }
    const offset = this.offsets.get(path);
    if (offset === undefined) return { status: 404, body: { code: "not_found" } };
    if (method === "PATCH") {
      if (Number(headers["Upload-Offset"]) !== offset) return { status: 409, body: { code: "offset_conflict" } };
      this.offsets.set(path, offset + body.length);
    }
    const now = this.offsets.get(path) ?? 0;
    if (method === "PATCH" && now === SIZE) {
      this.made += 1;
      if (this.refuses) return this.refuses;
      return { status: 204, headers: { "Upload-Offset": `${now}`, "Vestnik-File-Id": "file" } };
    }
    return { status: method === "PATCH" ? 204 : 200, headers: { "Upload-Offset": `${now}` } };
  }
}

/** Nobody waits in a test. */
class NoPause extends Set {
  /** @override @param {() => void} end */
  add(end) {
    queueMicrotask(end);
    return super.add(end);
  }
}

/** How an upload ended (`code` "": well), and how far it was in between.
 * @param {Partial<import("../../renderer/link/uploads.js").Work>} [given] */
async function brought(given) {
  /** @type {number[]} */
  const sent = [];
  const end = await bring(new Api(URL), {
    file: FILE,
    bytes: new Blob([new Uint8Array(SIZE)]),
    place: null,
    note: async () => {},
    progress: (bytes) => void (bytes !== null && sent.push(bytes)),
    signal: new AbortController().signal,
    pauses: new NoPause(),
    ...given,
  });
  return { code: end.ok ? "" : end.code, sent };
}

test("whoever has no room is told so, also where HEAD is refused without a word", async () => {
  const server = new Server();
  server.refuses = { status: 507, body: { code: "quota_exceeded" } };
  assert.equal((await brought()).code, "quota_exceeded");
  const [place] = server.offsets.keys();
  assert.equal((await brought({ place })).code, "quota_exceeded", "it is tried again by hand");
  server.before = (method) => (method === "HEAD" ? { status: 507 } : null);
  assert.equal((await brought({ place })).code, "quota_exceeded");
  assert.equal(server.made, 3, "once each time");
});

test("the page of a proxy does not begin a file anew, a word of the server does", async () => {
  const server = new Server();
  const away = [404, 410, 404, 404];
  server.before = (method) => {
    const isThere = away.length === 0 || (server.offsets.get("/api/uploads/0") ?? 0) === 0;
    return isThere || !["HEAD", "PATCH"].includes(method) ? null : { status: away.pop(), page: PAGE };
  };
  const { code, sent } = await brought();
  assert.deepEqual([code, away, server.offsets.size], ["", [], 1]);
  assert.ok(
    sent.every((offset, at) => offset >= (sent[at - 1] ?? 0)),
    "it went on from where it was",
  );
  const anew = await brought({ place: "/api/uploads/unknown" });
  assert.deepEqual([anew.code, server.offsets.size], ["", 2]);
});

test("a server that fails at the end of a file is asked five times, and a piece that arrives begins the count anew", async () => {
  const server = new Server();
  const failure = { status: 500, body: { code: "internal" } };
  const left = [4, 4]; // at the first piece, and later
  server.before = (method) => {
    const phase = server.offsets.get("/api/uploads/0") ? 1 : 0;
    return method === "PATCH" && (left[phase] -= 1) >= 0 ? failure : null;
  };
  assert.equal((await brought()).code, "");
  server.before = () => null;
  server.made = 0;
  server.refuses = failure;
  assert.equal((await brought()).code, "internal");
  assert.equal(server.made, 5);
});

/** Bytes that cannot be read so many times. @param {number} faults @param {string} name of the error */
function faulty(faults, name) {
  const bytes = new Blob([new Uint8Array(SIZE)]);
  const real = bytes.slice.bind(bytes);
  bytes.slice = (from, to) => {
    const piece = real(from, to);
    if ((faults -= 1) >= 0) piece.arrayBuffer = () => Promise.reject(new DOMException("it failed", name));
    return piece;
  };
  return bytes;
}

test("bytes that cannot be read are read again, those that are gone are not", async () => {
  const server = new Server();
  assert.equal((await brought({ bytes: faulty(9, "NotReadableError") })).code, "");
  assert.equal((await brought({ bytes: faulty(Infinity, "NotReadableError") })).code, "file_unreadable");
  const before = server.asked.length;
  assert.equal((await brought({ bytes: faulty(Infinity, "NotFoundError") })).code, "file_lost");
  assert.deepEqual(server.asked.slice(before), ["POST", "HEAD", "PATCH"], "once");
});

/** A profile whose database fails so many times. @param {number} faults @param {Blob | null} bytes */
async function fromDatabase(faults, bytes) {
  const server = new Server();
  let [reads, end] = [0, ""];
  const bringing = new Bringing({
    api: new Api(URL),
    db: {
      async file() {
        reads += 1;
        if (reads <= faults) throw new DOMException("the disk is busy", "UnknownError");
        return bytes && { bytes, place: null };
      },
      noteUpload: async () => {},
    },
    brought: (_localId, fileId) => (end = fileId),
    refused: (_localId, code) => (end = code),
    begun: () => {},
    progress: () => {},
  });
  void bringing.begin({ do: "upload", cid: "cid", file: FILE, anew: false });
  // bytes of a Blob are read by threads of Node's, which take their time on a busy machine
  for (const last = Date.now() + 60_000; !end && Date.now() < last;) {
    await settled();
    bringing.hurry();
  }
  bringing.stop();
  return { end, reads, asked: server.asked.length };
}

test("a database that cannot be read does not say that a file is lost", async () => {
  const bytes = new Blob([new Uint8Array(SIZE)]);
  assert.equal((await fromDatabase(9, bytes)).end, "file");
  assert.deepEqual(await fromDatabase(Infinity, bytes), { end: "file_unreadable", reads: 10, asked: 0 });
  assert.deepEqual(await fromDatabase(0, null), { end: "file_lost", reads: 1, asked: 0 });
  assert.equal((await fromDatabase(0, new Blob(["cut"]))).end, "file_lost");
});
