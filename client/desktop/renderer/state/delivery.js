/** How far one's own message has come, by the watermarks of the others (docs/protocol.md section 2, `others_*`). */

/**
 * @param {{seq: number}} message one's own @param {{others_read_seq: number, others_delivered_seq: number}} chat
 * @returns {"sent" | "delivered" | "read"}
 */
export function deliveryOf(message, chat) {
  if (message.seq <= chat.others_read_seq) return "read";
  return message.seq <= chat.others_delivered_seq ? "delivered" : "sent";
}
