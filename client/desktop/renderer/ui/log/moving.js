/** Moving the focus over the messages of the log by keys. */

import { findAll } from "../parts/elements.js";

/** Keys that go on by a page, or to an end. */
export const PAGING = ["PageUp", "PageDown", "Home", "End"];

/** @returns {HTMLElement[]} */
function articles() {
  return findAll(document, ".log article", HTMLElement);
}

/** From the log itself upwards: to the last message. @param {1 | -1} step @param {HTMLElement} from */
export function moveFocus(step, from) {
  const all = articles();
  const at = all.indexOf(from);
  const next = at < 0 ? all.at(-1) : all[at + step];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
}

/**
 * The log goes on by a page, or to an end of what is loaded, and the focus with it: it stays in sight. Who has taken the
 * focus elsewhere meanwhile keeps it. @param {string} key
 */
export function focusAt(key) {
  const log = document.querySelector(".log");
  const all = articles();
  if (!log || !all.length || !isFree(document.activeElement)) return;
  const page = log.clientHeight - 2 * parseFloat(getComputedStyle(log).fontSize);
  if (key === "Home") log.scrollTop = 0;
  else if (key === "End") log.scrollTop = log.scrollHeight;
  else log.scrollTop += key === "PageUp" ? -page : page;
  const { top, bottom } = log.getBoundingClientRect();
  const inSight = all.filter((article) => {
    const box = article.getBoundingClientRect();
    return box.bottom > top && box.top < bottom;
  });
  const next = key === "Home" || key === "PageUp" ? inSight[0] : inSight.at(-1);
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
}

/** It is in the log, or was in a row that is there no more. @param {Element | null} focused */
const isFree = (focused) => focused === null || focused === document.body || focused.closest(".log") !== null;
