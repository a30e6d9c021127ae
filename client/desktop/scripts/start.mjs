/** Starts the app from its sources: with the Electron of ELECTRON_OVERRIDE_DIST_PATH, else with the one npm fetches. */

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const APP = fileURLToPath(new URL("..", import.meta.url));
const CLI = fileURLToPath(new URL("../node_modules/electron/cli.js", import.meta.url));

if (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
  console.error(
    "desktop: there is no screen here (DISPLAY is not set); the same pages are at the server's own address",
  );
  process.exit(1);
}
const given = process.argv.slice(2);
const options = given.filter((word) => word.startsWith("-"));
const links = given.filter((word) => !word.startsWith("-"));
if (process.getuid?.() === 0) {
  console.error("desktop: running as root, so without Chromium's sandbox; use an ordinary user for real work");
  options.unshift("--no-sandbox");
}
const child = spawn(process.execPath, [CLI, ...options, APP, ...links], { stdio: "inherit" });
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));
