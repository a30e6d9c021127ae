/** What windows have the one do that owns their profile. */

/**
 * @typedef {{do: "row", row: import("../store/db.js").Kept, bytes?: import("../store/db.js").Bytes} | {do: "discard", cid: string} |
 *   {do: "read", chat_id: number, seq: number} | {do: "typing", chat_id: number, on: boolean} | {do: "wake"} | {do: "meet", ids: number[]} |
 *   {do: "renew", used: string} | {do: "ping"}} Command
 */

/** @param {import("./owner.js").Owner} owner @param {Command} command @param {(used: string) => Promise<any>} renew
 * @returns {any} */
export function obey(owner, command, renew) {
  switch (command.do) {
    case "row":
      return owner.send(command.row, command.bytes);
    case "discard":
      return owner.discard(command.cid);
    case "read":
      return owner.read(command.chat_id, command.seq);
    case "typing":
      return owner.typing(command.chat_id, command.on);
    case "meet":
      return owner.meet(command.ids);
    case "wake":
      return owner.wake();
    case "renew":
      return renew(command.used);
  }
  return null; // a sign of life
}
