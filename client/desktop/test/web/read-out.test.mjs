/** What is read out of the log: each kind of row by sender, text, time and state, as the browser tells a screen reader. */

import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  launchChromium,
  messageRow,
  messageRows,
  newPerson,
  noChromium,
  openChat,
  say,
  startServer,
  startWire,
} from "../harness/harness.js";
import { png } from "../harness/made-files.js";

const skip = noChromium();
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;
let serial = 0;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
});

/** A group with one message of each kind in it, looked at by Vera, behind a wire. @param {string} locale */
async function everyKind(locale) {
  serial += 1;
  const account = await server.register(`vera${serial}`, { display_name: "Vera" });
  const boris = await server.register(`boris${serial}`, { display_name: "Boris" });
  const chat = await server.group(boris, "Lighthouse", account);
  const messages = `/api/chats/${chat}/messages`;
  const at = (/** @type {number} */ seq, rest = "") => `${messages}/${seq}${rest}`;
  const plain = await server.send(boris, chat, "Plain **words**");
  const own = await server.send(account, chat, "Own words");
  const report = await server.upload(boris, "report.pdf", Buffer.from("%PDF-1.4 nothing"));
  await server.call(boris, "POST", messages, { content: "", attachments: [report.id] });
  const picture = await server.upload(boris, "slope.png", png(40, 30));
  const notes = await server.upload(boris, "notes.txt", Buffer.from("notes"));
  await server.call(boris, "POST", messages, { content: "Two files", attachments: [picture.id, notes.id] });
  const edited = await server.send(boris, chat, "Wrong");
  await server.call(boris, "PATCH", at(edited.seq), { content: "Right" });
  const deleted = await server.send(boris, chat, "Never said");
  await server.call(boris, "DELETE", at(deleted.seq));
  await server.call(account, "POST", messages, { forward: { chat_id: chat, seq: plain.seq } });
  await server.call(boris, "PUT", at(own.seq, `/reactions/${encodeURIComponent("👍")}`));
  await server.call(account, "PUT", at(own.seq, `/reactions/${encodeURIComponent("👍")}`));
  await server.send(boris, chat, "An answer", { reply_to: own.seq });
  await server.send(boris, chat, "To what is gone", { reply_to: deleted.seq });
  const wire = await startWire(server);
  const vera = await newPerson(browser, server, account.username, { account, url: wire.url, options: { locale } });
  await openChat(vera.page, chat);
  return { vera, boris, chat, wire };
}

/** The articles of the log in the accessibility tree, in order; times as HH:MM. @param {import("playwright-core").Page} page */
async function readOut(page) {
  const trees = await Promise.all(
    (await messageRows(page).getByRole("article").all()).map((one) => one.ariaSnapshot()),
  );
  return trees
    .join("\n")
    .replace(/\b\d\d:\d\d\b/gu, "HH:MM")
    .replace(/[\u2068\u2069]/gu, ""); // names are isolated
}

/** What each row is called, and all that is in those with something in them. By language of the page. */
const EXPECTED = {
  "ru-RU": `
- article "Boris, Plain words, HH:MM":
  - heading "Boris админ" [level=3]:
    - button "Boris"
    - text: админ
  - paragraph:
    - text: Plain
    - strong: words
  - time: HH:MM
- 'article "Вы, Own words, HH:MM, Прочитано, Реакции: 👍 2"':
  - paragraph: Own words
  - list "Реакции":
    - listitem:
      - button "👍 2 Вы, Boris" [pressed]
  - time: HH:MM
  - text: Прочитано
- 'article "Boris, Файл: report.pdf, HH:MM"':
  - heading "Boris админ" [level=3]:
    - button "Boris"
    - text: админ
  - button "Скачать файл report.pdf, 16 байт": report .pdf 16 байт
  - time: HH:MM
- article "Boris, Two files, 2 файла, HH:MM":
  - button "Открыть изображение slope.png"
  - button "Скачать файл notes.txt, 5 байт": notes .txt 5 байт
  - paragraph: Two files
  - time: HH:MM
- article "Boris, Right, HH:MM, изменено":
  - paragraph: Right
  - text: изменено
  - time: HH:MM
- article "Boris, Сообщение удалено, HH:MM":
  - paragraph: Сообщение удалено
  - time: HH:MM
- 'article "Вы, Переслано: Boris, Plain words, HH:MM, Прочитано"':
  - paragraph:
    - text: "Переслано:"
    - button "Boris"
  - paragraph:
    - text: Plain
    - strong: words
  - time: HH:MM
  - text: Прочитано
- 'article "Boris, Ответ на сообщение: Вы, An answer, HH:MM"':
  - heading "Boris админ" [level=3]:
    - button "Boris"
    - text: админ
  - 'button "Ответ на сообщение: Вы Own words"'
  - paragraph: An answer
  - time: HH:MM
- 'article "Boris, Ответ на сообщение: Boris, To what is gone, HH:MM"':
  - 'button "Ответ на сообщение: Boris Сообщение удалено"'
  - paragraph: To what is gone
  - time: HH:MM
- article "Вы, Later, HH:MM, изменено, Отправлено":
  - paragraph: Later
  - button "изменено Показать историю изменений"
  - time: HH:MM
  - text: Отправлено
- article "Вы, Waits, HH:MM, STATE":
  - paragraph: Waits
  - time: HH:MM
  - text: STATE`,
  "en-GB": `
- article "Boris, Plain words, HH:MM":
  - heading "Boris admin" [level=3]:
    - button "Boris"
    - text: admin
  - paragraph:
    - text: Plain
    - strong: words
  - time: HH:MM
- 'article "You, Own words, HH:MM, Read, Reactions: 👍 2"':
  - paragraph: Own words
  - list "Reactions":
    - listitem:
      - button "👍 2 You, Boris" [pressed]
  - time: HH:MM
  - text: Read
- 'article "Boris, File: report.pdf, HH:MM"':
  - heading "Boris admin" [level=3]:
    - button "Boris"
    - text: admin
  - button "Download file report.pdf, 16 bytes": report .pdf 16 bytes
  - time: HH:MM
- article "Boris, Two files, 2 files, HH:MM":
  - button "Open picture slope.png"
  - button "Download file notes.txt, 5 bytes": notes .txt 5 bytes
  - paragraph: Two files
  - time: HH:MM
- article "Boris, Right, HH:MM, edited":
  - paragraph: Right
  - text: edited
  - time: HH:MM
- article "Boris, Message deleted, HH:MM":
  - paragraph: Message deleted
  - time: HH:MM
- article "You, Forwarded from Boris, Plain words, HH:MM, Read":
  - paragraph:
    - text: Forwarded from
    - button "Boris"
  - paragraph:
    - text: Plain
    - strong: words
  - time: HH:MM
  - text: Read
- 'article "Boris, Reply to a message: You, An answer, HH:MM"':
  - heading "Boris admin" [level=3]:
    - button "Boris"
    - text: admin
  - 'button "Reply to a message: You Own words"'
  - paragraph: An answer
  - time: HH:MM
- 'article "Boris, Reply to a message: Boris, To what is gone, HH:MM"':
  - 'button "Reply to a message: Boris Message deleted"'
  - paragraph: To what is gone
  - time: HH:MM
- article "You, Later, HH:MM, edited, Sent":
  - paragraph: Later
  - button "edited Show edit history"
  - time: HH:MM
  - text: Sent
- article "You, Waits, HH:MM, STATE":
  - paragraph: Waits
  - time: HH:MM
  - text: STATE`,
};
const QUEUED = { "ru-RU": "В очереди", "en-GB": "Queued" };
const FAILED = {
  "ru-RU": `
- article "Вы, Waits, HH:MM, Не отправлено":
  - paragraph: Waits
  - time: HH:MM
  - text: Не отправлено В этой группе пишут только администраторы
  - button "Повторить"
  - button "Удалить"`,
  "en-GB": `
- article "You, Waits, HH:MM, Not sent":
  - paragraph: Waits
  - time: HH:MM
  - text: Not sent Only admins write in this group
  - button "Retry"
  - button "Delete"`,
};

for (const locale of /** @type {const} */ (["ru-RU", "en-GB"])) {
  test(`each kind of row is read out by sender, text, time and state: ${locale}`, { skip }, async () => {
    const { vera, boris, chat, wire } = await everyKind(locale);
    const { page } = vera;
    await messageRow(page, "To what is gone").waitFor();
    await server.call(boris, "POST", `/api/chats/${chat}/read`, {});
    const later = await server.send(vera.account, chat, "Latter");
    await server.call(vera.account, "PATCH", `/api/chats/${chat}/messages/${later.seq}`, { content: "Later" });
    await messageRow(page, "Later").waitFor();
    await becomes(async () => (await readOut(page)).match(/(?:Прочитано|Read)$/gmu)?.length, 2);
    await wire.cut();
    await say(page, "Waits");
    await becomes(() => readOut(page), EXPECTED[locale].trim().replaceAll("STATE", QUEUED[locale]));
    await server.call(boris, "PATCH", `/api/chats/${chat}`, { writers: "admins" });
    await wire.restore();
    const last = async () => (await readOut(page)).split("\n").slice(-6).join("\n");
    await becomes(last, FAILED[locale].trim());
    assertNoErrors(vera);
  });
}
