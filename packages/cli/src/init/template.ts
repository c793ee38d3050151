/**
 * The files of a new project: those of the folder `template`, and manifests made for where it stands.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as versions from "./versions.ts"

const folder = fileURLToPath(new URL("../../template/", import.meta.url))

/** Names that npm would not pack as they are. */
const renamed: Readonly<Record<string, string>> = { gitignore: ".gitignore" }

export interface Options {
  /** The project's name. */
  readonly name: string
  /** Where each of Sluice's packages comes from: a version, or `file:` and a path. */
  readonly sources: Readonly<Record<string, string>>
}

/** Paths in the project, and their texts. */
export const files = (options: Options): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const name = path.slice(folder.length).replaceAll("\\", "/")
    found.set(renamed[name] ?? name, readFileSync(path, "utf8").replace("# NAME\n", `# ${options.name}\n`))
  }
  found.set("package.json", `${JSON.stringify(manifest(options), undefined, 2)}\n`)
  found.set(".npmrc", npmSettings)
  found.set("pnpm-workspace.yaml", pnpmSettings(overrides(options)))
  return found
}

const noScripts =
  "# No dependency needs an install script. One would download a TensorFlow that Sluice does not use."

const npmSettings = `${noScripts}\nignore-scripts=true\n`

/** Every package of Sluice comes from one place, those that only another of them asks for included. */
const overrides = ({ sources }: Options): Readonly<Record<string, string>> => {
  const local = Object.entries(sources).filter(([, source]) => source.startsWith("file:"))
  return { ...Object.fromEntries(local), ...versions.shared }
}

const used = ["@sluice/cli", "@sluice/core", "@sluice/steps"]
const usedInTests = ["@sluice/code"]

const manifest = (options: Options): Record<string, unknown> => {
  const from = (names: ReadonlyArray<string>): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, options.sources[name]!]))
  const direct = from([...used, ...usedInTests])
  const indirect = Object.entries(overrides(options)).map(([name, source]) => [
    name,
    // npm wants what is asked for directly to be named, not repeated.
    name in direct ? `$${name}` : source,
  ])
  return {
    name: options.name,
    private: true,
    type: "module",
    scripts: { sluice: "sluice", test: "vitest run", types: "tsc --noEmit" },
    dependencies: { ...from(used), effect: versions.effect },
    devDependencies: { ...from(usedInTests), ...versions.development },
    overrides: Object.fromEntries(indirect),
    engines: { node: ">=24" },
  }
}

const pnpmSettings = (settings: Readonly<Record<string, string>>): string =>
  [
    noScripts,
    "ignoreScripts: true",
    "",
    "# Optional packages of a dependency that nothing here asks for: 300 MB.",
    "ignoredOptionalDependencies:",
    ...versions.leftOut.map((name) => `  - ${JSON.stringify(name)}`),
    "",
    "overrides:",
    ...Object.entries(settings).map(
      ([name, source]) => `  ${JSON.stringify(name)}: ${JSON.stringify(source)}`,
    ),
    "",
  ].join("\n")
