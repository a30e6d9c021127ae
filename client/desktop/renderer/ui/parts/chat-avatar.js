/** The picture of a chat: of the other person, with whether they are here, or of the group. */

import { latestOf } from "../../state/people.js";
import { isSaved, titleOf } from "../../words/names.js";
import { avatar } from "./avatar.js";

/**
 * @param {import("../face.js").Face} face @param {import("../../types.js").State} state
 * @param {import("../../types.js").ChatView} chat @param {"" | "s" | "l"} [size]
 */
export function chatAvatar(face, state, chat, size = "") {
  const name = titleOf(chat, state.me);
  if (!chat.peer) return avatar(face, { id: chat.id, name, group: chat.is_group, size, url: chat.avatar_url });
  const peer = latestOf(state.users, chat.peer);
  const online = !isSaved(chat, state.me) && peer.online;
  return avatar(face, { id: peer.id, name, online, size, url: peer.avatar_url });
}
