/**
 * TensorFlow.js with the backend that was asked for: its own `cpu`, `wasm`, or its Node kernels on the native
 * library.
 *
 * The Node kernels are those of `@tensorflow/tfjs-node-gpu`, which serve CPU and GPU alike. Its index.js is never
 * loaded: that would look for a compiled addon, whose place `Binding` takes here.
 */
import type * as tfjs from "@tensorflow/tfjs"
import { createRequire } from "node:module"
import type { Binding, Attribute, Handle, Values } from "./Binding.ts"
import { AttributeType, DataType } from "./native/CApi.ts"

export type { Tensor, Tensor1D, TensorContainer } from "@tensorflow/tfjs"
export type Tf = typeof tfjs

/** Loads TensorFlow.js and makes one of its portable backends the current one. */
export const load = async (backend: "cpu" | "wasm"): Promise<Tf> => {
  const { default: tf } = (await import("@tensorflow/tfjs")) as unknown as { readonly default: Tf }
  tf.env().set("PROD", true) // no advertisement for another backend, no warnings about deprecations
  if (backend === "wasm") await import("@tensorflow/tfjs-backend-wasm")
  await use(tf, backend)
  return tf
}

const use = async (tf: Tf, backend: string): Promise<void> => {
  if (!(await tf.setBackend(backend)))
    throw new Error(`TensorFlow.js could not start its backend ${backend}.`)
  await tf.ready()
}

/** Registers the Node kernels over the binding as backend `tensorflow`, and makes it the current one. */
export const register = async (binding: Binding): Promise<Tf> => {
  // Gone since Node 23, and still called by these kernels. `isArray` is deprecated and would warn.
  Object.assign(process.getBuiltinModule("node:util"), {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: (value: unknown) => Array.isArray(value),
  })
  const require = createRequire(import.meta.url)
  // The TensorFlow.js that the kernels themselves load, which need not be the one resolved from here.
  const tf = createRequire(require.resolve("@tensorflow/tfjs-node-gpu/package.json"))(
    "@tensorflow/tfjs",
  ) as Tf
  tf.env().set("PROD", true)
  if (tf.findBackend("tensorflow") === null) {
    // oxlint-disable-next-line import/no-unassigned-import -- it registers them as it loads
    require("@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js")
    const { NodeJSKernelBackend } = require("@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js") as {
      readonly NodeJSKernelBackend: new (binding: object, name: string) => tfjs.KernelBackend
    }
    tf.registerBackend(
      "tensorflow",
      () => new NodeJSKernelBackend(addon(binding), "@tensorflow/tfjs-node-gpu"),
      3,
    )
  }
  await use(tf, "tensorflow")
  return tf
}

/**
 * The interface of the compiled addon that this takes the place of: tensors are numbers that count up, so that a
 * use after deletion is an error rather than a stray pointer.
 */
export const addon = (binding: Binding) => {
  const handles = new Map<number, Handle>()
  let next = 0
  const keep = (handle: Handle): number => {
    handles.set(next, handle)
    return next++
  }
  const handleOf = (id: number): Handle => {
    const handle = handles.get(id)
    if (handle === undefined) throw new Error(`Tensor ${id} was already deleted.`)
    return handle
  }
  return {
    createTensor: (shape: Array<number>, dataType: number, values: Values | Array<Uint8Array>): number =>
      keep(binding.create(shape, dataType, values)),
    deleteTensor: (id: number): void => {
      binding.remove(handleOf(id))
      handles.delete(id)
    },
    tensorDataSync: (id: number): Values | ReadonlyArray<Uint8Array> => binding.data(handleOf(id)),
    executeOp: (
      operation: string,
      attributes: Array<Attribute>,
      inputs: Array<number>,
      outputs: number,
    ): Array<{ id: number; shape: Array<number>; dtype: number }> =>
      binding.execute(operation, attributes, inputs.map(handleOf), outputs).map((handle) => ({
        id: keep(handle),
        shape: binding.shape(handle),
        dtype: binding.dataType(handle),
      })),
    loadSavedModel: unsupported("loadSavedModel"),
    deleteSavedModel: unsupported("deleteSavedModel"),
    runSavedModel: unsupported("runSavedModel"),
    getNumOfSavedModels: () => 0,
    getNumOfTensors: () => handles.size,
    isUsingGpuDevice: () => binding.device === "gpu",
    TF_FLOAT: DataType.float32,
    TF_INT32: DataType.int32,
    TF_INT64: DataType.int64,
    TF_BOOL: DataType.bool,
    TF_COMPLEX64: DataType.complex64,
    TF_STRING: DataType.string,
    TF_RESOURCE: DataType.resource,
    TF_UINT8: DataType.uint8,
    TF_ATTR_STRING: AttributeType.string,
    TF_ATTR_INT: AttributeType.int,
    TF_ATTR_FLOAT: AttributeType.float,
    TF_ATTR_BOOL: AttributeType.bool,
    TF_ATTR_TYPE: AttributeType.type,
    TF_ATTR_SHAPE: AttributeType.shape,
    TF_ATTR_RESOURCE: DataType.resource,
    TF_Version: binding.version,
  }
}

const unsupported = (what: string) => (): never => {
  throw new Error(`${what} needs TensorFlow.js's own addon, which Sluice does without.`)
}
