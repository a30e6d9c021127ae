/** What somebody deletes leaves the open face of the others: the strip above the composer, dialogs, what was found. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import {
  assertNoErrors,
  becomes,
  composer,
  launchChromium,
  messageRow,
  messageRows,
  newPerson,
  noChromium,
  openChat,
  startServer,
} from "../harness/harness.js";
import { png } from "../harness/made-files.js";

const skip = noChromium();

test("the text of a deleted message is nowhere in the page, whatever is open", { skip }, async () => {
  const server = await startServer();
  const [account, boris] = [await server.register("vera"), await server.register("boris")];
  const chatId = await server.group(account, "Маяк", boris);
  const vera = await newPerson(await launchChromium(), server, "vera", { account });
  const { page } = vera;
  /** @type {Map<string, number>} */
  const seqs = new Map();
  /** A message with a mark of its own. @param {string} text @param {object} [more] */
  const sent = async (text, more) => {
    const mark = `${text} ${randomBytes(8).toString("hex")}`;
    seqs.set(mark, (await server.send(boris, chatId, mark, more)).seq);
    return mark;
  };
  /** @param {string} text */
  const erase = async (text) => {
    await server.call(boris, "DELETE", `/api/chats/${chatId}/messages/${seqs.get(text)}`);
    await becomes(async () => (await page.content()).includes(text), false);
  };
  /** @param {string} text @param {string} name */
  const choose = async (text, name) => {
    await messageRow(page, text).locator("article").click({ button: "right" });
    await page.getByRole("menuitem", { name, exact: true }).click();
  };
  await sent("первое");
  await openChat(page, chatId);

  const answered = await sent("на это отвечают");
  await choose(answered, "Ответить");
  await page.locator(".strip").getByText(answered).waitFor();
  await composer(page).fill("мой ответ");
  const changed = `${answered} иначе`;
  await server.call(boris, "PATCH", `/api/chats/${chatId}/messages/${seqs.get(answered)}`, { content: changed });
  await page.locator(".strip").getByText(changed).waitFor();
  await erase(answered);
  await page.locator(".strip").waitFor({ state: "detached" });
  assert.equal(await composer(page).inputValue(), "мой ответ");
  await composer(page).press("Enter");
  await messageRow(page, "мой ответ").and(page.locator("[data-seq]")).waitFor();
  assert.equal((await server.items(boris, chatId)).find(({ content }) => content === "мой ответ").reply_to, null);

  const former = await sent("прежнее");
  await messageRow(page, former).waitFor();
  const path = `/api/chats/${chatId}/messages/${seqs.get(former)}`;
  await server.call(boris, "PATCH", path, { content: "новое" });
  await choose("новое", "История изменений");
  const dialog = page.getByRole("dialog");
  await dialog.getByText(former).waitFor();
  await erase(former);
  await dialog.getByText("Сообщение удалено").waitFor();
  await page.keyboard.press("Escape");

  const passed = await sent("это пересылают");
  await choose(passed, "Переслать");
  await dialog.getByText(passed).waitFor();
  await dialog.getByText("Маяк").click();
  const forward = dialog.getByRole("button", { name: "Переслать", exact: true });
  await becomes(() => forward.isEnabled(), true);
  await erase(passed);
  await dialog.getByText("Сообщение удалено").waitFor();
  await becomes(() => forward.isEnabled(), false);
  await page.keyboard.press("Escape");

  const [found, there] = [await sent("ищут слово"), await sent("другое слово")];
  await messageRow(page, there).waitFor();
  await page.keyboard.press("Control+F");
  const bar = page.getByRole("search", { name: "Найти в чате" });
  await bar.getByRole("searchbox").fill("слово");
  await bar.getByText("2 сообщения").waitFor();
  await page.keyboard.press("Control+Shift+F");
  await dialog.getByRole("combobox").fill("слово");
  await becomes(() => dialog.getByRole("option").filter({ hasText: "слово" }).count(), 2);
  await erase(found);
  await becomes(() => dialog.getByRole("option").filter({ hasText: "слово" }).count(), 1);
  await page.keyboard.press("Escape");
  await bar.getByText("1 сообщение").waitFor();
  await bar.getByRole("button", { name: "Закончить поиск" }).click();

  const { id } = await server.upload(boris, "вид.png", png(64, 48));
  const caption = await sent("подпись", { attachments: [id] });
  await messageRows(page).getByRole("button", { name: "вид.png" }).click();
  await dialog.getByText(caption).waitFor();
  await erase(caption);
  await dialog.getByText("Сообщение удалено").waitFor();
  await becomes(() => dialog.locator("img").count(), 0);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.press("Escape");
  for (const text of [answered, former, passed, found, caption]) {
    assert.equal((await page.content()).includes(text), false, text);
  }
  assertNoErrors(vera);
});
