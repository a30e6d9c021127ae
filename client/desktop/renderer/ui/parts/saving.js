/** Saving in a browser, which asks where or knows it. */

/** @param {string} url @param {string} [name] of the file; "": as the server says */
export function saveByLink(url, name = "") {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}
