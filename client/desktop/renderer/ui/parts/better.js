/** When to ask again for what the server could not give just now. */

import { isLive } from "../../state/link-view.js";

/** Milliseconds before another try where the link is well. */
const AGAIN = 5_000;
const GONE = ["not_found", "no_preview"];

/** There is nothing of it, and there will be nothing. @param {import("../../types.js").Refused} refused */
export const isGone = ({ code }) => GONE.includes(code);

/** Call once: when there is a link again, or a while later where there is one. @param {import("../face.js").Face} face @param {() => void} run
 * @returns {() => void} gives it up */
export function whenBetter(face, run) {
  if (isLive(face.messenger.state().link)) {
    const timer = setTimeout(run, AGAIN);
    return () => clearTimeout(timer);
  }
  const stop = face.messenger.subscribe(() => {
    if (!isLive(face.messenger.state().link)) return;
    stop();
    run();
  });
  return stop;
}
