/** Where benchmarks keep what they install: beside Sluice's own downloads, outside the project. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

export const cacheFolder = (): string => {
  const root =
    process.env["SLUICE_CACHE"] ??
    path.join(process.env["XDG_CACHE_HOME"] ?? path.join(os.homedir(), ".cache"), "sluice")
  const folder = path.join(root, "bench")
  fs.mkdirSync(folder, { recursive: true })
  return folder
}
