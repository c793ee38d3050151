/** Sluice on the layered graph, through its own command as a user would type it. */
import * as project from "../lib/project.ts"
import type { Contender } from "./Contender.ts"
import { width } from "./Contender.ts"

export const sluice: Contender = {
  name: "sluice",
  keys: "content and code, transitively",
  largest: 10_000,
  prepare: (cwd, steps) => {
    project.fill(cwd, "bench", {
      "pipeline.ts": `import { createHash } from "node:crypto"
import { Artifact, Pipeline, Step } from "@sluice/core"
import { Schema } from "effect"

const Text = Artifact.value("text", Schema.String)
const digest = (text: string) => createHash("sha256").update(text).digest("hex")
const Root = Step.make({ name: "root", config: { name: Schema.String }, output: Text, run: ({ config }) => digest(config.name) })
const Join = Step.make({
  name: "join",
  config: { name: Schema.String },
  inputs: { left: Text, right: Text },
  output: Text,
  run: ({ config, inputs }) => digest(config.name + inputs.left + inputs.right),
})

export default Pipeline.make("layered", { params: {} }, ({ step }) => {
  let above: Array<Step.Ref<typeof Text>> = []
  for (let layer = 0; layer < ${Math.ceil(steps / width)}; layer++) {
    const here: Array<Step.Ref<typeof Text>> = []
    for (let place = 0; place < Math.min(${width}, ${steps} - layer * ${width}); place++) {
      const name = \`n_\${layer}_\${place}\`
      here.push(
        layer === 0
          ? step(name, Root({ name }))
          : step(name, Join({ name, left: above[place]!, right: above[(place + 1) % ${width}]! })),
      )
    }
    above = here
  }
})
`,
    })
    return {
      command: process.execPath,
      args: [project.launcher, "run", "pipeline.ts"],
      cwd,
    }
  },
}
