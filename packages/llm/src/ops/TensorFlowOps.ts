/**
 * The seam on raw TensorFlow operations. The same code runs them at once or adds them to a recording:
 * `Emit` decides, so that eager and recorded results have equal bits.
 */
import { AttributeType, DataType, type Binding } from "@sluice/tensorflow"
import type { DType, Int, Ints, Ops, Tensor, Variable } from "./Ops.ts"

export type Attributes = ReadonlyArray<Binding.Attribute>

/** Where operations go. */
export interface Emit {
  readonly run: (
    operation: string,
    attributes: Attributes,
    inputs: ReadonlyArray<Tensor>,
    outputs: number,
  ) => ReadonlyArray<Tensor>
  /** A cached int32 constant: a vector of an array, a scalar of a number. */
  readonly ints: (value: ReadonlyArray<number> | number) => Tensor
  readonly scalar: (value: number) => Tensor
  /** The tensor that stands for a variable, of TensorFlow's type resource. */
  readonly resource: (variable: Variable) => Tensor
  readonly label: <A>(name: string, f: () => A) => A
}

/** Which library multiplies, per kind of product. */
export interface Products {
  readonly matMul: "onednn" | "eigen"
  readonly batchMatMul: "onednn" | "eigen"
  readonly bfloat16MatMul: "onednn" | "eigen"
}

export const dataTypes: Readonly<Record<DType, number>> = {
  float32: DataType.float32,
  int32: DataType.int32,
  bfloat16: DataType.bfloat16,
}

const type = (name: string, dtype: DType): Binding.Attribute => ({
  name,
  type: AttributeType.type,
  value: dataTypes[dtype],
})
const flag = (name: string, value: boolean): Binding.Attribute => ({ name, type: AttributeType.bool, value })
const int = (name: string, value: number): Binding.Attribute => ({ name, type: AttributeType.int, value })

const none: Attributes = []
const intType = type("output_type", "int32")
const keepDimsFlags = [[flag("keep_dims", false)], [flag("keep_dims", true)]] as const
const adamFlags = [flag("use_locking", false), flag("use_nesterov", false)]
/**
 * Names oneDNN's kernel. TensorFlow's own rewriting of MatMul is switched off, so that the choice is ours; the
 * renamed operation runs only under this label.
 */
const oneDnnKernel: Binding.Attribute = {
  name: "_kernel",
  type: AttributeType.string,
  value: Buffer.from("MklNameChangeOp"),
}

const flags = (first: string, second: string, kernel: Attributes): ReadonlyArray<Attributes> =>
  [0, 1, 2, 3].map((bits) => [flag(first, (bits & 1) !== 0), flag(second, (bits & 2) !== 0), ...kernel])

const matMulAttributes = {
  eigen: flags("transpose_a", "transpose_b", none),
  onednn: flags("transpose_a", "transpose_b", [oneDnnKernel]),
}
const batchAttributes = {
  eigen: flags("adj_x", "adj_y", none),
  onednn: flags("adj_x", "adj_y", [oneDnnKernel]),
}
const matMulNames = { eigen: "MatMul", onednn: "_MklMatMul" }
const batchNames = { eigen: "BatchMatMulV2", onednn: "_MklBatchMatMulV2" }

/** Keyed by dtype and count: the attributes of list operations are made once. */
const listAttributes = (extra: Attributes): ((dtype: DType, count: number) => Attributes) => {
  const made = new Map<string, Attributes>()
  return (dtype, count) => {
    const key = `${dtype} ${count}`
    let attributes = made.get(key)
    if (attributes === undefined) {
      attributes = [type("T", dtype), int("N", count), ...extra]
      made.set(key, attributes)
    }
    return attributes
  }
}
const addNAttributes = listAttributes(none)
const concatAttributes = listAttributes([type("Tidx", "int32")])
const splitAttributes = new Map<number, Attributes>()
const castAttributes: Readonly<Record<DType, Attributes>> = {
  float32: [type("DstT", "float32")],
  int32: [type("DstT", "int32")],
  bfloat16: [type("DstT", "bfloat16")],
}
const readAttributes: Readonly<Record<DType, Attributes>> = {
  float32: [type("dtype", "float32")],
  int32: [type("dtype", "int32")],
  bfloat16: [type("dtype", "bfloat16")],
}

export const make = (emit: Emit, products: Products): Ops => {
  const one = (operation: string, attributes: Attributes, inputs: ReadonlyArray<Tensor>): Tensor =>
    emit.run(operation, attributes, inputs, 1)[0]!
  const unary = (operation: string) => (x: Tensor) => one(operation, none, [x])
  const binary = (operation: string) => (a: Tensor, b: Tensor) => one(operation, none, [a, b])
  const ints = (value: Ints | Int): Tensor =>
    typeof value === "number" || Array.isArray(value)
      ? emit.ints(value as ReadonlyArray<number> | number)
      : (value as Tensor)
  const reduce =
    (operation: string): Ops["sum"] =>
    (x, axes, keepDims = false) =>
      one(operation, keepDimsFlags[keepDims ? 1 : 0], [x, emit.ints(axes)])
  const kernel = (a: Tensor, own: "onednn" | "eigen"): "onednn" | "eigen" =>
    products.bfloat16MatMul === own || a.dtype !== "bfloat16" ? own : products.bfloat16MatMul

  return {
    matMul: (a, b, transposeA = false, transposeB = false) => {
      const by = kernel(a, products.matMul)
      return one(matMulNames[by], matMulAttributes[by][(transposeA ? 1 : 0) + (transposeB ? 2 : 0)]!, [a, b])
    },
    batchMatMul: (a, b, transposeA = false, transposeB = false) => {
      const by = kernel(a, products.batchMatMul)
      return one(batchNames[by], batchAttributes[by][(transposeA ? 1 : 0) + (transposeB ? 2 : 0)]!, [a, b])
    },

    add: binary("AddV2"),
    sub: binary("Sub"),
    mul: binary("Mul"),
    div: binary("RealDiv"),
    maximum: binary("Maximum"),
    minimum: binary("Minimum"),
    neg: unary("Neg"),
    exp: unary("Exp"),
    log: unary("Log"),
    sqrt: unary("Sqrt"),
    rsqrt: unary("Rsqrt"),
    square: unary("Square"),
    sigmoid: unary("Sigmoid"),
    tanh: unary("Tanh"),
    erf: unary("Erf"),
    sigmoidGrad: binary("SigmoidGrad"),
    addN: (xs) => (xs.length === 1 ? xs[0]! : one("AddN", addNAttributes(xs[0]!.dtype, xs.length), xs)),
    cast: (x, dtype) => one("Cast", castAttributes[dtype], [x]),
    scalar: emit.scalar,

    softmax: unary("Softmax"),
    sum: reduce("Sum"),
    mean: reduce("Mean"),
    max: reduce("Max"),
    argMax: (x, axis) => one("ArgMax", [intType], [x, emit.ints(axis)]),
    topK: (x, k) => {
      const [values, indices] = emit.run("TopKV2", none, [x, emit.ints(k)], 2)
      return { values: values!, indices: indices! }
    },
    // L2Loss is half the sum; doubling is exact.
    sumOfSquares: (x) => one("Mul", none, [one("L2Loss", none, [x]), emit.scalar(2)]),

    reshape: (x, shape) => one("Reshape", none, [x, ints(shape)]),
    transpose: (x, permutation) => one("Transpose", none, [x, emit.ints(permutation)]),
    concat: (xs, axis) =>
      xs.length === 1
        ? xs[0]!
        : one("ConcatV2", concatAttributes(xs[0]!.dtype, xs.length), [...xs, emit.ints(axis)]),
    slice: (x, begin, size) => one("Slice", none, [x, ints(begin), ints(size)]),
    split: (x, sizes, axis, count) => {
      const parts = Array.isArray(sizes) ? sizes.length : count
      if (parts === undefined) throw new TypeError("split needs a count where its sizes are a tensor.")
      let attributes = splitAttributes.get(parts)
      if (attributes === undefined) splitAttributes.set(parts, (attributes = [int("num_split", parts)]))
      return emit.run("SplitV", attributes, [x, ints(sizes), emit.ints(axis)], parts)
    },
    tile: (x, multiples) => one("Tile", none, [x, ints(multiples)]),
    gather: (x, indices, axis = 0) => one("GatherV2", none, [x, indices, emit.ints(axis)]),
    segmentSum: (x, ids, count) => one("UnsortedSegmentSum", none, [x, ids, ints(count)]),

    crossEntropy: (logits, labels) => {
      const [loss, gradient] = emit.run("SparseSoftmaxCrossEntropyWithLogits", none, [logits, labels], 2)
      return { loss: loss!, gradient: gradient! }
    },

    readVariable: (variable) =>
      one("ReadVariableOp", readAttributes[variable.dtype], [emit.resource(variable)]),
    assignVariable: (variable, value) => {
      emit.run("AssignVariableOp", readAttributes[variable.dtype], [emit.resource(variable), value], 0)
    },
    adamW: (weight, moment1, moment2, gradient, scalars) => {
      const [w, m, s] = [weight, moment1, moment2].map(emit.resource) as [Tensor, Tensor, Tensor]
      if (scalars.keep !== undefined) {
        const kept = one("Mul", none, [one("ReadVariableOp", readAttributes.float32, [w]), scalars.keep])
        emit.run("AssignVariableOp", readAttributes.float32, [w, kept], 0)
      }
      const { beta1Power, beta2Power, learningRate, beta1, beta2, epsilon } = scalars
      emit.run(
        "ResourceApplyAdam",
        adamFlags,
        [w, m, s, beta1Power, beta2Power, learningRate, beta1, beta2, epsilon, gradient],
        0,
      )
    },

    label: emit.label,
  }
}
