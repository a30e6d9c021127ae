/**
 * One's own commands that are not in the log yet, by chat and in the order in which they were given. An echo is known
 * by its cid; it leaves when its item was applied, and once it left it does not come back.
 */

/*
 * A message's item has the cid, so it takes its echo away by itself. The event of a change has none: its echo leaves when
 * the ack told the seq and the log was applied up to there.
 */

/** @typedef {import("../types.js").Echo} Echo */
/**
 * `acked`: the seqs of those that are stored, but whose message is still on its way here. `gone`: cids that left.
 * @typedef {{lists: Map<number, Echo[]>, acked: Map<string, number>, gone: Set<string>}} Echoes
 */

/** Cids of the past that are remembered. */
const REMEMBERED = 2000;

/** @returns {Echoes} */
export function noEchoes() {
  return { lists: new Map(), acked: new Map(), gone: new Set() };
}

/** @param {Echoes} echoes @param {number} chatId @returns {Echo[]} */
export function echoesOf(echoes, chatId) {
  return echoes.lists.get(chatId) ?? [];
}

/** @param {Echoes} echoes @param {Echo} echo @returns {Echoes} */
export function added(echoes, echo) {
  const list = echoesOf(echoes, echo.chat_id);
  if (echoes.gone.has(echo.cid) || list.some(({ cid }) => cid === echo.cid)) return echoes;
  return withList(echoes, echo.chat_id, [...list, echo]);
}

/**
 * It was refused for good. A change of a message that was refused itself is what that one is from now on: another text,
 * or nothing. @param {Echoes} echoes @param {number} chatId @param {string} cid @param {string} code @returns {Echoes}
 */
export function failed(echoes, chatId, cid, code) {
  const list = echoesOf(echoes, chatId);
  const echo = list.find((one) => one.cid === cid);
  const target = echo && list.find((one) => one.cid === echo.of_cid && one.state === "failed");
  if (echo && target) {
    const next = left(echoes, chatId, cid);
    return echo.kind === "edit" ? withEcho(next, { ...target, content: echo.content }) : left(next, chatId, target.cid);
  }
  return echo ? withEcho(echoes, { ...echo, state: "failed", code }) : echoes;
}

/** Its row is another one now: another text, or the place of the message that it is about. @param {Echoes} echoes
 * @param {import("../protocol/row.js").Row} row @returns {Echoes} */
export function amended(echoes, { cid, chat_id, content, reply_to, target_at, seq, files }) {
  const echo = echoesOf(echoes, chat_id).find((one) => one.cid === cid);
  if (!echo) return echoes;
  const { content: text, reply_to: reply, target_at: at, seq: place } = echo;
  const there = files.every(({ file_id }, index) => file_id === echo.files[index]?.file_id);
  const same = text === content && reply === reply_to && at === target_at && place === seq && there;
  return same ? echoes : withEcho(echoes, { ...echo, content, reply_to, target_at, seq, files });
}

/** @param {Echoes} echoes @param {Echo} echo in the place of the one with its cid */
function withEcho(echoes, echo) {
  const list = echoesOf(echoes, echo.chat_id);
  return withList(
    echoes,
    echo.chat_id,
    list.map((one) => (one.cid === echo.cid ? echo : one)),
  );
}

/** It is stored, and its message will be applied at `seq`. @param {Echoes} echoes @param {string} cid @param {number} seq */
export function acked(echoes, cid, seq) {
  return { ...echoes, acked: new Map(echoes.acked).set(cid, seq) };
}

/** It leaves. @param {Echoes} echoes @param {number} chatId @param {string} cid @returns {Echoes} */
export function left(echoes, chatId, cid) {
  const list = echoesOf(echoes, chatId);
  const rest = list.filter((echo) => echo.cid !== cid);
  if (rest.length === list.length && echoes.gone.has(cid)) return echoes;
  const gone = new Set([...echoes.gone, cid].slice(-REMEMBERED));
  const waiting = new Map(echoes.acked);
  waiting.delete(cid);
  const next = { ...echoes, gone, acked: waiting };
  return rest.length === list.length ? next : withList(next, chatId, rest);
}

/** The log goes on above `applied`: the acked ones up to there leave. @param {Echoes} echoes @param {number} chatId
 * @param {number} applied */
export function leftUpTo(echoes, chatId, applied) {
  let next = echoes;
  for (const { cid } of echoesOf(echoes, chatId)) {
    if ((echoes.acked.get(cid) ?? Infinity) <= applied) next = left(next, chatId, cid);
  }
  return next;
}

/** @param {Echoes} echoes @param {number} chatId @param {Echo[]} list @returns {Echoes} */
function withList(echoes, chatId, list) {
  return { ...echoes, lists: new Map(echoes.lists).set(chatId, list) };
}
