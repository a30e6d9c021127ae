/** What a test of the desktop client or of the web face needs, in one import. */

export {
  assertNoErrors,
  findChromium,
  launchChromium,
  newPage,
  newPerson,
  newProfile,
  noChromium,
  openProfile,
  START_TIMEOUT,
  STEP_TIMEOUT,
} from "./browser.js";
export { atEnd } from "./closing.js";
export { becomes, drawn, eventually, still } from "./eventually.js";
export { findElectron, firstWindow, launchElectron, newUserData, noElectron } from "./electron.js";
export { chatRow, composer, logAtRest, messageRow, messageRows, openChat, say, shownSeqs, signIn } from "./face.js";
export { assertAccessible, axe, screenshot } from "./screens.js";
export { keptFiles } from "./kept-files.js";
export { bothAtScreens, twoPeople, veraAndBoris } from "./people.js";
export { startPost } from "./post.js";
export { startServer } from "./server.js";
export { startWire } from "./wire.js";
