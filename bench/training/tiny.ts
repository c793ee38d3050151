/** A model of two layers on every backend, beside PEFT's loop on the same shape: what runs without native code costs. */
import { median } from "../lib/processTree.ts"
import * as Contenders from "./contenders.ts"
import { batched, randomRows } from "./rows.ts"

export const rows = async (setting: Contenders.Setting): Promise<ReadonlyArray<Record<string, unknown>>> => {
  const drawn = randomRows(8 * setting.steps, (draw) => 24 + draw.integer(40), 0.3, 400)
  const task = { shape: "tiny" as const, batches: batched(drawn, 8), ...Contenders.recipe }
  const found: Array<Record<string, unknown>> = []
  const line = (contender: string, output: Contenders.Output & { readonly peakMemoryMB: number }) => {
    const secondsPerStep = median(output.seconds.slice(2))
    return Contenders.say({
      part: "tiny",
      scenario: "two layers of 64 channels, batch 8",
      contender,
      secondsPerStep: Contenders.round3(secondsPerStep),
      rowsPerSecond: Contenders.round3(8 / secondsPerStep),
      peakMemoryMB: output.peakMemoryMB,
    })
  }
  for (const backend of ["wasm", "cpu", "tensorflow"] as const)
    found.push(
      line(`Sluice, ${backend}`, await Contenders.run(setting, Contenders.sluice, { ...task, backend })),
    )
  found.push(line(Contenders.peft.name, await Contenders.run(setting, Contenders.peft, task)))
  return found
}
