import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { Artifact, Numerics, Pipeline, Step } from "../src/index.ts"
import { decisions, project } from "./support/project.ts"
import { identified } from "./support/tagged.ts"

const Number_ = Artifact.value("number", Schema.Int)
const One = identified("one", Step.make({ name: "one", output: Number_, run: () => 1 }))
const Product = identified(
  "product",
  Step.make({
    name: "product",
    inputs: { of: Number_ },
    output: Number_,
    numeric: true,
    run: ({ inputs }) => inputs.of * 2,
  }),
)
const pipeline = Pipeline.make("numbers", { params: {} }, ({ step }) => {
  step("product", Product({ of: step("one", One({})) }))
})

/** A machine without the library that the numeric step would compute with. */
const missing = Layer.succeed(
  Numerics.Numerics,
  Numerics.Numerics.of({ settings: Effect.fail(new Error("TensorFlow is not installed yet.")) }),
)

describe("numeric settings", () => {
  it("are not asked for when no numeric step is wanted", async () => {
    const run = await project({ numerics: missing }).run(pipeline, { only: ["one"] })
    expect(decisions(run.steps)).toEqual({ one: "run" })
  })

  it("that cannot be had fail the run in the name of the step that needs them", async () => {
    const error = await project({ numerics: missing }).failure(pipeline)
    expect(error.message).toBe(
      'Step "product" failed.\n' +
        "  Reason:  TensorFlow is not installed yet.\n" +
        "`sluice doctor` shows the backends of this machine.",
    )
  })
})
