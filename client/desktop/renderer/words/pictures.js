/** Which pictures of people and groups may be loaded, and how large they may be. */

/** Pixels a side; what is larger costs more memory than a picture of this size is worth. */
export const MAX_SIDE = 4096;

/**
 * Where a picture may be loaded from: files of our server always, other hosts over https where the user allows it.
 * @param {string | null | undefined} url @param {{server: {url: string}, settings: {foreign_images: boolean}}} state
 * @returns {string | null}
 */
export function pictureSource(url, { server, settings }) {
  if (!url) return null;
  try {
    if (/^\/api\/files\/\d+$/.test(url)) return new URL(url, server.url).href;
    const parsed = new URL(url);
    const allowed = settings.foreign_images && parsed.protocol === "https:" && !parsed.username && !parsed.password;
    return allowed ? parsed.href : null;
  } catch {
    return null;
  }
}
