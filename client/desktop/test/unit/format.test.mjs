import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";
import * as format from "../../renderer/words/format.js";
import { setCatalogue } from "../../renderer/words/i18n.js";

/** @param {string} name */
const load = (name) => JSON.parse(readFileSync(new URL(`../../locales/${name}.json`, import.meta.url), "utf8"));
const ZONE = "Europe/Moscow";
const NOW = new Date("2026-11-25T09:00:00Z"); // 12:00 in Moscow, a Wednesday

beforeEach(() => setCatalogue("ru", load("ru")));

test("in the list: time, yesterday, weekday, date, date with year", () => {
  const at = [
    "2026-11-25T08:48:00Z",
    "2026-11-24T20:59:00Z",
    "2026-11-20T09:00:00Z",
    "2026-11-18T09:00:00Z",
    "2025-11-19T09:00:00Z",
  ];
  assert.deepEqual(
    at.map((iso) => format.listTime(iso, NOW, ZONE)),
    ["11:48", "вчера", "пт", "18.11", "19.11.25"],
  );
});

test("a day begins where the user is", () => {
  assert.equal(format.dayKey("2026-11-24T21:00:00Z", ZONE), "2026-11-25");
  assert.equal(format.dayKey("2026-11-24T21:00:00Z", "UTC"), "2026-11-24");
  assert.equal(format.listTime("2026-11-24T21:00:00Z", NOW, ZONE), "00:00");
});

test("a clock that is ahead says the time, no weekday", () => {
  assert.equal(format.listTime("2026-11-26T09:00:00Z", NOW, ZONE), "12:00");
});

test("a day of 23 or 25 hours is one day", () => {
  const now = new Date("2026-03-30T10:00:00Z");
  assert.equal(format.listTime("2026-03-29T00:30:00Z", now, "Europe/Berlin"), "вчера");
  assert.equal(format.listTime("2026-03-28T23:30:00Z", now, "Europe/Berlin"), "вчера");
  assert.equal(format.listTime("2026-03-28T22:30:00Z", now, "Europe/Berlin"), "сб");
});

test("titles of days", () => {
  const at = ["2026-11-25T01:00:00Z", "2026-11-24T09:00:00Z", "2026-11-21T09:00:00Z", "2025-12-31T09:00:00Z"];
  const titles = at.map((iso) => format.dayTitle(iso, NOW, ZONE));
  assert.deepEqual(titles, ["Сегодня", "Вчера", "21 ноября", "31 декабря 2025 г."]);
});

test("last seen and moments", () => {
  assert.equal(format.lastSeen("2026-11-25T08:46:00Z", NOW, ZONE), "был(а) в сети в 11:46");
  assert.equal(format.lastSeen("2026-11-24T08:46:00Z", NOW, ZONE), "был(а) в сети вчера в 11:46");
  assert.equal(format.lastSeen("2026-11-03T08:46:00Z", NOW, ZONE), "был(а) в сети 3 ноября");
  assert.equal(format.moment("2026-11-25T06:12:00Z", NOW, ZONE), "сегодня, 09:12");
  assert.equal(format.moment("2026-11-03T15:05:00Z", NOW, ZONE), "3 ноября, 18:05");
  assert.equal(format.fullTime("2026-11-21T09:48:00Z", ZONE), "21 ноября 2026 г. в 12:48");
  assert.equal(format.fullDate("2026-09-04T09:48:00Z", ZONE), "4 сентября 2026 г.");
});

test("until when something lasts: today, tomorrow, a date", () => {
  const ends = ["2026-11-25T15:05:00Z", "2026-11-25T21:00:00Z", "2026-11-27T05:00:00Z", "2027-01-02T05:00:00Z"];
  assert.deepEqual(
    ends.map((iso) => format.end(iso, NOW, ZONE)),
    ["18:05", "завтра, 00:00", "27 ноября, 08:00", "2 января 2027 г., 08:00"],
  );
});

test("in English, with a clock of 24 hours", () => {
  setCatalogue("en", load("en"));
  assert.equal(format.clock("2026-11-25T21:05:00Z", "UTC"), "21:05");
  assert.equal(format.dayTitle("2026-11-21T09:00:00Z", NOW, ZONE), "21 November");
  assert.equal(format.listTime("2026-11-18T09:00:00Z", NOW, ZONE), "18/11");
  assert.equal(format.fullTime("2026-11-21T09:48:00Z", ZONE), "21 November 2026 at 12:48");
  assert.equal(format.shortTime("2026-11-21T09:48:00Z", ZONE), "21/11/2026, 12:48");
});

test("in the zone that the machine is in by now, once it was looked at again", () => {
  const before = process.env.TZ;
  const at = "2026-11-25T20:30:00Z";
  try {
    process.env.TZ = "Europe/Moscow";
    format.followZone();
    const manner = format.manner();
    assert.deepEqual([format.clock(at), format.dayKey(at)], ["23:30", "2026-11-25"]);
    assert.equal(format.followZone(), false);
    process.env.TZ = "Asia/Vladivostok";
    assert.equal(format.followZone(), true);
    assert.deepEqual([format.clock(at), format.dayKey(at)], ["06:30", "2026-11-26"]);
    assert.notEqual(format.manner(), manner, "what is drawn is drawn anew");
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
    format.followZone();
  }
});
