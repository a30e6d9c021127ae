/** Files in words. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";
import { messageWords, nameParts, sizeText } from "../../renderer/words/files.js";
import { setCatalogue } from "../../renderer/words/i18n.js";
import { NOTHING, echoOf, newRow } from "../../renderer/protocol/commands.js";

const ru = JSON.parse(readFileSync(new URL("../../locales/ru.json", import.meta.url), "utf8"));

beforeEach(() => setCatalogue("ru", ru));

/** @param {object} [more] */
const file = (more) => ({
  id: "f", url: "/api/files/f", name: "отчёт.pdf", size: 10, content_type: "application/pdf", width: null, height: null, ...more,
}); // prettier-ignore

test("sizes are told as people read them", () => {
  const said = [0, 1, 1023, 1024, 1536, 1_572_864, 26_214_400, 5 * 1024 ** 3].map((size) =>
    sizeText(size).replace(/\s/gu, " "),
  );
  assert.deepEqual(said, ["0 байт", "1 байт", "1 023 байта", "1 кБ", "2 кБ", "1,5 МБ", "25 МБ", "5 ГБ"]);
});

test("a name is cut before its extension", () => {
  assert.deepEqual(nameParts("отчёт.2026.pdf"), ["отчёт.2026", ".pdf"]);
  assert.deepEqual(nameParts(".env"), [".env", ""]);
  assert.deepEqual(nameParts("без точки"), ["без точки", ""]);
  assert.deepEqual(nameParts("v1.это не расширение"), ["v1.это не расширение", ""]);
});

test("a message without a text is called by its files", () => {
  const picture = file({ name: "вид.png", content_type: "image/png", preview_url: "/api/files/f/preview" });
  for (const [message, words] of /** @type {const} */ ([
    [{ content: "**Вот**", attachments: [file()] }, "Вот"],
    [{ content: "", attachments: [file()] }, "Файл: отчёт.pdf"],
    [{ content: "", attachments: [picture] }, "Изображение: вид.png"],
    [{ content: "", attachments: [picture, file()] }, "2 файла"],
  ])) {
    assert.equal(messageWords({ ...message, attachments: [...message.attachments] }), words);
  }
  assert.equal(messageWords({ content: null }), ru["msg.newer"]);
});

test("what files are is kept with the row, and shown; the row that is sent names them only", () => {
  const command = { ...NOTHING, chat_id: 7, attachments: ["f"], held: [file()] };
  const row = newRow(command, false, 0, new Uint8Array(10));
  assert.deepEqual([row.attachments, row.held], [["f"], [file()]]);
  assert.deepEqual(echoOf(row).held, [file()]);
  const { held: _held, ...without } = row;
  assert.deepEqual(echoOf(without).held, []);
});
