/** Which pictures of people and groups may be loaded, and how large they may be. */

/** Pixels a side; what is larger costs more memory than a picture of this size is worth. */
export const MAX_SIDE = 4096;

/** The file of our server that a picture is, else null: it is asked for as its viewer. @param {string | null | undefined} url
 * @returns {string | null} its id */
export function pictureFile(url) {
  return /^\/api\/files\/([\w-]{1,64})$/u.exec(url ?? "")?.[1] ?? null;
}

/**
 * Where a picture may be loaded from that is no file of ours: other hosts over https where the user allows it.
 * @param {string | null | undefined} url @param {{settings: {foreign_images: boolean}}} state
 * @returns {string | null}
 */
export function pictureSource(url, { settings }) {
  if (!url) return null;
  try {
    const parsed = new URL(url);
    const allowed = settings.foreign_images && parsed.protocol === "https:" && !parsed.username && !parsed.password;
    return allowed ? parsed.href : null;
  } catch {
    return null;
  }
}
