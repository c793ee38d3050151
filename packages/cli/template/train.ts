/** SmolLM2-135M tuned on the chats, and compared with the model as it is on the lines that were held out. */
import { Pipeline } from "@sluice/core"
import { Doctor, Evaluate, Format, Model, Tokenize, Train } from "@sluice/steps"
import * as Schema from "effect/Schema"
import { chatOf } from "./chat.ts"
import { prepare } from "./prepare.ts"

const Answer = Schema.Struct({ quantity: Schema.Finite, unit: Schema.String, ingredient: Schema.String })

export default Pipeline.make(
  "recipes-train",
  {
    params: {
      learningRate: Schema.Finite.check(Schema.isGreaterThan(0)).pipe(Pipeline.withDefault(2e-4)),
      epochs: Schema.Int.check(Schema.isGreaterThan(0)).pipe(Pipeline.withDefault(3)),
    },
  },
  ({ params, step }) => {
    const model = step("model", Model.smolLM2({ size: "135M" }))
    const { chats, heldOut } = prepare(step, 0.2)
    const { tokens: read } = step("tokenize", Tokenize.chat({ chats, model, maxTokens: 256 }))
    const held = step("held-out", Format.chat({ rows: heldOut, messages: chatOf }))
    const { tokens } = step(
      "doctor",
      Doctor.data({ chats, tokens: read, heldOut: held, model, maxTokens: 256 }),
    )
    const { adapter, metrics } = step("train", Train.lora({ model, tokens, ...params }))
    const { predictions, report } = Evaluate.compare(step, {
      heldOut,
      model,
      messages: chatOf,
      schema: Answer,
      arms: { base: {}, tuned: { adapter } },
      maxNewTokens: 48,
      title: "Reading lines of recipes: prompt or fine-tuning",
    })
    return { adapter, metrics, predictions, report }
  },
)
