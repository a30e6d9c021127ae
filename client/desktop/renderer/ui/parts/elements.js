/** Elements that a page has, of the kind that they are taken for: looked at, not believed. What fields hold, and the focus. */

/** The first one that fits; null where there is none, or it is of another kind.
 * @template {Element} E @param {ParentNode} root @param {string} selector @param {new () => E} kind @returns {E | null} */
export function find(root, selector, kind) {
  const found = root.querySelector(selector);
  return found instanceof kind ? found : null;
}

/** All that fit. @template {Element} E @param {ParentNode} root @param {string} selector @param {new () => E} kind
 * @returns {E[]} */
export function findAll(root, selector, kind) {
  const all = [];
  for (const found of root.querySelectorAll(selector)) if (found instanceof kind) all.push(found);
  return all;
}

/** What the row that an element belongs to says of itself, as a number. @param {EventTarget | null} element
 * @param {string} name of its `data-` attribute @returns {number} 0: it says nothing */
export function numberOf(element, name) {
  return element instanceof HTMLElement ? Number(element.dataset[name] ?? 0) : 0;
}

/** What is typed into a field. @param {string} id @returns {string} "": there is none */
export function valueOf(id) {
  const field = document.getElementById(id);
  return field instanceof HTMLInputElement ? field.value : "";
}

/** Choose files: of a button before the field for them. @param {Event & {currentTarget: Element}} event */
export function openFileField({ currentTarget: { nextElementSibling: field } }) {
  if (field instanceof HTMLInputElement) field.click();
}

/** After the next render; who has gone into another field meanwhile stays there. @param {string} id */
export function focusSoon(id) {
  const before = document.activeElement;
  const focus = () => {
    const now = document.activeElement;
    if (now === before || now === null || now === document.body) document.getElementById(id)?.focus();
  };
  requestAnimationFrame(() => requestAnimationFrame(focus));
}
