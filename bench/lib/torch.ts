/** The Python that runs the PyTorch contenders: a virtual environment in the cache folder, made when missing. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { cacheFolder } from "./cacheFolder.ts"

const requirements = ["torch==2.13.0", "transformers==5.23.0", "peft==0.21.2", "trl==1.16.0", "gguf==0.19.0"]

export const pythonWithTorch = (): string => {
  const environment = path.join(cacheFolder(), "torch-venv-1")
  const done = path.join(environment, "installed.txt")
  if (!fs.existsSync(done)) {
    fs.rmSync(environment, { recursive: true, force: true })
    execFileSync("python3", ["-m", "venv", environment], { stdio: "inherit" })
    execFileSync(path.join(environment, "bin/pip"), ["install", "-q", ...requirements], { stdio: "inherit" })
    fs.writeFileSync(done, requirements.join("\n"))
  }
  return path.join(environment, "bin/python")
}
