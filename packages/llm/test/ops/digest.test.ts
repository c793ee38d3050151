import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { describe, expect, it } from "vitest"
import type { Options } from "../../src/ops/Backend.ts"

const child = fileURLToPath(new URL("./digestChild.ts", import.meta.url))

/** Runs the sequence in a new process; `env` is added to this one's. */
const digestOf = async (options: Options, env: NodeJS.ProcessEnv = {}): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, [child, JSON.stringify(options)], {
    env: { ...process.env, ...env },
  })
  return stdout.trim()
}

describe("the bits of a training pass", () => {
  const plain: Options = { backend: "tensorflow", threads: 2, device: "cpu" }

  it("repeat in another process, eager equal to recorded, and do not depend on the environment", async () => {
    const first = await digestOf(plain)
    expect(first).toMatch(/^[0-9a-f]{64}$/)
    expect(await digestOf(plain)).toBe(first)
    expect(await digestOf({ ...plain, jit: false })).toBe(first)
    expect(
      await digestOf(plain, {
        TF_ENABLE_ONEDNN_OPTS: "1",
        ONEDNN_DEFAULT_FPMATH_MODE: "ANY",
        TF_NUM_INTRAOP_THREADS: "1",
        ONEDNN_MAX_CPU_ISA: "SSE41",
      }),
    ).toBe(first)
  })

  it("are the same eager and recorded with Eigen's products and with one thread", async () => {
    const eigen: Options = { ...plain, kernel: "eigen", threads: 1 }
    expect(await digestOf({ ...eigen, jit: false })).toBe(await digestOf(eigen))
  })

  it("repeat on the portable backends", async () => {
    for (const backend of ["wasm", "cpu"] as const) {
      expect(await digestOf({ backend })).toBe(await digestOf({ backend }))
    }
  })
})
