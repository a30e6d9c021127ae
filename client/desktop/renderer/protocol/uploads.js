/** Which files of the outbox are brought to the server: a few at a time, in the order in which they came. */

/** Uploads at a time; one more would only make the others slower. */
const PARALLEL = 2;

/** @typedef {import("./row.js").Row} Row @typedef {import("./row.js").LocalFile} LocalFile
 * @typedef {{do: "upload", cid: string, file: LocalFile, anew: boolean}} Upload */

export class Uploads {
  /** What is to be brought, by its local id. @type {Map<string, Upload>} */
  #waiting = new Map();
  /** What is. @type {Set<string>} */
  running = new Set();

  /** @param {(output: Upload) => void} emit */
  constructor(emit) {
    this.emit = emit;
  }

  /** Bring what the server does not have of a row's files. @param {Row} row @param {boolean} [anew] */
  want({ cid, files }, anew = false) {
    for (const file of files) {
      if (file.file_id === null) this.#waiting.set(file.local_id, { do: "upload", cid, file, anew });
    }
    this.#begin();
  }

  /** They are there, or not wanted any more. @param {LocalFile[]} files */
  end(files) {
    for (const { local_id } of files) {
      this.#waiting.delete(local_id);
      this.running.delete(local_id);
    }
    this.#begin();
  }

  #begin() {
    for (const [local_id, upload] of this.#waiting) {
      if (this.running.size >= PARALLEL) return;
      this.#waiting.delete(local_id);
      this.running.add(local_id);
      this.emit(upload);
    }
  }
}
