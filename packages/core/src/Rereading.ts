/**
 * Reads a step's functions a second time, just before it runs.
 */
import * as Effect from "effect/Effect"
import * as CodeReading from "./CodeReading.ts"
import * as Errors from "./Errors.ts"
import type * as Planner from "./Planner.ts"
import { readDefinition } from "./Preparation.ts"

/** Reads the step's functions again: a value that changed since planning would make the key a lie. */
export const sameReading = (planner: Planner.Planner, at: number): Effect.Effect<void, Error> =>
  Effect.suspend(() => {
    const node = planner.graph.nodes[at]!
    const before = planner.prepared(at)
    const reader = CodeReading.reader()
    const places: Array<{ place: string; what: string; fix: string }> = []
    const compare = (old: CodeReading.CodeReading | undefined, now: CodeReading.CodeReading): void => {
      if (old === undefined || old.digest === now.digest) return
      const changed = now.values.filter((value, index) => old.values[index]?.text !== value.text)
      for (const value of changed) {
        places.push({
          place: `${value.file}:${value.line}`,
          what: `the value of ${value.name} changed between planning and running`,
          fix: "Pass it as config, or compute it inside the function.",
        })
      }
      if (changed.length === 0)
        places.push({ place: node.name, what: "its code changed between planning and running", fix: "" })
    }
    if (node.facts.version === undefined) {
      const now = readDefinition(node.facts, node.outputs, reader)
      for (const role in now) compare(before.code[role], now[role]!)
      for (const field in before.configTexts) {
        const found: Array<CodeReading.CodeReading> = []
        const text = reader.encode(before.config[field], (reading) => found.push(reading))
        if (text !== before.configTexts[field]) {
          const old = before.code[`config.${field}`]
          if (old !== undefined && found[0] !== undefined) compare(old, found[0])
          else
            places.push({
              place: `${node.name}.${field}`,
              what: "changed between planning and running",
              fix: "",
            })
        }
      }
    }
    return places.length === 0
      ? Effect.void
      : Effect.fail(new Errors.CodeRefused({ step: node.name, places }))
  })
