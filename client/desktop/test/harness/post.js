/** A real SMTP server on loopback, as a process of its own: what our server sends can be read here. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { atEnd, dieWithUs } from "./closing.js";
import { eventually } from "./eventually.js";
import { python, ROOT } from "./started.js";

/** @typedef {{text: string, to: string, link: string}} Letter `link`: the path it leads to, with what is behind the # */

export async function startPost() {
  const folder = mkdtempSync(join(tmpdir(), "vestnik-post-"));
  const child = spawn(python(), ["-m", "tests.smtp_server", folder], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  dieWithUs(child);
  atEnd(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    rmSync(folder, { recursive: true, force: true });
  });
  const lines = createInterface({ input: /** @type {import("node:stream").Readable} */ (child.stdout) });
  const [port] = await once(lines, "line");
  let read = 0;
  return {
    /** Settings of a server that sends its letters here. */
    env: {
      VESTNIK_SMTP_URL: `smtp://127.0.0.1:${port}`,
      VESTNIK_MAIL_FROM: "vestnik@example.org",
      VESTNIK_PUBLIC_URL: "https://chat.example.org",
    },
    /** The next letter; waits for it. @returns {Promise<Letter>} */
    async next() {
      const names = () => readdirSync(folder).filter((one) => one.endsWith(".eml"));
      await eventually(() => names().length > read, "a letter came");
      const name = names().sort()[read];
      read += 1;
      return parsed(readFileSync(join(folder, name), "latin1"));
    },
  };
}

/** @param {string} raw @returns {Letter} */
function parsed(raw) {
  const plain = raw.replaceAll(/=\r?\n/gu, "");
  const bytes = plain.replaceAll(/=([0-9A-F]{2})/gu, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  const text = Buffer.from(bytes, "latin1").toString("utf8");
  return {
    text,
    to: /^To: (.*?)\r?$/mu.exec(raw)?.[1] ?? "",
    link: /https:\/\/chat\.example\.org(\/\w+#[\w-]+)/u.exec(text)?.[1] ?? "",
  };
}
