/** What may stand between a browser and the server: a proxy that lets no WebSocket through, or a captive portal. */

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { atEnd } from "../harness/harness.js";

const PORTAL = "<!doctype html><title>Free Wi-Fi</title><form>Accept the terms</form>";
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export class Middlebox {
  /** `portal`: every request is answered with a page; `sockets`: what becomes of WebSockets. */
  portal = false;
  /** @type {"through" | "refused" | ((peer: HostilePeer) => void)} */
  sockets = "through";
  /** A path: what the server answers to the next request for it does not arrive. @type {string | null} */
  loseAnswerTo = null;
  /** A path whose requests do not reach the server; how many were stopped. @type {{path: string, stopped: number} | null} */
  stops = null;
  /** WebSockets that were asked for. */
  upgrades = 0;
  /** @type {Set<import("node:stream").Duplex>} */
  #open = new Set();

  /** @param {number} target port of the server */
  constructor(target) {
    this.target = target;
    this.http = createServer((asked, answer) => this.#forward(asked, answer));
    this.http.on("upgrade", (asked, socket, head) => this.#upgrade(asked, socket, head));
  }

  async start() {
    this.http.listen(0, "127.0.0.1");
    await once(this.http, "listening");
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.http.address());
    this.url = `http://127.0.0.1:${port}`;
    atEnd(() => {
      this.http.close();
      this.http.closeAllConnections();
    });
    return this;
  }

  /** End all WebSockets that are open. */
  dropSockets() {
    for (const socket of this.#open) socket.destroy();
    this.#open.clear();
  }

  /** All WebSockets that are open say and hear nothing any more, and nobody is told. */
  freezeSockets() {
    for (const socket of this.#open) {
      socket.unpipe();
      socket.removeAllListeners("data").resume();
      socket.emit("freeze");
    }
    this.#open.clear();
  }

  /** @param {import("node:http").IncomingMessage} asked @param {import("node:http").ServerResponse} answer */
  #forward(asked, answer) {
    const { method, url, headers } = asked;
    if (this.portal) {
      answer.writeHead(200, { "Content-Type": "text/html" }).end(PORTAL);
      return;
    }
    if (this.stops && this.stops.path === url) {
      this.stops.stopped += 1;
      answer.destroy();
      return;
    }
    const on = request({ host: "127.0.0.1", port: this.target, method, path: url, headers }, (found) => {
      if (this.loseAnswerTo === url) {
        this.loseAnswerTo = null;
        answer.destroy();
        return;
      }
      answer.writeHead(found.statusCode ?? 502, found.headers);
      found.pipe(answer);
    });
    on.on("error", () => answer.destroy());
    asked.pipe(on);
  }

  /** @param {import("node:http").IncomingMessage} asked @param {import("node:stream").Duplex} socket @param {Buffer} head */
  #upgrade(asked, socket, head) {
    this.upgrades += 1;
    socket.on("error", () => {});
    this.#open.add(socket);
    socket.once("close", () => this.#open.delete(socket));
    if (this.portal || this.sockets === "refused") {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    } else if (this.sockets === "through") {
      const lines = [];
      for (let at = 0; at < asked.rawHeaders.length; at += 2) {
        lines.push(`${asked.rawHeaders[at]}: ${asked.rawHeaders[at + 1]}`);
      }
      const on = connect(this.target, "127.0.0.1");
      on.write(`GET ${asked.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      on.write(head);
      on.on("close", () => socket.destroy());
      on.on("error", () => socket.destroy());
      socket.on("close", () => on.destroy());
      on.pipe(socket);
      socket.once("freeze", () => on.unpipe(socket).resume());
      socket.pipe(on);
    } else {
      const accept = createHash("sha1")
        .update(asked.headers["sec-websocket-key"] + GUID)
        .digest("base64");
      const lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        `Sec-WebSocket-Accept: ${accept}`,
      ];
      socket.write(`${[...lines, "Sec-WebSocket-Protocol: chatproto.v1"].join("\r\n")}\r\n\r\n`);
      this.sockets(new HostilePeer(socket));
    }
  }
}

/** The server's end of a WebSocket, which says whatever a test wants. */
export class HostilePeer {
  /** @param {import("node:stream").Duplex} socket */
  constructor(socket) {
    this.socket = socket;
    /** Opcodes of what the client sent. @type {number[]} */
    this.heard = [];
    socket.on("data", (data) => this.heard.push(data[0] & 0x0f));
  }

  /** Resolves when the client has sent something. */
  async hello() {
    while (this.heard.length === 0) await once(this.socket, "data");
  }

  /** @param {any} frame a value for JSON, or text as it is */
  say(frame) {
    const payload = Buffer.from(typeof frame === "string" ? frame : JSON.stringify(frame));
    this.raw(0x81, payload);
  }

  /** @param {number} first byte @param {Buffer} payload */
  raw(first, payload) {
    const size = payload.length;
    const head = size < 126 ? Buffer.from([first, size]) : Buffer.alloc(10);
    if (size >= 126) {
      head.set([first, 127]);
      head.writeBigUInt64BE(BigInt(size), 2);
    }
    this.socket.write(Buffer.concat([head, payload]));
  }

  /** @param {number} code */
  close(code) {
    this.raw(0x88, Buffer.from([code >> 8, code & 0xff]));
  }
}

/** @param {import("../harness/server.js").Server} server */
export function startMiddlebox(server) {
  return new Middlebox(server.port).start();
}
