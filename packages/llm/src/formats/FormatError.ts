/** A model file that is not what it should be: which file, which tensor or key, what was found, what to do. */
import * as Data from "effect/Data"
import { structured } from "./structured.ts"

/** Raised by the readers of GGUF, safetensors and model folders. */
export class FormatError extends Data.TaggedError("FormatError")<{
  /** Path, or the name given for bytes in memory. */
  readonly file: string
  /** What is wrong, as one sentence. */
  readonly reason: string
  /** Further facts in the order of printing, such as `["Tensor", "blk.0.attn_q.weight"]`. */
  readonly facts: ReadonlyArray<readonly [label: string, value: string]>
  readonly hint?: string | undefined
}> {
  override get message(): string {
    return structured(this.reason, [["File", this.file], ...this.facts], this.hint)
  }
}
