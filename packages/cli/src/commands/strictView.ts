/**
 * What a strict run checked and what it could not.
 */
import type { Run } from "@sluice/core"
import type { StrictSteps } from "../Engines.ts"
import { plural } from "../quantities.ts"

/** `strict: 3 steps checked, 2 hits not executed; not checked: train (uses native code)`. */
export const line = (steps: StrictSteps, total: number): string => {
  const { checked, notChecked } = split(steps)
  const hits = total - steps.size
  const parts = [`${plural(checked.length, "step")} checked`, ...(hits > 0 ? [`${hits} not executed`] : [])]
  const left = notChecked.map(({ name, reason }) => `${name} (${reason})`).join(", ")
  return `strict: ${parts.join(", ")}${left === "" ? "" : `; not checked: ${left}`}`
}

export const toJson = (steps: StrictSteps, run: Run.Run): Record<string, unknown> => ({
  ...split(steps),
  notExecuted: run.steps.map(({ name }) => name).filter((name) => !steps.has(name)),
})

const split = (steps: StrictSteps) => ({
  checked: [...steps].flatMap(([name, reason]) => (reason === undefined ? [name] : [])),
  notChecked: [...steps].flatMap(([name, reason]) => (reason === undefined ? [] : [{ name, reason }])),
})
