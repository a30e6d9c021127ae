/** What is done for an element only when it comes near to what can be seen. */

/** How far from there: about a screenful. */
const MARGIN = "800px 0px";
/** What scrolls, and therefore hides. */
const SCROLLED = ".log, .dialog__body, .side__list";

/** One for each of what scrolls. @type {WeakMap<Element, {observer: IntersectionObserver, waiting: Map<Element, () => void>}>} */
const watchers = new WeakMap();

/**
 * Call once, as soon as the element is near; it may come into the page a moment later.
 * @param {Element} element @param {() => void} run
 * @returns {() => void} gives it up
 */
export function whenNear(element, run) {
  let given = false;
  /** @type {{observer: IntersectionObserver, waiting: Map<Element, () => void>} | null} */
  let watcher = null;
  queueMicrotask(() => {
    if (given) return;
    const scrolled = element.closest(SCROLLED);
    if (!scrolled) return run();
    watcher = watcherOf(scrolled);
    watcher.waiting.set(element, run);
    watcher.observer.observe(element);
  });
  return () => {
    given = true;
    if (watcher?.waiting.get(element) !== run) return;
    watcher.waiting.delete(element);
    watcher.observer.unobserve(element);
  };
}

/** @param {Element} scrolled */
function watcherOf(scrolled) {
  const there = watchers.get(scrolled);
  if (there) return there;
  /** @type {Map<Element, () => void>} */
  const waiting = new Map();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        const run = waiting.get(target);
        waiting.delete(target);
        observer.unobserve(target);
        run?.();
      }
    },
    { root: scrolled, rootMargin: MARGIN },
  );
  const made = { observer, waiting };
  watchers.set(scrolled, made);
  return made;
}
