import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import { errorText, fieldErrorText, isolate, language, setCatalogue, t } from "../../renderer/words/i18n.js";

/** @param {string} name */
const load = (name) => JSON.parse(readFileSync(new URL(`../../locales/${name}.json`, import.meta.url), "utf8"));
const [ru, en] = ["ru", "en"].map(load);

beforeEach(() => setCatalogue("ru", { ...ru, "x.m_one": "{n} чат", "x.m_few": "{n} чата", "x.m_many": "{n} чатов" }));
afterEach(() => setCatalogue("ru", ru));

test("plural forms follow the language", () => {
  assert.deepEqual(
    [1, 2, 5, 11, 21, 112].map((n) => t("x.m", { n })),
    ["1 чат", "2 чата", "5 чатов", "11 чатов", "21 чат", "112 чатов"],
  );
  setCatalogue("en", { "x.m_one": "{n} chat", "x.m_other": "{n} chats" });
  assert.deepEqual(
    [1, 2, 1200].map((n) => t("x.m", { n })),
    ["1 chat", "2 chats", "1,200 chats"],
  );
});

test("what a language lacks is told in the first one, then by its key", () => {
  setCatalogue("en", { "x.a": "a" }, { "x.a": "а", "x.b": "б {name}" });
  assert.deepEqual([t("x.a"), t("x.b", { name: "$&" }), t("x.c"), language()], ["a", "б $&", "x.c", "en"]);
});

test("what is put in is not read again", () => {
  setCatalogue("ru", { "x.a": "{a} и {b} и {c}" });
  assert.equal(t("x.a", { a: "{b}", b: "$1" }), "{b} и $1 и {c}");
});

test("refusals", () => {
  assert.equal(errorText({ code: "invalid_credentials" }), "Неверное имя пользователя или пароль");
  assert.equal(errorText({ code: "rate_limited", retry_after_ms: 4_100 }), "Слишком много попыток. Подождите 5 с");
  assert.equal(errorText({ code: "rate_limited", retry_after_ms: 61_000 }), "Слишком много попыток. Подождите 2 мин");
  assert.equal(errorText({ code: "rate_limited" }), "Слишком много попыток. Подождите минуту");
  assert.match(errorText({ code: "busy", retry_after_ms: 2_100 }), /Повторите через 3 с$/u);
  assert.match(errorText({ code: "busy" }), /Повторите чуть позже$/u);
  assert.equal(errorText({ code: "a_code_of_tomorrow" }), errorText({ code: "internal" }));
  setCatalogue("en", en, ru);
  assert.equal(errorText({ code: "revoked" }), "Session ended from another device. Sign in again");
});

test("fields: by field and code, then by code", () => {
  assert.equal(fieldErrorText("password", "too_short", { n: 8 }), "Не меньше 8 символов");
  assert.match(fieldErrorText("username", "bad_format"), /латиница/);
  assert.equal(fieldErrorText("email", "email_taken"), "Эта почта уже занята");
  assert.equal(fieldErrorText("email", "a_code_of_tomorrow"), "Проверьте это поле");
});

test("a name is isolated from the text around it", () => {
  assert.equal(isolate("שלום"), "\u2068שלום\u2069");
});
