/**
 * Packs the app: node scripts/package.mjs [--test] [--output FOLDER] [target...]
 *
 * Targets: dir (the app unpacked), tar.gz, AppImage, deb on Linux; nsis on Windows, or on Linux with makensis and a
 * Windows Electron; dmg on macOS. Without a target: all of this system, and what cannot be built here is said.
 * Targets that are named must succeed. `--test` leaves the inspector on, so that a driver of tests can attach.
 *
 * With ELECTRON_OVERRIDE_DIST_PATH the Electron of that folder is packed, else electron-builder fetches the one of
 * package.json. ELECTRON_WINDOWS_DIST_PATH is the same for Windows, seen from Linux.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BUILDER = join(ROOT, "node_modules", "electron-builder", "cli.js");
const CONFIG = join("build", "electron-builder.yml");
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** Why a target cannot be built here. */
class Impossible extends Error {}

/** @typedef {{output: string, test: boolean}} Options */

/** @param {string} program @param {string[]} args @param {Record<string, string>} [env] */
function run(program, args, env = {}) {
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } });
  if (error !== undefined) throw new Impossible(`${program} could not be started: ${error.message}`);
  if (status !== 0) throw new Impossible(`${program} ${args[0]} ended with ${status}; its words are above`);
}

/** @param {string} program @param {string} debianPackage */
function need(program, debianPackage) {
  const found = (process.env.PATH ?? "").split(":").some((folder) => existsSync(join(folder, program)));
  if (!found) throw new Impossible(`${program} is not installed (Debian: apt install ${debianPackage})`);
}

/** @param {NodeJS.Platform[]} platforms */
function needSystem(...platforms) {
  if (!platforms.includes(process.platform)) throw new Impossible(`it is built on ${platforms.join(" or ")}`);
}

/** @param {string[]} args @param {Options} options @param {string} [dist] a folder with Electron */
function build(args, { output, test }, dist = process.env.ELECTRON_OVERRIDE_DIST_PATH) {
  const settings = [`-c.directories.output=${output}`];
  if (test) settings.push("-c.electronFuses.enableNodeCliInspectArguments=true");
  if (dist) {
    const electron = readFileSync(join(dist, "version"), "utf8").trim().replace(/^v/, "");
    settings.push(`-c.electronDist=${resolve(dist)}`, `-c.electronVersion=${electron}`);
  }
  run(process.execPath, [BUILDER, "--config", CONFIG, "--publish", "never", ...args, ...settings]);
}

/** The unpacked app that the packages of Linux are made from; built once a run. @param {Options} options */
function unpacked(options) {
  const folder = join(options.output, "linux-unpacked");
  if (!made.has("dir")) {
    needSystem("linux");
    rmSync(folder, { recursive: true, force: true });
    build(["--linux", "dir"], options);
    made.set("dir", folder);
  }
  return folder;
}

/** What this run has built, by target. @type {Map<string, string>} */
const made = new Map();

/** @type {Record<string, (options: Options) => string>} */
const TARGETS = {
  dir: unpacked,

  "tar.gz"(options) {
    const folder = unpacked(options);
    const file = join(options.output, `vestnik-${version}-linux-x64.tar.gz`);
    const same = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", `--mtime=@${sourceDate()}`];
    const name = `--transform=s,^linux-unpacked,vestnik-${version},`;
    run("tar", [...same, name, "-C", dirname(folder), "-czf", file, "linux-unpacked"]);
    return file;
  },

  AppImage(options) {
    const folder = unpacked(options);
    if (!process.env.APPIMAGE_TOOLS_PATH) {
      console.log("package: electron-builder fetches its AppImage tools, unless APPIMAGE_TOOLS_PATH names them");
    }
    build(["--linux", "AppImage", "--prepackaged", folder], options);
    return join(options.output, `Vestnik-${version}-x86_64.AppImage`);
  },

  deb(options) {
    need("dpkg-deb", "dpkg");
    need("fakeroot", "fakeroot");
    const file = join(options.output, `vestnik-desktop_${version}_amd64.deb`);
    run("fakeroot", ["sh", join("build", "make-deb.sh"), unpacked(options), file, version]);
    return file;
  },

  nsis(options) {
    if (process.platform === "win32") {
      build(["--win", "nsis"], options);
      return join(options.output, `Vestnik-Setup-${version}-x64.exe`);
    }
    needSystem("win32", "linux");
    const dist = process.env.ELECTRON_WINDOWS_DIST_PATH;
    if (!dist) throw new Impossible("on Linux ELECTRON_WINDOWS_DIST_PATH must name a folder with Electron for Windows");
    need("makensis", "nsis");
    // a signature needs a Windows program
    build(["--win", "dir", "-c.win.signExecutable=false"], options, dist);
    const file = join(options.output, `Vestnik-Setup-${version}-x64.exe`);
    const given = { VERSION: version, SOURCE: join(options.output, "win-unpacked"), OUTPUT: file };
    const defines = Object.entries(given).map(([name, value]) => `-D${name}=${value}`);
    run("makensis", ["-V2", "-INPUTCHARSET", "UTF8", ...defines, join("build", "installer.nsi")]);
    return file;
  },

  dmg(options) {
    needSystem("darwin");
    build(["--mac", "dmg"], options);
    return join(options.output, readdirSync(options.output).find((name) => name.endsWith(".dmg")) ?? "");
  },
};

/** @type {Partial<Record<NodeJS.Platform, string[]>>} */
const USUAL = { linux: ["dir", "tar.gz", "AppImage", "deb"], win32: ["nsis"], darwin: ["dmg"] };

/** Seconds since 1970: so that the same sources give the same archive. */
function sourceDate() {
  if (process.env.SOURCE_DATE_EPOCH) return process.env.SOURCE_DATE_EPOCH;
  const { stdout } = spawnSync("git", ["log", "-1", "--format=%ct"], { cwd: ROOT, encoding: "utf8" });
  return /^\d+$/.test(stdout?.trim() ?? "") ? stdout.trim() : "0";
}

/**
 * SHA-256 of the packages that this run has made, for those who download them; what an earlier run left in the folder
 * is not vouched for. @param {string} output
 */
function writeChecksums(output) {
  const files = [...made].filter(([target]) => target !== "dir").map(([, file]) => basename(file));
  const sum = (/** @type {string} */ name) =>
    createHash("sha256")
      .update(readFileSync(join(output, name)))
      .digest("hex");
  const list = join(output, "SHA256SUMS");
  rmSync(list, { force: true });
  if (files.length === 0) return;
  writeFileSync(
    list,
    files
      .sort()
      .map((name) => `${sum(name)}  ${name}\n`)
      .join(""),
  );
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { test: { type: "boolean", default: false }, output: { type: "string", default: join(ROOT, "dist") } },
  });
  const unknown = positionals.filter((target) => !Object.hasOwn(TARGETS, target));
  if (unknown.length > 0) {
    console.error(`package: no target ${unknown.join(", ")}; there are: ${Object.keys(TARGETS).join(", ")}`);
    return 2;
  }
  const options = { output: resolve(String(values.output)), test: values.test === true };
  mkdirSync(options.output, { recursive: true });
  const missing = [];
  for (const target of positionals.length > 0 ? positionals : (USUAL[process.platform] ?? [])) {
    try {
      made.set(target, TARGETS[target](options));
    } catch (error) {
      if (!(error instanceof Impossible)) throw error;
      missing.push(`package: NOT built: ${target}: ${error.message}`);
    }
  }
  writeChecksums(options.output);
  for (const [target, file] of made) console.log(`package: built: ${target}: ${file}`);
  for (const line of missing) console.error(line);
  return missing.length > 0 && (positionals.length > 0 || made.size === 0) ? 1 : 0;
}

process.exitCode = main();
