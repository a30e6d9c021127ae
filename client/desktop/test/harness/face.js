/** How a person gets about in the face: each way of doing a thing once, by what they see. Waits are for what appears. */

/** @typedef {import("playwright-core").Page} Page */

/**
 * From the log-in screen to the list of chats.
 * @param {Page} page @param {{username: string, password: string}} account @param {{remember?: boolean}} [options]
 */
export async function signIn(page, { username, password }, { remember = false } = {}) {
  const secret = page.locator("input[autocomplete=current-password]");
  await secret.waitFor(); // the form of registration has a field for the name too
  await page.locator("input[autocomplete=username]").fill(username);
  await secret.fill(password);
  if (remember) await page.locator("input[name=remember]").check();
  await page.keyboard.press("Enter");
  await page.locator("nav.side").waitFor();
}

/** The chat's row in the list. @param {Page} page @param {number} chatId */
export const chatRow = (page, chatId) => page.locator(`nav.side [data-chat="${chatId}"]`);

/** Open a chat from the list; returns when its composer is there. @param {Page} page @param {number} chatId */
export async function openChat(page, chatId) {
  await chatRow(page, chatId).click();
  await page.locator(`nav.side [data-chat="${chatId}"][aria-current=true]`).waitFor();
  await composer(page).waitFor();
}

/** Returns when the log of the open chat is there, and nothing more comes into it. @param {Page} page */
export const logAtRest = (page) => page.locator('.log[aria-busy="false"]').waitFor();

/** Where one writes. @param {Page} page */
export const composer = (page) => page.locator("form.composer textarea");

/** Write into the open chat and send. @param {Page} page @param {string} text */
export async function say(page, text) {
  await composer(page).fill(text);
  await composer(page).press("Enter");
}

/** The rows of messages that are in the log, own ones that wait too. @param {Page} page */
export const messageRows = (page) => page.getByRole("log").locator("li.msg:not([aria-hidden])");

/** The row of a message with exactly this text, not of those that answer it. @param {Page} page @param {string} text */
export const messageRow = (page, text) =>
  messageRows(page).filter({ has: page.getByText(text, { exact: true }).and(page.locator(":not(.quote *)")) });

/** Seqs of the messages in the log, as they stand there. @param {Page} page @returns {Promise<number[]>} */
export const shownSeqs = (page) =>
  page
    .getByRole("log")
    .evaluate((log) =>
      [...log.querySelectorAll("li.msg[data-seq]")].map((row) => Number(row.getAttribute("data-seq"))),
    );
