import assert from "node:assert/strict";
import { test } from "node:test";
import { pictureFile, pictureSource } from "../../renderer/words/pictures.js";

/** @param {boolean} foreign_images */
const state = (foreign_images) => ({ settings: { foreign_images } });

test("files of the server are known by their ids, other hosts only where the user allows it", () => {
  assert.equal(pictureFile("/api/files/AbC_-0123456789abcdefg"), "AbC_-0123456789abcdefg");
  assert.equal(pictureFile("https://pictures.example/api/files/7"), null);
  assert.equal(pictureSource("https://pictures.example/a.png", state(false)), null);
  assert.equal(pictureSource("https://pictures.example/a.png", state(true)), "https://pictures.example/a.png");
});

test("nothing else is ever a source", () => {
  const others = [
    null,
    "",
    "http://pictures.example/a.png",
    "data:image/svg+xml,<svg/>",
    "javascript:1",
    "//pictures.example/a",
    "/api/files/../auth/me",
    "/api/files/7?x=1",
    "https://user:password@pictures.example/a.png",
    "blob:https://chat.example.org/1",
    "C:\\a.png",
  ];
  for (const url of others) {
    assert.equal(pictureSource(url, state(true)), null, String(url));
    assert.equal(pictureFile(url), null, String(url));
  }
});
