/**
 * Causes as lines: the root's headline first, then how it arrived, then the facts.
 */
import type { Explain } from "@sluice/core"
import type * as Text from "../Text.ts"

export const causeLines = (causes: ReadonlyArray<Explain.Cause>, paint: Text.Paint): Array<string> =>
  causes.flatMap((cause) => [
    paint("bold", cause.headline),
    ...(cause.path.length > 1 ? [`  by way of ${cause.path.join(" -> ")}`] : []),
    ...(cause.details ?? []).map((detail) => `  ${detail}`),
  ])
