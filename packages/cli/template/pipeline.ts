/** Lines of recipes, made into chats. It needs neither a model nor TensorFlow and runs in a second. */
import { Pipeline } from "@sluice/core"
import * as Schema from "effect/Schema"
import { prepare } from "./prepare.ts"

export default Pipeline.make(
  "recipes",
  {
    params: {
      /** Share of the lines to hold out. */
      heldOut: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })).pipe(
        Pipeline.withDefault(0.2),
      ),
    },
  },
  ({ params, step }) => prepare(step, params.heldOut),
)
