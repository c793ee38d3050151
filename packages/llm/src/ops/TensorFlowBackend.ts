/** The native backend: eager tensors with scopes, and functions recorded by `jit`. */
import { AttributeType, DataType, Errors, type Binding } from "@sluice/tensorflow"
import { adamWScalars } from "./adamWScalars.ts"
import type { Backend, Ops, Tensor } from "./Ops.ts"
import * as structure from "./structure.ts"
import * as TensorFlowOps from "./TensorFlowOps.ts"
import { isSlot, record, type Recorded, type Slot } from "./TensorFlowRecorder.ts"
import {
  alive,
  EagerTensor,
  EagerVariable,
  foreign,
  isEager,
  isLeaf,
  type Leaf,
} from "./TensorFlowTensors.ts"

export interface Options {
  readonly products: TensorFlowOps.Products
  /** Record functions; off, they run eagerly with the same bits. */
  readonly jit: boolean
  readonly settings: Readonly<Record<string, string | number>>
}

/**
 * TensorFlow's graph optimizer reorders arithmetic (it turns divisions into products, for one), so it is off in
 * recorded functions: they run the very operations that were recorded. ConfigProto.graph_options (10)
 * .rewrite_options (10).disable_meta_optimizer (19).
 */
const asRecorded: Binding.Attribute = {
  name: "config_proto",
  type: AttributeType.string,
  value: Uint8Array.of((10 << 3) | 2, 5, (10 << 3) | 2, 3, ((19 << 3) & 127) | 128, 1, 1),
}

export const make = (
  binding: Binding.Binding,
  options: Options,
): Backend & { readonly close: () => void } => {
  let scope: Set<EagerTensor> | null = null
  let live = 0
  const labels: Array<string> = []
  /** The operations of the recording in progress. */
  let recording: Ops | undefined
  const constants = new Map<string, EagerTensor>()
  const variables = new Set<EagerTensor>()
  const functions: Array<string> = []

  const own = (handle: number): EagerTensor => {
    const tensor = new EagerTensor(binding, handle)
    live++
    if (scope !== null) {
      tensor.owner = scope
      scope.add(tensor)
    }
    return tensor
  }

  const release = (tensor: EagerTensor): void => {
    if (tensor.handle === 0 || tensor.constant) return
    binding.remove(tensor.handle)
    tensor.handle = 0
    live--
    tensor.owner?.delete(tensor)
    tensor.owner = null
  }

  const constant = (key: string, shape: ReadonlyArray<number>, data: () => Float32Array | Int32Array) => {
    let tensor = constants.get(key)
    if (tensor === undefined) {
      const values = data()
      const dataType = values instanceof Float32Array ? DataType.float32 : DataType.int32
      tensor = new EagerTensor(binding, binding.create(shape, dataType, values), true)
      constants.set(key, tensor)
    }
    return tensor
  }
  const ints = (value: ReadonlyArray<number> | number): EagerTensor =>
    typeof value === "number"
      ? constant(`i${value}`, [], () => Int32Array.of(value))
      : constant(`v${value.join(",")}`, [value.length], () => Int32Array.from(value))
  const scalar = (value: number): EagerTensor =>
    constant(Object.is(value, -0) ? "f-0" : `f${value}`, [], () => Float32Array.of(value))

  const label = <A>(name: string, f: () => A): A => {
    labels.push(name)
    try {
      return f()
    } finally {
      labels.pop()
    }
  }

  /**
   * Adds the labels around the call to TensorFlow's own account of a failure. Of a recorded function TensorFlow
   * names the node, `attention/_MklMatMul_3`, whose first parts are the labels that were set while recording.
   */
  const named = (cause: unknown): unknown => {
    if (!(cause instanceof Errors.OperationFailed)) return cause
    const inside = cause.label.split("/")
    const node = inside.pop()!.replace(/_\d+$/, "")
    return new Errors.OperationFailed({
      operation: node === "" ? cause.operation : node,
      label: [...labels, ...inside].join(" / "),
      code: cause.code,
      detail: cause.detail,
      inputs: node === "" ? cause.inputs : [],
    })
  }

  const execute = (
    operation: string,
    attributes: TensorFlowOps.Attributes,
    inputs: ReadonlyArray<Tensor>,
    outputs: number,
  ): Array<EagerTensor> => {
    const handles = Array.from<number>({ length: inputs.length })
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i]!
      if (!(input instanceof EagerTensor)) throw foreign(operation, input, labels)
      if (input.handle === 0) {
        throw new Errors.OperationFailed({
          operation,
          label: labels.join(" / "),
          code: 3,
          detail: `input ${i + 1} of ${inputs.length} was already freed`,
          inputs: [],
        })
      }
      handles[i] = input.handle
    }
    try {
      const made = binding.execute(operation, attributes, handles, outputs)
      return made.map(own)
    } catch (cause) {
      throw named(cause)
    }
  }

  const eager = TensorFlowOps.make(
    {
      run: execute,
      ints,
      scalar,
      resource: (variable) => (variable as EagerVariable).resource,
      label,
    },
    options.products,
  )

  const inScope = <A>(f: () => A): A => {
    const outer = scope
    const inner = new Set<EagerTensor>()
    scope = inner
    try {
      const result = f()
      if (result instanceof Promise) throw new TypeError("scope takes a function that is not async.")
      structure.each(result, isEager, (tensor) => {
        if (!inner.delete(tensor)) return
        tensor.owner = outer
        outer?.add(tensor)
      })
      return result
    } finally {
      scope = outer
      for (const tensor of inner) {
        tensor.owner = null
        release(tensor)
      }
    }
  }

  /** Eagerly, with the semantics of a recording: what comes out is new, never an argument itself. */
  const runEagerly = (f: (ops: Ops, args: unknown) => unknown, args: unknown): unknown =>
    inScope(() => {
      const inside = scope
      const given = new Set<EagerTensor>()
      return structure.map(f(eager, args), isEager, (tensor: EagerTensor) => {
        const fresh = tensor.owner === inside && !given.has(tensor)
        given.add(tensor)
        return fresh ? tensor : execute("Identity", [], [tensor], 1)[0]
      })
    })

  const environment = {
    binding,
    products: options.products,
    ints,
    scalar,
    label,
    labels,
    named,
    during: <A>(ops: Ops, f: () => A): A => {
      recording = ops
      try {
        return f()
      } finally {
        recording = undefined
      }
    },
  }

  const jit: Backend["jit"] = (name, f) => {
    const cache = new Map<string, Recorded>()
    const g = f as (ops: Ops, args: unknown) => unknown
    const call = (args: unknown): unknown => {
      const ops = recording
      if (ops !== undefined) return label(name, () => g(ops, args))
      if (!options.jit) return label(name, () => runEagerly(g, args))
      const leaves: Array<Leaf> = []
      const key = structure.key(args, isLeaf, describer(), leaves)
      let recorded = cache.get(key)
      if (recorded === undefined) {
        recorded = label(name, () => record(environment, name, g, args))
        functions.push(recorded.name)
        cache.set(key, recorded)
      }
      const { outputs, result } = recorded
      const inputs = leaves.map((leaf) => (leaf instanceof EagerVariable ? leaf.resource : leaf))
      const made = label(name, () => execute(recorded.name, [asRecorded], inputs, outputs))
      return structure.map(result, isSlot, (slot: Slot) => made[slot.index])
    }
    return call as (args: Parameters<typeof f>[1]) => ReturnType<typeof f>
  }

  const tensor: Backend["tensor"] = (data, shape) => {
    const dataType = data instanceof Float32Array ? DataType.float32 : DataType.int32
    return own(binding.create(shape, dataType, data))
  }

  return {
    kind: "tensorflow",
    ops: eager,
    tensor,
    read: (value) => {
      const given = value as EagerTensor
      const plain = given.dtype === "bfloat16" ? (eager.cast(given, "float32") as EagerTensor) : given
      try {
        return Promise.resolve(binding.data(alive(plain)) as Float32Array | Int32Array)
      } finally {
        if (plain !== given) release(plain)
      }
    },
    free: (...values) => {
      for (const value of values) {
        if (value instanceof EagerTensor) release(value)
        else if (value instanceof EagerVariable && variables.delete(value.resource)) {
          destroy(binding, value.resource)
        }
      }
    },
    scope: inScope,
    variable: (initial) => {
      const dtype = initial.dtype
      const [handle] = binding.execute(
        "VarHandleOp",
        [
          { name: "dtype", type: AttributeType.type, value: TensorFlowOps.dataTypes[dtype] },
          { name: "shape", type: AttributeType.shape, value: initial.shape },
          // Under this name every handle is a variable of its own, which dies with the handle.
          { name: "shared_name", type: AttributeType.string, value: anonymous },
        ],
        [],
        1,
      )
      const resource = new EagerTensor(binding, handle!, true)
      variables.add(resource)
      const made = new EagerVariable(resource, [...initial.shape], dtype)
      eager.assignVariable(made, initial)
      return made
    },
    adamW: (given, count) => adamWScalars(given, count, (value) => tensor(Float32Array.of(value), [])),
    jit,
    tensorCount: () => live,
    settings: options.settings,
    close: () => {
      for (const value of constants.values()) {
        binding.remove(value.handle)
        value.handle = 0
      }
      constants.clear()
      for (const resource of variables) destroy(binding, resource)
      variables.clear()
      for (const name of functions.splice(0)) {
        binding.c.TFE_ContextRemoveFunction(binding.context, name, binding.c.status)
        binding.check(name)
      }
    },
  }
}

/** TensorFlow's ResourceHandle::ANONYMOUS_NAME. */
const anonymous = Buffer.from("cd2c89b7-88b7-44c8-ad83-06c2a9158347")

const destroy = (binding: Binding.Binding, resource: EagerTensor): void => {
  binding.execute(
    "DestroyResourceOp",
    [{ name: "ignore_lookup_error", type: AttributeType.bool, value: true }],
    [resource.handle],
    0,
  )
  binding.remove(resource.handle)
  resource.handle = 0
}

/** Says what a recording depends on of a leaf: not its sizes, but which variables are one and the same. */
const describer = (): ((leaf: Leaf) => string) => {
  const variables = new Map<EagerVariable, number>()
  return (leaf) => {
    if (leaf instanceof EagerTensor) return `${leaf.dtype}${leaf.shape.length}`
    let number = variables.get(leaf)
    if (number === undefined) variables.set(leaf, (number = variables.size))
    return `v${number}${leaf.dtype}${leaf.shape.length}`
  }
}
