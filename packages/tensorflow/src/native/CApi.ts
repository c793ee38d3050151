/**
 * TensorFlow's C API as JavaScript functions, over koffi.
 *
 * Pointers travel as numbers: user-space addresses are below 2^48, which a number holds exactly and
 * more cheaply than a bigint. Buffers that TensorFlow only reads for the length of a call are typed arrays.
 *
 * @see tensorflow/c/c_api.h, tensorflow/c/eager/c_api.h (2.21)
 */
import koffi, { type LibraryHandle } from "koffi"

export type Pointer = number

/** Numbers of tensorflow/core/framework/types.proto. */
export const DataType = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  float16: 19,
  resource: 20,
} as const

/** Numbers of TF_AttrType. */
export const AttributeType = { string: 0, int: 1, float: 2, bool: 3, type: 4, shape: 5 } as const

type Call = (...args: ReadonlyArray<unknown>) => number
type TextCall = (...args: ReadonlyArray<unknown>) => string

const pointer = "int64_t"
const buffer = "void *"
const int = "int"
const text = "str"
const none = "void"

/**
 * Declarations. A TF_Output travels by value as two register arguments (operation, index), which is its calling
 * convention on x86-64 System V and on AArch64, but not on Windows.
 */
const declarations = {
  TF_GetCode: [int, pointer],
  TF_SetStatus: [none, pointer, int, text],
  TF_NewStatus: [pointer],
  TF_AllocateTensor: [pointer, int, buffer, int, pointer],
  TF_DeleteTensor: [none, pointer],
  TF_TensorData: [pointer, pointer],
  TF_TensorByteSize: [pointer, pointer],
  TF_TensorElementCount: [pointer, pointer],
  TF_StringInit: [none, pointer],
  TF_StringCopy: [none, pointer, buffer, pointer],
  TF_StringDealloc: [none, pointer],
  TF_StringGetDataPointer: [pointer, pointer],
  TF_StringGetSize: [pointer, pointer],
  TF_DeleteDeviceList: [none, pointer],
  TF_DeviceListCount: [int, pointer],
  TF_NewBuffer: [pointer],
  TF_DeleteBuffer: [none, pointer],

  TFE_NewContextOptions: [pointer],
  TFE_ContextOptionsSetConfig: [none, pointer, buffer, pointer, pointer],
  TFE_DeleteContextOptions: [none, pointer],
  TFE_NewContext: [pointer, pointer, pointer],
  TFE_ContextListDevices: [pointer, pointer, pointer],
  TFE_ContextAddFunction: [none, pointer, pointer, pointer],
  TFE_ContextRemoveFunction: [none, pointer, text, pointer],
  TFE_NewOp: [pointer, pointer, pointer, pointer],
  TFE_DeleteOp: [none, pointer],
  TFE_OpAddInput: [none, pointer, pointer, pointer],
  TFE_Execute: [none, pointer, buffer, buffer, pointer],
  TFE_OpSetAttrString: [none, pointer, pointer, buffer, pointer],
  TFE_OpSetAttrInt: [none, pointer, pointer, pointer],
  TFE_OpSetAttrFloat: [none, pointer, pointer, "float"],
  TFE_OpSetAttrBool: [none, pointer, pointer, "uint8_t"],
  TFE_OpSetAttrType: [none, pointer, pointer, int],
  TFE_OpSetAttrShape: [none, pointer, pointer, buffer, int, pointer],
  TFE_OpSetAttrIntList: [none, pointer, pointer, buffer, int],
  TFE_OpSetAttrFloatList: [none, pointer, pointer, buffer, int],
  TFE_OpSetAttrBoolList: [none, pointer, pointer, buffer, int],
  TFE_NewTensorHandle: [pointer, pointer, pointer],
  TFE_DeleteTensorHandle: [none, pointer],
  TFE_TensorHandleResolve: [pointer, pointer, pointer],
  TFE_TensorHandleCopyToDevice: [pointer, pointer, pointer, pointer, pointer],
  TFE_TensorHandleDataType: [int, pointer],
  TFE_TensorHandleNumDims: [int, pointer, pointer],
  TFE_TensorHandleDim: [pointer, pointer, int, pointer],

  TF_NewGraph: [pointer],
  TF_DeleteGraph: [none, pointer],
  TF_NewOperation: [pointer, pointer, pointer, text],
  TF_FinishOperation: [pointer, pointer, pointer],
  TF_AddInput: [none, pointer, pointer, int],
  TF_AddInputList: [none, pointer, buffer, int],
  TF_AddControlInput: [none, pointer, pointer],
  TF_OperationOutputType: [int, pointer, int],
  TF_OperationNumOutputs: [int, pointer],
  TF_SetAttrType: [none, pointer, pointer, int],
  TF_SetAttrBool: [none, pointer, pointer, "uint8_t"],
  TF_SetAttrInt: [none, pointer, pointer, pointer],
  TF_SetAttrFloat: [none, pointer, pointer, "float"],
  TF_SetAttrString: [none, pointer, pointer, buffer, pointer],
  TF_SetAttrShape: [none, pointer, pointer, buffer, int],
  TF_SetAttrTensor: [none, pointer, pointer, pointer, pointer],
  TF_GraphGetOpDef: [none, pointer, pointer, pointer, pointer],
  TF_GraphGetTensorNumDims: [int, pointer, pointer, int, pointer],
  TF_GraphGetTensorShape: [none, pointer, pointer, int, buffer, int, pointer],
  TF_GraphSetTensorShape: [none, pointer, pointer, int, buffer, int, pointer],
  TF_DeleteFunction: [none, pointer],
  // graph, name, append hash, operations (−1: all), their array, inputs, outputs, output names,
  // control outputs, their names, options, description, status
  TF_GraphToFunctionWithControlOutputs: [
    pointer,
    pointer,
    text,
    "uint8_t",
    int,
    buffer,
    int,
    buffer,
    int,
    buffer,
    buffer,
    int,
    buffer,
    buffer,
    buffer,
    buffer,
    pointer,
  ],
} as const satisfies Record<string, readonly [string, ...ReadonlyArray<string>]>

const textDeclarations = {
  TF_Message: [pointer],
  TF_Version: [],
  TF_DeviceListType: [pointer, int, pointer],
  TF_DeviceListName: [pointer, int, pointer],
} as const satisfies Record<string, ReadonlyArray<string>>

export type CApi = { readonly [K in keyof typeof declarations]: Call } & {
  readonly [K in keyof typeof textDeclarations]: TextCall
} & {
  readonly malloc: (sizeBytes: number) => Pointer
  /** From JavaScript's memory to TensorFlow's. */
  readonly copyIn: (to: Pointer, from: ArrayBufferView, sizeBytes: number) => void
  /** From TensorFlow's memory to JavaScript's. */
  readonly copyOut: (to: ArrayBufferView, from: Pointer, sizeBytes: number) => void
  /** A C string that lives as long as the process; one per distinct text. */
  readonly cString: (value: string) => Pointer
  /** The one status object: calls are synchronous, so one is enough. */
  readonly status: Pointer
  readonly setBool: (mangledName: string, value: boolean) => void
}

/** Loads the library. Throws koffi's error when the file is missing, damaged or for another machine. */
export const load = (path: string): CApi => {
  const library = koffi.load(path, { lazy: true })
  const libc = koffi.load(process.platform === "darwin" ? "libSystem.B.dylib" : "libc.so.6")
  keepLoaded(libc, path)
  const functions: Record<string, unknown> = {}
  for (const [name, [result, ...args]] of Object.entries(declarations)) {
    functions[name] = library.func(name, result, args)
  }
  for (const [name, args] of Object.entries(textDeclarations)) {
    functions[name] = library.func(name, text, [...args])
  }
  const malloc = libc.func("malloc", pointer, [pointer]) as unknown as CApi["malloc"]
  const copyIn = libc.func("memcpy", none, [pointer, buffer, pointer]) as unknown as CApi["copyIn"]
  const copyOut = libc.func("memcpy", none, [buffer, pointer, pointer]) as unknown as CApi["copyOut"]
  const strings = new Map<string, Pointer>()
  return {
    ...(functions as unknown as CApi),
    malloc,
    copyIn,
    copyOut,
    cString: (value) => {
      let at = strings.get(value)
      if (at === undefined) {
        const bytes = Buffer.from(`${value}\0`)
        at = malloc(bytes.length)
        copyIn(at, bytes, bytes.length)
        strings.set(value, at)
      }
      return at
    },
    status: (functions["TF_NewStatus"] as Call)(),
    setBool: (mangledName, value) => {
      library.func(mangledName, none, ["bool"])(value)
    },
  }
}

/**
 * Takes a reference of its own to the loaded library and never gives it back. Koffi unloads libraries when Node
 * ends, before the exit handlers that TensorFlow registered: they would then run code that is gone.
 */
const keepLoaded = (libc: LibraryHandle, path: string): void => {
  const lazily = 1 // RTLD_LAZY on Linux and macOS
  const dlopen = (from: LibraryHandle) => from.func("dlopen", pointer, [text, int]) as unknown as Call
  try {
    dlopen(libc)(path, lazily)
  } catch {
    dlopen(koffi.load("libdl.so.2"))(path, lazily) // glibc before 2.34
  }
}
