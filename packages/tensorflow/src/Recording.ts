/**
 * Builds a TensorFlow function out of operations and registers it, so that many operations run as one.
 *
 * Placeholders have unknown dimensions, so one function serves every size of its arguments. Nothing orders
 * stateful operations in a TensorFlow function but control edges: reads and writes of one variable get them
 * here, in the order in which they were recorded.
 */
import type { Attribute, Binding, Handle } from "./Binding.ts"
import { AttributeType, DataType, type Pointer } from "./native/CApi.ts"

/** One output of one operation in the graph. */
export interface Output {
  readonly operation: Pointer
  readonly index: number
}

export interface Recording {
  readonly placeholder: (dataType: number, rank: number) => Output
  /** A copy of the handle's value inside the function; one node per handle. */
  readonly constant: (handle: Handle) => Output
  /** Adds an operation. `name` need not be unique or legal: it is made so. Throws OperationFailed. */
  readonly operation: (
    type: string,
    name: string,
    attributes: ReadonlyArray<Attribute>,
    inputs: ReadonlyArray<Output>,
  ) => Array<Output>
  readonly dataType: (output: Output) => number
  /** −1 for an unknown dimension; undefined for an unknown rank. */
  readonly shape: (output: Output) => Array<number> | undefined
  /** States the rank of an output that TensorFlow cannot infer, as of a variable that was an argument. */
  readonly stateRank: (output: Output, rank: number) => void
  readonly operationCount: () => number
  /** Registers the function and ends the recording. Outputs keep their order; one may appear twice. */
  readonly finish: (name: string, inputs: ReadonlyArray<Output>, outputs: ReadonlyArray<Output>) => void
  /** Ends the recording without a function. */
  readonly abandon: () => void
}

/** Operations that touch a variable, their first input. The optimizer's touch three. */
const reads = new Set(["ReadVariableOp"])
const writes: Readonly<Record<string, number>> = { AssignVariableOp: 1, ResourceApplyAdam: 3 }

export const make = (binding: Binding): Recording => {
  const { c } = binding
  const { status } = c
  const graph = c.TF_NewGraph()
  const names = new Set<string>()
  const constants = new Map<Handle, Output>()
  /** Per variable (its placeholder): the last write, and the reads after it. */
  const history = new Map<Pointer, { write: Pointer | undefined; reads: Array<Pointer> }>()
  const writers: Array<Pointer> = []
  let operations = 0

  const legalName = (type: string, name: string): string => {
    const wanted = (name === "" ? type : `${name}/${type}`)
      .replaceAll(/[^A-Za-z0-9_./-]+/g, "_")
      .replace(/^[^A-Za-z0-9.]+/, "")
    let legal = wanted
    for (let i = 1; names.has(legal); i++) legal = `${wanted}_${i}`
    names.add(legal)
    return legal
  }

  const begin = (type: string, name: string): Pointer => {
    operations++
    return c.TF_NewOperation(graph, c.cString(type), legalName(type, name))
  }

  const end = (description: Pointer, what: string): Pointer => {
    const operation = c.TF_FinishOperation(description, status)
    binding.check(what)
    return operation
  }

  const setAttribute = (description: Pointer, attribute: Attribute): void => {
    const name = c.cString(attribute.name)
    const { value } = attribute
    switch (attribute.type) {
      case AttributeType.type:
        c.TF_SetAttrType(description, name, value)
        return
      case AttributeType.bool:
        c.TF_SetAttrBool(description, name, value ? 1 : 0)
        return
      case AttributeType.int:
        c.TF_SetAttrInt(description, name, value)
        return
      case AttributeType.float:
        c.TF_SetAttrFloat(description, name, value)
        return
      case AttributeType.string: {
        const bytes = value instanceof Uint8Array ? value : Buffer.from(String(value))
        c.TF_SetAttrString(description, name, bytes, bytes.length)
        return
      }
      case AttributeType.shape: {
        const dims = value as ReadonlyArray<number>
        c.TF_SetAttrShape(description, name, dimensions(dims), dims.length)
        return
      }
      default:
        throw new TypeError(`Attribute ${attribute.name} has an unknown type, ${attribute.type}.`)
    }
  }

  const addInputs = (
    description: Pointer,
    type: string,
    attributes: ReadonlyArray<Attribute>,
    inputs: ReadonlyArray<Output>,
  ): void => {
    const signature = binding.signature(type)
    let at = 0
    for (const input of signature?.inputs ?? inputs.map(() => 1 as const)) {
      if (input === 1) {
        const output = inputs[at++]
        if (output !== undefined) c.TF_AddInput(description, output.operation, output.index)
        continue
      }
      const name = "count" in input ? input.count : input.types
      const value = attributes.find((attribute) => attribute.name === name)?.value
      const count = Array.isArray(value) ? value.length : Number(value)
      c.TF_AddInputList(description, outputWords(inputs.slice(at, at + count)), count)
      at += count
    }
    if (at !== inputs.length) {
      throw new RangeError(`${type} takes ${at} inputs but was given ${inputs.length}.`)
    }
  }

  const orderAccess = (type: string, inputs: ReadonlyArray<Output>): ((operation: Pointer) => void) => {
    const written = writes[type] ?? 0
    const touched = inputs.slice(0, reads.has(type) ? 1 : written).map((input) => input.operation)
    return (operation) => {
      for (const variable of touched) {
        const past = history.get(variable) ?? { write: undefined, reads: [] }
        if (written > 0) history.set(variable, { write: operation, reads: [] })
        else history.set(variable, { write: past.write, reads: [...past.reads, operation] })
      }
      if (written > 0) writers.push(operation)
    }
  }

  const edgesBefore = (type: string, inputs: ReadonlyArray<Output>): ReadonlyArray<Pointer> => {
    const written = writes[type] ?? 0
    if (written === 0 && !reads.has(type)) return []
    return inputs.slice(0, Math.max(written, 1)).flatMap((input) => {
      const past = history.get(input.operation)
      if (past === undefined) return []
      const earlier = past.write === undefined ? [] : [past.write]
      return written > 0 ? [...earlier, ...past.reads] : earlier
    })
  }

  return {
    placeholder: (dataType, rank) => {
      const description = begin("Placeholder", "argument")
      c.TF_SetAttrType(description, c.cString("dtype"), dataType)
      if (dataType !== DataType.resource) {
        const unknown = Array.from<number>({ length: rank }).fill(-1)
        c.TF_SetAttrShape(description, c.cString("shape"), dimensions(unknown), rank)
      }
      return { operation: end(description, "Placeholder"), index: 0 }
    },
    constant: (handle) => {
      const known = constants.get(handle)
      if (known !== undefined) return known
      const value = c.TFE_TensorHandleResolve(handle, status)
      binding.check("Const")
      const description = begin("Const", "constant")
      c.TF_SetAttrType(description, c.cString("dtype"), binding.dataType(handle))
      c.TF_SetAttrTensor(description, c.cString("value"), value, status)
      c.TF_DeleteTensor(value)
      binding.check("Const")
      const output = { operation: end(description, "Const"), index: 0 }
      constants.set(handle, output)
      return output
    },
    operation: (type, name, attributes, inputs) => {
      const edges = edgesBefore(type, inputs)
      const remember = orderAccess(type, inputs)
      const description = begin(type, name)
      addInputs(description, type, attributes, inputs)
      for (const attribute of attributes) setAttribute(description, attribute)
      for (const edge of edges) c.TF_AddControlInput(description, edge)
      const operation = end(description, type)
      remember(operation)
      const count = c.TF_OperationNumOutputs(operation)
      return Array.from({ length: count }, (_, index) => ({ operation, index }))
    },
    dataType: (output) => c.TF_OperationOutputType(output.operation, output.index),
    shape: (output) => {
      const rank = c.TF_GraphGetTensorNumDims(graph, output.operation, output.index, status)
      binding.check("shape")
      if (rank < 0) return undefined
      const dims = new BigInt64Array(Math.max(rank, 1))
      c.TF_GraphGetTensorShape(graph, output.operation, output.index, dims, rank, status)
      binding.check("shape")
      return Array.from(dims.subarray(0, rank), Number)
    },
    stateRank: (output, rank) => {
      const unknown = dimensions(Array.from<number>({ length: rank }).fill(-1))
      c.TF_GraphSetTensorShape(graph, output.operation, output.index, unknown, rank, status)
      binding.check("shape")
    },
    operationCount: () => operations,
    finish: (name, inputs, outputs) => {
      const control = BigInt64Array.from(writers, BigInt)
      try {
        const made = c.TF_GraphToFunctionWithControlOutputs(
          graph,
          name,
          0,
          -1,
          null,
          inputs.length,
          outputWords(inputs),
          outputs.length,
          outputWords(outputs),
          null,
          control.length,
          control.length > 0 ? control : null,
          null, // names of control outputs
          null, // options
          null, // description
          status,
        )
        binding.check(name)
        c.TFE_ContextAddFunction(binding.context, made, status)
        c.TF_DeleteFunction(made)
        binding.check(name)
      } finally {
        c.TF_DeleteGraph(graph)
      }
    },
    abandon: () => {
      c.TF_DeleteGraph(graph)
    },
  }
}

/** An array of TF_Output: {operation pointer, int32 index, padding}. */
const outputWords = (outputs: ReadonlyArray<Output>): BigInt64Array | null => {
  if (outputs.length === 0) return null
  const words = new BigInt64Array(2 * outputs.length)
  outputs.forEach((output, i) => {
    words[2 * i] = BigInt(output.operation)
    words[2 * i + 1] = BigInt(output.index)
  })
  return words
}

const dimensions = (shape: ReadonlyArray<number>): BigInt64Array => BigInt64Array.from([...shape, 0], BigInt)
