/** Files that wait to be sent: so many bytes of them are kept, whatever the disk could hold. */

/** Bytes of all of them. */
export const MOST_WAITING = 2 ** 30;

/** Whether files of so many bytes are too much beside those of the rows that wait already, which another version may have
 * written. @param {readonly {files?: readonly {size: number}[]}[]} rows @param {number} more */
export function isTooMuch(rows, more) {
  const sizes = rows.flatMap(({ files = [] }) => files.map(({ size }) => size));
  return sizes.reduce((sum, size) => sum + size, more) > MOST_WAITING;
}
