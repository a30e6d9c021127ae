/**
 * What the user writes and does: messages on their way, changes of messages, drafts. A command is durable on this machine
 * before it is shown, and shown before it is sent; the window that has the link sends it.
 */

import { DONE, refusal } from "../protocol/answers.js";
import { NOTHING, echoOf, newRow } from "../protocol/commands.js";
import { contentProblem, withoutHalves } from "../protocol/content.js";
import { hex } from "../protocol/ids.js";
import { isUploaded } from "../protocol/row.js";
import { barredFrom } from "../state/changes.js";
import { KeptDrafts } from "./kept-drafts.js";

/** @typedef {import("../types.js").Refused} Refused @typedef {import("../types.js").Done} Done
 * @typedef {import("../types.js").Echo} Echo @typedef {import("../types.js").Message} Message */

/** States of a link that may carry a row at once. */
const CARRIES = ["resuming", "live", "polling"];
/** Messages that may wait for the server, a chat. */
const UNSENT = 2_000;

export class Outgoing {
  /** Commands that are being written to this machine. */
  #puts = 0;
  /** What failed and is being written again, by its cid: a second click finds it still there. @type {Set<string>} */
  #again = new Set();

  /**
   * @param {() => import("../state/model.js").Model} model @param {() => import("./profile.js").Profile | null} profile
   * @param {() => import("../store/db.js").Store | null} db
   */
  constructor(model, profile, db) {
    this.model = model;
    this.profile = profile;
    this.db = db;
    this.drafts = new KeptDrafts(model, db);
  }

  /** Something that the user gave is neither on this machine nor in sight yet. */
  get busy() {
    return this.#puts > 0;
  }

  /** @param {number} chatId @param {string} text @param {import("../types.js").Answered | null} replyTo
   * @param {import("../types.js").Attached[]} [files] of this machine: kept with the message, then brought to the server
   * @returns {Promise<Done | Refused>} */
  async send(chatId, text, replyTo, files = []) {
    const content = withoutHalves(text);
    const problem = contentProblem(content, this.model().limits, files.length > 0);
    if (problem) return refusal(problem);
    const chat = this.model().chats.get(chatId);
    const barred = chat && barredFrom(chat);
    if (barred) return refusal(barred);
    if ((this.model().echoes.lists.get(chatId)?.length ?? 0) >= UNSENT) return refusal("too_many_unsent");
    const reply = replyTo && { reply_to: replyTo.seq, target_at: replyTo.created_at };
    const local = files.map(({ file: { name, size, type }, as_file }) => {
      return { local_id: localId(), name, size, content_type: type, as_file, file_id: null };
    });
    const bytes = new Map(files.map(({ file }, at) => [local[at].local_id, { bytes: file, place: null }]));
    const total = local.reduce((sum, { size }) => sum + size, 0);
    const row = { ...NOTHING, ...reply, chat_id: chatId, content, files: local };
    if (files.length === 0) return this.#put(row);
    this.#puts += 1;
    try {
      return await this.drafts.during(chatId, { text: content, reply: replyTo }, () =>
        this.#putWithFiles(row, total, bytes),
      );
    } finally {
      this.#puts -= 1;
    }
  }

  /** Another text for one's own message; of one that is on its way, for that. @param {number} chatId
   * @param {Message | Echo | import("../types.js").Changed} target @param {string} text @returns {Promise<Done | Refused>} */
  async edit(chatId, target, text) {
    const content = withoutHalves(text);
    const problem = contentProblem(content, this.model().limits, holdsFiles(target));
    if (problem) return refusal(problem);
    if ("type" in target) return this.#change(chatId, target, { kind: "edit", content });
    if (target.state === "failed") return this.#putAgain(target, content);
    return this.#put({ ...NOTHING, kind: "edit", chat_id: chatId, of_cid: target.cid, content });
  }

  /** @param {number} chatId @param {Message | Echo} target @returns {Promise<Done | Refused>} */
  async remove(chatId, target) {
    if ("type" in target) return this.#change(chatId, target, { kind: "delete" });
    if (target.state === "queued") {
      return this.#put({ ...NOTHING, kind: "delete", chat_id: chatId, of_cid: target.cid });
    }
    await this.discard(target.cid);
    return DONE;
  }

  /** @param {number} chatId @param {Message} target @param {string} emoji @param {boolean} on
   * @returns {Promise<Done | Refused>} */
  async react(chatId, target, emoji, on) {
    return this.#change(chatId, target, { kind: "react", emoji, on });
  }

  /** @param {number} chatId @param {Message} target @param {boolean} on @returns {Promise<Done | Refused>} */
  async pin(chatId, target, on) {
    return this.#change(chatId, target, { kind: "pin", on });
  }

  /** Copies of messages into other chats, in their order. A copy is made by the server; the text is kept to be shown
   * until then. @param {number[]} chatIds @param {Message[]} messages @returns {Promise<Done | Refused>} */
  async forward(chatIds, messages) {
    for (const chat_id of chatIds) {
      const chat = this.model().chats.get(chat_id);
      const barred = chat && barredFrom(chat);
      if (barred) return refusal(barred); // to none, so that another attempt sends nothing twice
    }
    for (const chat_id of chatIds) {
      for (const message of messages) {
        const { chat_id: from, seq, created_at, content } = message;
        const forward = { chat_id: from, seq, target_at: created_at };
        const command = { ...NOTHING, chat_id, content: content ?? "", forward, source: this.#source(message) };
        const done = await this.#put(command);
        if (!done.ok) return done;
      }
    }
    return DONE;
  }

  /** What a copy has besides the text. @param {Message} message @returns {import("../types.js").Source} */
  #source({ sender_id: sender, attachments, forwarded }) {
    const name = this.model().users.get(sender)?.display_name ?? "";
    return { attachments: [...(attachments ?? [])], forwarded: forwarded ?? { user_id: sender, display_name: name } };
  }

  /** The same text again: a new message, in the place of the one that failed. @param {string} cid */
  async retry(cid) {
    const echo = this.#echo(cid);
    if (echo?.state === "failed") await this.#putAgain(echo, echo.content);
  }

  /** Given up. What has all that it needs may have gone out, and is deleted as what went out is. @param {string} cid */
  async discard(cid) {
    const echo = this.#echo(cid);
    if (!echo) return;
    if (echo.state === "queued" && isUploaded(echo)) {
      await this.remove(echo.chat_id, echo);
      return;
    }
    await this.db()
      ?.dropRow(cid)
      .catch(() => {});
    this.profile()?.publish([{ do: "discarded", cid, chat_id: echo.chat_id }]);
    if (echo.state === "queued") void this.profile()?.command({ do: "discard", cid });
  }

  /** @param {number} chatId @param {string} text */
  setDraft(chatId, text) {
    if ((this.model().drafts.get(chatId) ?? "") === text) return;
    this.profile()?.publish([{ do: "draft", chat_id: chatId, text }]);
    this.drafts.changed(chatId);
  }

  /** @param {number} chatId @param {import("../types.js").Begun} begun */
  setBegun(chatId, begun) {
    this.profile()?.publish([{ do: "writing", chat_id: chatId, begun }]);
    this.drafts.changed(chatId);
  }

  // --- steps ---

  /** @param {import("../protocol/commands.js").Command} what @param {number} total bytes of its files
   * @param {import("../store/db.js").Bytes} bytes
   * @returns {Promise<{done: Done | Refused, isThere: boolean}>} whether it is on this machine, whoever is logged in */
  async #putWithFiles(what, total, bytes) {
    const db = this.db();
    const noRoom = await this.#noRoom(total);
    if (noRoom || db !== this.db()) return { done: refusal(noRoom ?? "stopped"), isThere: false };
    const done = await this.#put(what, undefined, bytes);
    return { done, isThere: done.ok || done.code === "stopped" };
  }

  /** Why there is no room for the bytes of files; where nobody knows, it is tried. @param {number} bytes */
  async #noRoom(bytes) {
    try {
      return bytes === 0 ? null : await this.db()?.noRoom(bytes);
    } catch {
      return null;
    }
  }

  /** A command about a message that is in the log. @param {number} chatId @param {Pick<Message, "seq" | "created_at">} target
   * @param {Partial<import("../protocol/commands.js").Command>} change @returns {Promise<Done | Refused>} */
  async #change(chatId, target, change) {
    if (this.model().chats.get(chatId)?.left_seq) return refusal("not_member");
    if ((this.model().echoes.lists.get(chatId)?.length ?? 0) >= UNSENT) return refusal("too_many_unsent");
    return this.#put({ ...NOTHING, ...change, chat_id: chatId, seq: target.seq, target_at: target.created_at });
  }

  /** @param {Echo} echo one that failed @param {string} content @returns {Promise<Done | Refused>} */
  async #putAgain(echo, content) {
    const { cid, state: _state, code: _code, written_at: _at, ...command } = echo;
    if (this.#again.has(cid)) return refusal("not_found");
    this.#again.add(cid);
    try {
      return await this.#put({ ...command, content }, echo);
    } finally {
      this.#again.delete(cid);
    }
  }

  /**
   * Durable first, then shown, then sent.
   * @param {import("../protocol/commands.js").Command} what
   * @param {import("../types.js").Echo} [instead] an echo that it replaces
   * @param {import("../store/db.js").Bytes} [bytes] of its files
   * @returns {Promise<Done | Refused>}
   */
  async #put(what, instead, bytes = new Map()) {
    const tried = CARRIES.includes(this.model().link.state);
    const row = newRow(what, tried, Date.now(), crypto.getRandomValues(new Uint8Array(10)));
    const [profile, db] = [this.profile(), this.db()];
    let added;
    this.#puts += 1;
    try {
      added = (await db?.addRow(row, instead?.cid, bytes)) ?? true;
    } catch (error) {
      console.error("a message could not be saved:", error);
      const full = bytes.size > 0 && error instanceof DOMException && error.name === "QuotaExceededError";
      return refusal(full ? "disk_full" : "not_saved");
    } finally {
      this.#puts -= 1;
    }
    if (profile !== this.profile()) return refusal("stopped"); // somebody else's by now
    /** @type {import("../types.js").Update[]} */
    const updates = instead ? [{ do: "discarded", cid: instead.cid, chat_id: instead.chat_id }] : [];
    if (added) updates.push({ do: "echo", echo: echoOf(row) });
    profile?.publish(updates);
    if (!added) return refusal("not_found");
    const passed = bytes.size > 0 && !db?.shared ? { bytes } : {};
    void profile?.command({ do: "row", row, ...passed });
    return DONE;
  }

  /** @param {string} cid */
  #echo(cid) {
    for (const list of this.model().echoes.lists.values()) {
      const echo = list.find((one) => one.cid === cid);
      if (echo) return echo;
    }
    return null;
  }
}

/** A name of a file that nobody else has. */
const localId = () => hex(crypto.getRandomValues(new Uint8Array(16)));

/** @param {Message | Echo | import("../types.js").Changed} target */
function holdsFiles(target) {
  if ("files" in target && (target.files === true || (Array.isArray(target.files) && target.files.length > 0))) {
    return true;
  }
  return "attachments" in target && Boolean(target.attachments?.length);
}
