/** Copying text; a page that came over plain HTTP has only the old way. */

/** @param {string} text @returns {Promise<boolean>} whether it is on the clipboard */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyOverEvent(text);
  }
}

/** @param {string} text */
function copyOverEvent(text) {
  let taken = false;
  /** @param {ClipboardEvent} event */
  const fill = (event) => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    taken = true;
  };
  document.addEventListener("copy", fill, { once: true });
  const done = document.execCommand("copy");
  document.removeEventListener("copy", fill);
  return done && taken;
}
