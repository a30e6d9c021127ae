/** The whole app with a real server: log in, close, start again, with and without the server. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import {
  assertNoErrors,
  becomes,
  composer,
  launchElectron,
  messageRow,
  noElectron,
  openChat,
  say,
  signIn,
  startServer,
} from "../harness/harness.js";

const skip = noElectron();

/** A server with two people and a chat of theirs; the app of the first, logged in. @param {{remember: boolean}} how */
async function moveIn({ remember }) {
  const server = await startServer();
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chat = await server.direct(anna, boris);
  await server.send(boris, chat, "Доброе утро!");
  const it = await launchElectron({ server });
  await signIn(it.page, anna, { remember });
  await openChat(it.page, chat);
  await messageRow(it.page, "Доброе утро!").waitFor();
  return { server, anna, boris, chat, ...it };
}

/** The texts of a chat as the server has them. @param {Awaited<ReturnType<typeof moveIn>>} home */
const stored = async ({ server, boris, chat }) => (await server.items(boris, chat)).map((item) => item.content);

test("what is written in the app arrives, and what others write comes in", { skip }, async () => {
  const home = await moveIn({ remember: false });
  await say(home.page, "И вам!");
  await messageRow(home.page, "И вам!").and(home.page.locator("[data-seq]")).waitFor(); // else the answer may overtake it
  await home.server.send(home.boris, home.chat, "Чаю?");
  await messageRow(home.page, "Чаю?").waitFor();
  assert.deepEqual(await stored(home), ["Доброе утро!", "И вам!", "Чаю?"]);
  await formatted(home);
  await changed(home);
  assertNoErrors({ name: "app", errors: home.errors });
});

/** What one does with messages: edited, reacted to, pinned, linked to, deleted. @param {Awaited<ReturnType<typeof moveIn>>} home */
async function changed({ app, page, server, boris, chat }) {
  await composer(page).press("ArrowUp");
  await becomes(() => composer(page).inputValue(), "И вам!");
  await composer(page).fill("И вам того же");
  await composer(page).press("Enter");
  await messageRow(page, "И вам того же").getByText("изменено").waitFor();
  const menu = () => messageRow(page, "Чаю?").locator("article").click({ button: "right" });
  const choose = (/** @type {string} */ name) => page.getByRole("menuitem", { name, exact: true }).click();
  await menu();
  await page.getByRole("menuitemcheckbox", { name: "Реакция 👍" }).click();
  await menu();
  await choose("Закрепить");
  await page.locator(".pinbar", { hasText: "Чаю?" }).waitFor();
  await menu();
  await choose("Копировать ссылку");
  await becomes(
    () => app.evaluate(({ clipboard }) => /** @type {any} */ (clipboard).readText()),
    `${server.url}/#chat/${chat}/3`,
  );
  const events = async () =>
    (await server.items(boris, chat)).filter(({ type }) => type === "event").map(({ event }) => event);
  await becomes(events, ["edited", "reaction_added", "pinned"]);
  await messageRow(page, "И вам того же").locator("article").click({ button: "right" });
  await choose("Удалить");
  await page.getByRole("button", { name: "Удалить у всех" }).click();
  await messageRow(page, "Сообщение удалено").waitFor();
  await becomes(events, ["edited", "reaction_added", "pinned", "deleted"]);
}

/** Text with marks: drawn, coloured, pasted, and left by a link. @param {Awaited<ReturnType<typeof moveIn>>} home */
async function formatted({ app, page, server, boris, chat }) {
  await server.send(boris, chat, "**Да** http://old.example/a\n```js\nlet a = 1;\n```");
  const found = page.getByRole("article").filter({ hasText: "old.example" });
  await found.locator("strong").waitFor();
  await becomes(() => found.locator("pre .hl-keyword").allTextContents(), ["let"]);
  const opened = await app.evaluateHandle(({ shell }) => {
    /** @type {string[]} */
    const links = [];
    shell.openExternal = async (link) => void links.push(link);
    return links;
  });
  await found.getByRole("link").click();
  await page.getByRole("dialog").getByRole("button", { name: "Открыть" }).click();
  await becomes(() => opened.jsonValue(), ["http://old.example/a"]);
  await app.evaluate(({ clipboard }) =>
    /** @type {any} */ (clipboard).write({ text: "a b", html: "<p>a <b>b</b></p>" }),
  );
  await composer(page).press("Control+v");
  await becomes(() => composer(page).inputValue(), "a **b**");
  await composer(page).fill("");
}

test("who asked to be remembered is there after a restart, who did not is asked again", { skip }, async () => {
  for (const remember of [true, false]) {
    const home = await moveIn({ remember });
    await home.app.close();
    const again = await launchElectron({ server: home.server, userData: home.userData });
    const expected = remember ? "nav.side" : "input[autocomplete=current-password]";
    await again.page.locator(expected).waitFor();
    if (remember) await messageRow(again.page, "Доброе утро!").waitFor(); // the chat that was open is open again
    assertNoErrors({ name: "app", errors: again.errors });
    await again.app.close();
  }
});

test("what was written without a server is kept through a restart and sent once", { skip }, async () => {
  const home = await moveIn({ remember: true });
  await home.server.kill();
  await say(home.page, "Первое");
  await say(home.page, "Второе");
  await messageRow(home.page, "Второе").waitFor();
  await composer(home.page).press("ArrowUp");
  await composer(home.page).fill("Второе, иначе");
  await composer(home.page).press("Enter");
  await messageRow(home.page, "Второе, иначе").waitFor();
  await messageRow(home.page, "Доброе утро!").locator("article").click({ button: "right" });
  await home.page.getByRole("menuitemcheckbox", { name: "Реакция 🔥" }).click();
  await home.page.locator(".react", { hasText: "🔥" }).waitFor();
  await home.app.close();

  const offline = await launchElectron({ server: home.server, userData: home.userData });
  await openChat(offline.page, home.chat);
  for (const text of ["Доброе утро!", "Первое", "Второе, иначе"]) {
    await messageRow(offline.page, text).waitFor();
  }
  await offline.page.locator(".react", { hasText: "🔥" }).waitFor();
  await offline.app.close();

  await home.server.start();
  const online = await launchElectron({ server: home.server, userData: home.userData });
  await openChat(online.page, home.chat);
  await online.page.getByRole("log").locator("li.msg[data-seq='3']").waitFor();
  await becomes(async () => (await home.server.items(home.boris, home.chat)).length, 4, "each once, and the reaction");
  assert.deepEqual((await stored(home)).slice(0, 3), ["Доброе утро!", "Первое", "Второе, иначе"]);
  await home.server.send(home.boris, home.chat, "Вижу");
  await messageRow(online.page, "Вижу").waitFor();
  await becomes(() => messageRow(online.page, "Первое").count(), 1);
  assertNoErrors({ name: "offline", errors: offline.errors }, { name: "online", errors: online.errors });
});

test("an app that is killed loses nothing of what it showed as written", { skip }, async () => {
  const home = await moveIn({ remember: true });
  await home.server.kill();
  await say(home.page, "Уцелеет");
  await messageRow(home.page, "Уцелеет").waitFor();
  const gone = once(home.app.process(), "exit");
  home.app.process().kill("SIGKILL");
  await gone;
  await home.server.start();
  const again = await launchElectron({ server: home.server, userData: home.userData });
  await openChat(again.page, home.chat);
  await again.page.getByRole("log").locator("li.msg[data-seq='2']").waitFor();
  assert.deepEqual(await stored(home), ["Доброе утро!", "Уцелеет"]);
});

test("a draft is there again after a restart", { skip }, async () => {
  const home = await moveIn({ remember: true });
  await composer(home.page).fill("Недописанное");
  await home.app.close();
  const again = await launchElectron({ server: home.server, userData: home.userData });
  await openChat(again.page, home.chat);
  await becomes(() => composer(again.page).inputValue(), "Недописанное");
});

test("an answer and a change that are being written are there again after a restart", { skip }, async () => {
  const home = await moveIn({ remember: true });
  const { page } = home;
  await say(page, "Моё");
  await messageRow(page, "Моё").locator("xpath=self::*[@data-seq]").waitFor();
  await messageRow(page, "Доброе утро!").locator("article").focus();
  await page.keyboard.press("r");
  await page.locator(".strip", { hasText: "Доброе утро!" }).waitFor();
  await composer(page).fill("Недописанное");
  await messageRow(page, "Моё").locator("article").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Изменить" }).click();
  await becomes(() => composer(page).inputValue(), "Моё");
  await composer(page).fill("Моё, но иначе");
  await home.app.close();
  const again = await launchElectron({ server: home.server, userData: home.userData });
  await openChat(again.page, home.chat);
  await again.page.locator(".strip", { hasText: "Изменение сообщения" }).getByText("Моё").waitFor();
  await becomes(() => composer(again.page).inputValue(), "Моё, но иначе");
  await composer(again.page).press("Enter");
  await messageRow(again.page, "Моё, но иначе").waitFor();
  await becomes(() => composer(again.page).inputValue(), "Недописанное");
  await again.page.locator(".strip", { hasText: "Доброе утро!" }).waitFor();
  await composer(again.page).press("Enter");
  await messageRow(again.page, "Недописанное").locator("xpath=self::*[@data-seq]").waitFor();
  assert.equal((await home.server.items(home.anna, home.chat)).at(-1)?.reply_to, 1);
});
