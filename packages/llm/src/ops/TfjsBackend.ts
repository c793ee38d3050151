/**
 * The seam on TensorFlow.js's public operations: no native code, every machine, slow.
 *
 * Nothing is recorded here; `jit` runs eagerly within a scope.
 */
import { Errors, type Tfjs } from "@sluice/tensorflow"
import { adamWScalars } from "./adamWScalars.ts"
import type { AdamWScalars, Backend, DType, Int, Ints, Ops, Tensor, Variable } from "./Ops.ts"
import * as structure from "./structure.ts"

/** A cell whose tensor is replaced at each assignment. */
class TfjsVariable implements Variable {
  readonly kind = "variable"
  readonly shape: ReadonlyArray<number>
  readonly dtype: DType
  value: Tfjs.Tensor

  constructor(value: Tfjs.Tensor) {
    this.shape = value.shape
    this.dtype = value.dtype as DType
    this.value = value
  }
}

/** Tensors that are no leak: constants and variables of every open backend (TensorFlow.js counts per process). */
let keptTensors = 0

const dispose = (value: Tfjs.Tensor): void => {
  keptTensors--
  value.dispose()
}

/** Inside this file the seam's tensors are TensorFlow.js's own. */
const t = (x: Tensor): Tfjs.Tensor => x as unknown as Tfjs.Tensor

const host = (value: Ints): Array<number> => {
  if (Array.isArray(value)) return [...(value as ReadonlyArray<number>)]
  return Array.from(t(value as Tensor).dataSync())
}
const hostInt = (value: Int): number => (typeof value === "number" ? value : t(value).dataSync()[0]!)

export const make = (
  tf: Tfjs.Tf,
  kind: "wasm" | "cpu",
  settings: Readonly<Record<string, string | number>>,
): Backend & { readonly close: () => void } => {
  const places: Array<string> = []
  const constants = new Map<string, Tfjs.Tensor>()
  const variables = new Set<TfjsVariable>()
  const isTensor = (value: object): value is Tfjs.Tensor => value instanceof tf.Tensor

  /** TensorFlow.js has one current backend in a process. */
  const select = (): void => {
    if (tf.getBackend() !== kind) void tf.setBackend(kind)
  }

  const keep = (value: Tfjs.Tensor): Tfjs.Tensor => {
    keptTensors++
    return tf.keep(value)
  }

  const scalar = (value: number): Tensor => {
    const key = Object.is(value, -0) ? "-0" : String(value)
    let made = constants.get(key)
    if (made === undefined) constants.set(key, (made = keep(tf.scalar(value, "float32"))))
    return made as unknown as Tensor
  }

  const inScope = <A>(f: () => A): A => {
    select()
    tf.engine().startScope()
    let result: A
    try {
      result = f()
      if (result instanceof Promise) throw new TypeError("scope takes a function that is not async.")
    } catch (cause) {
      tf.engine().endScope()
      throw cause
    }
    const survivors: Array<Tfjs.Tensor> = []
    structure.each(result, isTensor, (tensor) => void survivors.push(tensor))
    tf.engine().endScope(survivors)
    return result
  }

  /** Runs one operation of ours: what it makes on the way is freed, and a failure names it and its place. */
  const guard =
    <F extends (...args: any) => unknown>(operation: string, f: F) =>
    (...args: Parameters<F>): ReturnType<F> => {
      try {
        return inScope(() => f(...(args as unknown as Array<never>)) as ReturnType<F>)
      } catch (cause) {
        if (cause instanceof Errors.OperationFailed) throw cause
        const inputs: Array<string> = []
        let freed = false
        structure.each(args, isTensor, (x) => {
          inputs.push(`${x.dtype} [${x.shape.join(", ")}]`)
          freed ||= x.isDisposed
        })
        throw new Errors.OperationFailed({
          operation,
          label: places.join(" / "),
          code: 3,
          detail: freed ? "an input was already freed" : messageOf(cause),
          inputs,
        })
      }
    }

  const plain = {
    matMul: (a, b, transposeA = false, transposeB = false) => tf.matMul(t(a), t(b), transposeA, transposeB),
    batchMatMul: (a, b, transposeA = false, transposeB = false) =>
      tf.matMul(t(a), t(b), transposeA, transposeB),
    add: (a, b) => tf.add(t(a), t(b)),
    sub: (a, b) => tf.sub(t(a), t(b)),
    mul: (a, b) => tf.mul(t(a), t(b)),
    div: (a, b) => tf.div(t(a), t(b)),
    maximum: (a, b) => tf.maximum(t(a), t(b)),
    minimum: (a, b) => tf.minimum(t(a), t(b)),
    neg: (x) => tf.neg(t(x)),
    exp: (x) => tf.exp(t(x)),
    log: (x) => tf.log(t(x)),
    sqrt: (x) => tf.sqrt(t(x)),
    rsqrt: (x) => tf.rsqrt(t(x)),
    square: (x) => tf.square(t(x)),
    sigmoid: (x) => tf.sigmoid(t(x)),
    tanh: (x) => tf.tanh(t(x)),
    erf: (x) => tf.erf(t(x)),
    sigmoidGrad: (y, dy) => tf.mul(tf.mul(t(dy), t(y)), tf.sub(1, t(y))),
    addN: (xs) => xs.map(t).reduce((sum, x) => tf.add(sum, x)),
    cast: (x, dtype) => {
      if (dtype === "bfloat16") throw new Error("this backend has no bfloat16; use float32")
      return tf.cast(t(x), dtype)
    },
    softmax: (x) => tf.softmax(t(x)),
    sum: (x, axes, keepDims = false) => tf.sum(t(x), [...axes], keepDims),
    mean: (x, axes, keepDims = false) => tf.mean(t(x), [...axes], keepDims),
    max: (x, axes, keepDims = false) => tf.max(t(x), [...axes], keepDims),
    argMax: (x, axis) => tf.argMax(t(x), axis),
    sumOfSquares: (x) => tf.sum(tf.square(t(x))),
    reshape: (x, shape) => tf.reshape(t(x), host(shape)),
    transpose: (x, permutation) => tf.transpose(t(x), [...permutation]),
    concat: (xs, axis) => tf.concat(xs.map(t), axis),
    slice: (x, begin, size) => tf.slice(t(x), host(begin), host(size)),
    tile: (x, multiples) => tf.tile(t(x), host(multiples)),
    gather: (x, indices, axis = 0) => {
      const from = t(x)
      refuseOutside("index", t(indices), from.shape[axis < 0 ? axis + from.rank : axis]!)
      return tf.gather(from, t(indices), axis)
    },
    segmentSum: (x, ids, count) => {
      const rows = hostInt(count)
      const rest = t(x).shape.slice(1)
      // Rows that add nowhere go to one row more, which is cut off.
      const where = t(ids).dataSync()
      const targets = tf.tensor2d(
        Int32Array.from(where, (id) => (id < 0 ? rows : id)),
        [where.length, 1],
        "int32",
      )
      const sums = tf.scatterND(targets, t(x), [rows + 1, ...rest])
      return tf.slice(sums, [0, ...rest.map(() => 0)], [rows, ...rest])
    },
  } satisfies { readonly [K in keyof Ops]?: (...args: Parameters<Ops[K]>) => Tfjs.Tensor }

  const ops = Object.fromEntries(
    Object.entries(plain).map(([name, f]) => [name, guard(name, f as (...args: any) => unknown)]),
  ) as unknown as Pick<Ops, keyof typeof plain>

  const replace = (variable: Variable, value: Tfjs.Tensor): void => {
    const cell = variable as TfjsVariable
    dispose(cell.value)
    cell.value = keep(value)
  }

  const all: Ops = {
    ...ops,
    addN: (xs) => (xs.length === 1 ? xs[0]! : ops.addN(xs)),
    concat: (xs, axis) => (xs.length === 1 ? xs[0]! : ops.concat(xs, axis)),
    scalar: (value) => {
      select()
      return scalar(value)
    },
    topK: guard("topK", (x: Tensor, k: number) => {
      const { values, indices } = tf.topk(t(x), k, true)
      return { values, indices } as unknown as ReturnType<Ops["topK"]>
    }),
    split: guard(
      "split",
      (x: Tensor, sizes: Ints, axis: number) =>
        tf.split(t(x), host(sizes), axis) as unknown as ReadonlyArray<Tensor>,
    ),
    crossEntropy: guard("crossEntropy", (logits: Tensor, labels: Tensor) => {
      const classes = t(logits).shape[1]!
      refuseOutside("label", t(labels), classes)
      const shifted = tf.sub(t(logits), tf.max(t(logits), [1], true))
      const exponentials = tf.exp(shifted)
      const total = tf.sum(exponentials, [1], true)
      const chosen = tf.oneHot(t(labels), classes)
      const loss = tf.sub(tf.squeeze(tf.log(total), [1]), tf.sum(tf.mul(shifted, chosen), [1]))
      const gradient = tf.sub(tf.div(exponentials, total), chosen)
      return { loss, gradient } as unknown as ReturnType<Ops["crossEntropy"]>
    }),
    readVariable: (variable) => {
      select()
      return tf.clone((variable as TfjsVariable).value) as unknown as Tensor
    },
    assignVariable: (variable, value) => {
      inScope(() => replace(variable, tf.clone(t(value))))
    },
    adamW: guard(
      "adamW",
      (weight: Variable, moment1: Variable, moment2: Variable, gradient: Tensor, scalars: AdamWScalars) => {
        const [w, m, s] = [weight, moment1, moment2].map((variable) => (variable as TfjsVariable).value) as [
          Tfjs.Tensor,
          Tfjs.Tensor,
          Tfjs.Tensor,
        ]
        const g = t(gradient)
        const m1 = tf.add(m, tf.mul(tf.sub(g, m), tf.sub(1, t(scalars.beta1))))
        const s1 = tf.add(s, tf.mul(tf.sub(tf.square(g), s), tf.sub(1, t(scalars.beta2))))
        const rate = tf.div(
          tf.mul(t(scalars.learningRate), tf.sqrt(tf.sub(1, t(scalars.beta2Power)))),
          tf.sub(1, t(scalars.beta1Power)),
        )
        const kept = scalars.keep === undefined ? w : tf.mul(w, t(scalars.keep))
        const step = tf.div(tf.mul(m1, rate), tf.add(tf.sqrt(s1), t(scalars.epsilon)))
        replace(weight, tf.sub(kept, step))
        replace(moment1, m1)
        replace(moment2, s1)
      },
    ),
    label: (name, f) => {
      places.push(name)
      try {
        return f()
      } finally {
        places.pop()
      }
    },
  }

  return {
    kind,
    ops: all,
    tensor: (data, shape) => {
      select()
      // TensorFlow.js keeps the array that it is given.
      return tf.tensor(
        data.slice(),
        [...shape],
        data instanceof Float32Array ? "float32" : "int32",
      ) as unknown as Tensor
    },
    read: async (tensor) => (await t(tensor).data()).slice() as Float32Array | Int32Array,
    free: (...values) => {
      for (const value of values) {
        if (value instanceof TfjsVariable) {
          if (variables.delete(value)) dispose(value.value)
        } else if (!t(value).isDisposed && !t(value).kept) t(value).dispose()
      }
    },
    scope: inScope,
    variable: (initial) => {
      select()
      const made = new TfjsVariable(keep(tf.clone(t(initial))))
      variables.add(made)
      return made
    },
    adamW: (options, count) => {
      select()
      return adamWScalars(options, count, (value) => tf.scalar(value, "float32") as unknown as Tensor)
    },
    jit: (name, f) => (args) =>
      all.label(name, () =>
        inScope(() => {
          // As from a recording: what comes out is new, never an argument itself.
          const given = new Set<Tfjs.Tensor>()
          structure.each(args, isTensor, (tensor) => void given.add(tensor))
          return structure.map(f(all, args), isTensor, (tensor: Tfjs.Tensor) => {
            const fresh = !tensor.kept && !given.has(tensor)
            given.add(tensor)
            return fresh ? tensor : tf.clone(tensor)
          }) as ReturnType<typeof f>
        }),
      ),
    tensorCount: () => tf.memory().numTensors - keptTensors,
    settings,
    close: () => {
      for (const value of constants.values()) dispose(value)
      constants.clear()
      for (const variable of variables) dispose(variable.value)
      variables.clear()
    },
  }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** TensorFlow.js reads past the end without a word; here an index outside is an error, as on the native backend. */
const refuseOutside = (what: string, indices: Tfjs.Tensor, limit: number): void => {
  const values = indices.dataSync()
  for (let i = 0; i < values.length; i++) {
    if (values[i]! < 0 || values[i]! >= limit) {
      throw new RangeError(`${what} ${values[i]} at position ${i} is outside [0, ${limit})`)
    }
  }
}
