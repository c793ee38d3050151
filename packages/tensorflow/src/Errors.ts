/** Every error of the native backend: facts as fields, a message of headline, facts and hint. */
import * as Data from "effect/Data"
import { structured } from "./internal/structured.ts"

/** No usable TensorFlow library on this machine. */
export class LibraryMissing extends Data.TaggedError("LibraryMissing")<{
  readonly headline: string
  readonly facts: Readonly<Record<string, string>>
  readonly hint: string
  /** True where `Library.ensure` may put it right. */
  readonly fetchable: boolean
}> {
  override get message(): string {
    return structured(this.headline, this.facts, this.hint)
  }
}

/** Settings that do not go together: computing with others in silence would give results under a wrong name. */
export class SettingsRefused extends Data.TaggedError("SettingsRefused")<{
  readonly headline: string
  readonly facts: Readonly<Record<string, string>>
  readonly hint: string
}> {
  override get message(): string {
    return structured(this.headline, this.facts, this.hint)
  }
}

/** The library could not be fetched, checked or unpacked. Nothing half done is left under its final name. */
export class LibraryFetchFailed extends Data.TaggedError("LibraryFetchFailed")<{
  readonly reason:
    | "no-python"
    | "no-pip"
    | "no-network"
    | "not-found"
    | "wrong-digest"
    | "damaged-wheel"
    | "no-space"
    | "no-permission"
    | "pip-failed"
  readonly headline: string
  readonly facts: Readonly<Record<string, string>>
  readonly hint: string
}> {
  override get message(): string {
    return structured(this.headline, this.facts, this.hint)
  }
}

/** The library is there, but this process cannot use it as asked. */
export class BindingFailed extends Data.TaggedError("BindingFailed")<{
  readonly headline: string
  readonly facts: Readonly<Record<string, string>>
  readonly hint: string
}> {
  override get message(): string {
    return structured(this.headline, this.facts, this.hint)
  }
}

/** An operation refused its inputs, or ran out of memory. */
export class OperationFailed extends Data.TaggedError("OperationFailed")<{
  readonly operation: string
  /** Where in the model: the labels around the call, or the node of a recorded function. */
  readonly label: string
  /** TF_Code: 3 invalid argument, 5 not found, 8 out of memory, … */
  readonly code: number
  readonly detail: string
  /** `float32 [32, 576]` each. */
  readonly inputs: ReadonlyArray<string>
}> {
  override get message(): string {
    const facts: Record<string, string> = {}
    if (this.label !== "") facts["Place"] = this.label
    if (this.inputs.length > 0) facts["Inputs"] = this.inputs.join(", ")
    facts["Reason"] = this.detail
    return structured(
      `The operation ${this.operation} failed.`,
      facts,
      this.code === 8 ? "Lower the batch or the memory budget, or free memory on this machine." : undefined,
    )
  }
}
