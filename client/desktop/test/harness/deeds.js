/** All that is done with messages, once by each way: for the tests of the browser's face and of the app, which are the same. */

import assert from "node:assert/strict";
import { becomes, eventually } from "./eventually.js";
import { composer, messageRow, messageRows, openChat } from "./face.js";
import { png } from "./made-files.js";

/** @typedef {import("playwright-core").Page} Page @typedef {import("./server.js").Account} Account */

/**
 * Vera at her screen with a group open, in which Boris has written.
 * @typedef {{page: Page, server: import("./server.js").Server, vera: Account, boris: Account, group: number, direct: number,
 *   copied: () => Promise<string>}} Scene `copied`: what the clipboard holds
 * @typedef {"mouse" | "keys"} Way
 */

const OWN = { edit: "Моё первое", remove: "Моё второе" };
const THEIRS = { react: "Для реакции", pin: "Для закрепления", forward: "Для пересылки", one: "Один", two: "Два" };

/** The name of a picture that Vera sent without a word. */
const PICTURE = "вид.png";

/** A group of the two with what is needed, and their direct chat.
 * @param {Pick<Scene, "page" | "server" | "vera" | "boris" | "copied">} who @returns {Promise<Scene>} */
export async function setScene(who) {
  const { server, vera, boris, page } = who;
  const group = await server.group(vera, "Маяк", boris);
  const direct = await server.direct(vera, boris);
  await server.send(boris, direct, "Здравствуйте");
  for (const text of Object.values(OWN)) await server.send(vera, group, text);
  for (const text of Object.values(THEIRS)) await server.send(boris, group, text);
  const { id } = await server.upload(vera, PICTURE, png(64, 48, 7));
  await server.send(vera, group, "", { attachments: [id] });
  await page.locator(`nav.side [data-chat="${direct}"]`).waitFor();
  await openChat(page, group);
  await messageRow(page, THEIRS.two).waitFor();
  return { ...who, group, direct };
}

/** The one with this text, or with the picture. @param {Page} page @param {string} text */
const rowOf = (page, text) =>
  text === PICTURE
    ? messageRows(page).filter({ has: page.getByRole("button", { name: PICTURE }) })
    : messageRow(page, text);
/** @param {Page} page @param {string} text */
const article = (page, text) => rowOf(page, text).getByRole("article");
/** Where the focus is, in words. @param {Page} page */
const focused = (page) =>
  page.evaluate(() => {
    const one = document.activeElement;
    return one?.getAttribute("role") === "log"
      ? "log"
      : (one?.getAttribute("aria-label") ?? one?.textContent ?? "").trim();
  });

/** Press a key until the focus is there. @param {Page} page @param {string} key @param {RegExp} wanted */
async function until(page, key, wanted, most = 30) {
  for (let n = 0; n < most; n += 1) {
    if (wanted.test(await focused(page))) return;
    await page.keyboard.press(key);
  }
  assert.match(await focused(page), wanted, `${key} leads there`);
}

/** @param {string} text */
const literally = (text) => text.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&");

/** To a message by keys alone. @param {Page} page @param {string} text */
async function goTo(page, text) {
  await until(page, "F6", /^log$/u);
  await until(page, "ArrowUp", new RegExp(`, (Изображение: )?${literally(text)}, `, "u"));
}

/** An entry of a message's menu. @param {Page} page @param {Way} way @param {string} text @param {string} name */
async function choose(page, way, text, name) {
  if (way === "mouse") {
    await article(page, text).click({ button: "right" });
    return page.getByRole("menuitem", { name, exact: true }).click();
  }
  await goTo(page, text);
  await page.keyboard.press("Shift+F10");
  await page.getByRole("menuitem", { name, exact: true }).waitFor();
  await until(page, "ArrowDown", new RegExp(`^${name}`, "u"));
  await page.keyboard.press("Enter");
}

/** Press a button that is there. @param {Page} page @param {Way} way @param {string} name */
async function press(page, way, name) {
  const button = page.getByRole("button", { name, exact: true });
  await becomes(() => button.isEnabled(), true);
  if (way === "mouse") return button.click();
  await until(page, "Tab", new RegExp(`^${literally(name)}$`, "u"));
  await page.keyboard.press("Enter");
}

/** To Boris, in the dialog that asks to whom. @param {Page} page @param {Way} way */
async function sendTo(page, way) {
  const dialog = page.getByRole("dialog", { name: "Переслать" });
  await dialog.waitFor();
  if (way === "mouse") {
    await dialog.getByRole("list", { name: "Куда переслать" }).getByText("Борис Лебедев").click();
  } else {
    await becomes(() => focused(page), "Найти чат");
    await page.keyboard.type("Борис");
    await page.keyboard.press("Enter");
  }
  const forward = dialog.getByRole("button", { name: "Переслать", exact: true });
  await becomes(() => forward.isEnabled(), true);
  if (way === "mouse") await forward.click();
  else {
    await until(page, "Tab", /^Переслать$/u);
    await page.keyboard.press("Enter");
  }
  await dialog.waitFor({ state: "detached" });
  await page.getByText("Переслано 1 сообщение").first().waitFor();
}

/** What was typed goes out. @param {Page} page @param {Way} way */
const send = (page, way) =>
  way === "mouse" ? page.getByRole("button", { name: "Отправить", exact: true }).click() : page.keyboard.press("Enter");

/** Each deed, and that it is seen at once. @type {Record<string, (scene: Scene, way: Way) => Promise<void>>} */
export const DEEDS = {
  async edited({ page }, way) {
    await choose(page, way, OWN.edit, "Изменить");
    await becomes(() => composer(page).inputValue(), OWN.edit);
    await page.keyboard.press("Control+a");
    await page.keyboard.type("Моё новое");
    if (way === "mouse") await page.getByRole("button", { name: "Сохранить изменения" }).click();
    else await page.keyboard.press("Enter");
    await messageRow(page, "Моё новое").getByText("изменено").waitFor();
  },

  async deleted({ page }, way) {
    if (way === "mouse") {
      await choose(page, way, OWN.remove, "Удалить");
    } else {
      await goTo(page, OWN.remove);
      await page.keyboard.press("Delete");
    }
    await page.getByRole("dialog").waitFor();
    await press(page, way, "Удалить у всех");
    await page.getByRole("dialog").waitFor({ state: "detached" }); // and the focus is where it was
    await messageRow(page, "Сообщение удалено").waitFor();
  },

  async reacted({ page }, way) {
    if (way === "mouse") {
      await article(page, THEIRS.react).click({ button: "right" });
      await page.getByRole("menuitemcheckbox", { name: "Реакция 🔥" }).click();
    } else {
      await goTo(page, THEIRS.react);
      await page.keyboard.press("e");
      await page.getByRole("dialog", { name: "Эмодзи" }).waitFor();
      await page.keyboard.type("огонь");
      await page.keyboard.press("Enter");
    }
    await messageRow(page, THEIRS.react).locator(".react", { hasText: "🔥" }).waitFor();
  },

  async pinned({ page }, way) {
    await choose(page, way, THEIRS.pin, "Закрепить");
    await page.locator(".pinbar", { hasText: THEIRS.pin }).waitFor();
  },

  async forwarded({ page, direct }, way) {
    await choose(page, way, THEIRS.forward, "Переслать");
    await sendTo(page, way);
    await page.locator(`nav.side [data-chat="${direct}"]`).getByText(THEIRS.forward).waitFor();
  },

  async passedOn({ page, direct }, way) {
    if (way === "mouse") {
      await choose(page, way, PICTURE, "Выбрать сообщения");
    } else {
      await goTo(page, PICTURE);
      await page.keyboard.press("Space");
    }
    await page.getByText("Выбрано: 1").first().waitFor();
    await press(page, way, "Переслать");
    await sendTo(page, way);
    await page.locator(`nav.side [data-chat="${direct}"]`).getByText(PICTURE).waitFor();
  },

  async captioned({ page }, way) {
    await choose(page, way, PICTURE, "Изменить");
    await page.locator(".strip", { hasText: PICTURE }).waitFor();
    await page.keyboard.type("Вот подпись");
    if (way === "mouse") await page.getByRole("button", { name: "Сохранить изменения" }).click();
    else await page.keyboard.press("Enter");
    await rowOf(page, PICTURE).getByText("Вот подпись", { exact: true }).waitFor();
  },

  async selected({ page, copied }, way) {
    const bar = page.getByRole("toolbar", { name: "Выбранные сообщения" });
    if (way === "mouse") {
      await choose(page, way, THEIRS.one, "Выбрать сообщения");
      await article(page, THEIRS.two).click();
      await bar.getByText("Выбрано: 2").waitFor();
      await bar.getByRole("button", { name: "Копировать" }).click();
    } else {
      await goTo(page, THEIRS.two);
      await page.keyboard.press("Space");
      await bar.getByText("Выбрано: 1").waitFor();
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("Space");
      await bar.getByText("Выбрано: 2").waitFor();
      await page.keyboard.press("Control+c");
    }
    await becomes(copied, /Борис Лебедев: Один\n.*Борис Лебедев: Два$/u);
    await bar.waitFor({ state: "detached" });
  },

  async mentioned({ page, boris }, way) {
    if (way === "mouse") await composer(page).click();
    else await until(page, "F6", /^Сообщение$/u);
    await page.keyboard.type("@bor");
    const offered = page.getByRole("listbox", { name: "Кого упомянуть" }).getByRole("option");
    await becomes(() => offered.count(), 1);
    if (way === "mouse") await offered.click();
    else await page.keyboard.press("Enter");
    await becomes(() => composer(page).inputValue(), `@${boris.user.username} `);
    await send(page, way);
    await messageRows(page)
      .getByRole("link", { name: `@${boris.user.username}` })
      .waitFor();
  },

  async formatted({ page }, way) {
    if (way === "mouse") {
      await composer(page).click();
      await page.keyboard.type("важно");
      await composer(page).dblclick({ position: { x: 15, y: 18 } });
      await page.getByRole("toolbar", { name: "Оформление" }).getByRole("button", { name: "Жирный" }).click();
    } else {
      await until(page, "F6", /^Сообщение$/u);
      await page.keyboard.type("важно");
      await page.keyboard.press("Shift+Control+ArrowLeft");
      await page.keyboard.press("Control+b");
    }
    await becomes(() => composer(page).inputValue(), "**важно**");
    await send(page, way);
    await messageRows(page).locator("strong", { hasText: "важно" }).waitFor();
  },
};

/** What the server has of it all, once each. @param {Scene} scene */
export async function allDone({ server, boris, group, direct }) {
  const there = async () => {
    const items = await server.items(boris, group);
    const written = items.flatMap(({ type, content }) => (type === "message" && content ? [content] : []));
    const events = items.flatMap(({ type, event }) => (type === "event" ? [event] : []));
    const sent = (await server.items(boris, direct)).slice(-3).map(({ content, attachments }) => attachments?.[0]?.name ?? content); // prettier-ignore
    return [written.sort(), events.sort(), sent];
  };
  const written = ["Моё новое", ...Object.values(THEIRS), "Вот подпись", `@${boris.user.username}`, "**важно**"];
  const events = ["deleted", "edited", "edited", "pinned", "reaction_added"];
  await becomes(there, [written.sort(), events, ["Здравствуйте", THEIRS.forward, PICTURE]]);
}

/** Nothing of it is on its way any more, and nothing stands there twice. @param {Scene} scene */
export async function allArrived({ page, boris }) {
  await eventually(async () => (await messageRows(page).filter({ hasText: "В очереди" }).count()) === 0, "all is sent");
  // an echo stands beside its message until the next frame
  await becomes(() => messageRows(page).count(), 10, "each message once");
  const named = messageRows(page).getByRole("link", { name: `@${boris.user.username}` });
  await becomes(() => named.count(), 1);
}
