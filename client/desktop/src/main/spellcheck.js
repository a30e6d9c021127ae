/**
 * Spell-checking. The dictionaries come over the network: by default from the maker of the browser's engine, else
 * from `dictionaryUrl` of config.json. So it is off, and nothing is loaded, until somebody turns it on.
 */

"use strict";

const WANTED = ["ru", "en-US"];

/** @param {Electron.Session} session @param {{on: boolean, dictionaryUrl: string | null}} options */
function setSpellcheck(session, { on, dictionaryUrl }) {
  if (dictionaryUrl !== null) session.setSpellCheckerDictionaryDownloadURL(dictionaryUrl);
  // Also of what is off the dictionaries would be loaded, were a language set. macOS has its own and ignores this.
  const languages = WANTED.filter((language) => session.availableSpellCheckerLanguages.includes(language));
  session.setSpellCheckerLanguages(on ? languages : []);
  session.setSpellCheckerEnabled(on);
}

module.exports = { setSpellcheck };
