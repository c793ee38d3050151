/** The peers from npm, installed together into one folder of the benchmarks' own. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { cacheFolder } from "../lib/cacheFolder.ts"
import type { Contender } from "./Contender.ts"
import { layered, leaves } from "./Contender.ts"

const packages = { turbo: "2.11.11", nx: "24.0.6", wireit: "0.14.13" }

const installed = (): string => {
  const folder = path.join(cacheFolder(), "engines-npm-1")
  if (!fs.existsSync(path.join(folder, "node_modules/.bin/wireit"))) {
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(
      path.join(folder, "package.json"),
      JSON.stringify({ private: true, dependencies: packages }),
    )
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--silent"], { cwd: folder, stdio: "inherit" })
  }
  return path.join(folder, "node_modules")
}

const json = (file: string, value: unknown) => {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, JSON.stringify(value))
}

const command = (
  name: string,
  reads: ReadonlyArray<string>,
  file: (name: string) => string,
  output: string,
) => `(echo ${name}; cat ${reads.map(file).join(" ")} </dev/null) | sha256sum | head -c 64 > ${output}`

/** A workspace of one package a step, as Turborepo and Nx expect. */
const packagesOf = (cwd: string, steps: number) => {
  json(path.join(cwd, "package.json"), {
    name: "bench",
    private: true,
    packageManager: "npm@11.0.0",
    workspaces: ["packages/*"],
  })
  for (const node of layered(steps)) {
    json(path.join(cwd, "packages", node.name, "package.json"), {
      name: node.name,
      version: "1.0.0",
      scripts: { build: command(node.name, node.reads, (read) => `../${read}/out.txt`, "out.txt") },
      dependencies: Object.fromEntries(node.reads.map((read) => [read, "1.0.0"])),
    })
  }
  const lock: Record<string, unknown> = { "": { name: "bench", workspaces: ["packages/*"] } }
  for (const node of layered(steps)) {
    lock[`node_modules/${node.name}`] = { resolved: `packages/${node.name}`, link: true }
    lock[`packages/${node.name}`] = {
      version: "1.0.0",
      dependencies: Object.fromEntries(node.reads.map((read) => [read, "1.0.0"])),
    }
  }
  json(path.join(cwd, "package-lock.json"), {
    name: "bench",
    lockfileVersion: 3,
    requires: true,
    packages: lock,
  })
  fs.writeFileSync(path.join(cwd, ".gitignore"), "node_modules\nout.txt\n.turbo\n.nx\n")
  execFileSync("git", ["init", "-q"], { cwd })
  execFileSync("git", ["add", "-A"], { cwd })
  execFileSync(
    "git",
    ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "-qm", "graph"],
    { cwd },
  )
}

export const contenders: ReadonlyArray<Contender> = [
  {
    name: `turbo ${packages.turbo}`,
    keys: "files of the package, declared env",
    largest: 10_000,
    prepare: (cwd, steps) => {
      const modules = installed()
      json(path.join(cwd, "turbo.json"), {
        tasks: { build: { dependsOn: ["^build"], outputs: ["out.txt"] } },
      })
      packagesOf(cwd, steps)
      return {
        command: path.join(modules, ".bin/turbo"),
        args: ["run", "build", "--output-logs=none", "--no-daemon", "--concurrency=2"],
        cwd,
        env: { TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", TURBO_NO_UPDATE_NOTIFIER: "1" },
      }
    },
  },
  {
    name: `nx ${packages.nx}`,
    keys: "files of the package, declared env",
    largest: 1_000,
    prepare: (cwd, steps) => {
      const modules = installed()
      json(path.join(cwd, "nx.json"), {
        targetDefaults: { build: { cache: true, dependsOn: ["^build"], outputs: ["{projectRoot}/out.txt"] } },
        analytics: false,
      })
      packagesOf(cwd, steps)
      fs.symlinkSync(modules, path.join(cwd, "node_modules"))
      return {
        command: path.join(modules, ".bin/nx"),
        args: ["run-many", "-t", "build", "--outputStyle=static", "--parallel=2"],
        cwd,
        env: { NX_DAEMON: "false", NX_NO_CLOUD: "true", CI: "true" },
      }
    },
  },
  {
    name: `wireit ${packages.wireit}`,
    keys: "files listed by hand",
    largest: 1_000,
    prepare: (cwd, steps) => {
      const modules = installed()
      const nodes = layered(steps)
      json(path.join(cwd, "package.json"), {
        name: "bench",
        private: true,
        scripts: Object.fromEntries([["all", "wireit"], ...nodes.map((node) => [node.name, "wireit"])]),
        wireit: Object.fromEntries([
          ["all", { dependencies: leaves(steps) }],
          ...nodes.map((node) => [
            node.name,
            {
              command: command(node.name, node.reads, (read) => `${read}.txt`, `${node.name}.txt`),
              files: [],
              output: [`${node.name}.txt`],
              dependencies: node.reads,
            },
          ]),
        ]),
      })
      fs.symlinkSync(modules, path.join(cwd, "node_modules"))
      return { command: "npm", args: ["run", "--silent", "all"], cwd, env: { WIREIT_LOGGER: "quiet" } }
    },
  },
]
