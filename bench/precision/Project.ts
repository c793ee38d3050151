/**
 * The projects of the precision suite: each in a temporary folder with its own `node_modules`, cached once, and copied
 * back for every edit. `shop` is five steps as people write them, `corners` twelve over what is seldom written.
 * `fixtures` holds their sources; packages stand there under `modules`.
 */
import { execFileSync, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { launcher } from "../lib/project.ts"

/** Who wrote `node_modules` and the lockfile. `plain` is npm's layout written by hand: no process is started for it. */
export type Layout = "plain" | "npm" | "pnpm"

const here = import.meta.dirname
const repository = path.resolve(here, "../..")
/** Packages that lie under `modules`, those that another one brings along, and the one of the workspace. */
const projects = {
  shop: { sources: "project", packages: ["slug", "other"], below: ["dashes"], own: "words" },
  corners: {
    sources: "corners",
    packages: ["brush", "kit", "old", "peer", "large"],
    below: ["deep"],
    own: "tools",
  },
} as const

export type ProjectName = keyof typeof projects

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
      // Under pnpm a dependency's dependency lies beside it in the virtual store.
      const installed = fs.readdirSync(place("node_modules")).map((other) => place(`node_modules/${other}`))
      const found = [place("node_modules"), ...installed.map((other) => path.dirname(fs.realpathSync(other)))]
        .map((modules) => path.join(modules, name))
        .find((candidate) => fs.existsSync(candidate))
      if (found === undefined) throw new Error(`${name} is not installed`)
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
export const make = (folder: string, layout: Layout, name: ProjectName = "shop"): void => {
  const { sources, packages, below, own } = projects[name]
  fs.cpSync(path.join(here, "fixtures", sources), folder, { recursive: true })
  const modules = path.join(folder, "node_modules")
  if (layout === "plain") {
    fs.renameSync(path.join(folder, "modules"), modules)
    fs.symlinkSync(`../packages/${own}`, path.join(modules, own))
    const entries = [...packages, ...below].map((one) => [
      `node_modules/${one}`,
      { version: "1.0.0", integrity: `sha512-${Buffer.from(one.repeat(8)).toString("base64")}` },
    ])
    const workspace = [
      [`node_modules/${own}`, { resolved: `packages/${own}`, link: true }],
      [`packages/${own}`, { version: "1.0.0" }],
    ]
    fs.writeFileSync(
      path.join(folder, "package-lock.json"),
      JSON.stringify(
        { name, lockfileVersion: 3, packages: Object.fromEntries([...entries, ...workspace]) },
        null,
        2,
      ),
    )
  } else install(folder, layout, name)
  const scope = path.join(modules, "@sluice")
  fs.mkdirSync(scope, { recursive: true })
  fs.symlinkSync(path.join(repository, "packages/core"), path.join(scope, "core"))
  fs.symlinkSync(fs.realpathSync(path.join(repository, "node_modules/effect")), path.join(modules, "effect"))
}

/** Packs the packages and has npm or pnpm install the archives, without a registry. */
const install = (folder: string, layout: "npm" | "pnpm", project: ProjectName): void => {
  const { packages, below, own } = projects[project]
  const archives = path.join(folder, "archives")
  fs.mkdirSync(archives)
  for (const name of [...packages, ...below]) {
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
    ...Object.fromEntries(packages.map((name) => [name, archive(name)])),
    [own]: layout === "npm" ? `file:packages/${own}` : `link:packages/${own}`,
  }
  const overrides = below.map((name) => [name, archive(name)] as const)
  if (layout === "npm") json.overrides = Object.fromEntries(overrides)
  else {
    const lines = overrides.map(([name, place]) => `  ${name}: ${place}\n`).join("")
    fs.writeFileSync(path.join(folder, "pnpm-workspace.yaml"), `packages: ["."]\noverrides:\n${lines}`)
  }
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

/** The environment without what the steps read. */
export const withoutVariables = (): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SHOP|CORNER)_/.test(name)))

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
    const outside = withoutVariables()
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
