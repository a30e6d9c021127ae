/** A cable between a client and a server that can be cut, frozen and restored: one more TCP port in front of the server's. */

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { atEnd } from "./closing.js";
import { freePort } from "./ports.js";

export class Wire {
  /** @type {Set<import("node:net").Socket>} */
  #sockets = new Set();
  #listener;
  #frozen = false;

  /** @param {number} port of the wire @param {number} target the server's port */
  constructor(port, target) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    /** Connections that were made through it, for ever. */
    this.connections = 0;
    /** Bytes that clients have sent. */
    this.sent = 0;
    /** As soon as more than the first of these were sent, all that is open is reset. @type {number[]} */
    this.cuts = [];
    /** Bytes that the server has sent. */
    this.received = 0;
    /** As soon as so many were received, all that is open is reset, and they do not reach the client. */
    this.backCut = Infinity;
    this.#listener = createServer((near) => this.#join(near, target));
  }

  /** Connections are refused from now on, and those that are open are reset. */
  async cut() {
    const closed = this.#listener.listening ? once(this.#listener, "close") : null;
    this.#listener.close();
    this.reset();
    await closed;
  }

  /** Only what is open is reset; who comes again is let in. */
  reset() {
    for (const socket of this.#sockets) {
      // a handle that is shutting down cannot be reset: Node would keep it open, and never end
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  async restore() {
    this.#listener.listen(this.port, "127.0.0.1");
    await once(this.#listener, "listening");
  }

  /** Nothing goes through either way, and nobody is told: as when a NAT forgot the connection. */
  freeze() {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** What waited goes on. */
  thaw() {
    this.#frozen = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** @param {import("node:net").Socket} near @param {number} target */
  #join(near, target) {
    this.connections += 1;
    const far = connect(target, "127.0.0.1");
    far.on("data", (bytes) => {
      this.received += bytes.length;
      if (this.received <= this.backCut) return;
      this.backCut = Infinity;
      this.reset();
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      this.#sockets.add(one);
      one.on("data", (bytes) => {
        if (!other.destroyed && !other.write(bytes)) one.pause();
      });
      other.on("drain", () => {
        if (!this.#frozen) one.resume();
      });
      one.on("end", () => other.end());
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroySoon();
      });
      if (this.#frozen) one.pause();
    }
    near.on("data", (bytes) => {
      this.sent += bytes.length;
      if (this.sent <= (this.cuts[0] ?? Infinity)) return;
      this.cuts.shift();
      this.reset();
    });
  }
}

/** A whole cable to a server, gone with the test file. @param {{port: number}} server */
export async function startWire(server) {
  const wire = new Wire(await freePort("wire"), server.port);
  await wire.restore();
  atEnd(() => wire.cut());
  return wire;
}
