/**
 * The project of the precision suite: five steps in a temporary folder with its own `node_modules`, cached once, and
 * copied back for every edit. `fixtures/project` holds its sources; packages stand there under `modules`.
 */
import { execFileSync, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

/** Who wrote `node_modules` and the lockfile. `plain` is npm's layout written by hand: no process is started for it. */
export type Layout = "plain" | "npm" | "pnpm"

const here = import.meta.dirname
const repository = path.resolve(here, "../..")
const launcher = path.join(repository, "packages/cli/bin/sluice.js")
const packages = ["slug", "dashes", "other"]

/** What an edit may do to the copy. Paths are relative to the project. */
export interface Project {
  readonly folder: string
  /** Replaces the first occurrence, which must be there. */
  readonly replace: (file: string, from: string, to: string) => void
  readonly read: (file: string) => string
  readonly write: (file: string, text: string) => void
  readonly rename: (from: string, to: string) => void
  readonly remove: (file: string) => void
  readonly link: (target: string, file: string) => void
  /** Where an installed package's files lie, relative to the project. */
  readonly installed: (name: string) => string
  /** The lockfile's text with another version and integrity for one package. */
  readonly relock: (name: string, version: string) => void
}

export const at = (folder: string): Project => {
  const place = (file: string) => path.join(folder, file)
  const read = (file: string) => fs.readFileSync(place(file), "utf8")
  const write = (file: string, text: string) => {
    fs.mkdirSync(path.dirname(place(file)), { recursive: true })
    fs.writeFileSync(place(file), text)
  }
  const replace = (file: string, from: string, to: string) => {
    const text = read(file)
    if (!text.includes(from)) throw new Error(`${file} has no ${JSON.stringify(from)}`)
    write(
      file,
      text.replace(from, () => to),
    )
  }
  return {
    folder,
    read,
    write,
    replace,
    rename: (from, to) => fs.renameSync(place(from), place(to)),
    remove: (file) => fs.rmSync(place(file), { recursive: true }),
    link: (target, file) => fs.symlinkSync(target, place(file)),
    installed: (name) => {
      const direct = place(`node_modules/${name}`)
      // Under pnpm a dependency's dependency lies beside it in the virtual store.
      const found = fs.existsSync(direct)
        ? direct
        : path.join(fs.realpathSync(place("node_modules/slug")), "..", name)
      return path.relative(folder, fs.realpathSync(found))
    },
    relock: (name, version) => {
      if (fs.existsSync(place("pnpm-lock.yaml"))) {
        const text = read("pnpm-lock.yaml")
        const changed = text
          .replace(
            new RegExp(`(\\n  ${name}@[^\\n]*:\\n    resolution: \\{integrity: sha512-)....`),
            "$1ABCD",
          )
          .replace(
            new RegExp(`(\\n  ${name}@[^\\n]*:\\n    resolution: [^\\n]*\\n    version: )1\\.0\\.0`),
            `$1${version}`,
          )
        if (changed === text) throw new Error(`pnpm-lock.yaml has no ${name}`)
        write("pnpm-lock.yaml", changed)
        return
      }
      const lock = JSON.parse(read("package-lock.json"))
      const entry = lock.packages[`node_modules/${name}`]
      entry.version = version
      entry.integrity = `sha512-ABCD${entry.integrity.slice(11)}`
      write("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`)
    },
  }
}

/** Writes the project into `folder`, which must not exist. */
export const make = (folder: string, layout: Layout): void => {
  fs.cpSync(path.join(here, "fixtures/project"), folder, { recursive: true })
  const modules = path.join(folder, "node_modules")
  if (layout === "plain") {
    fs.renameSync(path.join(folder, "modules"), modules)
    fs.symlinkSync("../packages/words", path.join(modules, "words"))
    const entries = packages.map((name) => [
      `node_modules/${name}`,
      { version: "1.0.0", integrity: `sha512-${Buffer.from(name.repeat(8)).toString("base64")}` },
    ])
    const words = [
      ["node_modules/words", { resolved: "packages/words", link: true }],
      ["packages/words", { version: "1.0.0" }],
    ]
    fs.writeFileSync(
      path.join(folder, "package-lock.json"),
      JSON.stringify(
        { name: "shop", lockfileVersion: 3, packages: Object.fromEntries([...entries, ...words]) },
        null,
        2,
      ),
    )
  } else install(folder, layout)
  const scope = path.join(modules, "@sluice")
  fs.mkdirSync(scope, { recursive: true })
  fs.symlinkSync(path.join(repository, "packages/core"), path.join(scope, "core"))
  fs.symlinkSync(fs.realpathSync(path.join(repository, "node_modules/effect")), path.join(modules, "effect"))
}

/** Packs the packages and has npm or pnpm install the archives, without a registry. */
const install = (folder: string, layout: "npm" | "pnpm"): void => {
  const archives = path.join(folder, "archives")
  fs.mkdirSync(archives)
  for (const name of packages) {
    execFileSync("npm", ["pack", "--silent", "--pack-destination", archives], {
      cwd: path.join(folder, "modules", name),
      stdio: "ignore",
    })
  }
  fs.rmSync(path.join(folder, "modules"), { recursive: true })
  const archive = (name: string) => `file:archives/${name}-1.0.0.tgz`
  const file = path.join(folder, "package.json")
  const json = JSON.parse(fs.readFileSync(file, "utf8"))
  json.dependencies = {
    slug: archive("slug"),
    other: archive("other"),
    words: layout === "npm" ? "file:packages/words" : "link:packages/words",
  }
  if (layout === "npm") json.overrides = { dashes: archive("dashes") }
  else
    fs.writeFileSync(
      path.join(folder, "pnpm-workspace.yaml"),
      `packages: ["."]\noverrides:\n  dashes: ${archive("dashes")}\n`,
    )
  fs.writeFileSync(file, `${JSON.stringify(json, null, 2)}\n`)
  const offline = ["install", "--offline", "--ignore-scripts", "--silent"]
  const args = layout === "npm" ? [...offline, "--no-audit", "--no-fund"] : offline
  execFileSync(layout, args, { cwd: folder, stdio: "inherit" })
}

/** A new folder for a project and the copy of its cached state. */
export const temporary = (): string =>
  fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "sluice-precision-")))

/** Copies with times and links as they are. */
export const copy = (from: string, to: string): void => {
  fs.rmSync(to, { recursive: true, force: true })
  fs.cpSync(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
}

export interface Output {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The real `sluice` in a project. Only `env` is set of what the steps read. */
export const sluice = (
  folder: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {},
): Promise<Output> =>
  new Promise((resolve, reject) => {
    const { SHOP_ROOT: _, SHOP_BASE: __, ...outside } = process.env
    const child = spawn(process.execPath, [launcher, ...args], { cwd: folder, env: { ...outside, ...env } })
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text))
    child.once("error", reject)
    child.once("close", (code) => resolve({ code: code ?? 1, stdout, stderr }))
  })

/** What `--json` printed. Throws with the whole output where there is none. */
export const json = <T>(output: Output): T => {
  try {
    return JSON.parse(output.stdout) as T
  } catch {
    throw new Error(`exit code ${output.code}\n${output.stdout}${output.stderr}`)
  }
}
