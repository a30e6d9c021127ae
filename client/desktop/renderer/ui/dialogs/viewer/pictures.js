/** The pictures of a chat, one after the other as they were sent: what is loaded of its log, and older ones as they are asked for. */

import { shownItems } from "../../../state/changes.js";
import { isPicture } from "../../../words/files.js";

/** @typedef {import("../../../types.js").Attachment} Attachment @typedef {import("../../face.js").Face} Face
 * @typedef {{file: Attachment, place: {chat_id: number, seq: number} | null}} Picture */

/** Files that are asked for at once. */
const PAGE = 50;

export class Pictures {
  /** The first is the oldest. @type {Picture[]} */
  list;
  /** The one that is seen. */
  at = 0;
  /** There are older ones. */
  more;
  #busy = false;

  /** @param {Face} face @param {Picture} first the one to begin with @param {Picture[]} [known] those that are known */
  constructor(face, first, known = loadedOf(face, first)) {
    this.face = face;
    const found = known.findIndex((one) => isSame(one, first));
    this.list = found < 0 ? [first] : known;
    this.at = Math.max(0, found);
    this.more = first.place !== null && found >= 0;
  }

  get current() {
    return this.list[this.at];
  }

  /** @param {number} by @returns {boolean} whether there is one */
  go(by) {
    const to = this.at + by;
    const there = to >= 0 && to < this.list.length;
    if (there) this.at = to;
    if (this.at < 2) void this.older();
    return there;
  }

  /** The page before the first one. */
  async older() {
    const first = this.list[0].place;
    if (!this.more || this.#busy || !first) return;
    this.#busy = true;
    const { chat_id, seq: beforeSeq } = first;
    const answer = await this.face.messenger.chatFiles(chat_id, { kind: "image", beforeSeq, limit: PAGE });
    this.#busy = false;
    if (!answer.ok) return;
    const older = oldestFirst(answer.files).flatMap(({ file, seq }) =>
      isPicture(file) ? [{ file, place: { chat_id: first.chat_id, seq } }] : [],
    );
    this.list = [...older, ...this.list];
    this.at += older.length;
    this.more = answer.has_more;
    this.face.redraw();
  }
}

/** The newest message is first, the files of one are in their order. @template {{seq: number}} T @param {T[]} files
 * @returns {T[]} */
export function oldestFirst(files) {
  return files
    .map((one, at) => ({ one, at }))
    .sort((a, b) => a.one.seq - b.one.seq || a.at - b.at)
    .map(({ one }) => one);
}

/** @param {Picture} one @param {Picture} other */
const isSame = (one, other) => one.file.id === other.file.id && one.place?.seq === other.place?.seq;

/** @param {Face} face @param {Picture} first @returns {Picture[]} */
function loadedOf(face, { place }) {
  const { timelines, me } = face.messenger.state();
  const timeline = place && timelines.get(place.chat_id);
  if (!timeline) return [];
  return shownItems(timeline, me?.id ?? 0).flatMap((item) => {
    if (item.type !== "message" || item.deleted) return [];
    const { chat_id, seq, attachments } = item;
    return (attachments ?? []).filter(isPicture).map((file) => ({ file, place: { chat_id, seq } }));
  });
}
