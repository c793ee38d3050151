/**
 * The Python that runs the PyTorch contenders: a virtual environment in the cache folder, made when missing. It takes what
 * pip's own configuration finds: where that is the ordinary wheel for Linux, with NVIDIA's libraries, it asks first.
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { cacheFolder } from "./cacheFolder.ts"

const requirements = ["torch==2.13.0", "transformers==5.23.0", "peft==0.21.2", "trl==1.16.0", "gguf==0.19.0"]

export const pythonWithTorch = (): string => {
  const environment = path.join(cacheFolder(), "torch-venv-1")
  const done = path.join(environment, "installed.txt")
  const pip = (...args: ReadonlyArray<string>) =>
    execFileSync(path.join(environment, "bin/pip"), ["install", "-q", ...args, ...requirements], {
      stdio: "inherit",
    })
  if (!fs.existsSync(done)) {
    fs.rmSync(environment, { recursive: true, force: true })
    execFileSync("python3", ["-m", "venv", environment], { stdio: "inherit" })
    const report = path.join(environment, "report.json")
    pip("--dry-run", "--report", report)
    const { install } = JSON.parse(fs.readFileSync(report, "utf8")) as Report
    refuseGpuLibraries(install.map(({ metadata }) => metadata.name))
    pip()
    fs.writeFileSync(done, requirements.join("\n"))
  }
  return path.join(environment, "bin/python")
}

interface Report {
  readonly install: ReadonlyArray<{ readonly metadata: { readonly name: string } }>
}

const refuseGpuLibraries = (names: ReadonlyArray<string>): void => {
  const gpu = names.filter((name) => /^(nvidia-|cuda-|triton$)/.test(name))
  if (gpu.length === 0 || process.env["SLUICE_BENCH_GPU"] === "1") return
  throw new Error(
    `The PyTorch that pip finds brings ${gpu.length} packages for NVIDIA GPUs, several gigabytes. Give a Python that ` +
      "has it (--python PATH), let pip find a wheel for CPUs (PIP_FIND_LINKS or PIP_EXTRA_INDEX_URL), or allow them " +
      "with SLUICE_BENCH_GPU=1.",
  )
}
