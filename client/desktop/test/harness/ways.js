/** How a thing is done with messages, by mouse or by keyboard alone: what the deeds of deeds.js are made of. */

import assert from "node:assert/strict";
import { becomes } from "./eventually.js";
import { composer, messageRow, messageRows, openChat } from "./face.js";

/** @typedef {import("playwright-core").Page} Page @typedef {import("./server.js").Account} Account */

/**
 * Vera at her screen with a group open, in which Boris has written. `long`: a group with more than is loaded at once;
 * `failed`: her direct chat with Carl, where a message of hers was not sent. `copied`: what the clipboard holds; `line`:
 * where the link is cut while things are done.
 * @typedef {{page: Page, server: import("./server.js").Server, vera: Account, boris: Account, carl: Account, group: number,
 *   direct: number, long: number, failed: number, copied: () => Promise<string>, line?: import("./wire.js").Wire}} Scene
 * @typedef {"mouse" | "keys"} Way
 */

/** The name of a picture that Vera sent without a word. */
export const PICTURE = "вид.png";
/** A message with a block of code. */
export const CODE = "Для кода\n```js\nlet a = 1;\n```";

/** The one with this text, with the picture, or with the code. @param {Page} page @param {string} text */
export function rowOf(page, text) {
  if (text === PICTURE) return messageRows(page).filter({ has: page.getByRole("button", { name: PICTURE }) });
  return text === CODE ? messageRows(page).filter({ has: page.locator(".codeblock") }) : messageRow(page, text);
}
/** @param {Page} page @param {string} text */
export const article = (page, text) => rowOf(page, text).getByRole("article");
/** Where the focus is, in words. @param {Page} page */
export const focused = (page) =>
  page.evaluate(() => {
    const one = document.activeElement;
    return one?.getAttribute("role") === "log"
      ? "log"
      : (one?.getAttribute("aria-label") ?? one?.textContent ?? "").trim();
  });

/** Press a key until the focus is there. @param {Page} page @param {string} key @param {RegExp} wanted */
export async function until(page, key, wanted, most = 30) {
  for (let n = 0; n < most; n += 1) {
    if (wanted.test(await focused(page))) return;
    await page.keyboard.press(key);
  }
  assert.match(await focused(page), wanted, `${key} leads there`);
}

/** @param {string} text */
const literally = (text) => text.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&");

/** What a message is called. @param {string} text */
export const named = (text) => new RegExp(`, (Изображение: )?${literally(text.split("\n")[0])}[, ]`, "u");

/** To a message by keys alone. @param {Page} page @param {string} text */
export async function goTo(page, text) {
  await until(page, "F6", /^log$/u);
  await until(page, "ArrowUp", named(text));
}

/** An entry of the menu that is asked for, by keys alone: it opens with the next frame, and has the focus from then on; what is
 * pressed before that moves nothing. @param {Page} page @param {string} name */
export async function chooseByKeys(page, name) {
  await page.getByRole("menuitem", { name, exact: true }).waitFor();
  await until(page, "ArrowDown", new RegExp(`^${literally(name)}`, "u"));
  await page.keyboard.press("Enter");
}

/** An entry of a message's menu. @param {Page} page @param {Way} way @param {string} text @param {string} name */
export async function choose(page, way, text, name) {
  if (way === "mouse") {
    await article(page, text).click({ button: "right" });
    return page.getByRole("menuitem", { name, exact: true }).click();
  }
  await goTo(page, text);
  await page.keyboard.press("Shift+F10");
  await chooseByKeys(page, name);
}

/** Press a button that is there. @param {Page} page @param {Way} way @param {string} name */
export async function press(page, way, name) {
  const button = page.getByRole("button", { name, exact: true });
  await becomes(() => button.isEnabled(), true);
  if (way === "mouse") return button.click();
  await until(page, "Tab", new RegExp(`^${literally(name)}$`, "u"));
  await page.keyboard.press("Enter");
}

/** Open a chat by its title. @param {Page} page @param {Way} way @param {number} id @param {string} title */
export async function enter(page, way, id, title) {
  if (way === "mouse") return openChat(page, id);
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").waitFor();
  await page.keyboard.type(title);
  await becomes(
    () => page.getByRole("dialog").getByRole("option").first().innerText(),
    new RegExp(literally(title), "u"),
  );
  await page.keyboard.press("Enter");
  await page.locator(`nav.side [data-chat="${id}"][aria-current=true]`).waitFor();
  await composer(page).waitFor();
}
