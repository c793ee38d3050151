/** Where benchmarks keep what they install: beside Sluice's own downloads, outside the project. */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Library from "@sluice/tensorflow/Library"

export const cacheFolder = (): string => {
  const folder = path.join(Library.cacheFolder(), "bench")
  fs.mkdirSync(folder, { recursive: true })
  return folder
}
