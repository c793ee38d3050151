import type { Table } from "@sluice/core"
import { counted, signed, thousands } from "../counted.ts"
import type { Harm } from "../Forgetting.ts"
import type { Aside } from "../report/Report.ts"

/** What was forgotten, as a table of the report: the base model first, then the others against it. */
export const aside = (harm: ReadonlyArray<Table.Row<typeof Harm>>): Aside => ({
  title: `What tuning made the model forget: ${thousands(harm[0]?.tokens ?? 0)} tokens of general text, ${counted(harm[0]?.questions ?? 0, "general question")}`,
  head: ["Model", "Loss", "Rise", "95 % interval", "Right", "Change in points", "95 % interval"],
  rows: harm.map((row, at) => [
    row.checkpoint,
    row.loss.toFixed(4),
    ...(at === 0
      ? ["", ""]
      : [signed(row.lossRise, 4), `${signed(row.lossRiseLow, 4)} to ${signed(row.lossRiseHigh, 4)}`]),
    thousands(row.right),
    ...(at === 0
      ? ["", ""]
      : [
          signed(100 * row.accuracyChange, 1),
          `${signed(100 * row.accuracyChangeLow, 1)} to ${signed(100 * row.accuracyChangeHigh, 1)}`,
        ]),
  ]),
})
