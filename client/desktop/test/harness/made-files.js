/** Files that tests make: pictures and sounds that are what they say. */

import { deflateSync, crc32 } from "node:zlib";

/** A picture of a slope of colours. @param {number} width @param {number} height @param {number} [blue] 0..255: each has
 * its own */
export function png(width, height, blue = 150) {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * (width * 3 + 1) + 1 + x * 3;
      rows[at] = (x * 255) / width;
      rows[at + 1] = (y * 255) / height;
      rows[at + 2] = blue;
    }
  }
  return pngOf(width, height, rows);
}

/** One that says this of itself, whatever its rows are. @param {number} width @param {number} height
 * @param {Buffer} rows */
export function pngOf(width, height, rows) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const chunks = [["IHDR", head], ["IDAT", deflateSync(rows)], ["IEND", Buffer.alloc(0)]]; // prettier-ignore
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    ...chunks.map(([name, data]) => chunk(`${name}`, /** @type {Buffer} */ (data))),
  ]);
}

/** @param {string} name @param {Buffer} data */
function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A hum of so many seconds, 8000 samples a second. @param {number} seconds */
export function wav(seconds) {
  const samples = 8000 * seconds;
  const head = Buffer.alloc(44);
  head.write("RIFF");
  head.writeUInt32LE(36 + samples, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20); // PCM
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(8000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples, 40);
  const body = Buffer.from(Array.from({ length: samples }, (_, at) => 128 + Math.round(90 * Math.sin(at / 6))));
  return Buffer.concat([head, body]);
}

/** An animation of so many frames of one pixel. @param {number} frames */
export function gif(frames) {
  const head = Buffer.from("GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff", "latin1");
  const frame = Buffer.from("\x21\xf9\x04\0\x01\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0", "latin1");
  return Buffer.concat([head, ...Array.from({ length: frames }, () => frame), Buffer.from(";")]);
}
