/**
 * `vestnik serve` as a process. In a run of the whole suite it is one that the run's prepared process became by a fork
 * (tests/prepared.py, in VESTNIK_PREPARED), which takes a fraction of a start; else a start of its own.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { dieWithUs } from "./closing.js";

export const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const PROGRAM = "tests.serving";

/**
 * `kill`: sends a signal, unless it has ended; `ended`: its exit code, null where a signal ended it.
 * @typedef {{pid: number, kill: (name: NodeJS.Signals) => void, ended: Promise<number | null>}} Started
 * @typedef {{folder: string, env: Record<string, string>, log: string, onLine: (line: string) => void}} Where
 *   `log`: the file of its standard error; `onLine`: gets its standard output
 */

/** The Python that serves: of the environment that `./just` makes, or the one named by VESTNIK_PYTHON. */
export function python() {
  const own = join(ROOT, ".venv/bin/python");
  return process.env.VESTNIK_PYTHON ?? (existsSync(own) ? own : "python3");
}

/** It is there, and not ready yet. @param {string[]} words after `vestnik` @param {Where} where @returns {Promise<Started>} */
export function startServing(words, where) {
  const prepared = process.env.VESTNIK_PREPARED;
  return prepared ? become(prepared, words, where) : startOne(words, where);
}

/** @param {string[]} words @param {Where} where @returns {Promise<Started>} */
async function startOne(words, { folder, env, log, onLine }) {
  const stderr = openSync(log, "a");
  const child = spawn(python(), ["-m", PROGRAM, ...words], { cwd: folder, env, stdio: ["ignore", "pipe", stderr] });
  closeSync(stderr);
  dieWithUs(child);
  createInterface({ input: /** @type {import("node:stream").Readable} */ (child.stdout) }).on("line", onLine);
  const ended = once(child, "exit").then(([code]) => code);
  await once(child, "spawn");
  return { pid: /** @type {number} */ (child.pid), kill: (name) => void child.kill(name), ended };
}

/**
 * The connection is its life: it ends with it, so also when this process ends.
 * @param {string} path @param {string[]} words @param {Where} where @returns {Promise<Started>}
 */
async function become(path, words, { folder, env, log, onLine }) {
  const socket = connect(path);
  /** @type {number | null} */
  let pid = null;
  let over = false;
  /** @type {Promise<number | null>} */
  const ended = new Promise((resolve) => {
    /** @param {number | null} code */
    const end = (code) => {
      over = true;
      resolve(code);
    };
    socket.on("error", () => end(null));
    socket.on("close", () => end(null));
    createInterface({ input: socket }).on("line", (line) => {
      const [text, code] = line.split("\0"); // the last line is a zero byte and the exit code
      if (pid === null) {
        pid = Number(text);
        socket.emit("began");
      } else if (code === undefined) onLine(text);
      else end(Number(code) < 0 ? null : Number(code));
    });
  });
  const began = once(socket, "began");
  socket.write(`${JSON.stringify({ program: PROGRAM, arguments: words, folder, environment: env, stderr: log })}\n`);
  await began;
  return {
    pid: Number(pid),
    ended,
    kill(name) {
      try {
        if (!over) process.kill(Number(pid), name);
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error; // it ends right now
      }
    },
  };
}
