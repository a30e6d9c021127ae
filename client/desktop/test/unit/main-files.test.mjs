/** What the shell keeps in a profile: settings, secrets, a log; whole, small, and private. */

import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import configurations from "../../src/main/configuration.js";
import durable from "../../src/main/durable-file.js";
import logs from "../../src/main/log-file.js";
import secrets from "../../src/main/secrets.js";
import settings from "../../src/main/settings-file.js";

const root = mkdtempSync(join(tmpdir(), "vestnik-files-"));
after(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
const newFolder = () => join(root, String(++count));
/** @param {string} file */
const modeOf = (file) => statSync(file).mode & 0o777;
/** @param {string} message @param {unknown} error */
const unexpected = (message, error) => assert.fail(`${message}: ${error}`);

test("a file is replaced whole, private, and leaves nothing beside it", () => {
  const folder = newFolder();
  const file = join(folder, "a.json");
  durable.writeDurably(file, "{}");
  durable.writeDurably(file, '{"a":1}');
  assert.equal(readFileSync(file, "utf8"), '{"a":1}');
  assert.equal(modeOf(file), 0o600);
  assert.equal(modeOf(folder), 0o700);
  assert.deepEqual(readdirSync(folder), ["a.json"]);
});

test("a file that cannot be written keeps its content and leaves nothing beside it", () => {
  const folder = newFolder();
  mkdirSync(join(folder, "a.json", "full"), { recursive: true });
  assert.throws(() => durable.writeDurably(join(folder, "a.json"), "{}"));
  assert.deepEqual(readdirSync(folder), ["a.json"]);
});

test("a broken file is put aside", () => {
  for (const broken of ["{", "", "[1]", "null", "7"]) {
    const folder = newFolder();
    mkdirSync(folder);
    const file = join(folder, "a.json");
    writeFileSync(file, broken);
    assert.deepEqual(durable.readObject(file), {});
    assert.equal(readFileSync(`${file}.broken`, "utf8"), broken);
    assert.ok(!existsSync(file));
  }
  assert.deepEqual(durable.readObject(join(newFolder(), "a.json")), {});
});

test("settings and server survive a restart, and a broken file does not stop the app", () => {
  const folder = newFolder();
  const first = settings.openSettings(folder);
  assert.equal(first.server(), null);
  assert.deepEqual(first.save({ theme: "dark" }), ["theme"]);
  assert.deepEqual(first.save({ size: "l", nonsense: 1 }), ["size"]);
  const { mtimeNs } = statSync(join(folder, "settings.json"), { bigint: true });
  assert.deepEqual(first.save({ theme: "dark", size: "l" }), [], "nothing changes, nothing is done");
  assert.deepEqual(first.save({ recent_emoji: "🙂" }), ["recent_emoji"]);
  assert.equal(statSync(join(folder, "settings.json"), { bigint: true }).mtimeNs, mtimeNs, "a pick waits for no disk");
  first.flush();
  assert.equal(settings.openSettings(folder).values().recent_emoji, "🙂", "and is written at the end");
  first.save({ recent_emoji: "" });
  first.saveServer("https://chat.example.org");
  const second = settings.openSettings(folder);
  assert.deepEqual(second.values(), { theme: "dark", size: "l", recent_emoji: "" });
  assert.equal(second.server(), "https://chat.example.org");
  writeFileSync(join(folder, "settings.json"), '{"server": "ftp://x", "settings": {"theme": "pink", "size": "s"}}');
  const third = settings.openSettings(folder);
  assert.deepEqual([third.values(), third.server()], [{ size: "s" }, null]);
  writeFileSync(join(folder, "settings.json"), "{");
  assert.deepEqual(settings.openSettings(folder).values(), {});
  assert.ok(existsSync(join(folder, "settings.json.broken")));
});

test("environment wins over config.json, and the first file over the second", () => {
  const folder = newFolder();
  mkdirSync(folder);
  const [first, second] = [join(folder, "1.json"), join(folder, "2.json")];
  writeFileSync(second, '{"baseUrl": "https://two.example", "dictionaryUrl": "https://two.example/dict"}');
  const environment = { VESTNIK_SERVER: "localhost:81", VESTNIK_USER_DATA: "/tmp/profile" };
  assert.deepEqual(configurations.readConfiguration([first, second], environment), {
    environmentServer: "http://localhost:81",
    server: "https://two.example",
    profile: "/tmp/profile",
    dictionaryUrl: "https://two.example/dict/",
  });
  writeFileSync(first, '{"baseUrl": "::"}');
  assert.deepEqual(configurations.readConfiguration([first, second], { VESTNIK_SERVER: "", VESTNIK_USER_DATA: "" }), {
    environmentServer: null,
    server: "http://localhost:8000",
    profile: null,
    dictionaryUrl: null,
  });
});

/** A keyring that the test can take away. @param {{locked?: boolean, absent?: boolean}} state */
const keyringOf = (state) => ({
  available: async () => !state.absent,
  /** @param {string} text */
  encrypt: async (text) => Buffer.from([...text].reverse().join("")),
  /** @param {Buffer} bytes */
  decrypt: async (bytes) => {
    if (state.locked || state.absent) throw new Error("locked");
    return [...bytes.toString()].reverse().join("");
  },
});

test("with a keyring a secret is in a file only as the keyring wrote it", async () => {
  const folder = newFolder();
  const state = { locked: false, absent: false };
  const first = secrets.openSecrets(folder, keyringOf(state), unexpected);
  assert.equal(await first.save("a", "secret-1", false), "memory", "not without consent");
  assert.ok(!existsSync(join(folder, "secrets.json")));
  assert.equal(await first.save("a", "secret-1", true), "keyring");
  const text = readFileSync(join(folder, "secrets.json"), "utf8");
  assert.doesNotMatch(text, /secret-1/);
  assert.equal(modeOf(join(folder, "secrets.json")), 0o600);

  /** @type {string[]} */
  const told = [];
  const again = secrets.openSecrets(folder, keyringOf(state), (message) => told.push(message));
  assert.equal(await again.load("a"), "secret-1");
  state.locked = true;
  assert.equal(await again.load("a"), null);
  assert.equal(told.length, 1);
  assert.equal(readFileSync(join(folder, "secrets.json"), "utf8"), text, "a failed decrypt touches nothing");
  state.locked = false;
  assert.equal(await again.load("a"), "secret-1", "it is there again when the keyring is");
  await again.remove("a");
  assert.equal(await again.load("a"), null);
  assert.ok(!existsSync(join(folder, "secrets.json")));
});

test("without a keyring a secret is in memory, or with consent in a private file", async () => {
  const folder = newFolder();
  const file = join(folder, "secrets.json");
  const store = secrets.openSecrets(folder, keyringOf({ absent: true }), unexpected);
  assert.equal(await store.save("a", "secret-1", false), "memory");
  assert.equal(await store.load("a"), "secret-1");
  assert.ok(!existsSync(file));
  assert.equal(await store.save("b", "secret-2", true), "file");
  assert.equal(modeOf(file), 0o600);
  const again = secrets.openSecrets(folder, keyringOf({ absent: true }), unexpected);
  assert.deepEqual([await again.load("a"), await again.load("b")], [null, "secret-2"]);
  // consent is taken back: the old value must not come back after a restart
  assert.equal(await again.save("b", "secret-3", false), "memory");
  assert.equal(await again.load("b"), "secret-3");
  assert.equal(await secrets.openSecrets(folder, keyringOf({ absent: true }), unexpected).load("b"), null);
});

test("saves take effect in order, and names are only names", async () => {
  const folder = newFolder();
  const store = secrets.openSecrets(folder, keyringOf({}), unexpected);
  const names = ["__proto__", "constructor", "a/b", "../x"];
  await Promise.all(names.flatMap((name) => [store.save(name, "old", true), store.save(name, `new ${name}`, true)]));
  const again = secrets.openSecrets(folder, keyringOf({}), unexpected);
  for (const name of names) assert.equal(await again.load(name), `new ${name}`);
  assert.deepEqual(readdirSync(folder), ["secrets.json"]);
});

test("a broken file of secrets is put aside, and odd entries are left out", async () => {
  const folder = newFolder();
  mkdirSync(folder);
  const file = join(folder, "secrets.json");
  writeFileSync(file, '{"a": {"place": "file", "data": "x"}, "b": {"place": "cloud", "data": "y"}, "c": null}');
  const store = secrets.openSecrets(folder, keyringOf({ absent: true }), unexpected);
  assert.deepEqual([await store.load("a"), await store.load("b"), await store.load("c")], ["x", null, null]);
  writeFileSync(file, "{");
  assert.equal(await secrets.openSecrets(folder, keyringOf({}), unexpected).load("a"), null);
  assert.ok(existsSync(`${file}.broken`));
});

test("a secret that cannot be written is in memory, and that is said", async () => {
  const folder = newFolder();
  mkdirSync(join(folder, "secrets.json", "full"), { recursive: true });
  /** @type {string[]} */
  const told = [];
  const store = secrets.openSecrets(folder, keyringOf({}), (message) => told.push(message));
  assert.equal(await store.save("a", "secret", true), "memory");
  assert.equal(await store.load("a"), "secret");
  assert.match(told.join(), /could not be written/);
});

test("the log holds no token and stays small", () => {
  const folder = newFolder();
  const report = logs.openLog(folder, () => 0, 2000);
  const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
  report(`Bearer ${jwt} token=abc`, new Error(`refresh ${"a1B2".repeat(12)}`));
  const line = readFileSync(join(folder, "main.log"), "utf8");
  assert.match(line, /^1970-01-01T00:00:00\.000Z Bearer <token>/);
  for (const secret of ["eyJ", "c2lnbmF0dXJl", "abc", "a1B2"]) assert.ok(!line.includes(secret), line);
  for (let n = 0; n < 100; n++) report(`line ${n}`);
  assert.deepEqual(readdirSync(folder).sort(), ["main.log", "main.log.1"]);
  for (const name of readdirSync(folder)) assert.ok(statSync(join(folder, name)).size <= 2000);
  assert.match(readFileSync(join(folder, "main.log"), "utf8"), /line 99\n$/);
  assert.equal(modeOf(join(folder, "main.log")), 0o600);
});
