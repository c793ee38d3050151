import * as Schema from "effect/Schema"
import { Artifact, Pipeline, Source, Step, Table } from "../../src/index.ts"

class Review extends Table.make({ text: Table.utf8, class: Table.int32 }) {}
class Cleaned extends Table.make({ text: Table.utf8 }) {}
class Numbers extends Table.make({ text: Table.int32 }) {}

const Collect = Step.make({
  name: "collect",
  inputs: { files: Source.files },
  output: Review,
  run: ({ inputs }) => inputs.files.map((file) => ({ text: file.name, class: 1 })),
})
const Count = Step.make({ name: "count", output: Numbers, run: () => [{ text: 1 }] })
const Clean = Step.make({
  name: "clean",
  inputs: { rows: Review },
  config: { min: Schema.Int, keep: Step.fn<(row: Review) => boolean>(), note: Schema.String.pipe(Step.withDefault("")) },
  output: Cleaned,
  run: ({ config }) => [{ text: config.note.toUpperCase() }],
})
const Split = Step.make({
  name: "split",
  inputs: { rows: Cleaned },
  outputs: { train: Cleaned, size: Artifact.value("size", Schema.Int) },
  run: () => Promise.resolve({ train: [{ text: "a" }], size: 1 }),
})
const Report = Step.make({
  name: "report",
  inputs: { size: Artifact.value("size", Schema.Int) },
  output: Artifact.files("report"),
  run: ({ inputs }) => ({ "report.md": inputs.size.toFixed(0) }),
})

export const right = Pipeline.make(
  "right",
  { params: { min: Schema.Int.pipe(Pipeline.withDefault(3)) } },
  ({ params, step }) => {
    const rows = step("collect", Collect({ files: "data/*.json" }))
    const cleaned = step("clean", Clean({ rows, min: params.min, keep: (row) => row.text.length > params.min }))
    const { train, size } = step("split", Split({ rows: cleaned }))
    return { train, report: step("report", Report({ size })) }
  },
)
