/** Links to a message or a chat: vestnik://chat/ID/SEQ, and https://server/#chat/ID/SEQ for those in a browser. */

/** @typedef {{chat_id: number, seq: number | null}} Place */

const OWN = /^vestnik:\/\/chat\/([1-9]\d{0,15})(?:\/([1-9]\d{0,15}))?\/?$/u;
const HASH = /^#\/?chat\/([1-9]\d{0,15})(?:\/([1-9]\d{0,15}))?$/u;

/** The link that is given to others. @param {string} server its address @param {number} chatId @param {number} seq */
export function placeLink(server, chatId, seq) {
  return `${server}/#chat/${chatId}/${seq}`;
}

/** The place that the hash of this page names. @param {string} hash @returns {Place | null} */
export function placeOfHash(hash) {
  return placed(HASH.exec(hash));
}

/** The place that a link names, on this server. @param {string} link @param {string} server @returns {Place | null} */
export function placeOfLink(link, server) {
  const own = OWN.exec(link);
  if (own) return placed(own);
  if (!link.startsWith(`${server}/#`)) return null;
  return placeOfHash(link.slice(server.length + 1));
}

/** @param {RegExpExecArray | null} found @returns {Place | null} */
function placed(found) {
  if (!found) return null;
  const [chat_id, seq] = [Number(found[1]), found[2] === undefined ? null : Number(found[2])];
  return Number.isSafeInteger(chat_id) && (seq === null || Number.isSafeInteger(seq)) ? { chat_id, seq } : null;
}
