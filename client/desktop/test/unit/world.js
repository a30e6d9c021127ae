/** A chat as a server keeps it, for tests of what a client makes of it: the rules of docs/protocol.md in few lines. */

/** @typedef {import("../../renderer/types.js").Message} Message */

/** @param {number} seed @returns {() => number} numbers from 0 up to 1, the same for the same seed */
export function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {number} id */
export function person(id) {
  const name = `person${id}`;
  return {
    id,
    username: name,
    display_name: name,
    avatar_url: null,
    created_at: at(0),
    online: null,
    last_seen_at: null,
  };
}

/** @param {number} seq */
export function at(seq) {
  return new Date(Date.UTC(2026, 0, 1) + seq * 1000).toISOString().replace("Z", "000Z");
}

export const ME = 1;

/** A group of which ME is an admin. */
export class ServerChat {
  /** Messages as they are now, and events, by seq - 1. @type {any[]} */
  log = [];
  title = "begun";
  role = "admin";
  read = 0;
  others_read_seq = 0;
  members = new Map(
    [1, 2, 3].map((id) => [
      id,
      { user: person(id), role: id === ME ? "admin" : "member", joined_at: at(0), read_seq: 0, delivered_seq: 0 },
    ]),
  );

  /** @param {number} id */
  constructor(id = 7) {
    this.id = id;
  }

  get last_seq() {
    return this.log.length;
  }

  /** @param {number} sender @param {string} [cid] */
  send(sender, cid = `cid-${this.id}-${this.last_seq + 1}`) {
    const seq = this.last_seq + 1;
    this.log.push({
      type: "message", id: 1000 + seq, chat_id: this.id, seq, rev: 1, sender_id: sender, content: `text ${seq}`,
      created_at: at(seq), edited_at: null, deleted: false, is_read: false, reply_to: null, attachment_url: null, attachments: [], reactions: [],
      mentions: [], mentions_all: false, forwarded: null, cid,
    }); // prettier-ignore
    return seq;
  }

  /** @param {string} event @param {any} data @param {number} [target] @param {number} [actor] */
  happen(event, data, target, actor = 2) {
    const seq = this.last_seq + 1;
    this.log.push({
      type: "event",
      chat_id: this.id,
      seq,
      event,
      actor_id: actor,
      created_at: at(seq),
      target_seq: target ?? null,
      data,
    });
    return seq;
  }

  /** One of the changes of a message. @param {number} target @param {"edited" | "deleted" | "reaction_added"} what */
  change(target, what) {
    const message = this.log[target - 1];
    if (message?.type !== "message" || message.deleted) return;
    const rev = message.rev + 1;
    const seq = this.last_seq + 1;
    const after = { ...message, rev };
    if (what === "edited") Object.assign(after, { content: `edited ${seq}`, edited_at: at(seq) });
    if (what === "deleted") {
      Object.assign(after, { content: null, edited_at: null, deleted: true, attachments: [], reactions: [] });
    }
    if (what === "reaction_added") {
      after.reactions = [...message.reactions, { emoji: `e${seq}`, count: 1, user_ids: [2] }];
    }
    this.log[target - 1] = after;
    this.happen(what, { sender_id: message.sender_id, emoji: "e" }, target);
  }

  /** @param {string} title */
  rename(title) {
    this.title = title;
    this.happen("chat_updated", { title });
  }

  /** @param {number} id */
  toggleMember(id) {
    if (this.members.delete(id)) return this.happen("member_removed", { user_id: id, reason: "removed" });
    const seq = this.happen("member_added", { user: person(id), role: "member" });
    this.members.set(id, { user: person(id), role: "member", joined_at: at(seq), read_seq: seq, delivered_seq: seq });
    return seq;
  }

  /** @param {number} id @param {"admin" | "member"} role */
  setRole(id, role) {
    const member = this.members.get(id);
    if (!member) return;
    this.members.set(id, { ...member, role });
    if (id === ME) this.role = role;
    this.happen("role_changed", { user_id: id, role });
  }

  /** An item as it is sent now (I4). @param {number} seq */
  item(seq) {
    const item = this.log[seq - 1];
    if (item.type === "message" || !item.target_seq) return structuredClone(item);
    const target = this.log[item.target_seq - 1];
    const { content, edited_at, reactions, rev, sender_id } = target;
    const data = {
      edited: target.deleted ? {} : { content, edited_at, rev },
      deleted: { sender_id, rev },
      reaction_added: target.deleted ? {} : { emoji: item.data.emoji, reactions, rev },
    }[/** @type {"edited"} */ (item.event)];
    return structuredClone({ ...item, data });
  }

  /** @param {number} from @param {number} to */
  page(from, to) {
    const items = [];
    for (let seq = from + 1; seq <= Math.min(to, this.last_seq); seq += 1) items.push(this.item(seq));
    return {
      items,
      users: [person(2), person(3)],
      from_seq: from,
      to_seq: from + items.length,
      last_seq: this.last_seq,
    };
  }

  get unread_count() {
    return this.log.slice(this.read).filter((item) => item.type === "message" && item.sender_id !== ME && !item.deleted)
      .length;
  }

  /** @param {{members?: boolean}} [how] @returns {any} */
  chat({ members = false } = {}) {
    const messages = this.log.filter((item) => item.type === "message");
    return structuredClone({
      id: this.id, type: "group", is_group: true, title: this.title, avatar_url: null, created_at: at(0), role: this.role,
      peer: null, muted: false, favourite: false, hidden: false, last_message: messages.at(-1) ?? null,
      ...this.head(), ...(members && { members: [...this.members.values()] }),
    }); // prettier-ignore
  }

  head() {
    const { id, last_seq, read, others_read_seq, unread_count } = this;
    return {
      chat_id: id, first_seq: 1, last_seq, last_at: last_seq ? at(last_seq) : null, left_seq: null, read_seq: read,
      delivered_seq: read, others_read_seq, others_delivered_seq: others_read_seq, unread_count,
    }; // prettier-ignore
  }

  marks() {
    const { id, read, unread_count, last_seq } = this;
    return { type: "marks", chat_id: id, user_id: ME, read_seq: read, delivered_seq: read, unread_count, last_seq };
  }
}
