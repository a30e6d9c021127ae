/** What preload.js puts into the page; undefined in a browser. */
interface Window {
  vestnik?: import("./renderer/types.js").Desktop;
  /** Chromium's, of which TypeScript's library knows nothing; undefined in browsers without it. */
  trustedTypes?: { createPolicy(name: string, rules: TrustedRules): TrustedRules };
}

/** What makes a text one that may be run or drawn: to the page it is that text. */
interface TrustedRules {
  createHTML?: (text: string) => string;
  createScriptURL?: (url: string) => string;
}
