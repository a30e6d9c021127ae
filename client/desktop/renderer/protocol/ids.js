/** Names of commands: UUIDv7 (RFC 9562), so that they sort by the time they were made. */

/** @param {Iterable<number>} bytes */
export const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * By milliseconds since 1970 and ten random bytes. Uniqueness rests on the bytes; the clock may be wrong.
 * @param {number} milliseconds @param {Uint8Array} random
 */
export function uuid7(milliseconds, random) {
  const time = Math.trunc(Math.abs(milliseconds) % 2 ** 48)
    .toString(16)
    .padStart(12, "0");
  const bytes = [...random.slice(0, 10)];
  bytes[0] = (bytes[0] & 0x0f) | 0x70;
  bytes[2] = (bytes[2] & 0x3f) | 0x80;
  const rest = hex(bytes);
  return `${time.slice(0, 8)}-${time.slice(8)}-${rest.slice(0, 4)}-${rest.slice(4, 8)}-${rest.slice(8)}`;
}
