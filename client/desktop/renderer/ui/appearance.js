/** Theme, size of the text and width of the list: what styles/tokens.css reads of the root. */

import { showSideWidth } from "./list/side-edge.js";

/** @param {Pick<import("../types.js").Settings, "theme" | "size" | "side_width">} settings */
export function applyAppearance({ theme, size, side_width }) {
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  if (size === "m") delete root.dataset.size;
  else root.dataset.size = size;
  showSideWidth(side_width);
}
