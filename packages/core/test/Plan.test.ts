import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { Artifact, Pipeline, Random, Step, Why } from "../src/index.ts"
import { project } from "./support/project.ts"
import { identified } from "./support/tagged.ts"

const Text = Artifact.value("text", Schema.String)

/** A step's word, the version of its code, and the steps that it reads. */
interface Shape {
  readonly words: ReadonlyArray<string>
  readonly code: ReadonlyArray<number>
  readonly reads: ReadonlyArray<ReadonlyArray<number>>
}

const shapeOf = (seed: string, count: number): Shape => {
  const random = Random.make(seed)
  const all = Array.from({ length: count }, (_, at) => at)
  return {
    words: all.map((at) => `w${at}`),
    code: all.map(() => 0),
    reads: all.map((at) => all.slice(0, at).filter(() => random.uniform() < 0.4)),
  }
}

/** Half of the steps write how many letters they read alone: an edit above them often ends there. */
const pipelineOf = ({ code, reads, words }: Shape) =>
  Pipeline.make("random", {}, ({ step }) => {
    const refs: Array<Step.Ref<typeof Text>> = []
    words.forEach((word, at) => {
      const inputs = Object.fromEntries(reads[at]!.map((from) => [`i${from}`, Text]))
      const definition = identified(
        `step ${at} version ${code[at]}`,
        Step.make({
          name: `step${at}`,
          config: { word: Schema.String },
          inputs,
          output: Text,
          run: (context) => {
            const text = Object.values(context.inputs as Record<string, string>).join("")
            return at % 2 === 0 ? `${text.length}` : `${code[at]! % 2}${context.config.word}${text}`
          },
        }),
      )
      const given = Object.fromEntries(reads[at]!.map((from) => [`i${from}`, refs[from]!]))
      refs.push(step(`s${at}`, definition({ word, ...given } as never)) as Step.Ref<typeof Text>)
    })
  })

const edited = (shape: Shape, seed: string): Shape => {
  const random = Random.make(seed)
  const at = random.integer(shape.words.length)
  switch (random.integer(4)) {
    case 0:
      return { ...shape, words: shape.words.with(at, `w${random.integer(1000)}`) }
    case 1:
      // Every other version writes the same.
      return { ...shape, code: shape.code.with(at, shape.code[at]! + 1 + random.integer(2)) }
    case 2:
      return { ...shape, reads: shape.reads.with(at, shape.reads[at]!.slice(1)) }
    default:
      return shape
  }
}

describe("a plan", () => {
  it("lists as run or waiting, with a cause, every step that then runs, and hits what it says is one", async () => {
    const at = project()
    let shape = shapeOf("graph", 10)
    let ran = 0
    let spared = 0
    let compared = 0
    for (let round = 0; round < 12; round++) {
      const { actions } = await at.plan(pipelineOf(shape))
      const { id, steps } = await at.run(pipelineOf(shape))
      for (const [index, action] of actions.entries()) {
        const { decision } = steps[index]!
        if (action.decision === "hit") expect(decision).toBe("hit")
        else expect(action.causes.length).toBeGreaterThan(0)
        if (action.decision === "run") {
          expect(decision).toBe("run")
          // What the plan found by hashing is what the two records say.
          if (round > 0) {
            const { causes } = await at.provide(Why.why(id, action.name))
            expect(action.causes).toEqual(causes)
            compared += 1
          }
        }
        if (decision === "run") ran += 1
        if (action.decision === "waiting" && decision === "hit") spared += 1
      }
      shape = edited(shape, `edit ${round}`)
    }
    expect({ ran, spared, compared }).toEqual({ ran: 18, spared: 21, compared: 8 })
  })
})
