import { describe, expect, it } from "vitest"
import { Explain } from "../src/index.ts"

/** A world of which each step reads all that `producers` gives for it, and some steps have a cause of their own. */
const worldOf = (
  producers: (step: string) => ReadonlyArray<string>,
  own: (step: string) => string | undefined,
) => {
  const asked: Array<string> = []
  const changes = (step: string): Explain.Changes => {
    asked.push(step)
    const headline = own(step)
    return {
      own: headline === undefined ? [] : [{ kind: "param", headline, path: [step] }],
      through: producers(step).map((producer) => ({ producer, otherwise: undefined })),
    }
  }
  return { world: { changes }, asked }
}

const numberOf = (step: string): number => Number(step.slice(1))

describe("causes", () => {
  it("come down a chain of 10,000 steps with the whole path, each step looked at once", () => {
    const { world, asked } = worldOf(
      (step) => (step === "s0" ? [] : [`s${numberOf(step) - 1}`]),
      (step) => (step === "s0" ? "size: 1 -> 2" : undefined),
    )
    const causesOf = Explain.explainer(world)
    const causes = causesOf("s9999")
    expect(causes.map(({ kind, headline }) => ({ kind, headline }))).toEqual([
      { kind: "param", headline: "size: 1 -> 2" },
    ])
    expect(causes[0]!.path).toEqual(Array.from({ length: 10_000 }, (_, at) => `s${at}`))
    expect(causesOf("s5000")[0]!.path).toHaveLength(5_001)
    expect(asked).toHaveLength(10_000)
  })

  it("come down 100 layers of 100 steps that each read the whole layer above, each step looked at once", () => {
    const layerAbove = (layer: number): ReadonlyArray<string> =>
      layer === 0 ? [] : Array.from({ length: 100 }, (_, place) => `s${100 * (layer - 1) + place}`)
    const { world, asked } = worldOf(
      (step) => layerAbove(Math.floor(numberOf(step) / 100)),
      (step) => (numberOf(step) < 100 ? `${step}.size: 1 -> 2` : undefined),
    )
    const causesOf = Explain.explainer(world)
    // A step of the second layer has all of the first layer's; it hands the first 24 on.
    expect(causesOf("s150")).toHaveLength(100)
    const causes = causesOf("s9999")
    expect(causes.map(({ headline }) => headline)).toEqual(
      Array.from({ length: 24 }, (_, at) => `s${at}.size: 1 -> 2`),
    )
    expect(causes[7]!.path).toHaveLength(100)
    expect(causes[7]!.path.slice(0, 2)).toEqual(["s7", "s100"])
    // The 99 others of the last layer are not needed for the answer.
    expect(asked).toHaveLength(10_000 - 99)
  })

  it("are told once, by the shortest way, a step's own before those that arrived", () => {
    const above: Record<string, ReadonlyArray<string>> = { long: ["root"], end: ["long", "root"], root: [] }
    const { world } = worldOf(
      (step) => above[step]!,
      (step) => ({ root: "size: 1 -> 2", end: "mark: 3 -> 4" })[step],
    )
    expect(Explain.causesOf(world, "end")).toEqual([
      { kind: "param", headline: "mark: 3 -> 4", path: ["end"] },
      { kind: "param", headline: "size: 1 -> 2", path: ["root", "end"] },
    ])
  })

  it("name an input of which nothing is known but that it changed, and a result that is gone", () => {
    const changes: Record<string, Explain.Changes> = {
      end: { own: [], through: [{ producer: "above", otherwise: "what above wrote changed" }] },
      gone: { own: [], through: [] },
    }
    const world = { changes: (step: string) => changes[step] }
    expect(Explain.causesOf(world, "end")).toEqual([
      { kind: "input", headline: "end: what above wrote changed", path: ["above", "end"] },
    ])
    expect(Explain.causesOf(world, "gone")).toEqual([
      { kind: "first", headline: "gone: its result is not in the store", path: ["gone"] },
    ])
    expect(Explain.causesOf(world, "above")).toEqual([])
  })
})
