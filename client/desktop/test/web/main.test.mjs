/** The main window: the list of chats, searching, quick keys, narrow windows, notices. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  chatRow,
  composer,
  drawn,
  eventually,
  launchChromium,
  messageRow,
  newPage,
  newPerson,
  newProfile,
  noChromium,
  openChat,
  signIn,
  startServer,
} from "../harness/harness.js";
import { look, lookWideAndNarrow } from "./look.js";

const skip = noChromium();
let serial = 0;

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;
/** @type {Record<string, import("../harness/server.js").Account>} */
const friends = {};

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
  for (const [name, display_name] of Object.entries({
    anna: "Анна Ковалёва",
    boris: "Борис Лебедев",
    petya: "Пётр Ёлкин",
    katya: "Екатерина Константиновна Воскресенская-Преображенская",
  })) {
    friends[name] = await server.register(name, { display_name });
  }
});

/** Somebody with four chats, the newest first: boris, petya, a group, anna. */
async function vera(/** @type {any} */ how = {}) {
  serial += 1;
  const account = await server.register(`vera${serial}`, { display_name: "Вера Соколова" });
  const [anna, petya, boris] = [friends.anna, friends.petya, friends.boris];
  const chats = {
    anna: await server.direct(account, anna),
    group: await server.group(anna, "Ёжики в тумане", account, friends.katya),
    petya: await server.direct(account, petya),
    boris: await server.direct(account, boris),
  };
  await server.send(account, chats.anna, "Спасибо");
  await server.send(friends.katya, chats.group, "кто идёт в поход");
  await server.send(petya, chats.petya, "раз");
  await server.send(petya, chats.petya, "два");
  await server.send(boris, chats.boris, "последнее");
  const person = await newPerson(browser, server, account.username, { account, ...how });
  await chatRow(person.page, chats.boris).waitFor();
  return { ...person, chats };
}

/** Answers to these addresses are held back until they are let go. @param {import("playwright-core").Page} page @param {string} urls */
async function held(page, urls) {
  let letGo = () => {};
  const released = /** @type {Promise<void>} */ (new Promise((resolve) => (letGo = resolve)));
  await page.route(urls, async (route) => {
    await released;
    await route.continue();
  });
  return { letGo };
}

/** @param {import("playwright-core").Page} page */
const titles = async (page) =>
  (await page.locator("nav.side .row__name").allTextContents()).map((title) => title.split(" ")[0]);
/** @param {import("playwright-core").Page} page @param {string} title */
const opened = (page, title) => page.locator(".topbar__title", { hasText: title }).waitFor();

test("somebody new is shown the first steps, each under its own name", { skip }, async () => {
  const person = await newPerson(browser, server, "newcomer", { displayName: "Новенький" });
  const { page } = person;
  await page.getByText("Чатов пока нет").waitFor();
  await page.getByRole("heading", { name: "Начните первый разговор" }).waitFor();
  await look(page, "main-first");
  for (const name of ["Новый чат", "Новая группа", "Настройки"]) {
    await becomes(() => page.getByRole("button", { name }).count(), 1, name);
  }
  await becomes(() => page.getByRole("searchbox", { name: "Поиск" }).count(), 1);
  await page.getByRole("button", { name: "Найти собеседника" }).click();
  await page.getByRole("dialog").getByRole("searchbox", { name: "Найти пользователя", exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assertNoErrors(person);
  await person.context.close();
});

test(
  "rows say what there is: names first, then what was written, how much is unread, favourites on top",
  { skip },
  async () => {
    const { page, chats, account, context, ...person } = await vera();
    await becomes(() => titles(page), ["Борис", "Пётр", "Ёжики", "Анна"]);
    const list = page.getByRole("navigation", { name: "Чаты", exact: true });
    await list.getByRole("link", { name: /^Пётр Ёлкин .*два/u }).waitFor();
    await chatRow(page, chats.petya).getByText("Непрочитанных: 2").waitFor({ state: "attached" });
    await chatRow(page, chats.group).getByText("Екатерина:").waitFor();
    await chatRow(page, chats.anna).getByText("Вы:").waitFor();
    await becomes(() => page.title(), "(4) Вестник");
    await server.call(account, "PATCH", `/api/chats/${chats.group}`, { favourite: true });
    await server.call(account, "PATCH", `/api/chats/${chats.petya}`, { muted: true });
    await chatRow(page, chats.group).getByText("Закреплён").waitFor({ state: "attached" });
    await chatRow(page, chats.petya).getByText("Без звука").waitFor({ state: "attached" });
    await becomes(() => titles(page), ["Ёжики", "Борис", "Пётр", "Анна"]);
    await page.waitForFunction(() => document.title === "(2) Вестник");
    await look(page, "main-list");
    await server.send(friends.anna, chats.anna, "новее всех");
    await chatRow(page, chats.anna).getByText("новее всех").waitFor();
    await becomes(() => titles(page), ["Ёжики", "Анна", "Борис", "Пётр"]);
    assertNoErrors({ name: "vera", errors: person.errors });
    await context.close();
  },
);

test("what is still on its way is drawn as bare shapes: the list, then a chat", { skip }, async () => {
  const { account, chats, context: first } = await vera();
  await first.close();
  const context = await newProfile(browser);
  const { page, errors } = await newPage(context);
  const lists = await held(page, "**/api/chats?limit=*");
  const pages = await held(page, "**/api/chats/*/messages*");
  await page.goto(server.url);
  await signIn(page, account);
  await page.locator("nav.side .sk-row").first().waitFor();
  assert.equal(await page.locator("nav.side [aria-busy=true]").getAttribute("aria-label"), "Загружаем чаты");
  await look(page, "loading-list");
  lists.letGo();
  await chatRow(page, chats.petya).click();
  await page.getByRole("log").locator(".sk-msg").first().waitFor();
  await becomes(() => page.getByRole("log").getAttribute("aria-busy"), "true");
  await look(page, "loading");
  pages.letGo();
  await messageRow(page, "раз").waitFor();
  await becomes(() => page.locator(".sk-msg, .sk-row").count(), 0);
  assertNoErrors({ name: "vera", errors });
  await context.close();
});

test("searching needs no network and folds ё and case; Enter opens the first, Esc clears", { skip }, async () => {
  const { page, context, errors } = await vera();
  await context.setOffline(true);
  const search = page.getByRole("searchbox", { name: "Поиск", exact: true });
  await search.fill("елк");
  await page.waitForFunction(() => document.querySelectorAll("nav.side .row").length === 1);
  await becomes(() => page.locator("nav.side mark").textContent(), "Ёлк");
  await lookWideAndNarrow(page, "list-found-mark");
  await search.fill("@ANNA");
  await page.waitForFunction(() => document.querySelector("nav.side .row__name")?.textContent === "Анна Ковалёва");
  await look(page, "main-search");
  await search.press("Enter");
  await opened(page, "Анна");
  await page.waitForFunction(() => document.querySelectorAll("nav.side .row").length === 4);
  await search.fill("никого такого");
  await page.getByText("Ничего не нашлось. Проверьте написание").waitFor();
  await look(page, "main-search-none");
  await search.press("Escape");
  await page.waitForFunction(() => document.querySelectorAll("nav.side .row").length === 4);
  assertNoErrors({ name: "vera", errors });
  await context.close();
});

test("the list is one stop of the Tab key; arrows, Home, End and letters move in it", { skip }, async () => {
  const { page, context, chats } = await vera();
  const focused = () => page.evaluate(() => document.activeElement?.querySelector(".row__name")?.textContent ?? "");
  await page.getByRole("searchbox", { name: "Поиск" }).focus();
  await page.keyboard.press("Tab");
  await becomes(focused, /^Борис/u);
  for (const [key, name] of [
    ["ArrowDown", "Пётр"],
    ["End", "Анна"],
    ["ArrowDown", "Анна"],
    ["Home", "Борис"],
    ["е", "Ёжики"],
    ["ArrowUp", "Пётр"],
  ]) {
    if (key.length > 1) await page.keyboard.press(key);
    else await page.locator(":focus").dispatchEvent("keydown", { key, bubbles: true });
    await drawn(page);
    await becomes(focused, new RegExp(`^${name}`, "u"), key);
  }
  await page.locator('.row[tabindex="0"]', { hasText: "Пётр" }).waitFor();
  await becomes(() => page.locator('nav.side .row[tabindex="0"]').count(), 1);
  await page.keyboard.press("Tab");
  await becomes(() => page.evaluate(() => document.activeElement?.className), "me");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await opened(page, "Пётр");
  await becomes(() => chatRow(page, chats.petya).getAttribute("aria-current"), "true");
  await context.close();
});

test(
  "the edge of the list is dragged or moved by arrows, within its bounds, and stays where it was put",
  { skip },
  async () => {
    const { page, context, errors } = await vera();
    const edge = page.getByRole("separator", { name: "Ширина списка чатов" });
    /** @param {number} pixels */
    const wide = (pixels) =>
      page.waitForFunction((n) => document.querySelector("nav.side")?.getBoundingClientRect().width === n, pixels);
    await wide(320);
    await page.mouse.move(320, 400);
    await page.mouse.down();
    await page.mouse.move(380, 400, { steps: 4 });
    await page.mouse.up();
    await wide(380);
    await page.mouse.move(380, 400);
    await page.mouse.down();
    await page.mouse.move(900, 400, { steps: 4 });
    await page.mouse.up();
    await wide(416); // 26 rem, the most
    await edge.press("ArrowLeft");
    await wide(400);
    await edge.press("Home");
    await page.waitForFunction(
      () => document.querySelector("[role=separator]")?.getAttribute("aria-valuenow") === "16",
    );
    await wide(256);
    await look(page, "main-slim-list");
    const { page: other } = await newPage(context);
    await other.goto(server.url);
    await other.waitForFunction(() => document.documentElement.style.getPropertyValue("--w-side-chosen") === "16rem");
    await other.close();
    await edge.dblclick();
    await page.waitForFunction(
      () => document.querySelector("[role=separator]")?.getAttribute("aria-valuenow") === "20",
    );
    await wide(320);
    assertNoErrors({ name: "vera", errors });
    await context.close();
  },
);

test("quick keys go by the place on the keyboard, in a Russian layout too", { skip }, async () => {
  const { page, context, errors } = await vera();
  await page.keyboard.press("Alt+ArrowDown");
  await opened(page, "Борис");
  await page.evaluate(() => (document.hasFocus = () => false)); // so that nothing is read, however long one looks
  await page.keyboard.press("Alt+ArrowDown");
  await opened(page, "Пётр");
  await page.keyboard.press("Alt+ArrowUp");
  await opened(page, "Борис");
  await page.keyboard.press("Alt+Shift+ArrowDown");
  await opened(page, "Пётр");
  await page.evaluate(() => void Reflect.deleteProperty(document, "hasFocus"));
  await page.keyboard.press("Control+Digit3");
  await opened(page, "Ёжики");
  await messageRow(page, "кто идёт в поход").waitFor();
  await page.evaluate(() => dispatchEvent(new KeyboardEvent("keydown", { key: "а", code: "KeyF", ctrlKey: true })));
  const find = page.getByRole("searchbox", { name: "Найти в чате", exact: true });
  await find.fill("поход");
  await find.press("Enter");
  await page.getByText("1 из 1").waitFor();
  await becomes(() => page.getByRole("log").locator("mark").textContent(), "поход");
  await look(page, "main-find");
  await find.fill("такого слова нет");
  await page.getByText("Не найдено", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await find.waitFor({ state: "detached" });
  await page.keyboard.press("Control+Shift+KeyF");
  await page.getByRole("dialog", { name: "Поиск по сообщениям" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("Control+Shift+KeyL");
  await becomes(() => page.evaluate(() => document.activeElement?.getAttribute("type")), "search");
  const region = () =>
    page.evaluate(() => document.activeElement?.closest("[data-region]")?.getAttribute("data-region"));
  for (const name of ["log", "composer", "side"]) {
    await page.keyboard.press("F6");
    await becomes(region, name);
  }
  await page.keyboard.press("Control+KeyK");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assertNoErrors({ name: "vera", errors });
  await context.close();
});

test(
  "in the log arrows move over messages; R answers, Shift+F10 opens the menu, Esc goes back to writing",
  { skip },
  async () => {
    const { page, context, chats } = await vera();
    await openChat(page, chats.petya);
    await messageRow(page, "два").waitFor();
    await page.getByRole("log").focus();
    await page.keyboard.press("ArrowUp");
    const focused = () => page.evaluate(() => document.activeElement?.closest("article")?.textContent ?? "");
    await becomes(focused, /два/u);
    await page.keyboard.press("ArrowUp");
    await becomes(focused, /раз/u);
    await page.keyboard.press("Shift+F10");
    await page.getByRole("menu").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("menu").waitFor({ state: "detached" });
    await page.getByRole("log").getByRole("article").filter({ hasText: "раз" }).focus();
    await page.keyboard.press("KeyR");
    await page.locator(".strip", { hasText: "раз" }).waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === "TEXTAREA");
    await context.close();
  },
);

test("a narrow window shows one pane at a time, and the way back", { skip }, async () => {
  const { page, context, chats, errors } = await vera({ options: { viewport: { width: 420, height: 800 } } });
  assert.equal(await page.getByRole("log").count(), 0);
  await look(page, "main-420-list");
  await openChatNarrow(page, chats.group);
  await look(page, "main-420-chat");
  await becomes(() => page.getByRole("navigation").isVisible(), false);
  await page.getByRole("button", { name: "К списку чатов", exact: true }).click();
  await page.getByRole("navigation").waitFor();
  await becomes(() => page.evaluate(() => document.activeElement?.classList.contains("row")), true);
  await becomes(() => page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
  assertNoErrors({ name: "vera", errors });
  await context.close();
});

/** @param {import("playwright-core").Page} page @param {number} chatId */
async function openChatNarrow(page, chatId) {
  await chatRow(page, chatId).click();
  await composer(page).waitFor();
}

test("what comes while one looks elsewhere is unread, and read half a second after one is back", { skip }, async () => {
  const { page, context, chats, errors } = await vera();
  await openChat(page, chats.petya);
  await chatRow(page, chats.petya).locator(".badge").waitFor({ state: "detached" });
  await page.clock.install();
  await page.evaluate(() => {
    document.hasFocus = () => false;
    dispatchEvent(new Event("blur"));
  });
  await server.send(friends.petya, chats.petya, "ты где");
  await messageRow(page, "ты где").waitFor();
  await chatRow(page, chats.petya).locator(".badge").waitFor();
  await server.send(friends.petya, chats.petya, "ау");
  await messageRow(page, "ау").waitFor();
  const unread = chatRow(page, chats.petya).getByText("Непрочитанных: 2");
  await unread.waitFor({ state: "attached" });
  await page.clock.fastForward(5_000); // longer than what is looked at takes to be read: it must stay as it is
  await drawn(page);
  await server.send(friends.petya, chats.petya, "ну же");
  await chatRow(page, chats.petya).getByText("Непрочитанных: 3").waitFor({ state: "attached" });
  await page.evaluate(() => {
    document.hasFocus = () => true;
    dispatchEvent(new Event("focus"));
  });
  await chatRow(page, chats.petya).locator(".badge").waitFor({ state: "detached" });
  const divided = () => page.locator('.unread + li[data-seq="1"]').count();
  await becomes(divided, 1, "the divider stays where it was at opening");
  assertNoErrors({ name: "vera", errors });
  await context.close();
});

test("a link to a chat opens it: in a second window of the profile, and after the log-in", { skip }, async () => {
  const { page, context, chats, account, errors } = await vera();
  const link = `${server.url}/#/chat/${chats.petya}`;
  const second = await newPage(context);
  await second.page.goto(link);
  await opened(second.page, "Пётр");
  await composer(second.page).fill("из второго окна");
  await composer(second.page).press("Enter");
  await openChat(page, chats.petya);
  await messageRow(page, "из второго окна").waitFor();
  assertNoErrors({ name: "first", errors }, { name: "second", errors: second.errors });
  await context.close();

  const profile = await newProfile(browser);
  const third = await newPage(profile);
  await third.page.goto(link);
  await signIn(third.page, account);
  await opened(third.page, "Пётр");
  await becomes(() => third.page.evaluate(() => location.hash), "");
  await profile.close();
});

test("at 720, with the largest text and with colours forced, nothing is cut off", { skip }, async () => {
  const { page, context, chats } = await vera({ options: { viewport: { width: 720, height: 800 } } });
  await openChat(page, chats.group);
  await look(page, "main-720");
  await page.evaluate(() => (document.documentElement.dataset.size = "xl"));
  await look(page, "main-720-xl");
  await becomes(() => page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
  await page.emulateMedia({ forcedColors: "active" });
  await look(page, "main-720-forced");
  await page.emulateMedia({ forcedColors: "none" });
  await page.evaluate(() => delete document.documentElement.dataset.size);
  await page.setViewportSize({ width: 640, height: 400 }); // 1280 x 800 at 200 %
  await look(page, "main-zoom-200");
  const high = async () => (await page.getByRole("log").boundingBox())?.height ?? 0;
  await eventually(async () => (await high()) > 200, high);
  await context.close();
});

test("a notice for what is not looked at, none for the open chat, and gone when one looks", { skip }, async () => {
  const { page, context, chats, account } = await vera();
  await page.evaluate(() => {
    /** @type {any[]} */
    const told = [];
    class Told extends EventTarget {
      static permission = "granted";
      /** @param {string} title @param {any} options */
      constructor(title, options) {
        super();
        told.push({ title, ...options });
      }
      close() {
        told.push("closed");
      }
    }
    Object.assign(window, { told, Notification: Told });
  });
  const told = () => page.evaluate(() => /** @type {any} */ (window).told);
  await page.locator("nav.side").getByText("В сети").waitFor(); // what comes from here on is news
  await openChat(page, chats.petya);
  await server.send(friends.petya, chats.petya, "открыт");
  await messageRow(page, "открыт").waitFor();
  await server.send(friends.boris, chats.boris, "секрет");
  await page.waitForFunction(() => /** @type {any} */ (window).told.length > 0);
  assert.deepEqual(await told(), [
    { title: "Борис Лебедев", tag: `chat-${chats.boris}`, body: "секрет", silent: false },
  ]);
  await openChat(page, chats.boris);
  await page.waitForFunction(() => /** @type {any} */ (window).told.length === 2);
  assert.equal((await told())[1], "closed");
  // and gone when another device reads it
  await server.send(friends.petya, chats.petya, "прочтут с телефона");
  await page.waitForFunction(() => /** @type {any} */ (window).told.length === 3);
  await server.call(account, "POST", `/api/chats/${chats.petya}/read`, {});
  await page.waitForFunction(() => /** @type {any} */ (window).told.length === 4);
  assert.equal((await told())[3], "closed");
  await context.close();
});

test("a file that is dropped or pasted is attached, and the page stays", { skip }, async () => {
  const { page, context, errors, chats } = await vera();
  await openChat(page, chats.petya);
  const prevented = await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(["x"], "x.png", { type: "image/png" }));
    const how = { bubbles: true, cancelable: true };
    const field = /** @type {Element} */ (document.querySelector("#compose"));
    return [
      document.body.dispatchEvent(new DragEvent("dragover", { ...how, dataTransfer: data })),
      document.body.dispatchEvent(new DragEvent("drop", { ...how, dataTransfer: data })),
      field.dispatchEvent(new ClipboardEvent("paste", { ...how, clipboardData: data })),
    ];
  });
  assert.deepEqual(prevented, [false, false, false]);
  await becomes(() => page.locator(".uploads li").count(), 2);
  assertNoErrors({ name: "vera", errors });
  await context.close();
});

test("typing goes to the composer from wherever nothing takes it", { skip }, async () => {
  const { page, context, chats } = await vera();
  await openChat(page, chats.petya);
  await messageRow(page, "раз").waitFor();
  await page.getByRole("log").click({ position: { x: 5, y: 5 } });
  await page.keyboard.type("hello");
  await becomes(() => composer(page).inputValue(), "hello");
  await context.close();
});

test(
  "a page whose texts did not come asks for them again, and speaks the language of its browser",
  { skip },
  async () => {
    for (const [locale, words] of /** @type {const} */ ([
      ["en-GB", "Sign in"],
      ["de-DE", "Войти"],
    ])) {
      const context = await newProfile(browser, { locale });
      const { page } = await newPage(context);
      let failures = 2;
      await page.route("**/locales/*.json", (route) => (failures-- > 0 ? route.abort() : route.continue()));
      await page.goto(server.url);
      await page.getByRole("button", { name: words, exact: true }).waitFor();
      await context.close();
    }
  },
);

test("of a long list the first rows are drawn, and further ones as one comes to them", { skip }, async () => {
  const account = await server.register("manychats");
  const ids = [];
  for (let n = 0; n < 130; n += 1) {
    ids.push(await server.group(account, n === 7 ? "Yabloko" : `Чат ${String(n).padStart(3, "0")}`));
  }
  const person = await newPerson(browser, server, "manychats", { account });
  const { page } = person;
  const rows = page.locator("nav.side .row");
  await becomes(() => rows.count(), 100);
  assert.equal(await rows.first().locator("xpath=..").getAttribute("aria-setsize"), "130");
  await rows.first().focus();
  await page.keyboard.press("End");
  await becomes(() => page.evaluate(() => document.activeElement?.getAttribute("data-chat")), String(ids[0]));
  await becomes(() => rows.count(), 130);
  await page.keyboard.press("Home");
  await becomes(() => page.evaluate(() => document.activeElement?.getAttribute("data-chat")), String(ids[129]));
  await page.keyboard.type("ya");
  await becomes(() => page.evaluate(() => document.activeElement?.getAttribute("data-chat")), String(ids[7]));
  await page.locator(".side__search input").fill("чат");
  await becomes(() => rows.count(), 50, "a screen and more, for a letter draws all of them anew");
  await page.locator(".side__list").evaluate((list) => list.scrollTo(0, list.scrollHeight));
  await becomes(() => rows.count(), 129);
  await page.locator(".side__search input").fill("чат 00");
  await becomes(() => rows.count(), 10); // 000 to 009 without one, and 100
  await page.locator(".side__list").evaluate((list) => list.scrollTo(0, list.scrollHeight));
  await drawn(page);
  await page.locator(".side__search input").fill("");
  await becomes(() => rows.count(), 123, "up to the row that had the focus");
  await becomes(() => page.locator(".side__list").evaluate((list) => list.scrollTop), 0);
  assertNoErrors(person);
});
