/** What a training is asked for that cannot do what it is there for: said before the first optimizer step. */
import type { LoraShape, Trainer } from "@sluice/llm"
import { counted, sized, thousands } from "../counted.ts"
import type { Config } from "./Config.ts"
import type { Length } from "./order.ts"
import * as Outlook from "./Outlook.ts"

export interface Given {
  readonly config: Pick<Config, "activationMiB" | "heldOut" | "recompute" | "warmup">
  readonly lora: Pick<LoraShape.LoraShape, "layers">
  readonly length: Length
  readonly outlook: Pick<Outlook.Outlook, "activationBytes">
  /** All that are looked at, learnt from or not. */
  readonly rows: ReadonlyArray<Trainer.TokenRow>
  /** Longest text that the model was made for. */
  readonly contextTokens: number
}

/** None where all is well. */
export const remarks = ({
  config,
  contextTokens,
  length,
  lora,
  outlook,
  rows,
}: Given): ReadonlyArray<string> => {
  const { activationMiB, heldOut, recompute, warmup } = config
  const found: Array<string> = []
  if (warmup > length.total && warmup >= 1) {
    found.push(
      `warmup: ${thousands(warmup)} is more than the ${counted(length.total, "optimizer step")} of this training: ` +
        "the learning rate only rises",
    )
  }
  if (heldOut?.patience != null) {
    const looks = Outlook.looksFrom(1, heldOut, length)
    if (heldOut.patience > looks - 2) {
      found.push(
        `heldOut.patience: ${thousands(heldOut.patience)} never ends this training early: ` +
          `it looks at its held-out rows ${counted(looks, "time")}; set heldOut.every`,
      )
    }
  }
  const long = rows.filter(({ ids }) => ids.length > contextTokens).length
  if (long > 0) {
    found.push(
      `${thousands(long)} of ${counted(rows.length, "row")} ${long === 1 ? "is" : "are"} longer than the model's context of ` +
        `${thousands(contextTokens)} tokens; set maxTokens where they are tokenized`,
    )
  }
  const wide = lora.layers.flatMap(({ inSize, members }) =>
    members
      .filter(({ outSize, rank }) => rank > Math.min(inSize, outSize))
      .map((one) => ({ ...one, inSize })),
  )
  if (wide.length > 0) {
    const { inSize, module, outSize, rank } = wide[0]!
    found.push(
      `the rank is above the size of ${counted(wide.length, "projection")}, such as ${thousands(rank)} for ` +
        `${module}, ${thousands(outSize)} x ${thousands(inSize)}: ${thousands(Math.min(inSize, outSize))} can learn the same`,
    )
  }
  if (outlook.activationBytes > activationMiB * 2 ** 20) {
    found.push(
      `activationMiB: ${thousands(activationMiB)} is less than a single row takes, ${sized(outlook.activationBytes)}` +
        (recompute === "never" ? "; recompute: never keeps it so" : ", though blocks are computed again"),
    )
  }
  return found
}
