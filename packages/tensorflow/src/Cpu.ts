/**
 * What this machine's processor can do, and which kernels follow from it.
 *
 * The choice is a committed table over features, never a measurement: a measurement would give two results
 * from one file. Speed is measured by `sluice doctor`, which only advises.
 */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import * as os from "node:os"

export interface Features {
  readonly architecture: string
  readonly model: string
  /** Lower-case names as Linux prints them: `avx2`, `avx512f`, `avx512_bf16`, `amx_bf16`, `asimd`, … */
  readonly flags: ReadonlySet<string>
}

export interface Kernels {
  /** Which library multiplies fp32 matrices. */
  readonly matMul: "onednn" | "eigen"
  readonly batchMatMul: "onednn" | "eigen"
  /** Which one multiplies bfloat16 matrices: oneDNN's ends the process on a CPU without the instructions. */
  readonly bfloat16MatMul: "onednn" | "eigen"
  /** Whether bfloat16 products are likely faster than fp32 here. */
  readonly bfloat16Fast: boolean
  /** CPUs of one class give the same bits. */
  readonly cpuClass: string
}

/** One row per class, first match wins: the widest instruction sets that oneDNN and Eigen dispatch on. */
const table: ReadonlyArray<{
  readonly cpuClass: string
  readonly architecture: string
  readonly needs: ReadonlyArray<string>
  readonly matMul: "onednn" | "eigen"
  readonly bfloat16: boolean
}> = [
  {
    cpuClass: "x64-amx",
    architecture: "x64",
    needs: ["avx512f", "avx512_bf16", "amx_bf16", "amx_tile"],
    matMul: "onednn",
    bfloat16: true,
  },
  {
    cpuClass: "x64-avx512-bf16",
    architecture: "x64",
    needs: ["avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_vnni", "avx512_bf16"],
    matMul: "onednn",
    bfloat16: true,
  },
  {
    cpuClass: "x64-avx512-vnni",
    architecture: "x64",
    needs: ["avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_vnni"],
    matMul: "onednn",
    bfloat16: false,
  },
  {
    cpuClass: "x64-avx512",
    architecture: "x64",
    needs: ["avx512f", "avx512bw", "avx512vl", "avx512dq"],
    matMul: "onednn",
    bfloat16: false,
  },
  { cpuClass: "x64-avx2", architecture: "x64", needs: ["avx2", "fma"], matMul: "onednn", bfloat16: false },
  { cpuClass: "x64-avx", architecture: "x64", needs: ["avx"], matMul: "eigen", bfloat16: false },
  { cpuClass: "x64", architecture: "x64", needs: [], matMul: "eigen", bfloat16: false },
  // TensorFlow's builds for Arm and Apple carry other product libraries; the named oneDNN kernels are not in them.
  { cpuClass: "arm64-apple", architecture: "arm64", needs: ["apple"], matMul: "eigen", bfloat16: false },
  { cpuClass: "arm64", architecture: "arm64", needs: [], matMul: "eigen", bfloat16: false },
]

/** Pure: the kernels of a machine with these features. */
export const kernels = (features: Features): Kernels => {
  const row = table.find(
    (entry) =>
      entry.architecture === features.architecture && entry.needs.every((flag) => features.flags.has(flag)),
  )
  return {
    matMul: row?.matMul ?? "eigen",
    batchMatMul: row?.matMul ?? "eigen",
    bfloat16MatMul: row?.bfloat16 === true ? "onednn" : "eigen",
    bfloat16Fast: row?.bfloat16 ?? false,
    cpuClass: row?.cpuClass ?? features.architecture,
  }
}

let known: Features | undefined

/** This machine's features; read once in a process. An unreadable source gives none, hence the plainest class. */
export const features = (): Features => (known ??= read())

const read = (): Features => {
  const architecture = process.arch
  const model = os.cpus()[0]?.model ?? "unknown"
  if (process.platform === "linux") {
    try {
      return fromCpuInfo(readFileSync("/proc/cpuinfo", "utf8"), architecture)
    } catch {
      return { architecture, model, flags: new Set() }
    }
  }
  if (process.platform === "darwin") {
    if (architecture === "arm64") return { architecture, model, flags: new Set(["apple"]) }
    try {
      const printed = execFileSync("sysctl", ["-n", "machdep.cpu.features", "machdep.cpu.leaf7_features"], {
        encoding: "utf8",
      })
      return { architecture, model, flags: new Set(printed.toLowerCase().split(/\s+/).filter(Boolean)) }
    } catch {
      return { architecture, model, flags: new Set() }
    }
  }
  return { architecture, model, flags: new Set() }
}

/** Parses Linux's /proc/cpuinfo: flags that every listed processor has (cores may differ). */
export const fromCpuInfo = (text: string, architecture: string): Features => {
  let flags: Set<string> | undefined
  let model = "unknown"
  for (const line of text.split("\n")) {
    const [label = "", value = ""] = line.split(/\s*:\s*/, 2)
    if (label === "model name") model = value.trim()
    if (label !== "flags" && label !== "Features") continue
    const own = new Set(value.trim().split(/\s+/))
    flags = flags === undefined ? own : flags.intersection(own)
  }
  return { architecture, model, flags: flags ?? new Set() }
}
