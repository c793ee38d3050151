import { beforeAll, describe, expect, it } from "vitest"
import * as Tfjs from "../src/Tfjs.ts"
import { open } from "./native.ts"

/** Public operations of TensorFlow.js whose results must not depend on the backend. */
const operations: ReadonlyArray<readonly [string, (tf: Tfjs.Tf) => Tfjs.Tensor]> = [
  ["matMul", (tf) => tf.matMul(tf.range(0, 12).as2D(3, 4), tf.range(0, 8).reshape([4, 2]))],
  [
    "conv2d",
    (tf) => tf.conv2d(tf.range(0, 32).as4D(1, 4, 4, 2), tf.range(0, 16).as4D(2, 2, 2, 2), 1, "same"),
  ],
  ["softmax", (tf) => tf.softmax(tf.range(0, 6).reshape([2, 3]))],
  ["gather", (tf) => tf.gather(tf.range(0, 6).reshape([3, 2]), tf.tensor1d([2, 0], "int32"))],
  ["cumsum", (tf) => tf.cumsum(tf.range(0, 6))],
  ["where", (tf) => tf.where(tf.tensor1d([true, false], "bool"), tf.tensor1d([1, 2]), tf.tensor1d([3, 4]))],
  [
    "pad and slice",
    (tf) =>
      tf.slice(
        tf.pad(tf.range(0, 4).reshape([2, 2]), [
          [1, 1],
          [0, 2],
        ]),
        [1, 1],
        [2, 2],
      ),
  ],
  ["gradient of a product", (tf) => tf.grad((x) => tf.sum(tf.mul(x, tf.sigmoid(x))))(tf.range(0, 4))],
  ["oneHot", (tf) => tf.oneHot(tf.tensor1d([2, 0], "int32"), 3)],
  ["topk", (tf) => tf.topk(tf.tensor1d([3, 9, 4]), 2).values],
]

describe("TensorFlow.js's own kernels on the native library", () => {
  let tf: Tfjs.Tf
  beforeAll(async () => {
    await Tfjs.load("cpu")
    tf = await Tfjs.register(open())
  })

  for (const [name, run] of operations) {
    it(`${name} equals the cpu backend`, async () => {
      await tf.setBackend("cpu")
      const expected = tf.tidy(() => run(tf).dataSync())
      await tf.setBackend("tensorflow")
      const got = tf.tidy(() => run(tf).dataSync())
      expect(expected.length).toBeGreaterThan(0)
      expect(got.length).toBe(expected.length)
      for (let i = 0; i < got.length; i++) {
        expect(Math.abs(got[i]! - expected[i]!), `element ${i}`).toBeLessThanOrEqual(
          1e-5 * Math.abs(expected[i]!) + 1e-6,
        )
      }
    })
  }

  it("keeps strings", async () => {
    await tf.setBackend("tensorflow")
    expect(tf.tensor1d(["a", "ü"]).dataSync()).toEqual(["a", "ü"])
  })

  it("frees what TensorFlow.js disposes", async () => {
    await tf.setBackend("tensorflow")
    const before = tf.memory().numTensors
    tf.tidy(() => void tf.matMul(tf.ones([2, 2]), tf.ones([2, 2])))
    expect(tf.memory().numTensors).toBe(before)
  })

  it("reports an operation's failure as a JavaScript error", async () => {
    await tf.setBackend("tensorflow")
    const indices = () => tf.tensor2d([[7]], [1, 1], "int32")
    expect(() => tf.tidy(() => tf.scatterND(indices(), tf.tensor1d([1]), [3]).dataSync())).toThrow(
      "The operation ScatterNd failed.",
    )
  })
})
