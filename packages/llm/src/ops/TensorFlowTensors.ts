/** The native backend's tensors and variables: eager ones hold a handle, recorded ones a place in a graph. */
import { DataType, type Binding, type Recording } from "@sluice/tensorflow"
import type { DType, Tensor, Variable } from "./Ops.ts"

const dtypes: Readonly<Record<number, DType>> = {
  [DataType.float32]: "float32",
  [DataType.int32]: "int32",
  [DataType.bfloat16]: "bfloat16",
}

/** A handle inside TensorFlow; 0 once it is freed. Shape and dtype are asked for when first needed. */
export class EagerTensor implements Tensor {
  readonly binding: Binding.Binding
  handle: number
  /** The scope that would free it; null for constants, and for what lives until `free`. */
  owner: Set<EagerTensor> | null = null
  readonly constant: boolean
  #shape: ReadonlyArray<number> | undefined
  #dtype: DType | undefined

  constructor(binding: Binding.Binding, handle: number, constant = false) {
    this.binding = binding
    this.handle = handle
    this.constant = constant
  }

  get shape(): ReadonlyArray<number> {
    return (this.#shape ??= this.binding.shape(alive(this)))
  }

  get dtype(): DType {
    if (this.#dtype === undefined) {
      const number = this.binding.dataType(alive(this))
      this.#dtype = dtypes[number]
      if (this.#dtype === undefined)
        throw new TypeError(`The seam has no tensors of TensorFlow type ${number}.`)
    }
    return this.#dtype
  }
}

export class EagerVariable implements Variable {
  readonly kind = "variable"
  readonly resource: EagerTensor
  readonly shape: ReadonlyArray<number>
  readonly dtype: DType

  constructor(resource: EagerTensor, shape: ReadonlyArray<number>, dtype: DType) {
    this.resource = resource
    this.shape = shape
    this.dtype = dtype
  }
}

/** A value inside a recording. */
export class RecordedTensor implements Tensor {
  readonly recording: Recording.Recording
  readonly output: Recording.Output
  #shape: ReadonlyArray<number> | undefined
  #dtype: DType | undefined

  constructor(recording: Recording.Recording, output: Recording.Output) {
    this.recording = recording
    this.output = output
  }

  get shape(): ReadonlyArray<number> {
    this.#shape ??= this.recording.shape(this.output)
    if (this.#shape === undefined) throw new TypeError("The rank of this tensor is unknown while recording.")
    return this.#shape
  }

  get dtype(): DType {
    return (this.#dtype ??= dtypes[this.recording.dataType(this.output)] ?? "float32")
  }
}

/** A variable that is an argument of a recording. */
export class RecordedVariable implements Variable {
  readonly kind = "variable"
  readonly resource: RecordedTensor
  readonly shape: ReadonlyArray<number>
  readonly dtype: DType

  constructor(resource: RecordedTensor, variable: Variable) {
    this.resource = resource
    this.shape = variable.shape.map(() => -1)
    this.dtype = variable.dtype
  }
}

export type Leaf = EagerTensor | EagerVariable

export const isEager = (value: object): value is EagerTensor => value instanceof EagerTensor
export const isLeaf = (value: object): value is Leaf =>
  value instanceof EagerTensor || value instanceof EagerVariable

export const alive = (tensor: EagerTensor): number => {
  if (tensor.handle === 0) throw new Error("This tensor was already freed.")
  return tensor.handle
}

const place = (operation: string, labels: ReadonlyArray<string>): string =>
  labels.length === 0 ? operation : `${operation} in ${labels.join(" / ")}`

/** The error of a tensor or variable that does not belong where it was used. */
export const foreign = (
  operation: string,
  input: Tensor | undefined,
  labels: ReadonlyArray<string>,
): Error => {
  const at = place(operation, labels)
  if (input instanceof RecordedTensor) {
    return new Error(`${at}: a tensor of a recording was used after it ended, or by the eager operations.`)
  }
  return new Error(
    `${at}: a ${input === undefined ? "variable" : "tensor"} from outside the recorded function. ` +
      "Pass it among the arguments.",
  )
}
