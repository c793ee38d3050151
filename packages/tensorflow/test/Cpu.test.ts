import { describe, expect, it } from "vitest"
import * as Cpu from "../src/Cpu.ts"

const machine = (architecture: string, flags: string): Cpu.Features => ({
  architecture,
  model: "test",
  flags: new Set(flags.split(" ")),
})

const avx512 = "avx avx2 fma avx512f avx512bw avx512vl avx512dq"

describe("the table of CPU features", () => {
  const rows: ReadonlyArray<readonly [string, Cpu.Features, string, string, boolean]> = [
    [
      "Sapphire Rapids",
      machine("x64", `${avx512} avx512_vnni avx512_bf16 amx_bf16 amx_tile`),
      "x64-amx",
      "onednn",
      true,
    ],
    ["Zen 5", machine("x64", `${avx512} avx512_vnni avx512_bf16`), "x64-avx512-bf16", "onednn", true],
    ["Cascade Lake", machine("x64", `${avx512} avx512_vnni`), "x64-avx512-vnni", "onednn", false],
    ["Skylake-X", machine("x64", avx512), "x64-avx512", "onednn", false],
    ["Zen 3", machine("x64", "avx avx2 fma"), "x64-avx2", "onednn", false],
    ["Sandy Bridge", machine("x64", "avx"), "x64-avx", "eigen", false],
    ["an x64 without flags", machine("x64", ""), "x64", "eigen", false],
    ["Apple's", machine("arm64", "apple"), "arm64-apple", "eigen", false],
    ["Graviton", machine("arm64", "asimd bf16"), "arm64", "eigen", false],
    ["an unknown architecture", machine("riscv64", ""), "riscv64", "eigen", false],
  ]
  for (const [name, features, cpuClass, matMul, bfloat16] of rows) {
    it(`puts ${name} into ${cpuClass}`, () => {
      expect(Cpu.kernels(features)).toEqual({
        matMul,
        batchMatMul: matMul,
        bfloat16MatMul: bfloat16 ? "onednn" : "eigen",
        bfloat16Fast: bfloat16,
        cpuClass,
      })
    })
  }

  it("never gives bfloat16 to oneDNN on a CPU without the instructions, where it ends the process", () => {
    for (const flags of ["", "avx", "avx avx2 fma", avx512, `${avx512} avx512_vnni`]) {
      const { bfloat16MatMul } = Cpu.kernels(machine("x64", flags))
      expect({ flags, bfloat16MatMul }).toEqual({ flags, bfloat16MatMul: "eigen" })
    }
  })
})

describe("/proc/cpuinfo", () => {
  it("gives the model and the flags that every processor has", () => {
    const text = [
      "processor\t: 0",
      "model name\t: Some CPU @ 2.00GHz",
      "flags\t\t: fpu avx avx2 fma avx512f",
      "",
      "processor\t: 1",
      "model name\t: Some CPU @ 2.00GHz",
      "flags\t\t: fpu avx avx2 fma",
      "",
    ].join("\n")
    const features = Cpu.fromCpuInfo(text, "x64")
    expect(features.model).toBe("Some CPU @ 2.00GHz")
    expect([...features.flags].toSorted()).toEqual(["avx", "avx2", "fma", "fpu"])
  })

  it("of an Arm machine lists its Features", () => {
    expect(Cpu.fromCpuInfo("Features\t: fp asimd bf16\n", "arm64").flags.has("asimd")).toBe(true)
  })

  it("without a known line gives no features", () => {
    expect(Cpu.fromCpuInfo("nothing here", "x64").flags.size).toBe(0)
  })
})
