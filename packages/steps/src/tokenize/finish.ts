import type { RowWise } from "@sluice/core"
import { counted, thousands } from "../counted.ts"
import { ChatsUnfit } from "./ChatsUnfit.ts"
import type { Counts } from "./Counts.ts"

/** Refuses a table with unfit rows, all of them at once; else words what became of it. */
export const finish = (counts: ReadonlyArray<Counts>, context: RowWise.Finish): void => {
  const sum = (of: (one: Counts) => number): number => counts.reduce((total, one) => total + of(one), 0)
  const rows = sum((one) => one.rows)
  const unfitRows = sum((one) => one.unfitRows)
  if (unfitRows > 0) {
    throw new ChatsUnfit({
      rows,
      unfitRows,
      unfit: counts.flatMap((one) => one.unfit),
      hint: 'Raise maxTokens or set onTooLong to "drop" or "cut" for long rows; correct the others or leave them out before.',
    })
  }
  const endless = sum((one) => one.endless)
  if (endless > 0) {
    context.warn(
      `In ${counted(endless, "row")} of ${thousands(rows)} no token that ends an answer is learnt: a model tuned on them may not stop.`,
    )
  }
  const [weighted, cut, dropped] = [
    sum((one) => one.weighted),
    sum((one) => one.cut),
    sum((one) => one.dropped),
  ]
  context.summarize(
    [
      counted(rows - dropped, "row"),
      counted(
        sum((one) => one.tokens),
        "token",
      ),
      `${thousands(sum((one) => one.supervised))} supervised`,
      ...(weighted > 0 ? [`weights in ${counted(weighted, "row")}`] : []),
      ...(cut > 0 ? [`${thousands(cut)} cut`] : []),
      ...(dropped > 0 ? [`${thousands(dropped)} dropped`] : []),
    ].join(", "),
  )
}
