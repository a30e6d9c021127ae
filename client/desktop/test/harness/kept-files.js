/** What a profile keeps of files. */

/** Files on their way that are kept. @param {import("playwright-core").Page} page */
export function keptFiles(page) {
  return page.evaluate(async () => {
    const names = (await indexedDB.databases()).flatMap(({ name }) =>
      /^vestnik http.* \d+$/.test(name ?? "") ? [name] : [],
    );
    const counts = names.map(
      (name) =>
        new Promise((resolve, reject) => {
          const opening = indexedDB.open(/** @type {string} */ (name));
          opening.onerror = () => reject(opening.error);
          opening.onupgradeneeded = () => {
            opening.onerror = () => resolve(0); // it was deleted meanwhile
            opening.transaction?.abort(); // else there would be an empty one
          };
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
