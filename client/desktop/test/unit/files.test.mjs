/** Files in words. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";
import { albumRows, kindOf, messageWords, nameParts, signOf, sizeText } from "../../renderer/words/files.js";
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

test("an album has rows of one to three, every picture once, in order", () => {
  const sizes = Array.from({ length: 10 }, (_, at) => Array.from({ length: at + 1 }, (__, n) => n)).map((pictures) => {
    const rows = albumRows(pictures);
    assert.deepEqual(rows.flat(), pictures);
    return rows.map(({ length }) => length).join("");
  });
  assert.deepEqual(sizes, ["1", "2", "12", "22", "23", "33", "223", "233", "333", "2233"]);
  assert.deepEqual(albumRows([]), []);
});

test("what a file is decides how it is shown, and its sign", () => {
  for (const [content_type, name, kind, sign] of /** @type {const} */ ([
    ["image/png", "вид.png", "other", { icon: "image" }], // no preview: over the limit, or sent as a file
    ["audio/mpeg", "песня.mp3", "audio", { icon: "note" }],
    ["audio/midi", "песня.mid", "other", { icon: "note" }],
    ["video/mp4", "кино.mp4", "video", { icon: "play" }],
    ["application/zip", "всё.zip", "other", { icon: "archive" }],
    ["application/pdf", "отчёт.pdf", "other", { letters: "PDF" }],
    ["text/plain", "заметки.текст", "other", { icon: "file" }],
    ["application/octet-stream", "без имени", "other", { icon: "file" }],
  ])) {
    const one = file({ content_type, name });
    assert.deepEqual([kindOf(one), signOf(one)], [kind, sign], name);
  }
  assert.equal(kindOf(file({ content_type: "image/png", preview_url: "/api/files/f/preview" })), "image");
});

test("files on their way stand in the row and its echo; rows of a version before have none", () => {
  const local = { local_id: "f1", name: "a.txt", size: 3, content_type: "text/plain", as_file: false, file_id: null };
  const row = newRow({ ...NOTHING, chat_id: 7, files: [local] }, false, 0, new Uint8Array(10));
  assert.deepEqual([row.files, echoOf(row).files], [[local], [local]]);
  assert.equal(
    messageWords({ content: "", attachments: echoOf(row).files }),
    messageWords({ content: "", attachments: [file({ name: "a.txt" })] }),
  );
  const { files: _files, ...before } = row;
  assert.deepEqual(echoOf(/** @type {any} */ (before)).files, []);
});
