/** What people do with accounts and with what is kept of them: for the tests of the browser's face and of the app, which are the same. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { assertInside, look } from "../web/look.js";
import { becomes } from "./eventually.js";
import { chatRow, messageRow, openChat, say } from "./face.js";
import { python } from "./started.js";

/** @typedef {import("playwright-core").Page} Page @typedef {import("./server.js").Account} Account */
/** @typedef {import("./server.js").Server} Server */
/** Somebody at a screen. @typedef {{page: Page, account: Account}} Someone */

/** What a phone and a desk say of themselves. */
const PHONE = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0";
const DESK = "Mozilla/5.0 (Windows NT 10.0) Edg/140.0";

/** @param {Page} page @param {string} tab */
export async function settings(page, tab) {
  await page.keyboard.press("Control+,");
  await page.getByRole("tab", { name: tab }).click();
  return page.getByRole("tabpanel", { name: tab });
}

/**
 * Somebody hides when they are online and what they read, by mouse and by keys; neither sees it of the other, until it is
 * shown again. Both have their direct chat open, in which something was written.
 * @param {Server} server @param {number} chatId @param {Someone} me @param {Someone} other
 * @param {string} picture its name
 */
export async function hidesAndShows(server, chatId, me, other, picture) {
  const under = (/** @type {Page} */ page, /** @type {string} */ text) =>
    page.locator(".topbar__sub", { hasText: text }).waitFor();
  const knob = (/** @type {RegExp} */ name, /** @type {boolean} */ checked) =>
    me.page.getByRole("switch", { name, checked });
  const [online, read] = [/Скрывать, когда/, /Скрывать, что прочитано/];
  /** The other one writes; my window has the focus, and the server knows that all of it was read. */
  const seenAs = async (/** @type {string} */ text, /** @type {string} */ state) => {
    await say(other.page, text);
    await me.page.bringToFront();
    await becomes(async () => (await server.call(me.account, "GET", `/api/chats/${chatId}`)).unread_count, 0);
    await messageRow(other.page, text).getByRole("article").filter({ hasText: state }).waitFor();
  };

  await under(other.page, "в сети");
  await under(me.page, "в сети");
  await me.page.bringToFront();
  await settings(me.page, "Приватность");
  await knob(online, false).click();
  await knob(online, true).waitFor();
  await under(other.page, `@${me.account.username}`);
  await knob(read, false).focus();
  await me.page.keyboard.press("Space");
  await knob(read, true).waitFor();
  await look(me.page, picture);
  await assertInside(me.page);
  await me.page.keyboard.press("Escape");
  await under(me.page, `@${other.account.username}`);
  await seenAs("Читаешь?", "Доставлено");

  await settings(me.page, "Приватность");
  await knob(online, true).click();
  await knob(read, true).click();
  await knob(read, false).waitFor();
  await knob(online, false).waitFor();
  await me.page.keyboard.press("Escape");
  await under(other.page, "в сети");
  await under(me.page, "в сети");
  await seenAs("А теперь?", "Прочитано");
}

/** The links into a group, in the card of it. @param {Page} page @param {number} chatId @param {string} title */
export async function groupLinks(page, chatId, title) {
  await openChat(page, chatId);
  await page
    .locator(".topbar")
    .getByRole("button", { name: new RegExp(title, "u") })
    .click();
  await page.getByRole("dialog").getByRole("button", { name: "Пригласить", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Ссылки для вступления" });
  const rows = dialog.getByRole("listitem");
  return {
    /** One more link. @returns {Promise<string>} */
    async made() {
      const before = await rows.count();
      await dialog.getByRole("button", { name: "Создать ссылку" }).click();
      await rows.nth(before).waitFor();
      await rows.first().getByText("использовано 0 из 10").waitFor();
      return dialog.getByLabel("Ссылка", { exact: true }).inputValue();
    },
    /** The newest is no more. */
    async takenBack() {
      await rows
        .first()
        .getByRole("button", { name: /Отозвать/ })
        .click();
      const question = page.getByRole("dialog", { name: "Отозвать приглашение?" });
      await question.getByRole("button", { name: "Отозвать" }).click();
      await rows.first().getByText("отозвано").waitFor();
      assert.equal(await dialog.getByLabel("Ссылка", { exact: true }).count(), 0, "nobody is sent what leads nowhere");
    },
    dialog,
    rows,
  };
}

/**
 * Letters of log-ins from devices that are not known: one comes, the log-in is ended from the list, they are switched off
 * by keys. The address of the account is confirmed.
 * @param {Server} server @param {Awaited<ReturnType<typeof import("./post.js").startPost>>} post @param {Someone} me
 * @param {(userAgent: string) => Promise<() => Promise<unknown>>} elsewhere logs in there, and returns what waits until
 *   it is over there @param {string} picture its name
 */
export async function toldOfLogIns(server, post, { page, account }, elsewhere, picture) {
  const ended = await elsewhere(PHONE);
  const letter = await post.next();
  for (const said of [`@${account.username}`, "Firefox · Android", "127.0.0.1", "UTC", "смените пароль"]) {
    assert.ok(letter.text.includes(said), said);
  }
  const pane = await settings(page, "Сеансы");
  await pane.getByText("войдут с незнакомого устройства").waitFor();
  const phone = pane.getByRole("listitem").filter({ has: page.getByText("Firefox · Android", { exact: true }) });
  await phone.getByText("127.0.0.1", { exact: true }).waitFor();
  await look(page, picture);
  await phone.getByRole("button", { name: /Завершить сеанс/ }).click();
  const question = page.getByRole("dialog", { name: "Завершить этот сеанс?" });
  await question.getByRole("button", { name: "Завершить", exact: true }).click();
  await phone.waitFor({ state: "detached" });
  await ended();

  const wanted = pane.getByRole("switch", { name: /Письмо о новом входе/ });
  await becomes(() => wanted.isChecked(), true);
  await wanted.focus();
  await page.keyboard.press("Space");
  await becomes(async () => (await server.call(account, "GET", "/api/auth/me")).login_letters, false);
  await becomes(() => wanted.isChecked(), false);
  await elsewhere(DESK);
  await server.call(null, "POST", "/api/auth/reset", { login: account.username, language: "ru" });
  const next = await post.next();
  assert.ok(next.to === letter.to && next.link.startsWith("/reset#"), "nothing came of the last log-in");
  await page.keyboard.press("Escape");
}

/** In the card of a group, which is open: its messages are removed after seven days. @param {Page} page @param {string} picture */
export async function keepsForAWeek(page, picture) {
  await page.locator(".topbar__peer").click();
  const info = page.getByRole("dialog", { name: "О группе" });
  await info.getByRole("button", { name: "Срок хранения" }).click();
  const menu = page.getByRole("menu", { name: "Срок хранения" });
  await menu.waitFor();
  await look(page, `${picture}-menu`);
  await assertInside(page);
  await menu.getByRole("menuitemradio", { name: "7 дней" }).click();
  const question = page.getByRole("dialog", { name: "Удалять сообщения через 7 дней?" });
  await question.getByText("Вернуть их будет нельзя").waitFor();
  await question.getByRole("button", { name: "Удалять", exact: true }).click();
  await info.getByText("Сообщения старше 7 дней удаляются").waitFor();
  await page.keyboard.press("Escape");
  await info.waitFor({ state: "detached" });
  const log = page.getByRole("log");
  await log.getByText("Сообщения старше 7 дней удаляются").waitFor();
  await log.getByText("Вы включили удаление сообщений через 7 дней").waitFor();
}

/**
 * Messages that are too old go from the open face, after the time of their group (a week) and after that of the server (a
 * month), which is in force from now on; those that came later stay.
 * @param {Server} server @param {Page} page @param {{group: number, direct: number}} chats open for the one who looks
 * @param {Account} writer in both @param {string} picture
 */
export async function forgetsWithTime(server, page, { group, direct }, writer, picture) {
  const upto = new Map();
  for (const chat of [group, direct]) {
    upto.set(chat, (await server.send(writer, chat, `Старое в ${chat}`)).seq);
    await server.send(writer, chat, `Новое в ${chat}`);
  }
  await openChat(page, group);
  await messageRow(page, `Старое в ${group}`).waitFor();
  await openChat(page, direct);
  await messageRow(page, `Старое в ${direct}`).waitFor();
  await server.stop();
  age(server, group, upto.get(group), 8);
  age(server, direct, upto.get(direct), 31);
  await server.start({ VESTNIK_RETENTION_DAYS: "30" });
  await messageRow(page, `Старое в ${direct}`).waitFor({ state: "detached" });
  await page.getByRole("log").getByText("Сообщения старше 30 дней удаляются").waitFor();
  await messageRow(page, `Новое в ${direct}`).waitFor();
  await look(page, picture);
  await chatRow(page, group).click();
  await messageRow(page, `Новое в ${group}`).waitFor();
  await page.getByRole("log").getByText("Сообщения старше 7 дней удаляются").waitFor();
  await becomes(() => messageRow(page, `Старое в ${group}`).count(), 0);
  await offersNoMoreThanTheServer(page);
  for (const chat of [group, direct]) {
    const texts = (await server.items(writer, chat)).map(({ content }) => content);
    assert.deepEqual([texts.includes(`Старое в ${chat}`), texts.includes(`Новое в ${chat}`)], [false, true]);
  }
}

/** The server keeps messages for a month, the open group for a week. @param {Page} page */
async function offersNoMoreThanTheServer(page) {
  await page.locator(".topbar__peer").click();
  const info = page.getByRole("dialog", { name: "О группе" });
  await info.getByRole("button", { name: "Срок хранения" }).click();
  const choices = page.getByRole("menu", { name: "Срок хранения" }).getByRole("menuitemradio");
  await choices.first().waitFor();
  assert.deepEqual(await choices.allInnerTexts(), ["Как на сервере: 30 дней", "1 день", "7 дней"]);
  await page.keyboard.press("Escape");
  await choices.first().waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await info.waitFor({ state: "detached" });
}

const AGE = `
import sqlite3, sys
from datetime import datetime, timedelta
path, chat, upto, days = sys.argv[1], *map(int, sys.argv[2:])
with sqlite3.connect(path) as database:
    for table in ("messages", "chat_events"):
        where = f"from {table} where chat_id = ? and seq <= ?"
        for rowid, at in database.execute(f"select rowid, created_at {where}", (chat, upto)).fetchall():
            before = str(datetime.fromisoformat(at) - timedelta(days=days))
            database.execute(f"update {table} set created_at = ? where rowid = ?", (before, rowid))
database.close()
`;

/** What a chat holds is older than it was, in the database of a server that does not run.
 * @param {Server} server @param {number} chatId @param {number} upto the last entry of these @param {number} days */
function age(server, chatId, upto, days) {
  const words = [join(server.dataDir, "vestnik.sqlite3"), chatId, upto, days].map(String);
  execFileSync(python(), ["-c", AGE, ...words]);
}
