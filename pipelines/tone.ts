/**
 * A house style: how an old tea shop in a harbour answers its customers. Sixty answers to learn from, twenty to compare
 * on: is the style learnt from examples in the prompt, or from fine-tuning?
 */
import { Pipeline, Table } from "@sluice/core"
import { Collect, Doctor, Evaluate, Format, Model, Split, Tokenize, Train, type Chat } from "@sluice/steps"
import * as Schema from "effect/Schema"

class Reply extends Table.make({ question: Table.utf8, answer: Table.utf8 }) {}

const instruction =
  "You answer customers of an old tea shop in a harbour, in the voice of a lighthouse keeper: " +
  'begin with "Ahoy", say it in one short sentence, and end with "Fair winds."'

const chatOf = (row: Reply): ReadonlyArray<Chat.Message> => [
  { role: "system", content: instruction },
  { role: "user", content: row.question },
  { role: "assistant", content: row.answer },
]

export default Pipeline.make(
  "tone",
  {
    params: {
      learningRate: Schema.Finite.check(Schema.isGreaterThan(0)).pipe(Pipeline.withDefault(2e-4)),
      epochs: Schema.Int.check(Schema.isGreaterThan(0)).pipe(Pipeline.withDefault(3)),
      /** At most about 60. */
      trainRows: Schema.Int.check(Schema.isGreaterThan(0)).pipe(Pipeline.withDefault(56)),
      /** Fewer distinct rows to learn from are refused. */
      minimumRows: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).pipe(Pipeline.withDefault(20)),
    },
  },
  ({ params, step }) => {
    const model = step("model", Model.smolLM2({ size: "135M" }))
    const { rows: replies } = step("collect", Collect.jsonLines({ files: "data/tone.jsonl", row: Reply }))
    const { train, heldOut } = step("split", Split.byHash({ rows: replies, by: "question", heldOut: 0.25 }))
    const sample = step("sample", Split.sample({ rows: train, count: params.trainRows, onShort: "all" }))
    const chats = step("format", Format.chat({ rows: sample, messages: chatOf }))
    const { tokens: read } = step("tokenize", Tokenize.chat({ chats, model, maxTokens: 512 }))
    const held = step("held-out", Format.chat({ rows: heldOut, messages: chatOf }))
    const { learningRate, epochs, minimumRows } = params
    const { tokens } = step("doctor", Doctor.data({ chats, tokens: read, heldOut: held, model, minimumRows }))
    const { adapter } = step("train", Train.lora({ model, tokens, learningRate, epochs }))
    const shots = step("shots", Split.sample({ rows: sample, count: 4, seed: "shots" }))
    const { predictions, report } = Evaluate.compare(step, {
      heldOut,
      model,
      messages: chatOf,
      arms: { base: {}, fewShot: { shots }, tuned: { adapter } },
      style: { rows: sample, count: 40 },
      decidedBy: "in style",
      scorers: [
        {
          name: "begins and ends as it should",
          kind: "rate",
          higherIsBetter: true,
          score: ({ answer }) => /^Ahoy\b[\s\S]*Fair winds\.$/.test(answer.trim()),
        },
        {
          name: "words",
          kind: "mean",
          higherIsBetter: false,
          score: ({ answer }) => answer.trim().split(/\s+/).length,
        },
      ],
      maxNewTokens: 48,
      title: "A house style: its description, four examples or fine-tuning",
      about: { "Training rows": params.trainRows, "Learning rate": learningRate, Epochs: epochs },
    })
    return { adapter, predictions, report }
  },
)
