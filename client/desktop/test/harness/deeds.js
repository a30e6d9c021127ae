/** All that is done with messages, once by each way: for the tests of the browser's face and of the app, which are the same. */

import { becomes, eventually } from "./eventually.js";
import { composer, messageRow, messageRows, openChat, say } from "./face.js";
import { ANSWER, archive, EDITED, FAR, LOOKING, OWN, THEIRS } from "./looking.js";
import { png } from "./made-files.js";
import { article, choose, chooseByKeys, CODE, enter, focused, goTo, PICTURE, press, rowOf, until } from "./ways.js";

/** @typedef {import("playwright-core").Page} Page @typedef {import("./ways.js").Scene} Scene
 * @typedef {import("./ways.js").Way} Way */

/** Messages of the long group: far more than is loaded at once, and of more lines than the window has. */
const LONG = 70;
/** What Carl did not take at first. */
const FAILED = "Примите заявку";

/** A group of the two with what is needed, and their direct chat.
 * @param {Pick<Scene, "page" | "server" | "vera" | "boris" | "copied">} who @returns {Promise<Scene>} */
export async function setScene(who) {
  const { server, vera, boris } = who;
  const group = await server.group(vera, "Маяк", boris);
  const direct = await server.direct(vera, boris);
  await server.send(boris, direct, "Здравствуйте");
  for (const text of Object.values(OWN)) await server.send(vera, group, text);
  const seqs = new Map();
  for (const text of Object.values(THEIRS)) seqs.set(text, (await server.send(boris, group, text)).seq);
  await server.send(boris, group, ANSWER, { reply_to: seqs.get(THEIRS.ask) });
  await server.send(boris, group, CODE);
  for (const text of [THEIRS.unpin, THEIRS.react]) {
    await server.call(vera, "PUT", `/api/chats/${group}/messages/${seqs.get(text)}/pin`);
  }
  const { id } = await server.upload(vera, PICTURE, png(64, 48, 7));
  await server.send(vera, group, "", { attachments: [id] });
  await server.call(boris, "POST", `/api/chats/${group}/read`, {});
  const long = await server.group(vera, archive(group), boris);
  const { seq } = await server.send(vera, long, FAR.first);
  for (let n = 1; n <= LONG; n += 1) await server.send(vera, long, `строка ${n}\n`.repeat(12));
  await server.send(vera, long, FAR.answer, { reply_to: seq });
  const scene = { ...who, ...(await fail(who, group)), group, direct, long };
  await settled(scene);
  return scene;
}

/** Somebody does not take a message of Vera's, and would take it by now.
 * @param {Pick<Scene, "page" | "server" | "vera">} who @param {number} id of the group: no other Carl has it */
async function fail({ page, server, vera }, id) {
  const carl = await server.register(`carl${id}`, { display_name: `Карл ${id}` });
  const failed = await server.direct(vera, carl);
  await server.send(carl, failed, "Слушаю");
  const block = `/api/users/${vera.user.id}/block`;
  await server.call(carl, "PUT", block);
  await openChat(page, failed);
  await say(page, FAILED);
  await messageRow(page, FAILED).getByText("Не отправлено").waitFor();
  await server.call(carl, "DELETE", block);
  return { carl, failed };
}

/** All that the deeds need is there. @param {Scene} scene */
export async function settled({ page, group, direct, long }) {
  await page.locator(`nav.side [data-chat="${direct}"]`).waitFor();
  for (const [chat, text] of /** @type {const} */ ([
    [long, FAR.answer],
    [group, ANSWER],
  ])) {
    await openChat(page, chat);
    await messageRow(page, text).waitFor();
    await page.locator(".topbar").getByText("2 участника").waitFor(); // in large groups nobody may know who has read
  }
  await page.getByRole("region", { name: "Закреплённые сообщения" }).getByText(THEIRS.react).waitFor();
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
    await page.keyboard.type(EDITED);
    if (way === "mouse") await page.getByRole("button", { name: "Сохранить изменения" }).click();
    else await page.keyboard.press("Enter");
    await messageRow(page, EDITED).getByText("изменено").waitFor();
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
      await page.getByRole("dialog", { name: "Эмодзи" }).locator("[data-cell]").first().waitFor();
      await page.keyboard.type("огонь");
      await page.keyboard.press("Enter");
    }
    await messageRow(page, THEIRS.react).locator(".react", { hasText: "🔥" }).waitFor();
  },

  async pinned({ page }, way) {
    await choose(page, way, THEIRS.pin, "Закрепить");
    await page.locator(".pinbar", { hasText: THEIRS.pin }).waitFor();
  },

  async unpinned({ page }, way) {
    await choose(page, way, THEIRS.unpin, "Открепить");
    await page.getByRole("button", { name: "Все: 2" }).waitFor();
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

  ...LOOKING,

  async muted({ page, group, long, line }, way) {
    await enter(page, way, long, archive(group));
    const row = page.locator(`nav.side [data-chat="${long}"]`);
    const mute = async () => {
      if (way === "mouse") {
        await row.click({ button: "right" });
        return page.getByRole("menuitem", { name: "Без звука", exact: true }).click();
      }
      await until(page, "F6", /^log$/u);
      await until(page, "Shift+Tab", /^Меню чата$/u);
      await page.keyboard.press("Enter");
      await chooseByKeys(page, "Без звука");
    };
    if (line) {
      const told = page.locator(".toast__text", { hasText: /^Нет соединения$/u }).waitFor(); // from now on
      await mute();
      await told; // it does not wait for the link: it is done again
      await line.restore();
    }
    await mute();
    await row.getByTitle("Без звука", { exact: true }).waitFor();
    await line?.cut();
  },

  async retried({ page, carl, failed }, way) {
    await enter(page, way, failed, String(carl.user.display_name));
    const row = messageRow(page, FAILED);
    if (way === "mouse") {
      await row.getByRole("button", { name: "Повторить", exact: true }).click();
    } else {
      await choose(page, way, FAILED, "Повторить");
    }
    await row.getByText("Не отправлено").waitFor({ state: "detached" });
  },
};

/** What the server has of it all, once each. @param {Scene} scene */
export async function allDone({ server, vera, boris, group, direct, long, failed }) {
  const there = async () => {
    const items = await server.items(boris, group);
    const written = items.flatMap(({ type, content }) => (type === "message" && content ? [content] : []));
    const events = items.flatMap(({ type, event }) => (type === "event" ? [event] : []));
    const sent = (await server.items(boris, direct)).slice(-3).map(({ content, attachments }) => attachments?.[0]?.name ?? content); // prettier-ignore
    return [written.sort(), events.sort(), sent];
  };
  const written = [
    EDITED,
    ...Object.values(THEIRS),
    ANSWER,
    CODE,
    "Вот подпись",
    `@${boris.user.username}`,
    "**важно**",
  ];
  const events = ["deleted", "edited", "edited", "pinned", "pinned", "pinned", "reaction_added", "unpinned"];
  await becomes(there, [written.sort(), events, ["Здравствуйте", THEIRS.forward, PICTURE]]);
  await becomes(async () => (await server.call(vera, "GET", `/api/chats/${long}`)).muted, true);
  await becomes(
    async () => (await server.items(vera, failed)).map(({ content }) => content),
    ["Слушаю", FAILED],
    "what failed is there once",
  );
}

/** Nothing of it is on its way any more, and nothing stands there twice. @param {Scene} scene */
export async function allArrived({ page, boris, group, failed }) {
  await openChat(page, failed);
  await messageRow(page, FAILED).and(page.locator("[data-seq]")).waitFor();
  await becomes(() => messageRow(page, FAILED).count(), 1);
  await openChat(page, group);
  await eventually(async () => (await messageRows(page).filter({ hasText: "В очереди" }).count()) === 0, "all is sent");
  // an echo stands beside its message until the next frame
  await becomes(() => messageRows(page).count(), 14, "each message once");
  const named = messageRows(page).getByRole("link", { name: `@${boris.user.username}` });
  await becomes(() => named.count(), 1);
}
