/**
 * Sentiment of review sentences as JSON: SmolLM2-135M tuned on 300 of them, against its own prompt and four examples.
 *
 * Run it: `sluice run pipelines/reviews.ts`, with `--set learningRate=1e-4` for another rate, or `--set arms=all` for the
 * best of several prompts and for examples chosen by likeness as well: that runs the added arms alone. `--set harm=on`
 * measures what tuning makes the model forget, and `sluice curve pipelines/reviews.ts` what more rows would bring.
 */
import { Pipeline, Table } from "@sluice/core"
import {
  Collect,
  Doctor,
  Evaluate,
  Forgetting,
  Format,
  Model,
  Split,
  Tokenize,
  Train,
  type Chat,
} from "@sluice/steps"
import * as Schema from "effect/Schema"

class Review extends Table.make({ text: Table.utf8, class: Table.int32 }) {}

const Answer = Schema.Struct({ sentiment: Schema.Literals(["positive", "negative"]) })

const instruction =
  "Classify the sentiment of the review. " +
  'Reply with only a JSON object: {"sentiment": "positive"} or {"sentiment": "negative"}.'

const chatWith =
  (system: string, ask: (text: string) => string = (text) => text) =>
  (review: Review): ReadonlyArray<Chat.Message> => [
    { role: "system", content: system },
    { role: "user", content: ask(review.text) },
    { role: "assistant", content: `{"sentiment": "${review.class === 1 ? "positive" : "negative"}"}` },
  ]

const chatOf = chatWith(instruction)

/** Other ways to say it, of which the best on 40 training rows becomes an arm. */
const candidates = {
  plain: chatOf,
  strict: chatWith(
    "You label reviews. Output exactly one line of JSON and nothing else, no explanation, no code fence. " +
      'If the reviewer liked it, output {"sentiment": "positive"}. If not, output {"sentiment": "negative"}.',
  ),
  after: chatWith(
    "You label the sentiment of reviews with JSON.",
    (text) =>
      `Review: ${text}\n\nIs the review positive or negative? ` +
      'Reply with {"sentiment": "positive"} or {"sentiment": "negative"} and nothing else.',
  ),
  pattern: chatWith(
    "You label the sentiment of reviews with JSON.",
    (text) =>
      'Review: I love it, five stars.\nLabel: {"sentiment": "positive"}\n\n' +
      'Review: Broke after a day, a waste of money.\nLabel: {"sentiment": "negative"}\n\n' +
      `Review: ${text}\nLabel:`,
  ),
}

export default Pipeline.make(
  "reviews",
  {
    params: {
      learningRate: Schema.Finite.check(Schema.isGreaterThan(0)).pipe(Pipeline.withDefault(2e-4)),
      /** Rows to learn from, at most about 2,600. Fewer make a quick trial. */
      trainRows: Schema.Int.check(Schema.isGreaterThan(0)).pipe(Pipeline.withDefault(300)),
      /** Rows to compare on, at most about 300. */
      heldOutRows: Schema.Int.check(Schema.isGreaterThan(0)).pipe(Pipeline.withDefault(100)),
      epochs: Schema.Int.check(Schema.isGreaterThan(0)).pipe(Pipeline.withDefault(1)),
      /** Fewer distinct rows to learn from are refused. */
      minimumRows: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).pipe(Pipeline.withDefault(20)),
      /** Another seed draws other rows to learn from. */
      seed: Schema.Int.pipe(Pipeline.withDefault(0)),
      /** `on`: every ten optimizer steps, what the model has forgotten of general text and questions. */
      harm: Schema.Literals(["off", "on"]).pipe(Pipeline.withDefault("off")),
      /** Measures it too, and fails the run where the loss on general text has risen by more. */
      maxLossRise: Schema.NullOr(Schema.Finite).pipe(
        Pipeline.withDefault<Schema.NullOr<typeof Schema.Finite>>(null),
      ),
      /** `quick`: base, four examples, tuned. `all`: the best prompt and the nearest examples too. */
      arms: Schema.Literals(["quick", "all"]).pipe(Pipeline.withDefault("quick")),
    },
  },
  ({ params, step }) => {
    const model = step("model", Model.smolLM2({ size: "135M" }))
    const { rows: reviews } = step(
      "collect",
      Collect.json({ files: "node_modules/sentiment/test/fixtures/*.json", row: Review, onBadRow: "drop" }),
    )
    const { train, heldOut } = step("split", Split.byHash({ rows: reviews, by: "text", heldOut: 0.1 }))
    const draw = params.seed === 0 ? "" : `draw ${params.seed}`
    const sample = step("sample", Split.sample({ rows: train, count: params.trainRows, seed: draw }))
    const chats = step("format", Format.chat({ rows: sample, messages: chatOf }))
    const { tokens: read } = step("tokenize", Tokenize.chat({ chats, model, maxTokens: 512 }))
    const held = step("held-out", Format.chat({ rows: heldOut, messages: chatOf }))
    const { minimumRows } = params
    const { tokens } = step("doctor", Doctor.data({ chats, tokens: read, heldOut: held, model, minimumRows }))
    const recipe = { model, tokens, learningRate: params.learningRate, epochs: params.epochs }
    const { adapter, metrics, snapshots } =
      params.harm === "on" || params.maxLossRise !== null
        ? step("train", Train.lora({ ...recipe, snapshots: { every: 10 } }))
        : { ...step("train", Train.lora(recipe)), snapshots: undefined }
    const forgetting = snapshots && step("harm", Forgetting.measure({ model, snapshots }))
    if (forgetting !== undefined && params.maxLossRise !== null)
      step("gate", Forgetting.gate({ harm: forgetting.harm, lossRise: params.maxLossRise }))
    const shots = step("shots", Split.sample({ rows: sample, count: 4, seed: "shots", balance: "class" }))
    const { predictions, report, scores } = Evaluate.compare(step, {
      heldOut,
      rows: params.heldOutRows,
      model,
      messages: chatOf,
      schema: Answer,
      arms: {
        base: {},
        ...(params.arms === "all" ? { bestPrompt: { prompts: { candidates, rows: sample } } } : {}),
        fewShot: { shots },
        ...(params.arms === "all" ? { nearestShots: { nearest: { rows: sample } } } : {}),
        tuned: { adapter },
      },
      ...(forgetting && { harm: forgetting.harm }),
      maxNewTokens: 16,
      title: "Sentiment of reviews: prompt, four examples or fine-tuning",
      about: {
        "Training rows": params.trainRows,
        "Learning rate": params.learningRate,
        Epochs: params.epochs,
      },
    })
    return { adapter, metrics, predictions, report, scores, ...forgetting }
  },
)
