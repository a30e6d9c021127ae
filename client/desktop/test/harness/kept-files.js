/** What a profile keeps of files. */

/** Files on their way that are kept. @param {import("playwright-core").Page} page */
export function keptFiles(page) {
  return page.evaluate(async () => {
    const names = (await indexedDB.databases()).flatMap(({ name }) =>
      /^vestnik .* \d+$/.test(name ?? "") ? [name] : [],
    );
    const counts = names.map(
      (name) =>
        new Promise((resolve, reject) => {
          const opening = indexedDB.open(/** @type {string} */ (name));
          opening.onerror = () => reject(opening.error);
          opening.onsuccess = () => {
            const count = opening.result.transaction("files").objectStore("files").count();
            count.onsuccess = () => {
              opening.result.close();
              resolve(count.result);
            };
          };
        }),
    );
    return /** @type {number[]} */ (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  });
}
