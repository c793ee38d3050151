/** Runs model code once with symbolic tensors and makes a TensorFlow function of what it did. */
import { DataType, Recording, type Binding } from "@sluice/tensorflow"
import type { Ops, Tensor } from "./Ops.ts"
import * as structure from "./structure.ts"
import * as TensorFlowOps from "./TensorFlowOps.ts"
import {
  alive,
  EagerTensor,
  EagerVariable,
  foreign,
  isLeaf,
  type Leaf,
  RecordedTensor,
  RecordedVariable,
} from "./TensorFlowTensors.ts"

/** A function made once, and what its results look like. */
export interface Recorded {
  readonly name: string
  readonly outputs: number
  readonly result: unknown
}

/** Stands in a recorded result for its output of that number. */
export class Slot {
  readonly index: number
  constructor(index: number) {
    this.index = index
  }
}
export const isSlot = (value: object): value is Slot => value instanceof Slot

type RecordedLeaf = RecordedTensor | EagerTensor
const isRecordedLeaf = (value: object): value is RecordedLeaf =>
  value instanceof RecordedTensor || value instanceof EagerTensor

/** What a recording shares with the backend that it is made for. */
export interface Environment {
  readonly binding: Binding.Binding
  readonly products: TensorFlowOps.Products
  readonly ints: TensorFlowOps.Emit["ints"]
  readonly scalar: TensorFlowOps.Emit["scalar"]
  readonly label: Ops["label"]
  /** The labels that are set now; the recording's own come after those of its caller. */
  readonly labels: Array<string>
  /** A failure with its place. */
  readonly named: (cause: unknown) => unknown
  /** Tells which operations a recorded function that is called meanwhile is to use. */
  readonly during: <A>(ops: Ops, f: () => A) => A
}

let serial = 0

/**
 * Records `f` for the structure of `args` and registers it. Throws the failure of an operation with its place, or
 * says which tensor came from outside.
 */
export const record = (
  environment: Environment,
  name: string,
  f: (ops: Ops, args: unknown) => unknown,
  args: unknown,
): Recorded => {
  const recording = Recording.make(environment.binding)
  let finished = false
  try {
    const placeholders: Array<Recording.Output> = []
    const symbolic = symbolicArguments(recording, args, placeholders)
    const { ops, run } = recordingOps(environment, recording)
    const outputs: Array<Recording.Output> = []
    const result = structure.map(
      environment.during(ops, () => f(ops, symbolic)),
      isRecordedLeaf,
      (leaf: RecordedLeaf) => {
        // Each result is a node of its own, so that one may be an argument, a constant or given twice.
        outputs.push(run("Identity", [], [leaf])[0]!.output)
        return new Slot(outputs.length - 1)
      },
    )
    const unique = `sluice_${name.replaceAll(/[^A-Za-z0-9_]+/g, "_")}_${serial++}`
    finished = true
    recording.finish(unique, placeholders, outputs)
    return { name: unique, outputs: outputs.length, result }
  } finally {
    if (!finished) recording.abandon()
  }
}

/** A placeholder for every tensor and variable among the arguments, in order. */
const symbolicArguments = (
  recording: Recording.Recording,
  args: unknown,
  placeholders: Array<Recording.Output>,
): unknown => {
  const given = new Map<EagerVariable, RecordedVariable>()
  return structure.map(args, isLeaf, (leaf: Leaf) => {
    const resource = leaf instanceof EagerVariable
    const dataType = resource ? DataType.resource : TensorFlowOps.dataTypes[leaf.dtype]
    const output = recording.placeholder(dataType, resource ? 0 : leaf.shape.length)
    placeholders.push(output)
    if (!resource) return new RecordedTensor(recording, output)
    // A variable given twice is one variable: its reads and writes keep one order.
    let variable = given.get(leaf)
    if (variable === undefined) {
      variable = new RecordedVariable(new RecordedTensor(recording, output), leaf)
      given.set(leaf, variable)
    }
    return variable
  })
}

const recordingOps = (environment: Environment, recording: Recording.Recording) => {
  const { labels } = environment
  const start = labels.length
  const run = (
    type: string,
    attributes: TensorFlowOps.Attributes,
    inputs: ReadonlyArray<Tensor>,
  ): ReadonlyArray<RecordedTensor> => {
    const outputs = inputs.map((input) => {
      if (input instanceof RecordedTensor && input.recording === recording) return input.output
      if (input instanceof EagerTensor && input.constant) return recording.constant(alive(input))
      throw foreign(type, input, labels)
    })
    try {
      return recording
        .operation(type, labels.slice(start).join("/"), attributes, outputs)
        .map((output) => new RecordedTensor(recording, output))
    } catch (cause) {
      throw environment.named(cause)
    }
  }
  const plain = TensorFlowOps.make(
    {
      run,
      ints: environment.ints,
      scalar: environment.scalar,
      resource: (variable) => {
        if (variable instanceof RecordedVariable && variable.resource.recording === recording) {
          return variable.resource
        }
        throw foreign("variable", undefined, labels)
      },
      label: environment.label,
    },
    environment.products,
  )
  const ops: Ops = {
    ...plain,
    // TensorFlow cannot know the shape behind an argument that is a variable.
    readVariable: (variable) => {
      const value = plain.readVariable(variable)
      if (value instanceof RecordedTensor) recording.stateRank(value.output, variable.shape.length)
      return value
    },
  }
  return { ops, run }
}
