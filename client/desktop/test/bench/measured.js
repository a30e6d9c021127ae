/** What the benches share: a server with a long history, and clocks. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd, startServer } from "../harness/harness.js";
import { ROOT, python } from "../harness/started.js";

/** Runs of everything that is timed; the median counts. */
export const RUNS = Number(process.env.BENCH_RUNS ?? 5);

/**
 * A server on which anna and boris have written for a year.
 * @param {{messages?: number, groups?: number}} [size]
 */
export async function serverWithHistory({ messages = 100_000, groups = 200 } = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), "vestnik-bench-"));
  atEnd(() => rmSync(dataDir, { recursive: true, force: true }));
  const words = ["--data-dir", dataDir, "--messages", String(messages), "--groups", String(groups)];
  const said = execFileSync(python(), ["-m", "tests.bench.long_history", ...words], { cwd: ROOT, encoding: "utf8" });
  /** @type {{names: string[], password: string, chat_id: number, group_ids: number[]}} */
  const { names, password, chat_id, group_ids } = JSON.parse(said);
  const server = await startServer({ dataDir });
  const accounts = [];
  for (const username of names) accounts.push(await server.login({ username, password }));
  await server.call(accounts[0], "POST", `/api/chats/${chat_id}/read`, {});
  return { server, accounts, chatId: chat_id, groupIds: group_ids, lastSeq: messages };
}

/** @param {number[]} values */
export function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** One line a figure. @param {string} what @param {number[]} values milliseconds */
export function report(what, values) {
  const sorted = [...values].sort((a, b) => a - b);
  const shown = sorted.map((value) => value.toFixed(1)).join(" ");
  console.log(`${what}: median ${median(values).toFixed(1)} ms (${shown})`);
}
