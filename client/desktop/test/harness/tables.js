/**
 * What lies in a table of LevelDB, in which Chromium keeps databases: blocks that Snappy made smaller. A text that stands
 * there may have no two bytes in one piece in the file.
 * Formats: https://github.com/google/leveldb/blob/main/doc/table_format.md,
 * https://github.com/google/snappy/blob/main/format_description.txt
 */

/** The footer: where two blocks are, and a number by which a table is known. */
const FOOTER = 48;
const MAGIC = Buffer.from("57fb808b247547db", "hex");

/** The contents of all blocks. @param {Buffer} table a file @returns {Buffer | null} null: it is none, or not whole */
export function unpacked(table) {
  if (table.length < FOOTER || !table.subarray(-MAGIC.length).equals(MAGIC)) return null;
  const footer = new Reader(table.subarray(-FOOTER));
  footer.handle(); // of what describes the table
  return Buffer.concat(handlesIn(blockAt(table, footer.handle())).map((handle) => blockAt(table, handle)));
}

/** Where something is in the file. @typedef {{offset: number, size: number}} Handle */

class Reader {
  #at = 0;

  /** @param {Buffer} bytes */
  constructor(bytes) {
    this.bytes = bytes;
  }

  get ended() {
    return this.#at >= this.bytes.length;
  }

  byte() {
    return this.bytes[this.#at++];
  }

  /** @param {number} count */
  take(count) {
    return this.bytes.subarray(this.#at, (this.#at += count));
  }

  /** Seven bits a byte, the lowest first. */
  number() {
    let [sum, weight] = [0, 1];
    for (; ; weight *= 128) {
      const byte = this.byte();
      sum += (byte & 127) * weight;
      if (byte < 128) return sum;
    }
  }

  /** @returns {Handle} */
  handle() {
    return { offset: this.number(), size: this.number() };
  }
}

/** @param {Buffer} table @param {Handle} handle */
function blockAt(table, { offset, size }) {
  const block = table.subarray(offset, offset + size);
  return table[offset + size] === 1 ? unsnapped(block) : block;
}

/** The values of a block that tells where others are. @param {Buffer} index @returns {Handle[]} */
function handlesIn(index) {
  const restarts = index.readUInt32LE(index.length - 4);
  const entries = new Reader(index.subarray(0, -4 * (restarts + 1)));
  const handles = [];
  while (!entries.ended) {
    entries.number(); // bytes of the key that it shares with the one before
    const [rest, length] = [entries.number(), entries.number()];
    entries.take(rest);
    handles.push(new Reader(entries.take(length)).handle());
  }
  return handles;
}

/** @param {Buffer} packed */
function unsnapped(packed) {
  const from = new Reader(packed);
  const whole = Buffer.alloc(from.number());
  let at = 0;
  while (!from.ended) {
    const tag = from.byte();
    const kind = tag & 3;
    if (kind === 0) {
      const told = tag >> 2;
      const length = 1 + (told < 60 ? told : littleEndian(from.take(told - 59)));
      at += from.take(length).copy(whole, at);
      continue;
    }
    const length = kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2);
    const back = kind === 1 ? ((tag >> 5) << 8) + from.byte() : littleEndian(from.take(kind === 2 ? 2 : 4));
    for (const end = at + length; at < end; at += 1) whole[at] = whole[at - back]; // which may have come just now
  }
  return whole;
}

/** @param {Buffer} bytes */
const littleEndian = (bytes) => bytes.readUIntLE(0, bytes.length);
