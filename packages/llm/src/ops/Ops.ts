/**
 * The numeric seam: about forty operations on opaque tensors, and a `Backend` that runs them.
 *
 * Model code is written once against `Ops`. A native backend runs each operation at once (eager) or records
 * the same code into a TensorFlow function (`Backend.jit`); the portable backends run it through
 * TensorFlow.js. All mathematics is float32 unless a tensor was cast.
 *
 * Ownership: a tensor lives until `free`, or until the `scope` that it was made in ends without returning it.
 * Operations may return their argument unchanged only where this file says so.
 */

/** `int32` holds indices and shapes; `bfloat16` exists on the native backend only. */
export type DType = "float32" | "int32" | "bfloat16"

/** An immutable array on the backend. In a recording an unknown dimension of `shape` is −1. */
export interface Tensor {
  readonly shape: ReadonlyArray<number>
  readonly dtype: DType
}

/** A mutable cell that holds one tensor of fixed shape: an adapter's weight or an optimizer's moment. */
export interface Variable {
  readonly kind: "variable"
  readonly shape: ReadonlyArray<number>
  readonly dtype: DType
}

/** Whole numbers known when the code runs, or an int32 vector: the latter lets a recording serve all sizes. */
export type Ints = ReadonlyArray<number> | Tensor

/** A whole number known when the code runs, or an int32 scalar. */
export type Int = number | Tensor

/**
 * AdamW's numbers at one optimizer step as scalar tensors, made by `Backend.adamW` and passed to `Ops.adamW`,
 * also as an argument of a recorded function.
 */
export interface AdamWScalars {
  readonly learningRate: Tensor
  readonly beta1: Tensor
  readonly beta2: Tensor
  /** β1^t and β2^t of the current optimizer step t, counted from 1. */
  readonly beta1Power: Tensor
  readonly beta2Power: Tensor
  /** ε·√(1 − β2^t): makes TensorFlow's Adam equal to torch's. */
  readonly epsilon: Tensor
  /** 1 − learningRate·weightDecay; absent without decay. */
  readonly keep?: Tensor
}

export interface AdamWOptions {
  readonly learningRate: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly weightDecay: number
}

/** Shapes are written as [rows, columns]; `…` stands for any leading dimensions. */
export interface Ops {
  // Products. Which kernel runs (Eigen, oneDNN) is the backend's setting.
  /** [n, k] · [k, m] → [n, m]; a flag reads that operand transposed. */
  readonly matMul: (a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean) => Tensor
  /** [b, n, k] · [b, k, m] → [b, n, m], with flags for the last two dimensions. */
  readonly batchMatMul: (a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean) => Tensor

  // Elementwise, with NumPy's broadcasting.
  readonly add: (a: Tensor, b: Tensor) => Tensor
  readonly sub: (a: Tensor, b: Tensor) => Tensor
  readonly mul: (a: Tensor, b: Tensor) => Tensor
  readonly div: (a: Tensor, b: Tensor) => Tensor
  readonly maximum: (a: Tensor, b: Tensor) => Tensor
  readonly minimum: (a: Tensor, b: Tensor) => Tensor
  readonly neg: (x: Tensor) => Tensor
  readonly exp: (x: Tensor) => Tensor
  readonly log: (x: Tensor) => Tensor
  readonly sqrt: (x: Tensor) => Tensor
  readonly rsqrt: (x: Tensor) => Tensor
  readonly square: (x: Tensor) => Tensor
  readonly sigmoid: (x: Tensor) => Tensor
  readonly tanh: (x: Tensor) => Tensor
  /** The error function; the portable backends approximate it to 2e-7. */
  readonly erf: (x: Tensor) => Tensor
  /** dy·y·(1 − y), where y is a sigmoid's result. */
  readonly sigmoidGrad: (y: Tensor, dy: Tensor) => Tensor
  /** Sum of tensors of one shape; the order of additions is the backend's. One tensor is returned as it is. */
  readonly addN: (xs: ReadonlyArray<Tensor>) => Tensor
  readonly cast: (x: Tensor, dtype: DType) => Tensor
  /** A float32 constant. Owned and cached by the backend: never free it. May be used inside recordings. */
  readonly scalar: (value: number) => Tensor

  // Reductions. `axes` may be negative.
  /** Over the last axis. */
  readonly softmax: (x: Tensor) => Tensor
  readonly sum: (x: Tensor, axes: ReadonlyArray<number>, keepDims?: boolean) => Tensor
  readonly mean: (x: Tensor, axes: ReadonlyArray<number>, keepDims?: boolean) => Tensor
  readonly max: (x: Tensor, axes: ReadonlyArray<number>, keepDims?: boolean) => Tensor
  /** Index of the first largest element, int32, without the axis. */
  readonly argMax: (x: Tensor, axis: number) => Tensor
  /** The k largest of the last axis, sorted descending; equal values by ascending index. */
  readonly topK: (x: Tensor, k: number) => { readonly values: Tensor; readonly indices: Tensor }
  /** Σ x², a scalar. */
  readonly sumOfSquares: (x: Tensor) => Tensor

  // Layout.
  /** One dimension may be −1. A tensor as shape keeps a recording independent of sizes. */
  readonly reshape: (x: Tensor, shape: Ints) => Tensor
  readonly transpose: (x: Tensor, permutation: ReadonlyArray<number>) => Tensor
  /** One tensor is returned as it is. */
  readonly concat: (xs: ReadonlyArray<Tensor>, axis: number) => Tensor
  /** A size of −1 takes all that follows. */
  readonly slice: (x: Tensor, begin: Ints, size: Ints) => Tensor
  /** Cuts along an axis into parts of the given sizes. `count` is needed where `sizes` is a tensor. */
  readonly split: (x: Tensor, sizes: Ints, axis: number, count?: number) => ReadonlyArray<Tensor>
  readonly tile: (x: Tensor, multiples: Ints) => Tensor
  /** Takes int32 `indices` along `axis` (0 by default); the result has indices' shape in that place. */
  readonly gather: (x: Tensor, indices: Tensor, axis?: number) => Tensor
  /** [n, …] with ids [n] → [count, …]: row i is added to row ids[i]; a negative id adds nowhere. */
  readonly segmentSum: (x: Tensor, ids: Tensor, count: Int) => Tensor

  // Loss.
  /** Softmax cross-entropy per row of logits [N, V] with int32 labels [N], and its gradient softmax − onehot. */
  readonly crossEntropy: (
    logits: Tensor,
    labels: Tensor,
  ) => { readonly loss: Tensor /* [N] */; readonly gradient: Tensor /* [N, V] */ }

  // State. In a recording, reads and writes of one variable keep their order.
  readonly readVariable: (variable: Variable) => Tensor
  readonly assignVariable: (variable: Variable, value: Tensor) => void
  /** torch's AdamW, in place: weight, first moment, second moment. Free tensors read from them before. */
  readonly adamW: (
    weight: Variable,
    moment1: Variable,
    moment2: Variable,
    gradient: Tensor,
    scalars: AdamWScalars,
  ) => void

  /** Names everything done in `f`, in graph nodes and in error messages: `block 3 / attention`. */
  readonly label: <A>(name: string, f: () => A) => A
}

/** A function that takes and returns nested arrays and plain objects of tensors, variables, numbers and null. */
type Recordable<A, R> = (ops: Ops, args: A) => R

export interface Backend {
  readonly kind: "tensorflow" | "wasm" | "cpu"
  /** Runs each operation at once. */
  readonly ops: Ops
  /** Copies the data. Float32Array gives float32, Int32Array int32. */
  readonly tensor: (data: Float32Array | Int32Array, shape: ReadonlyArray<number>) => Tensor
  /** A copy of the values; bfloat16 arrives widened to float32. */
  readonly read: (tensor: Tensor) => Promise<Float32Array | Int32Array>
  /** Ends tensors and variables. Freeing twice is harmless. */
  readonly free: (...values: ReadonlyArray<Tensor | Variable>) => void
  /** Frees all tensors made inside and not reachable from the result. Variables are left alone. */
  readonly scope: <A>(f: () => A) => A
  /** A variable that starts with a copy of the tensor's value. */
  readonly variable: (initial: Tensor) => Variable
  /** Scalars of optimizer step `count` (from 1); six or seven tensors to free, or made within a scope. */
  readonly adamW: (options: AdamWOptions, count: number) => AdamWScalars
  /**
   * `f` as a function of its arguments alone. On the native backend it is recorded once per structure of the
   * arguments (ranks, dtypes, numbers, keys; not sizes) and then runs as one operation; elsewhere, or with jit
   * off, it runs eagerly within a scope. Both give the same bits.
   *
   * Numbers, strings and flags among the arguments become part of the recording: pass what changes often as a
   * tensor. A tensor or variable captured from outside is refused; constants of `ops.scalar` are not.
   */
  readonly jit: <A, R>(label: string, f: Recordable<A, R>) => (args: A) => R
  /** Tensors alive now, without constants and variables: for leak checks. */
  readonly tensorCount: () => number
  /** The facts that decide the bits of results: they belong in an action key. */
  readonly settings: Readonly<Record<string, string | number>>
}
