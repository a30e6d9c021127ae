/**
 * What a session's `device` says to a person: what our client called itself ("Vestnik, Linux", "Web, Firefox, Windows"),
 * or what the server made of the User-Agent that logged in, by the same tables (chatproto/wire/devices.py). Servers before
 * that kept its first 64 characters, so that of most browsers only the system is left.
 */

const SYSTEMS = /** @type {const} */ ([
  [/Android/, "Android", true],
  [/iPhone|iPad/, "iOS", true],
  [/Windows/, "Windows", false],
  [/Mac OS X|Macintosh/, "macOS", false],
  [/CrOS/, "ChromeOS", false],
  [/Linux|X11/, "Linux", false],
]);

/** The first that fits: most name others too, to be taken for them. */
const BROWSERS = /** @type {const} */ ([
  [/YaBrowser\//, "Yandex Browser"],
  [/Edg(?:e|A|iOS)?\//, "Edge"],
  [/OPR\/|Opera/, "Opera"],
  [/Vivaldi\//, "Vivaldi"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/SamsungBrowser\//, "Samsung Internet"],
  [/HeadlessChrome\/|Chrome\/|CriOS\//, "Chrome"],
  [/Version\/[\d.]+ .*Safari\//, "Safari"],
]);

/** Names of systems as Node tells them. @type {Record<string, string>} */
const PLATFORMS = { linux: "Linux", win32: "Windows", darwin: "macOS" };

/** What a page in a browser calls itself: "Firefox, Linux"; empty where nothing is known. @param {string} agent the User-Agent */
export function describeBrowser(agent) {
  const browser = BROWSERS.find(([pattern]) => pattern.test(agent))?.[1];
  const system = SYSTEMS.find(([pattern]) => pattern.test(agent))?.[1];
  return [browser, system].filter(Boolean).join(", ");
}

/**
 * `app`: our own client, with its version as `name`; `browser`: with its own where that is known; `other` gives its own words.
 * @param {string} device
 * @returns {{kind: "app" | "browser" | "other", name: string, system: string, phone: boolean}} empty where not known
 */
export function deviceOf(device) {
  const own = /^(Vestnik|Web|Python)(?:, (.+))?$/.exec(device);
  if (own) {
    const [, client, described = ""] = own;
    if (client === "Python") return { kind: "other", name: client, system: described, phone: false };
    if (client === "Vestnik") return { kind: "app", name: "", system: PLATFORMS[described] ?? described, phone: false };
    const parts = described.split(", ");
    const [name, system] = parts.length > 1 ? parts : ["", described];
    return { kind: "browser", name, system, phone: SYSTEMS.some((known) => known[1] === system && known[2]) };
  }
  const found = SYSTEMS.find(([pattern]) => pattern.test(device));
  const [system, phone] = found ? [found[1], found[2]] : ["", false];
  const app = /vestnik\S*?\/([\d.]+)/i.exec(device);
  if (app) return { kind: "app", name: app[1], system, phone };
  if (device.startsWith("Mozilla/")) return { kind: "browser", name: "", system, phone };
  return { kind: "other", name: device === "unknown" ? "" : device.trim(), system: "", phone };
}
