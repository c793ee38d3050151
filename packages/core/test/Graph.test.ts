import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { Artifact, Pipeline, Source, Step, Table } from "../src/index.ts"

class Line extends Table.make({ text: Table.utf8 }) {}
class Numbered extends Table.make({ text: Table.int32 }) {}
const Size = Artifact.value("size", Schema.Int)

const Make = Step.make({ name: "make", output: Line, run: () => [] })
const Copy = Step.make({ name: "copy", inputs: { rows: Line }, output: Line, run: () => [] })
const Number = Step.make({ name: "number", output: Numbered, run: () => [] })
const Measure = Step.make({ name: "measure", inputs: { rows: Line }, output: Size, run: () => 1 })

const messageOf = (pipeline: Pipeline.Pipeline<any, any>, params?: Record<string, unknown>): string => {
  try {
    Pipeline.toGraph(pipeline, params)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error("no error")
}

describe("a graph", () => {
  it("lists steps after their producers, also where a step is referred to before it is named", () => {
    const graph = Pipeline.toGraph(
      Pipeline.make("order", {}, ({ step, ref }) => {
        step("last", Copy({ rows: ref("middle", Line) }))
        step("middle", Copy({ rows: ref("first", Line) }))
        step("first", Make({}))
      }),
    )
    expect(graph.nodes.map((node) => node.name)).toEqual(["first", "middle", "last"])
    expect(graph.nodes.map((node) => node.producers)).toEqual([[], [0], [1]])
  })

  it("nests names by scopes", () => {
    const graph = Pipeline.toGraph(
      Pipeline.make("nested", {}, ({ step }) => step.scope("evaluate").scope("arms")("tuned", Make({}))),
    )
    expect(graph.nodes[0]!.name).toBe("evaluate/arms/tuned")
  })

  it("refuses a cycle with its path", () => {
    const pipeline = Pipeline.make("chat", {}, ({ step, ref }) => {
      step("start", Make({}))
      const tokens = step("tokenize", Copy({ rows: ref("train", Line) }))
      step("train", Copy({ rows: tokens }))
    })
    expect(messageOf(pipeline)).toBe(
      [
        'Pipeline "chat" has a cycle.',
        "  Path:  tokenize -> train -> tokenize",
        "A step may read only what does not depend on its own output.",
      ].join("\n"),
    )
  })

  it("refuses a step that reads itself", () => {
    const pipeline = Pipeline.make("self", {}, ({ step, ref }) =>
      step("one", Copy({ rows: ref("one", Line) })),
    )
    expect(messageOf(pipeline).split("\n")[1]).toBe("  Path:  one -> one")
  })

  it("refuses two steps of one name, all of them", () => {
    const pipeline = Pipeline.make("twice", {}, ({ step }) => {
      const rows = step("rows", Make({}))
      step("rows", Copy({ rows }))
      step("copy", Copy({ rows }))
      step("copy", Copy({ rows }))
    })
    expect(messageOf(pipeline)).toBe(
      [
        'Pipeline "twice" has two steps of one name.',
        "  rows:  uses make and copy",
        "  copy:  uses copy and copy",
        "Give each use its own name, or nest them with step.scope(...).",
      ].join("\n"),
    )
  })

  it("names both ends of a reference that leads nowhere", () => {
    const pipeline = Pipeline.make("dangling", {}, ({ step, ref }) => {
      step("collect", Make({}))
      step("a", Copy({ rows: ref("colect", Line) }))
      step("b", Copy({ rows: ref("collect", Line, "train") }))
    })
    expect(messageOf(pipeline)).toBe(
      [
        'Pipeline "dangling" has inputs that lead nowhere.',
        '  a.rows:  reads "colect", which is no step of this pipeline (did you mean "collect"?)',
        '  b.rows:  reads output "train" of "collect", which has output',
        "An input takes what step(...) or ref(...) returned for a step of this pipeline.",
      ].join("\n"),
    )
  })

  it("names every input that is given nothing, no output, or all outputs of a step", () => {
    const Two = Step.make({ name: "two", outputs: { kept: Line, dropped: Line }, run: () => ({}) as never })
    const Read = Step.make({ name: "read", inputs: { files: Source.files }, output: Line, run: () => [] })
    const pipeline = Pipeline.make("untyped", {}, ({ step }) => {
      const both = step("both", Two({}))
      step("none", Copy({ rows: undefined as never }))
      step("read", Read({ files: undefined as never }))
      step("two", Copy({ rows: both as never }))
      step("number", Copy({ rows: 5 as never }))
    })
    expect(messageOf(pipeline)).toBe(
      [
        'Pipeline "untyped" has inputs that lead nowhere.',
        "  none.rows:    nothing is given",
        "  read.files:   nothing is given",
        "  two.rows:     is given more than one output: name one of kept, dropped",
        "  number.rows:  is given what is no output of a step",
        "An input takes what step(...) or ref(...) returned for a step of this pipeline.",
      ].join("\n"),
    )
  })

  it("checks wiring again where the compiler could not", () => {
    const pipeline = Pipeline.make("untyped", {}, ({ step }) => {
      const numbers = step("numbers", Number({}))
      const size = step("size", Measure({ rows: step("rows", Make({})) }))
      step("copy", Copy({ rows: numbers as never }))
      step("more", Copy({ rows: size as never }))
    })
    expect(messageOf(pipeline)).toBe(
      [
        'Pipeline "untyped" is wired wrongly.',
        "  copy.rows <- numbers:  column 'text' is Int32 but Utf8 is required",
        "  more.rows <- size:     value 'size' is given, but a table is required",
        "Wire the input to an output of its kind, or declare what the producer writes.",
      ].join("\n"),
    )
  })

  it("refuses names that cannot be", () => {
    const pipeline = Pipeline.make("names", {}, ({ step }) => [
      step("Collect", Make({})),
      step("a b", Make({})),
    ])
    expect(messageOf(pipeline).split("\n").slice(0, 3)).toEqual([
      'Pipeline "names" has steps with names that cannot be.',
      '  Name:  "Collect"',
      '  Name:  "a b"',
    ])
  })
})

describe("params", () => {
  const learning = Pipeline.make(
    "learning",
    {
      params: {
        learningRate: Schema.Finite.check(Schema.isGreaterThan(0)).pipe(Pipeline.withDefault(2e-4)),
        rows: Schema.Int.pipe(Pipeline.withDefault(300)),
        label: Schema.String.pipe(Pipeline.withDefault("none")),
      },
    },
    ({ params }) => params,
  )
  const decoded = (params: Record<string, unknown>) => Pipeline.toGraph(learning, params).params

  it("take defaults, values of a program, and typed text", () => {
    expect(decoded({})).toEqual({ learningRate: 2e-4, rows: 300, label: "none" })
    expect(decoded({ rows: 5, label: undefined })).toEqual({ learningRate: 2e-4, rows: 5, label: "none" })
    expect(decoded({ learningRate: Pipeline.fromText("1e-4"), label: Pipeline.fromText("007") })).toEqual({
      learningRate: 1e-4,
      rows: 300,
      label: "007",
    })
  })

  it("are refused all at once, with the known names and a near miss", () => {
    expect(messageOf(learning, { learnignRate: 1, widgets: 2 })).toBe(
      [
        'Pipeline "learning" has no params "learnignRate", "widgets".',
        "  Params:  learningRate, rows, label",
        "Did you mean learningRate?",
      ].join("\n"),
    )
    expect(
      messageOf(learning, {
        learningRate: Pipeline.fromText("abc"),
        rows: Pipeline.fromText("1.5"),
        widgets: 2,
      }),
    ).toBe(
      [
        'Pipeline "learning" cannot take these params.',
        "  learningRate:  abc: Expected number",
        "  rows:          1.5: Expected an integer",
        "  widgets:       2: the pipeline has no such param; params are learningRate, rows, label",
        "--set takes JSON where it parses, else a string.",
      ].join("\n"),
    )
    expect(messageOf(learning, { learningRate: Pipeline.fromText("0") }).split("\n")[1]).toBe(
      "  learningRate:  0: Expected a value greater than 0",
    )
  })
})
