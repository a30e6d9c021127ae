/**
 * What a session's `device` says to a person: what our client called itself ("Vestnik, Linux", "Web, Windows"), else the
 * first 64 characters of the User-Agent that logged in, so that of most browsers only the system is left.
 */

const SYSTEMS = /** @type {const} */ ([
  [/Android/, "Android", true],
  [/iPhone|iPad/, "iOS", true],
  [/Windows/, "Windows", false],
  [/Mac OS X|Macintosh/, "macOS", false],
  [/CrOS/, "ChromeOS", false],
  [/Linux|X11/, "Linux", false],
]);

/**
 * `app`: our own client; `browser`: whichever it is; `other` gives its own words as `name`.
 * @param {string} device
 * @returns {{kind: "app" | "browser" | "other", name: string, system: string, phone: boolean}} empty where not known
 */
export function deviceOf(device) {
  const own = /^(Vestnik|Web), (.+)$/.exec(device);
  if (own) {
    const [, client, described] = own;
    return { kind: client === "Web" ? "browser" : "app", name: "", system: described, phone: false };
  }
  const found = SYSTEMS.find(([pattern]) => pattern.test(device));
  const [system, phone] = found ? [found[1], found[2]] : ["", false];
  const app = /vestnik\S*?\/([\d.]+)/i.exec(device);
  if (app) return { kind: "app", name: app[1], system, phone };
  if (device.startsWith("Mozilla/")) return { kind: "browser", name: "", system, phone };
  return { kind: "other", name: device === "unknown" ? "" : device.trim(), system: "", phone };
}
