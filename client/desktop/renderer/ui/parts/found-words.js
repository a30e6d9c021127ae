/** What a search has to say when it was refused. */

import { errorText, t } from "../../words/i18n.js";

/** @param {import("../../types.js").Refused} refused */
export function foundProblem(refused) {
  if (refused.code === "validation_failed") {
    return t(refused.errors?.some(({ field }) => field === "has") ? "find.no_has" : "find.no_word");
  }
  if (refused.code !== "rate_limited") return errorText(refused);
  return t("find.too_often", { n: Math.max(1, Math.ceil((refused.retry_after_ms ?? 1000) / 1000)) });
}
