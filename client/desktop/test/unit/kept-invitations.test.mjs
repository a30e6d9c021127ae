/** An invitation outlives a registration by it that was refused: whoever logs in instead joins by it. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { faceOf, valueAt } from "./face.js";
import { promised, settled, tabStorage } from "./page.js";
import { Auth } from "../../renderer/ui/auth.js";

const place = { pathname: "/", search: "", hash: "", origin: "https://chat.example.org" };
/** Where the address led, one after another. @type {string[]} */
let led = [];

beforeEach(() => {
  led = [];
  Object.assign(place, { pathname: "/", hash: "" });
  const history = {
    state: null,
    replaceState(/** @type {unknown} */ _state, /** @type {string} */ _title, /** @type {string} */ to) {
      led.push(to);
      const [pathname, hash] = to.split("#");
      Object.assign(place, { pathname, hash: hash ? `#${hash}` : "" });
    },
  };
  /** What is typed into a form. */
  class Form {
    get(/** @type {string} */ name) {
      return ["username", "email", "display_name", "password"].includes(name) ? "vera" : null;
    }
  }
  const parts = { location: place, history, sessionStorage: tabStorage(), FormData: Form, fetch: async () => new Response("{}") }; // prettier-ignore
  for (const [name, value] of Object.entries(parts)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true }); // prettier-ignore
});

/** Somebody who registers, with an answer that the test gives. @param {string} linked the code of a link into the app */
function registering(linked) {
  const answer = promised();
  const state = { server: { url: "https://chat.example.org", fixed: true }, remembers: "memory", ended: null };
  const serverInfo = async () => ({ ok: true, registration: "open", empty: false });
  const { face } = faceOf({ state: () => state, serverInfo, register: () => answer.promise });
  const auth = new Auth(face);
  if (linked) auth.invited(linked, false);
  const submit = valueAt(auth.template(/** @type {any} */ (state)), /@submit=$/u);
  const done = submit({ preventDefault: () => {} });
  return { auth, answer, done };
}

test("that of the page's address stands there again after a refusal, and not while one registers", async () => {
  Object.assign(place, { pathname: "/join", hash: "#c0de" });
  const refused = registering("");
  await settled();
  assert.deepEqual(led, ["/"], "who is registered by it has not to join any more");
  refused.answer.resolve({ ok: false, code: "username_taken" });
  await refused.done;
  assert.deepEqual(led, ["/", "/join#c0de"]);

  const taken = registering("");
  taken.answer.resolve({ ok: true });
  await taken.done;
  assert.deepEqual(led.slice(2), ["/"]);
});

test("that of a link into the app is there for who logs in, once", async () => {
  const refused = registering("c0de");
  refused.answer.resolve({ ok: false, code: "username_taken" });
  await refused.done;
  assert.deepEqual([refused.auth.takeInvite(), refused.auth.takeInvite()], ["c0de", ""]);

  const taken = registering("c0de");
  taken.answer.resolve({ ok: true });
  await taken.done;
  assert.equal(taken.auth.takeInvite(), "");
});

test("one that came while the other was on its way is not lost for it", async () => {
  const { auth, answer, done } = registering("c0de");
  auth.invited("newer", false);
  answer.resolve({ ok: false, code: "username_taken" });
  await done;
  assert.equal(auth.takeInvite(), "newer");
});
