/** Accounts for a test, under names that no other of its server has. */

/** @typedef {import("./server.js").Server} Server */

let serial = 0;

/** Two people who have a chat. @param {Server} server */
export async function twoPeople(server) {
  serial += 1;
  const vera = await server.register(`vera${serial}`, { display_name: "Вера Соколова" });
  const boris = await server.register(`boris${serial}`, { display_name: "Борис Лебедев" });
  return { vera, boris, chatId: await server.direct(vera, boris) };
}
