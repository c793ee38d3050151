import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { Artifact, ArtifactStore, type Step, Table } from "../src/index.ts"
import * as OutputDifference from "../src/OutputDifference.ts"

class Score extends Table.make({
  id: Table.utf8,
  score: Table.float64,
  parts: Table.list(Table.float32),
}) {}
const Report = Artifact.files("report")
const Result = Artifact.value(
  "result",
  Schema.Struct({ exact: Schema.Number, by: Schema.Array(Schema.Number) }),
)

const compare = (kind: Artifact.Output, one: unknown, other: unknown, tolerance?: Step.Tolerance) =>
  Effect.gen(function* () {
    const before = { output: yield* Artifact.write(kind, one) }
    const after = { output: yield* Artifact.write(kind, other) }
    return yield* OutputDifference.compare(before, after, tolerance)
  }).pipe(Effect.provide(ArtifactStore.layerMemory), Effect.runPromise)

const scores = (...given: ReadonlyArray<number>) =>
  given.map((score, at) => ({ id: `row ${at}`, score, parts: [score] }))

describe("two answers of one step", () => {
  it("are the same where their bytes are", async () => {
    expect(await compare(Score, scores(1, 2), scores(1, 2))).toEqual({ result: "same", differences: [] })
  })

  it("are within a tolerance that holds for every number, in lists too", async () => {
    const [one, other] = [scores(1, 2), scores(1, 2.0005)]
    expect(await compare(Score, one, other, { absolute: 1e-3 })).toEqual({
      result: "within",
      differences: [],
    })
    expect(await compare(Score, one, other, { relative: 1e-3 })).toEqual({
      result: "within",
      differences: [],
    })
    expect(await compare(Score, one, other, { absolute: 1e-6 })).toEqual({
      result: "differs",
      differences: ["score in row 2: 2 -> 2.0005", expect.stringMatching(/^parts in row 2: /)],
    })
  })

  it("differ in text whatever the tolerance", async () => {
    const renamed = scores(1).map((row) => ({ ...row, id: "other" }))
    expect(await compare(Score, scores(1), renamed, { absolute: 9, relative: 9 })).toEqual({
      result: "differs",
      differences: ['id in row 1: "row 0" -> "other"'],
    })
  })

  it("name the first differences, how many rows differ, and another number of rows", async () => {
    expect(await compare(Score, scores(1, 2, 3), scores(1.5, 2.5, 3.5, 4))).toEqual({
      result: "differs",
      differences: [
        "score in row 1: 1 -> 1.5",
        expect.stringMatching(/^parts in row 1: /),
        "score in row 2: 2 -> 2.5",
        "3 -> 4 rows",
        "3 rows differ",
      ],
    })
  })

  it("name files and places in values", async () => {
    expect(await compare(Report, { "a.md": "x", "b.md": "y" }, { "a.md": "z", "c.md": "y" })).toEqual({
      result: "differs",
      differences: ["a.md: 2d711642 -> 594e519a", "c.md is new", "b.md is gone"],
    })
    expect(await compare(Result, { exact: 1, by: [1, 2] }, { exact: 1.1, by: [1, 3] })).toEqual({
      result: "differs",
      differences: ["by[1]: 2 -> 3", "exact: 1 -> 1.1"],
    })
    expect(
      await compare(Result, { exact: 1, by: [1, 2] }, { exact: 1.1, by: [1, 2.1] }, { relative: 0.2 }),
    ).toEqual({ result: "within", differences: [] })
  })
})
