/** The uploads of the window that owns a profile: what the session asks for is brought, and what came of it is told. */

import { AGAIN, READS, bring, giveUp, pause } from "../link/uploads.js";

/** @typedef {import("../protocol/uploads.js").Upload} Upload */
/**
 * @typedef {{api: import("../link/api.js").Api, db: Pick<import("../store/db.js").Store, "file" | "noteUpload">,
 *   brought: (localId: string, fileId: string) => void, refused: (localId: string, code: string) => void,
 *   begun: (localId: string, place: string) => void, progress: (localId: string, sent: number | null) => void}} Parts
 * @typedef {{cid: string, stop: AbortController, place: string | null}} Running `place`: where the upload has begun
 */

export class Bringing {
  /** By local id. @type {Map<string, Running>} */
  #running = new Map();
  /** Pauses that are on. @type {Set<() => void>} */
  #pauses = new Set();

  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
    window.addEventListener("online", this.hurry);
  }

  /** @param {Upload} upload */
  async begin({ cid, file, anew }) {
    const { api, db, brought, begun, progress } = this.parts;
    /** @type {Running} */
    const running = { cid, stop: new AbortController(), place: null };
    this.#running.set(file.local_id, running);
    const kept = await this.#read(file.local_id, running.stop.signal);
    if (running.stop.signal.aborted) return;
    if (kept === "unreadable") return this.#refuse(file.local_id, "file_unreadable");
    if (!kept || kept.bytes.size !== file.size) return this.#refuse(file.local_id, "file_lost");
    running.place = anew ? null : kept.place;
    const end = await bring(api, {
      file,
      bytes: kept.bytes,
      place: running.place,
      note: async (place) => {
        running.place = place;
        begun(file.local_id, place);
        await db.noteUpload(file.local_id, place).catch(() => {}); // in vain, it begins again at the next start
      },
      progress: (sent) => running.stop.signal.aborted || progress(file.local_id, sent),
      signal: running.stop.signal,
      pauses: this.#pauses,
    });
    if (running.stop.signal.aborted) return;
    if (!end.ok) return this.#refuse(file.local_id, end.code);
    this.#running.delete(file.local_id);
    brought(file.local_id, end.id);
  }

  /** @param {string} localId @param {string} code */
  #refuse(localId, code) {
    this.#running.delete(localId);
    this.parts.refused(localId, code);
  }

  /** What is kept of a file. That it cannot be read now, as where the disk is busy, does not say that it is gone.
   * @param {string} localId @param {AbortSignal} signal */
  async #read(localId, signal) {
    for (let [wait, left] = [AGAIN.first, READS]; ; wait = Math.min(2 * wait, AGAIN.last)) {
      try {
        return await this.parts.db.file(localId);
      } catch (error) {
        left -= 1;
        if (left === 0) console.error("a file could not be read:", error);
        if (left === 0) return "unreadable";
      }
      await pause(wait, { signal, pauses: this.#pauses });
      if (signal.aborted) return null;
    }
  }

  /** A row left the outbox. @param {string} cid @param {boolean} waits it was refused, and may be sent again */
  end(cid, waits) {
    for (const [localId, running] of this.#running) {
      if (running.cid !== cid) continue;
      running.stop.abort();
      this.#running.delete(localId);
      if (!waits && running.place !== null) void giveUp(this.parts.api, running.place);
    }
  }

  /** The server can be had again: no pause goes on. */
  hurry = () => {
    for (const end of this.#pauses) end();
  };

  /** This window owns the profile no more. What was begun goes on where it is, in another one or in another life. */
  stop() {
    window.removeEventListener("online", this.hurry);
    for (const { stop } of this.#running.values()) stop.abort();
    this.#running.clear();
  }
}
