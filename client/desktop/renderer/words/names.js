/** What people and chats are called, and the letters and the hue that stand for them. */

import { t } from "./i18n.js";

/** @typedef {import("../types.js").User} User @typedef {import("../types.js").ChatView} ChatView */

const HUES = 8;

/** @type {Intl.Segmenter | null} */
let segmenter = null;

/** A name of a user; one whose account was deleted, or who is not known yet, has none. @param {Pick<User, "username" | "display_name"> | null | undefined} user */
export function nameOf(user) {
  if (user?.username.startsWith("~")) return t("person.deleted"); // nobody registers by such a name
  return user ? user.display_name || user.username : t("person.unknown");
}

/** What one reads of who wrote something: oneself is "You". @param {number} id
 * @param {Pick<import("../types.js").State, "me" | "users">} state */
export const senderName = (id, { me, users }) => (id === me?.id ? t("msg.you") : nameOf(users.get(id)));

/** As one is called in passing. @param {Pick<User, "username" | "display_name"> | undefined} user */
export const firstNameOf = (user) => nameOf(user).split(/\s/u)[0];

/** What one is mentioned by; empty where the account was deleted. @param {User} user */
export const handleOf = (user) => (user.deleted ? "" : `@${user.username}`);

/** Whether the chat is the one with oneself. @param {ChatView} chat @param {{id: number} | null} me */
export const isSaved = (chat, me) => !chat.is_group && chat.peer !== null && chat.peer.id === me?.id;

/** The title of a chat: of a group its own, of a direct chat the name of the other. @param {ChatView} chat @param {{id: number} | null} me */
export function titleOf(chat, me) {
  if (chat.is_group) return chat.title || t("person.untitled_group");
  return isSaved(chat, me) ? t("person.saved") : nameOf(chat.peer);
}

/** @param {string} text @returns {string} its first character as a person sees it */
function firstGrapheme(text) {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  for (const { segment } of segmenter.segment(text)) return segment;
  return "";
}

/** Small words between others, such as prepositions. */
const SMALL = /^\p{Ll}{1,2}$/u;

/**
 * One or two letters of a name: of its first two words. Signs that are no letters are passed over where there are letters,
 * small words after the first are too, and a number is not put beside a letter.
 * @param {string} name
 */
export function initials(name) {
  const words = name.split(/\s+/u).filter((word) => word !== "");
  const lettered = words.map((word) => word.replace(/^[^\p{L}\p{N}]+/u, "")).filter((word) => word !== "");
  const [first = "", ...others] = lettered.length ? lettered : words;
  const second = others.find((word) => !SMALL.test(word)) ?? others[0] ?? "";
  const chosen = /^\p{N}/u.test(second) ? [first] : [first, second];
  return chosen.map((word) => firstGrapheme(word).toLocaleUpperCase()).join("") || "?";
}

/** The hue of a user or chat, 0 to 7: the same on every machine. @param {number} id */
export const hueOf = (id) => Math.abs(id * 5 + (id >> 3)) % HUES;
