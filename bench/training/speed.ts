/**
 * Rows per second and peak memory on the same batches, contenders alternating: the median of a contender's optimizer
 * steps, without each process's first two.
 */
import { median } from "../lib/processTree.ts"
import * as Contenders from "./contenders.ts"
import { type Scenario, scenarios } from "./rows.ts"

export const rows = async (
  setting: Contenders.Setting,
  adapter: string,
): Promise<ReadonlyArray<Record<string, unknown>>> => {
  const found: Array<Record<string, unknown>> = []
  for (const scenario of scenarios(setting.model, setting.steps)) {
    if (setting.only === undefined || setting.only === "speed" || setting.only === scenario.name)
      found.push(...(await ofScenario(setting, adapter, scenario)))
  }
  return found
}

interface Seen {
  readonly seconds: Array<number>
  readonly peaks: Array<number>
  losses: ReadonlyArray<number>
  predictedMB: number
  rowsPerStep: number
  notes: ReadonlyArray<string>
}

const ofScenario = async (
  setting: Contenders.Setting,
  adapter: string,
  { batches, name }: Scenario,
): Promise<ReadonlyArray<Record<string, unknown>>> => {
  const rowCount = batches.reduce((sum, batch) => sum + batch.length, 0)
  const tokens = batches.flat().reduce((sum, { ids }) => sum + ids.length, 0)
  const all = [
    Contenders.sluice,
    Contenders.peft,
    Contenders.trl,
    Contenders.trlPacking(Math.ceil(tokens / batches.length)),
    Contenders.trlDefaults,
  ].filter(
    ({ name: own }) =>
      own === Contenders.sluice.name ||
      (setting.contenders?.some((beginning) => own.startsWith(beginning)) ?? true),
  )
  const seen = new Map(
    all.map((contender): [string, Seen] => [
      contender.name,
      { seconds: [], peaks: [], losses: [], predictedMB: 0, rowsPerStep: batches[0]!.length, notes: [] },
    ]),
  )
  for (let round = 0; round < setting.rounds; round++) {
    for (const contender of all) {
      const task = { gguf: setting.gguf, adapter, batches, ...Contenders.recipe }
      const output = await Contenders.run(setting, contender, task)
      const one = seen.get(contender.name)!
      one.seconds.push(...output.seconds.slice(2))
      one.peaks.push(output.peakMemoryMB)
      one.losses = output.losses
      one.predictedMB = Math.max(one.predictedMB, (output.predictedBytes ?? 0) / 2 ** 20)
      one.rowsPerStep = rowCount / output.seconds.length
      one.notes = output.notes ?? []
    }
  }
  const rate = (one: Seen) => one.rowsPerStep / median(one.seconds)
  const ours = seen.get(Contenders.sluice.name)!
  return [...seen].map(([contender, one]) =>
    Contenders.say({
      part: "speed",
      scenario: name,
      contender,
      secondsPerStep: Contenders.round3(median(one.seconds)),
      fastestStep: Contenders.round3(Math.min(...one.seconds)),
      rowsPerSecond: Contenders.round3(rate(one)),
      sluiceTimesFaster: Contenders.round3(rate(ours) / rate(one)),
      peakMemoryMB: Math.max(...one.peaks),
      ...(one.predictedMB > 0 ? { predictedMemoryMB: Math.round(one.predictedMB) } : {}),
      // Packed sequences are other batches: their losses are no peers of ours.
      ...(one.losses.length === ours.losses.length && one.rowsPerStep === batches[0]!.length
        ? { largestLossDifference: Contenders.largestDifference(one.losses, ours.losses) }
        : {}),
      ...(one.notes.length === 0 ? {} : { notes: one.notes }),
    }),
  )
}
