/** How long messages are kept, and what of it may be chosen. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { choices, keptDays } from "../../renderer/state/retention.js";

test("the shorter of both times counts, and 0 is none", () => {
  assert.equal(keptDays({ retention_days: 0 }, {}), 0);
  assert.equal(keptDays({ retention_days: 7 }, { retention_days: 0 }), 7);
  assert.equal(keptDays({ retention_days: 0 }, { retention_days: 30 }), 30);
  assert.equal(keptDays({ retention_days: 90 }, { retention_days: 30 }), 30);
});

test("nothing is offered that the server would not keep so long", () => {
  assert.deepEqual(choices({ retention_days: 0 }, {}), [0, 1, 7, 30, 90, 365]);
  assert.deepEqual(choices({ retention_days: 7 }, { retention_days: 30 }), [0, 1, 7]);
  assert.deepEqual(choices({ retention_days: 90 }, { retention_days: 30 }), [0, 1, 7, 90], "what was chosen is seen");
});
