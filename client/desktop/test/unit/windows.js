/** Windows of one log-in, without a face and without what is kept past their end. */

import { Profile } from "../../renderer/profile/profile.js";
import { emptyModel, reduce } from "../../renderer/state/model.js";
import { memoryStore } from "../../renderer/store/memory.js";
import { ME, person } from "./world.js";

export const URL = "http://server.example";

/** A window of one log-in. @param {string} windowId @param {Partial<import("../../renderer/profile/profile.js").Parts>} [parts] */
export function windowOf(windowId, parts = {}) {
  /** @type {import("../../renderer/types.js").Update[]} */
  const signedIn = [{ do: "set", values: { me: /** @type {any} */ (person(ME)), phase: "signed_in" } }];
  let model = reduce(emptyModel(), signedIn, 0);
  /** @type {(string | null)[]} */
  const ended = [];
  const secret = { load: async () => null, save: async () => {}, isSpent: () => false, shared: false };
  const profile = new Profile({
    url: URL,
    userId: ME,
    windowId,
    db: memoryStore(windowId),
    secret,
    model: () => model,
    update: (updates) => {
      model = reduce(model, updates, 0);
      profile.parts.db.noticed(updates); // as vestnik.js does
    },
    arrived: () => {},
    ended: (code) => {
      ended.push(code);
      void profile.close({ polite: false });
    },
    client: { device: "", name: "", version: "", os: "" },
    random: () => 0.5,
    ...parts,
  });
  return { profile, ended, model: () => model };
}
