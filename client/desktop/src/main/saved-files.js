/** Files that were saved from the page in this run: it knows them by numbers, their places stay here. */

"use strict";

const { existsSync } = require("node:fs");
const path = require("node:path");

/** Those that were saved last. */
const MOST = 100;

/** @typedef {{add: (place: string) => {key: number, name: string}, placeOf: (key: number) => string | null}} SavedFiles */

/** @returns {SavedFiles} */
function createSavedFiles() {
  /** @type {Map<number, string>} */
  const places = new Map();
  let serial = 0;
  return {
    add(place) {
      serial += 1;
      places.set(serial, place);
      if (places.size > MOST) places.delete(serial - MOST);
      return { key: serial, name: path.basename(place) };
    },
    /** Null where it is not known, or is not there any more. */
    placeOf(key) {
      const place = places.get(key);
      return place !== undefined && existsSync(place) ? place : null;
    },
  };
}

module.exports = { createSavedFiles };
