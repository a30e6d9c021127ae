/** How a person gets about in the face: each way of doing a thing once, by what he sees. */

/**
 * From the log-in screen to the list of chats.
 * @param {import("playwright-core").Page} page @param {{username: string, password: string}} account
 * @param {{remember?: boolean}} [options]
 */
export async function signIn(page, { username, password }, { remember = false } = {}) {
  await page.locator("input[autocomplete=username]").fill(username);
  await page.locator("input[autocomplete=current-password]").fill(password);
  if (remember) await page.getByRole("checkbox").check();
  await page.keyboard.press("Enter");
  await page.locator("input[autocomplete=current-password]").waitFor({ state: "detached" });
}
