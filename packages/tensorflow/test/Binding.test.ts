import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import * as Binding from "../src/Binding.ts"
import { BindingFailed, OperationFailed } from "../src/Errors.ts"
import * as Library from "../src/Library.ts"
import { AttributeType, DataType } from "../src/native/CApi.ts"
import { readMessage } from "../src/native/message.ts"
import { open, threads } from "./native.ts"

const failure = (f: () => unknown): OperationFailed => {
  try {
    f()
  } catch (cause) {
    if (cause instanceof OperationFailed) return cause
    throw cause
  }
  throw new Error("It did not fail.")
}

describe("the binding", () => {
  const binding = open()
  const float = (shape: ReadonlyArray<number>, ...values: ReadonlyArray<number>) =>
    binding.create(shape, DataType.float32, Float32Array.from(values))

  it("is the pinned version on the CPU", () => {
    expect(binding.version).toBe("2.21.0")
    expect(binding.device).toBe("cpu")
    expect(binding.threads).toBe(threads)
  })

  it("carries every type of value in and out unchanged", () => {
    const all: ReadonlyArray<readonly [number, Binding.Values]> = [
      [DataType.float32, Float32Array.of(1.5, -0, Infinity)],
      [DataType.float64, Float64Array.of(1e300, -1, 0)],
      [DataType.int32, Int32Array.of(1, -2, 2 ** 31 - 1)],
      [DataType.int64, BigInt64Array.of(1n, -(2n ** 62n), 0n)],
      [DataType.uint8, Uint8Array.of(0, 255, 7)],
      [DataType.bool, Uint8Array.of(0, 1, 1)],
      [DataType.bfloat16, Uint16Array.of(0x3f80, 0xc000, 0)],
    ]
    for (const [type, values] of all) {
      const handle = binding.create([3, 1], type, values)
      expect(binding.dataType(handle)).toBe(type)
      expect(binding.shape(handle)).toEqual([3, 1])
      expect(binding.data(handle)).toEqual(values)
      binding.remove(handle)
    }
  })

  it("carries strings and empty tensors", () => {
    const strings = ["", "Grüße", "a string longer than the twenty-two bytes that are stored inline"]
    const handle = binding.create(
      [3],
      DataType.string,
      strings.map((value) => Buffer.from(value)),
    )
    expect((binding.data(handle) as ReadonlyArray<Uint8Array>).map((b) => Buffer.from(b).toString())).toEqual(
      strings,
    )
    binding.remove(handle)
    const empty = float([0, 4])
    expect(binding.data(empty)).toEqual(new Float32Array())
    binding.remove(empty)
  })

  it("refuses values that do not fill the shape", () => {
    expect(() => float([2, 2], 1, 2, 3)).toThrow(
      "3 values do not fill a tensor of type float32 and shape [2, 2].",
    )
  })

  it("refuses a wrong number of inputs before TensorFlow could crash over it", () => {
    const x = float([1], 1)
    expect(failure(() => binding.execute("Neg", [], [x, x, x], 1)).message).toBe(
      ["The operation Neg failed.", "  Reason:  it takes 1 inputs but was given 3"].join("\n"),
    )
    const two = { name: "N", type: AttributeType.int, value: 2 }
    const type = { name: "T", type: AttributeType.type, value: DataType.float32 }
    expect(failure(() => binding.execute("AddN", [type, two], [x, x, x], 1)).detail).toBe(
      "it takes 2 inputs but was given 3",
    )
    binding.remove(x)
  })

  it("says which shapes did not fit", () => {
    const a = float([1, 2], 1, 2)
    const b = float([3, 1], 1, 2, 3)
    expect(failure(() => binding.execute("MatMul", [], [a, b], 1)).message).toBe(
      [
        "The operation MatMul failed.",
        "  Inputs:  float32 [1, 2], float32 [3, 1]",
        "  Reason:  Matrix size-incompatible: In[0]: [1,2], In[1]: [3,1]",
      ].join("\n"),
    )
    // The failure is over: the next operation runs.
    const [sum] = binding.execute("AddV2", [], [a, a], 1)
    expect(binding.data(sum!)).toEqual(Float32Array.of(2, 4))
    for (const handle of [a, b, sum!]) binding.remove(handle)
  })

  it("says that an operation does not exist, and that types do not go together", () => {
    expect(failure(() => binding.execute("NoSuchOperation", [], [], 1)).detail).toContain("NoSuchOperation")
    const x = float([1], 1)
    const i = binding.create([1], DataType.int32, Int32Array.of(1))
    expect(failure(() => binding.execute("AddV2", [], [x, i], 1)).message).toContain(
      "Inputs:  float32 [1], int32 [1]",
    )
    binding.remove(x)
    binding.remove(i)
  })

  it("lets a process that ran nothing end in peace", () => {
    // execFileSync throws on any exit but 0: TensorFlow's exit handlers must find the library still loaded.
    const printed = execFileSync(
      process.execPath,
      [fileURLToPath(new URL("./openAndEnd.ts", import.meta.url))],
      {
        encoding: "utf8",
      },
    )
    expect(printed).toBe("2.21.0\n")
  })

  it("refuses other settings in the same process, and returns itself for the same", () => {
    const library = Library.find() as Library.Library
    expect(Binding.open(library.path, { threads, device: "cpu" })).toBe(binding)
    expect(() => Binding.open(library.path, { threads: 1, device: "cpu" })).toThrow(
      new BindingFailed({
        headline: "TensorFlow is already running in this process with other settings.",
        facts: { Running: "2 threads, device cpu", Asked: "1 threads, device cpu" },
        hint: "Run the other one in a process of its own.",
      }),
    )
    expect(() => Binding.open(library.path, { threads: 0 })).toThrow("whole number from 1 to 1024")
  })
})

describe("TensorFlow's messages", () => {
  it("lose their decorations", () => {
    expect(
      readMessage(
        "{{function_node __wrapped__MatMul_device_/job:localhost/replica:0/task:0/device:CPU:0}} Matrix " +
          "size-incompatible: In[0]: [1,2], In[1]: [3,1] [Op:MatMul] name: ",
      ),
    ).toEqual({ detail: "Matrix size-incompatible: In[0]: [1,2], In[1]: [3,1]", label: "" })
  })

  it("give the node of a recorded function", () => {
    expect(
      readMessage("indices[0] = 99 is not in [0, 32)\n\t [[{{node attention/GatherV2_1}}]] [Op:fn]"),
    ).toEqual({ detail: "indices[0] = 99 is not in [0, 32)", label: "attention/GatherV2_1" })
  })
})
