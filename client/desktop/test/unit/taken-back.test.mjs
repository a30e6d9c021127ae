/** A message with files is taken back until the last of them is there; from then on it may be with the others. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { TEXTS, faceOf, within } from "./face.js";
import { NOTHING, echoOf, newRow } from "../../renderer/protocol/commands.js";
import { Outgoing } from "../../renderer/profile/outgoing.js";
import { emptyModel, reduce } from "../../renderer/state/model.js";
import { uploading } from "../../renderer/ui/log/uploading.js";
import { ME, ServerChat, person } from "./world.js";

const CHAT = 7;

/** A message on its way. @param {(string | null)[]} ids of its files on the server */
function onItsWay(ids) {
  const files = ids.map((file_id, at) => ({ local_id: `f${at}`, name: "a.bin", size: 10, content_type: "", as_file: true, file_id })); // prettier-ignore
  return echoOf(newRow({ ...NOTHING, chat_id: CHAT, files }, true, 0, new Uint8Array(10)));
}

test("one may take it back while a file of it is still to come, and not once all are there", () => {
  /** @param {(string | null)[]} ids */
  const offers = (ids) => {
    const drawn = uploading(faceOf({}).face, onItsWay(ids), new Map());
    return [...within(drawn)].some(({ values }) => values?.includes(TEXTS["file.cancel"]));
  };
  assert.deepEqual([[null], ["F", null], ["F"], ["F", "G"]].map(offers), [true, true, false, false]);
});

test("one that may have gone out by the time the button is pressed is deleted, for the others too", async () => {
  for (const [ids, kinds] of /** @type {[(string | null)[], string[]][]} */ ([
    [["F", null], []],
    [
      ["F", "G"],
      ["send", "delete"],
    ],
  ])) {
    const echo = onItsWay(ids);
    let model = reduce(
      emptyModel(),
      [
        { do: "set", values: { me: /** @type {any} */ (person(ME)), phase: "signed_in" } },
        { do: "chats", chats: [new ServerChat(CHAT).chat()], users: [] },
        { do: "echo", echo },
      ],
      0,
    );
    /** @type {any[]} */
    const commands = [];
    const profile = {
      publish: (/** @type {any[]} */ updates) => void (model = reduce(model, updates, 0)),
      command: async (/** @type {any} */ command) => void commands.push(command),
    };
    const db = { dropRow: async () => {}, addRow: async () => true };
    const outgoing = new Outgoing(() => model, () => /** @type {any} */ (profile), () => /** @type {any} */ (db)); // prettier-ignore
    await outgoing.discard(echo.cid);
    assert.deepEqual(model.echoes.lists.get(CHAT)?.map(({ kind }) => kind), kinds); // prettier-ignore
    const [{ do: done, cid, row }] = commands;
    assert.deepEqual([done, cid ?? row.of_cid], [kinds.length ? "row" : "discard", echo.cid]);
  }
});
