/**
 * TensorFlow's eager runtime behind a few functions: values in, operations, values out.
 *
 * A handle is the address of one tensor inside TensorFlow. Whoever holds it must delete it; this layer neither
 * counts nor checks that (`Tfjs` and the numeric seam do). One context serves the process: TensorFlow sizes its
 * thread pools once, so a second `open` with other settings is refused.
 */
import * as CApi from "./native/CApi.ts"
import * as Context from "./native/Context.ts"
import { readMessage } from "./native/message.ts"
import * as OpSignature from "./native/OpSignature.ts"
import * as Errors from "./Errors.ts"

export type Handle = CApi.Pointer
export type Values =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | BigInt64Array
  | Int8Array

/** One attribute of an operation; `type` is `CApi.AttributeType`. Shaped as TensorFlow.js's kernels give it. */
export interface Attribute {
  readonly name: string
  readonly type: number
  readonly value: unknown
}

export interface Options {
  /** Width of TensorFlow's thread pools. It decides bits, so it has no default here. */
  readonly threads: number
  readonly device?: "cpu" | "gpu" | "best"
}

export interface Binding {
  readonly version: string
  readonly threads: number
  readonly device: "cpu" | "gpu"
  readonly c: CApi.CApi
  readonly context: CApi.Pointer
  /** Undefined where the name is a recorded function or nothing at all. */
  readonly signature: (operation: string) => OpSignature.OpSignature | undefined
  /** Copies the values. Throws RangeError when they do not fill the shape. */
  readonly create: (
    shape: ReadonlyArray<number>,
    dataType: number,
    values: Values | ReadonlyArray<Uint8Array>,
  ) => Handle
  readonly remove: (handle: Handle) => void
  /** A copy of the values; for strings, one array of bytes each. */
  readonly data: (handle: Handle) => Values | ReadonlyArray<Uint8Array>
  readonly dataType: (handle: Handle) => number
  readonly shape: (handle: Handle) => Array<number>
  /** Runs one operation. Throws OperationFailed. */
  readonly execute: (
    operation: string,
    attributes: ReadonlyArray<Attribute>,
    inputs: ReadonlyArray<Handle>,
    outputs: number,
  ) => Array<Handle>
  /** Throws the pending failure, if there is one. */
  readonly check: (operation: string, inputs?: ReadonlyArray<Handle>) => void
}

const elementBytes: Readonly<Record<number, number>> = {
  1: 4, // float32
  2: 8, // float64
  3: 4, // int32
  4: 1, // uint8
  8: 8, // complex64
  9: 8, // int64
  10: 1, // bool
  14: 2, // bfloat16
  19: 2, // float16
}

const dataTypeNames: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(CApi.DataType).map(([name, number]) => [number, name]),
)
const sizeOfTString = 24
const maxOutputs = 4096

let opened: { readonly key: string; readonly binding: Binding; readonly options: Options } | undefined

/** Opens the library at `libraryPath`, or returns the open one. Throws BindingFailed. */
export const open = (libraryPath: string, options: Options): Binding => {
  if (!Number.isInteger(options.threads) || options.threads < 1 || options.threads > 1024) {
    throw new Errors.BindingFailed({
      headline: "The thread count must be a whole number from 1 to 1024.",
      facts: { Threads: String(options.threads) },
      hint: "Leave it out to use every core.",
    })
  }
  const key = JSON.stringify([libraryPath, options.threads, options.device ?? "best"])
  if (opened !== undefined) {
    if (opened.key === key) return opened.binding
    throw new Errors.BindingFailed({
      headline: "TensorFlow is already running in this process with other settings.",
      facts: {
        Running: `${opened.options.threads} threads, device ${opened.options.device ?? "best"}`,
        Asked: `${options.threads} threads, device ${options.device ?? "best"}`,
      },
      hint: "Run the other one in a process of its own.",
    })
  }
  Context.pinEnvironment(process.env)
  const binding = make(loadLibrary(libraryPath), options)
  opened = { key, binding, options }
  return binding
}

const loadLibrary = (path: string): CApi.CApi => {
  try {
    return CApi.load(path)
  } catch (cause) {
    throw new Errors.BindingFailed({
      headline: "The TensorFlow library could not be loaded.",
      facts: { Library: path, Reason: cause instanceof Error ? cause.message : String(cause) },
      hint: "Delete its folder to have it fetched again, or point SLUICE_LIBTENSORFLOW at another copy.",
    })
  }
}

const make = (c: CApi.CApi, options: Options): Binding => {
  const context = Context.make(c, options.threads, options.device ?? "best")
  const device = c.cString(context.deviceName)
  const signature = OpSignature.reader(c)
  const { status } = c
  const dims = new BigInt64Array(64)
  const dimWords = new Int32Array(dims.buffer)
  const outputWords = new Uint32Array(2 * maxOutputs)
  const outputCount = new Int32Array(1)

  const putDims = (shape: ReadonlyArray<number>): void => {
    for (let i = 0; i < shape.length; i++) {
      dimWords[2 * i] = shape[i]!
      dimWords[2 * i + 1] = Math.floor(shape[i]! / 4294967296)
    }
  }

  const shapeOf = (handle: Handle): Array<number> => {
    const rank = c.TFE_TensorHandleNumDims(handle, status)
    const result = Array.from<number>({ length: rank })
    for (let i = 0; i < rank; i++) result[i] = c.TFE_TensorHandleDim(handle, i, status)
    return result
  }

  const check = (operation: string, inputs: ReadonlyArray<Handle> = []): void => {
    const code = c.TF_GetCode(status)
    if (code === 0) return
    const message = c.TF_Message(status)
    c.TF_SetStatus(status, 0, "")
    throw new Errors.OperationFailed({
      operation,
      code,
      ...readMessage(message),
      inputs: inputs.slice(0, 8).map((handle) => {
        const type = c.TFE_TensorHandleDataType(handle)
        return `${dataTypeNames[type] ?? `type ${type}`} [${shapeOf(handle).join(", ")}]`
      }),
    })
  }

  /** The handle's TF_Tensor for the length of `f`: on a CPU it shares the buffer, from a GPU it is a copy. */
  const resolved = <A>(handle: Handle, f: (tensor: CApi.Pointer) => A): A => {
    const tensor = c.TFE_TensorHandleResolve(handle, status)
    check("read")
    try {
      return f(tensor)
    } finally {
      c.TF_DeleteTensor(tensor)
    }
  }

  const setAttribute = (op: CApi.Pointer, attribute: Attribute): void => {
    const name = c.cString(attribute.name)
    const { value } = attribute
    switch (attribute.type) {
      case CApi.AttributeType.type:
        c.TFE_OpSetAttrType(op, name, value)
        return
      case CApi.AttributeType.bool:
        if (Array.isArray(value)) c.TFE_OpSetAttrBoolList(op, name, Uint8Array.from(value), value.length)
        else c.TFE_OpSetAttrBool(op, name, value ? 1 : 0)
        return
      case CApi.AttributeType.int:
        if (Array.isArray(value)) {
          c.TFE_OpSetAttrIntList(op, name, BigInt64Array.from(value, BigInt), value.length)
        } else c.TFE_OpSetAttrInt(op, name, value)
        return
      case CApi.AttributeType.float:
        if (Array.isArray(value)) c.TFE_OpSetAttrFloatList(op, name, Float32Array.from(value), value.length)
        else c.TFE_OpSetAttrFloat(op, name, value)
        return
      case CApi.AttributeType.string: {
        const bytes = value instanceof Uint8Array ? value : Buffer.from(String(value))
        c.TFE_OpSetAttrString(op, name, bytes, bytes.length)
        return
      }
      case CApi.AttributeType.shape: {
        const dimensions = value as ReadonlyArray<number>
        putDims(dimensions)
        c.TFE_OpSetAttrShape(op, name, dims, dimensions.length, status)
        return
      }
      default:
        throw new TypeError(`Attribute ${attribute.name} has an unknown type, ${attribute.type}.`)
    }
  }

  const execute: Binding["execute"] = (operation, attributes, inputs, outputs) => {
    refuseWrongCount(operation, attributes, inputs.length, signature(operation))
    const op = c.TFE_NewOp(context.pointer, c.cString(operation), status)
    if (op === 0) check(operation)
    try {
      for (let i = 0; i < inputs.length; i++) c.TFE_OpAddInput(op, inputs[i], status)
      for (let i = 0; i < attributes.length; i++) setAttribute(op, attributes[i]!)
      outputCount[0] = outputs
      if (c.TF_GetCode(status) === 0) c.TFE_Execute(op, outputWords, outputCount, status)
      if (c.TF_GetCode(status) !== 0) check(operation, inputs)
    } finally {
      c.TFE_DeleteOp(op)
    }
    const count = outputCount[0] // what the operation really gave: entries past it would be stale pointers
    const handles = Array.from<Handle>({ length: count })
    for (let i = 0; i < count; i++) handles[i] = outputWords[2 * i]! + outputWords[2 * i + 1]! * 4294967296
    return handles
  }

  const allocate = (dataType: number, shape: ReadonlyArray<number>, sizeBytes: number): CApi.Pointer => {
    putDims(shape)
    // TensorFlow's own allocation is aligned to 64 bytes, so no hidden second copy is made of it.
    const tensor = c.TF_AllocateTensor(dataType, dims, shape.length, sizeBytes)
    if (tensor !== 0) return tensor
    throw new Errors.OperationFailed({
      operation: "allocate",
      label: "",
      code: 8,
      detail: `no memory for a tensor of ${sizeBytes} bytes`,
      inputs: [],
    })
  }

  const create: Binding["create"] = (shape, dataType, values) => {
    let count = 1
    for (let i = 0; i < shape.length; i++) count *= shape[i]!
    let tensor: CApi.Pointer
    if (dataType === CApi.DataType.string) {
      const strings = values as ReadonlyArray<Uint8Array>
      tensor = allocate(dataType, shape, count * sizeOfTString)
      const start = c.TF_TensorData(tensor)
      for (let i = 0; i < count; i++) {
        c.TF_StringInit(start + i * sizeOfTString)
        c.TF_StringCopy(start + i * sizeOfTString, strings[i], strings[i]!.length)
      }
    } else {
      const numbers = values as Values
      const bytes = elementBytes[dataType]
      if (bytes === undefined || !ArrayBuffer.isView(numbers) || numbers.byteLength !== count * bytes) {
        throw new RangeError(
          `${numbers.length} values do not fill a tensor of type ` +
            `${dataTypeNames[dataType] ?? dataType} and shape [${shape.join(", ")}].`,
        )
      }
      tensor = allocate(dataType, shape, numbers.byteLength)
      if (numbers.byteLength > 0) c.copyIn(c.TF_TensorData(tensor), numbers, numbers.byteLength)
    }
    const handle = c.TFE_NewTensorHandle(tensor, status)
    c.TF_DeleteTensor(tensor)
    check("create")
    // TensorFlow keeps int32 (shapes, indices) in host memory, also for GPU kernels.
    if (context.device === "cpu" || dataType === CApi.DataType.int32 || dataType === CApi.DataType.string) {
      return handle
    }
    const moved = c.TFE_TensorHandleCopyToDevice(handle, context.pointer, device, status)
    c.TFE_DeleteTensorHandle(handle)
    check("copy to device")
    return moved
  }

  const remove = (handle: Handle): void => {
    if (c.TFE_TensorHandleDataType(handle) === CApi.DataType.string) {
      resolved(handle, (tensor) => {
        const start = c.TF_TensorData(tensor)
        const count = c.TF_TensorElementCount(tensor)
        for (let i = 0; i < count; i++) c.TF_StringDealloc(start + i * sizeOfTString)
      })
    }
    c.TFE_DeleteTensorHandle(handle)
  }

  const data: Binding["data"] = (handle) => {
    const dataType = c.TFE_TensorHandleDataType(handle)
    return resolved(handle, (tensor) => {
      const start = c.TF_TensorData(tensor)
      if (dataType === CApi.DataType.string) {
        return Array.from({ length: c.TF_TensorElementCount(tensor) }, (_, i) => {
          const at = start + i * sizeOfTString
          const bytes = new Uint8Array(c.TF_StringGetSize(at))
          if (bytes.length > 0) c.copyOut(bytes, c.TF_StringGetDataPointer(at), bytes.length)
          return bytes
        })
      }
      const sizeBytes = c.TF_TensorByteSize(tensor)
      const values = emptyValues(dataType, sizeBytes)
      if (sizeBytes > 0) c.copyOut(values, start, sizeBytes)
      return values
    })
  }

  return {
    version: c.TF_Version(),
    threads: options.threads,
    device: context.device,
    c,
    context: context.pointer,
    signature,
    create,
    remove,
    data,
    dataType: (handle) => c.TFE_TensorHandleDataType(handle),
    shape: shapeOf,
    execute,
    check,
  }
}

const emptyValues = (dataType: number, sizeBytes: number): Values => {
  switch (dataType) {
    case CApi.DataType.float32:
    case CApi.DataType.complex64:
      return new Float32Array(sizeBytes / 4)
    case CApi.DataType.float64:
      return new Float64Array(sizeBytes / 8)
    case CApi.DataType.int32:
      return new Int32Array(sizeBytes / 4)
    case CApi.DataType.int64:
      return new BigInt64Array(sizeBytes / 8)
    case CApi.DataType.bfloat16:
    case CApi.DataType.float16:
      return new Uint16Array(sizeBytes / 2)
    default:
      return new Uint8Array(sizeBytes)
  }
}

/** An operation given too many inputs ends the process inside TensorFlow, so the count is checked before. */
const refuseWrongCount = (
  operation: string,
  attributes: ReadonlyArray<Attribute>,
  given: number,
  signature: OpSignature.OpSignature | undefined,
): void => {
  if (signature === undefined || signature.inputCount === given) return
  const expected = OpSignature.expectedInputs(signature, attributes, given)
  if (given === expected) return
  throw new Errors.OperationFailed({
    operation,
    label: "",
    code: 3,
    detail: `it takes ${expected} inputs but was given ${given}`,
    inputs: [],
  })
}
