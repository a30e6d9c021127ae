/** What is looked up about messages, once by each way: a part of the deeds of deeds.js. */

import assert from "node:assert/strict";
import { becomes } from "./eventually.js";
import { logAtRest, messageRow } from "./face.js";
import { choose, chooseByKeys, CODE, enter, focused, goTo, named, rowOf, until } from "./ways.js";

/** @typedef {import("playwright-core").Page} Page @typedef {import("./ways.js").Scene} Scene
 * @typedef {import("./ways.js").Way} Way */

export const OWN = { edit: "Моё первое", remove: "Моё второе" };
/** What the first of them is changed to. */
export const EDITED = "Моё новое";
export const THEIRS = {
  unpin: "Для открепления",
  react: "Для реакции",
  pin: "Для закрепления",
  forward: "Для пересылки",
  one: "Один",
  two: "Два",
  ask: "Вопрос",
};
/** Answers the question. */
export const ANSWER = "Ответ";
/** In the long group: what is not loaded, and what answers it. */
export const FAR = { first: "Самое начало", answer: "Ответ на начало" };
/** Its title. @param {number} id of the other group of the scene */
export const archive = (id) => `Архив ${id}`;

/** Follow a button within a message. @param {Page} page @param {Way} way @param {string} text @param {RegExp} name */
async function follow(page, way, text, name) {
  if (way === "mouse") return rowOf(page, text).getByRole("button", { name }).click();
  await goTo(page, text);
  await until(page, "Tab", name);
  await page.keyboard.press("Enter");
}

/** Where one was. @param {Page} page @param {Way} way */
const goBack = (page, way) =>
  way === "mouse"
    ? page.getByRole("button", { name: "Вернуться назад", exact: true }).click()
    : page.keyboard.press("Alt+ArrowLeft");

/** The focus is on the message. @param {Page} page @param {string} text */
const at = (page, text) => becomes(() => focused(page), named(text));

/** Without the link it is said that there is none, and what was asked for comes when it is back; then it is cut again.
 * @param {Scene} scene @param {import("playwright-core").Locator} told @param {() => Promise<unknown>} seen */
async function onceBack({ line }, told, seen) {
  if (line) {
    await told.waitFor();
    await line.restore();
  }
  await seen();
  await line?.cut();
}

/** @param {Page} page @param {Way} way @param {import("playwright-core").Locator} dialog */
async function close(page, way, dialog) {
  if (way === "mouse") await dialog.getByRole("button", { name: "Закрыть (Esc)" }).click();
  else await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
}

/** @type {Record<string, (scene: Scene, way: Way) => Promise<void>>} */
export const LOOKING = {
  async followed({ page }, way) {
    await follow(page, way, ANSWER, /^Ответ на сообщение/u);
    await at(page, THEIRS.ask);
    await goBack(page, way);
    await at(page, ANSWER);
  },

  async copied({ page, copied }, way) {
    await follow(page, way, CODE, /^Копировать код$/u);
    await becomes(copied, "let a = 1;");
  },

  async namedWhoReacted({ page }, way) {
    await choose(page, way, THEIRS.react, "Кто отреагировал");
    const dialog = page.getByRole("dialog", { name: "Реакции" });
    await dialog.getByText("Вы", { exact: true }).waitFor();
    await close(page, way, dialog);
  },

  async listedPins({ page }, way) {
    const dialog = page.getByRole("dialog", { name: "Закреплённые сообщения" });
    if (way === "mouse") {
      await page.getByRole("button", { name: "Все: 2" }).click();
      await dialog.getByText(THEIRS.react, { exact: true }).click();
    } else {
      await until(page, "F6", /^log$/u);
      await until(page, "Shift+Tab", /^Все: 2$/u);
      await page.keyboard.press("Enter");
      await dialog.waitFor();
      await until(page, "Tab", new RegExp(`${THEIRS.react}$`, "u"));
      await page.keyboard.press("Enter");
    }
    await dialog.waitFor({ state: "detached" });
    await at(page, THEIRS.react);
  },

  async readFormerTexts(scene, way) {
    const { page } = scene;
    await follow(page, way, EDITED, /^изменено/u);
    const dialog = page.getByRole("dialog", { name: "История изменений" });
    await onceBack(scene, dialog.getByText("Нет соединения"), () =>
      dialog.getByText(OWN.edit, { exact: true }).waitFor(),
    );
    await close(page, way, dialog);
  },

  async namedReaders(scene, way) {
    const { page } = scene;
    await choose(page, way, EDITED, "Кто прочитал");
    const dialog = page.getByRole("dialog", { name: "Кто прочитал" });
    const read = dialog.getByRole("list", { name: "Прочитали" });
    await onceBack(scene, dialog.getByText("Нет соединения"), () => read.getByText("Борис Лебедев").waitFor());
    await close(page, way, dialog);
  },

  async followedFar(scene, way) {
    const { page, group, long } = scene;
    await enter(page, way, long, archive(group));
    await messageRow(page, FAR.answer).waitFor();
    assert.equal(await messageRow(page, FAR.first).count(), 0, "it is not loaded");
    await follow(page, way, FAR.answer, /^Ответ на сообщение/u);
    await onceBack(scene, page.getByText("Сообщение откроется, когда связь вернётся"), () => at(page, FAR.first));
    await goBack(page, way);
    await onceBack(scene, page.getByText("Сообщение откроется, когда связь вернётся").last(), () =>
      at(page, FAR.answer),
    );
  },

  async wentToDay(scene, way) {
    const { page, group, long } = scene;
    await enter(page, way, long, archive(group));
    const dialog = page.getByRole("dialog", { name: "Перейти к дате" });
    if (way === "mouse") {
      await logAtRest(page); // rows that come move what is pressed
      await page.locator(".log h2 button").last().click();
      await dialog.getByRole("button", { name: "Перейти", exact: true }).click();
    } else {
      await until(page, "F6", /^log$/u);
      await until(page, "Shift+Tab", /^Меню чата$/u);
      await page.keyboard.press("Enter");
      await chooseByKeys(page, "Перейти к дате");
      await becomes(() => page.evaluate(() => document.activeElement?.getAttribute("name")), "day");
      await page.keyboard.type("01012020"); // in whichever order of day and month
      await page.keyboard.press("Enter");
    }
    await onceBack(scene, dialog.getByRole("alert"), () => dialog.waitFor({ state: "detached" }));
    await at(page, FAR.first);
  },
};
