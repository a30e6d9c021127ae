/** Theme and size of the text: attributes of the root, which styles/tokens.css reads. */

/** @param {Pick<import("../types.js").Settings, "theme" | "size">} settings */
export function applyAppearance({ theme, size }) {
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  if (size === "m") delete root.dataset.size;
  else root.dataset.size = size;
}
