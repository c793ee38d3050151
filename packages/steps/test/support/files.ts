import type { Artifact } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"

/** Files on disk, by name, as a step would be handed them from the store. */
export const filesReader = (files: ReadonlyMap<string, string>): Artifact.FilesReader => ({
  fingerprint: "f".repeat(64),
  names: [...files.keys()].toSorted(),
  size: (name) => fs.statSync(files.get(name)!).size,
  path: (name) => Effect.succeed(files.get(name)!),
  bytes: (name) => Effect.sync(() => fs.readFileSync(files.get(name)!)),
})

/** What a step returned for files, written to a folder. */
export const written = (folder: string, files: Artifact.FilesOut): Artifact.FilesReader => {
  fs.mkdirSync(folder, { recursive: true })
  return filesReader(
    new Map(
      Object.entries(files).map(([name, content]) => {
        const place = path.join(folder, name)
        if (typeof content === "object" && "path" in content) fs.copyFileSync(content.path, place)
        else fs.writeFileSync(place, content)
        return [name, place]
      }),
    ),
  )
}
