/** The address of a server as it is shown. */

/** What of an address is worth showing: all of it that tells servers apart. @param {string} url */
export function shownServer(url) {
  return url.replace(/^https:\/\//u, "").replace(/\/$/u, "");
}
