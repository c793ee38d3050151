/** Pipelines with something wrong, as the text of their files. */

export const known = `
import { Pipeline } from "@sluice/core"
import { Model } from "@sluice/steps"
export default Pipeline.make("known", {}, ({ step }) => ({ model: step("model", Model.smolLM2({ size: "135M" })) }))
`

export const own = `
import { Pipeline } from "@sluice/core"
import { Model } from "@sluice/steps"
export default Pipeline.make("own", {}, ({ step }) => ({ model: step("model", Model.gguf({ file: "own.gguf" })) }))
`

export const boom = `
export const boom = (n: number): string => {
  const list: string[] = []
  return list[n]!.toUpperCase()
}
`

export const throws = `
import { Pipeline, Step, Table } from "@sluice/core"
import { boom } from "./lib/boom.ts"

class Word extends Table.make({ word: Table.utf8 }) {}

const Break = Step.make({ name: "break", inputs: {}, config: {}, output: Word, run: () => [{ word: boom(3) }] })
const Other = Step.make({ name: "other", inputs: {}, config: {}, output: Word, run: () => [{ word: "fine" }] })
const Read = Step.make({ name: "read", inputs: { words: Word }, config: {}, output: Word, run: () => [] })

export default Pipeline.make("throws", {}, ({ step }) => {
  const words = step("break", Break({}))
  return { other: step("other", Other({})), read: step("read", Read({ words })) }
})
`

export const cycle = `
import { Pipeline, Step, Table } from "@sluice/core"

class Word extends Table.make({ word: Table.utf8 }) {}

const Pass = Step.make({ name: "pass", inputs: { words: Word }, config: {}, output: Word, run: () => [] })

export default Pipeline.make("cycle", {}, ({ step, ref }) => {
  const a = step("a", Pass({ words: ref("c", Word) }))
  const b = step("b", Pass({ words: a }))
  return { c: step("c", Pass({ words: b })) }
})
`

export const twice = cycle.replace('step("b"', 'step("a"')

/** A step that begins to read a file, says so, and goes on when the file was edited. */
export const slow = `
import { Pipeline, Source, Step, Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { existsSync, writeFileSync } from "node:fs"
import { setTimeout } from "node:timers/promises"

class Size extends Table.make({ bytes: Table.int32 }) {}

const Slow = Step.make({
  name: "slow",
  inputs: { files: Source.files },
  config: {},
  output: Size,
  run: ({ inputs }) =>
    Effect.gen(function* () {
      writeFileSync("reading", "")
      yield* Effect.promise(async () => {
        while (!existsSync("edited")) await setTimeout(10)
      })
      let bytes = 0
      yield* Stream.runForEach(inputs.files[0]!.stream, (piece) => Effect.sync(() => void (bytes += piece.length)))
      return [{ bytes }]
    })
})

export default Pipeline.make("slow", {}, ({ step }) => ({ size: step("slow", Slow({ files: "data/*.json" })) }))
`
