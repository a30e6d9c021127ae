/** What preload.js puts into the page; undefined in a browser. */
interface Window {
  vestnik?: import("./renderer/types.js").Desktop;
}
