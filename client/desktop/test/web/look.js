/** Looking at what is open: in both themes, by axe and as a picture for people. */

import { axe, becomes, drawn, screenshot, still } from "../harness/harness.js";

/** What a theme changes is asked of both; the rest is the same in the dark. */
/** @type {{colorScheme: "dark" | "light", ending: string, rules?: string[]}[]} */
const LOOKS = [
  { colorScheme: "dark", ending: "-dark", rules: ["color-contrast", "link-in-text-block"] },
  { colorScheme: "light", ending: "" },
];

/** @param {import("playwright-core").Page} page @param {string} name of the pictures: NAME.png and NAME-dark.png */
export async function look(page, name) {
  for (const { colorScheme, ending, rules } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await drawn(page); // what goes over to the other colours begins with the next frame
    await still(page);
    await screenshot(page, name + ending);
    await becomes(() => axe(page, rules), [], `${name}, ${colorScheme}`);
  }
}

/** The same, and as it is in the narrowest window: NAME-360.png. Not for menus, which a window that changes closes.
 * @param {import("playwright-core").Page} page @param {string} name */
export async function lookWideAndNarrow(page, name) {
  await look(page, name);
  const before = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 640 });
  await look(page, `${name}-360`);
  await assertInside(page);
  if (before) await page.setViewportSize(before);
}

/**
 * How much stands outside of the window or of its dialog, in pixels; nothing may.
 * @param {import("playwright-core").Page} page
 */
export async function assertInside(page) {
  await still(page);
  await becomes(() => page.evaluate(outside), []);
}

/** Runs in the page. */
function outside() {
  return [...document.querySelectorAll("dialog[open], .menu, .emoji, .toast")].flatMap((element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const said = [];
    if (left < 0 || top < 0 || right > innerWidth || bottom > innerHeight) {
      said.push(`${element.className} is outside: ${[left, top, right, bottom]} of ${[innerWidth, innerHeight]}`);
    }
    if (element.scrollWidth > element.clientWidth) said.push(`${element.className} is too wide inside`);
    return said;
  });
}
