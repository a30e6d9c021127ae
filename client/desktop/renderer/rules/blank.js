/** Text in which there is nothing to be seen: the server refuses it as `empty_content` (docs/protocol.md section 1). */

/** Letters and marks that draw nothing too: Hangul fillers, the empty Braille cell, the grapheme joiner. */
const BLANK = /^(?:\p{Cc}|\p{Cf}|\p{Z}|\u115f|\u1160|\u3164|\uffa0|\u2800|\u034f)*$/u;

/** @param {string} text */
export const isBlank = (text) => BLANK.test(text);
