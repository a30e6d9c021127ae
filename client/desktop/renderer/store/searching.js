/**
 * A worker of its own: what a search through all that is kept here takes of time is not taken from the page. Snowball's
 * stemmers are plain scripts, so this is one, too.
 */

(() => {
  const scope = /** @type {any} */ (self);
  const address = (/** @type {string} */ name) =>
    new URL(`../vendor/snowball/${name}-stemmer.js`, scope.location.href).href;
  const policy = scope.trustedTypes?.createPolicy("vestnik-search", { createScriptURL: address });
  for (const name of ["base", "english", "russian"]) {
    scope.importScripts(policy ? policy.createScriptURL(name) : address(name));
  }
  const [english, russian] = [new scope.EnglishStemmer(), new scope.RussianStemmer()];
  const stemmers = {
    english: (/** @type {string} */ word) => english.stemWord(word),
    russian: (/** @type {string} */ word) => russian.stemWord(word),
  };
  // null where the link was lost meanwhile: the page starts another worker then
  const reading = import("./scan.js").then(
    ({ MessageScanner }) => new MessageScanner(stemmers),
    () => null,
  );

  addEventListener("message", async ({ data }) => {
    const scanner = await reading;
    const answer = scanner ? await scanner.take(data).catch(() => null) : null;
    // a search that a later one overtook has no answer
    if (answer !== undefined) postMessage({ id: data.id, answer });
  });
})();
