/** What a package offers in the workspace, it offers when it is published: at files that its compiler writes. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"

interface Manifest {
  readonly exports?: Readonly<Record<string, string>>
  readonly publishConfig?: { readonly exports?: Readonly<Record<string, unknown>> }
}

const packages = join(import.meta.dirname, "../packages")

describe("a published package", () => {
  it.each(readdirSync(packages))("%s has every entry that it has in the workspace", (name) => {
    const manifest: Manifest = JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8"))
    const sources = Object.entries(manifest.exports ?? {}).filter(([, file]) =>
      /^\.\/src\/.*\.ts$/.test(file),
    )
    const missing = sources.filter(([, file]) => !existsSync(join(packages, name, file)))
    expect(missing).toEqual([])
    expect(manifest.publishConfig?.exports).toMatchObject(
      Object.fromEntries(
        sources.map(([entry, file]) => {
          const compiled = file.replace("./src/", "./dist/").replace(/\.ts$/, "")
          return [entry, { "@sluice/source": file, types: `${compiled}.d.ts`, default: `${compiled}.js` }]
        }),
      ),
    )
  })
})
