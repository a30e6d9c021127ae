/** Why the server refused what is on its way, in words. */

import { errorText } from "../../words/i18n.js";

/** In a chat of two nobody is an admin: there `forbidden` says that the chat is closed, or that the message is another's.
 * @param {import("../../types.js").Echo} echo @param {import("../../types.js").ChatView | undefined} chat */
export function refusalText({ code, kind }, chat) {
  const closed = code === "forbidden" && chat?.is_group === false && kind !== "delete";
  return errorText({ code: closed ? "closed" : (code ?? "internal") });
}
