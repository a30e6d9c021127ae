/** All legal transitions of the client's session: the table CLIENT of chatproto/transitions.py. */

const ENDS = { lost: "backoff", refused: "logged_out", stop: "stopped" };

/** @type {Record<string, Record<string, string>>} */
export const CLIENT = Object.freeze({
  idle: { start: "connecting", stop: "stopped" },
  connecting: { connected: "authenticating", ...ENDS },
  authenticating: { ready: "resuming", ...ENDS },
  resuming: { caught_up: "live", ...ENDS },
  live: ENDS,
  backoff: { retry: "connecting", refused: "logged_out", stop: "stopped" },
  logged_out: { start: "connecting", stop: "stopped" },
  stopped: {},
});

/** @param {string} state @param {string} event @returns {string} the state that follows; throws where there is none */
export function after(state, event) {
  const following = CLIENT[state][event];
  if (following === undefined) throw new Error(`${event} while ${state}`);
  return following;
}
