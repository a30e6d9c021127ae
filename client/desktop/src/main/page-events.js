/** What the shell tells its pages. A chat to open waits until the page listens, for it may come before the page. */

"use strict";

const EVENTS = ["open-chat", "wake", "menu", "saved", "saving"];
/** Events of which the last one is kept for a page that does not listen yet. */
const KEPT = ["open-chat"];

/**
 * @typedef {{tell: (contents: Electron.WebContents, event: string, value?: unknown) => void,
 *   listens: (contents: Electron.WebContents, event: string) => void,
 *   reset: (contents: Electron.WebContents) => void}} PageEvents
 */

/** @returns {PageEvents} */
function createPageEvents() {
  /** @type {WeakMap<Electron.WebContents, {listening: Set<string>, kept: Map<string, unknown>}>} */
  const pages = new WeakMap();
  /** @param {Electron.WebContents} contents */
  const pageOf = (contents) => {
    const page = pages.get(contents) ?? { listening: new Set(), kept: new Map() };
    pages.set(contents, page);
    return page;
  };
  return {
    tell(contents, event, value) {
      const { listening, kept } = pageOf(contents);
      if (listening.has(event)) contents.send(`vestnik:${event}`, value);
      else if (KEPT.includes(event)) kept.set(event, value);
    },
    listens(contents, event) {
      const { listening, kept } = pageOf(contents);
      listening.add(event);
      if (!kept.has(event)) return;
      contents.send(`vestnik:${event}`, kept.get(event));
      kept.delete(event);
    },
    /** The page is loaded anew: nobody listens there now. */
    reset: (contents) => pageOf(contents).listening.clear(),
  };
}

module.exports = { createPageEvents, EVENTS };
