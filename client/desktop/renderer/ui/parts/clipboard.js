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

/**
 * A picture as PNG, the one kind that every clipboard takes. To be called by a press, or the browser forbids it.
 * @param {() => Promise<Blob>} bring the picture of any kind @returns {Promise<boolean>} whether it is on the clipboard
 */
export async function copyPicture(bring) {
  try {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": bring().then(asPng) })]);
    return true;
  } catch {
    return false;
  }
}

/** @param {Blob} picture @returns {Promise<Blob>} */
async function asPng(picture) {
  const bitmap = await createImageBitmap(picture);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return new Promise((resolve, reject) => {
    canvas.toBlob((made) => (made ? resolve(made) : reject(new Error("too large"))), "image/png");
  });
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
