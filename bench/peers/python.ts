/** The peers from PyPI, each in one virtual environment of the benchmarks' own. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { cacheFolder } from "../lib/cacheFolder.ts"
import type { Contender } from "./Contender.ts"
import { layered, leaves } from "./Contender.ts"

const packages = {
  doit: "doit==0.37.0",
  joblib: "joblib==1.6.0",
  hamilton: "apache-hamilton==1.90.0",
  redun: "redun==0.44.1",
  snakemake: "snakemake==9.27.1",
  dvc: "dvc==3.67.1",
  ninja: "ninja==1.13.2",
}

/** Makes the environment when it is missing; its folder is named after what it holds. */
export const environment = (): string => {
  const folder = path.join(cacheFolder(), "engines-venv-1")
  const done = path.join(folder, "installed.txt")
  if (!fs.existsSync(done)) {
    fs.rmSync(folder, { recursive: true, force: true })
    execFileSync("python3", ["-m", "venv", folder], { stdio: "inherit" })
    execFileSync(path.join(folder, "bin/pip"), ["install", "-q", ...Object.values(packages)], {
      stdio: "inherit",
    })
    fs.writeFileSync(done, Object.values(packages).join("\n"))
  }
  return path.join(folder, "bin")
}

const python = (file: string) => ({ command: path.join(environment(), "python"), args: [file] })
const write = (folder: string, name: string, text: string) => fs.writeFileSync(path.join(folder, name), text)

export const contenders: ReadonlyArray<Contender> = [
  {
    name: "ninja 1.13.2",
    keys: "command text and modification times",
    largest: 10_000,
    prepare: (cwd, steps) => {
      const edges = layered(steps).map((node) => `build ${node.name}: step ${node.reads.join(" ")}`)
      const rule = `rule step\n  command = (echo $out; cat $in </dev/null) | sha256sum | head -c 64 > $out\n`
      write(cwd, "build.ninja", `${rule}${edges.join("\n")}\n`)
      return { command: path.join(environment(), "ninja"), args: ["--quiet"], cwd }
    },
  },
  {
    name: "doit 0.37.0",
    keys: "files listed by hand",
    largest: 10_000,
    prepare: (cwd, steps) => {
      write(
        cwd,
        "dodo.py",
        `import hashlib
GRAPH = ${JSON.stringify(layered(steps).map((node) => [node.name, node.reads]))}
def work(name, reads):
    h = hashlib.sha256(name.encode())
    for r in reads: h.update(open(r, 'rb').read())
    open(name, 'w').write(h.hexdigest())
def task_step():
    for name, reads in GRAPH:
        yield {'name': name, 'actions': [(work, [name, reads])], 'file_dep': reads, 'targets': [name], 'verbosity': 0}
`,
      )
      return { command: path.join(environment(), "doit"), args: ["-v", "0"], cwd }
    },
  },
  {
    name: "joblib 1.6.0",
    keys: "arguments and the function's own text",
    largest: 10_000,
    prepare: (cwd, steps) => {
      write(
        cwd,
        "main.py",
        `import hashlib
from joblib import Memory
memory = Memory('cache', verbose=0)
@memory.cache
def step(name, reads):
    h = hashlib.sha256(name.encode())
    for r in reads: h.update(r.encode())
    return h.hexdigest()
GRAPH = ${JSON.stringify(layered(steps).map((node) => [node.name, node.reads]))}
values = {}
for name, reads in GRAPH: values[name] = step(name, [values[r] for r in reads])
`,
      )
      return { ...python("main.py"), cwd }
    },
  },
  {
    name: "apache-hamilton 1.90.0",
    keys: "the function's own text and input digests",
    largest: 1_000,
    prepare: (cwd, steps) => {
      const functions = layered(steps).map((node) => {
        const names = node.reads.map((read) => `${read}: str`).join(", ")
        const sum = [`'${node.name}'`, ...node.reads].join(" + ")
        return `def ${node.name}(${names}) -> str:\n    return hashlib.sha256((${sum}).encode()).hexdigest()\n`
      })
      write(cwd, "graph.py", `import hashlib\n${functions.join("\n")}`)
      write(
        cwd,
        "main.py",
        `import graph
from hamilton import driver
dr = driver.Builder().with_modules(graph).with_cache().build()
dr.execute(${JSON.stringify(leaves(steps))})
`,
      )
      return { ...python("main.py"), cwd, env: { HAMILTON_TELEMETRY_ENABLED: "false" } }
    },
  },
  {
    name: "snakemake 9.27.1",
    keys: "rule text, listed files",
    largest: 1_000,
    prepare: (cwd, steps) => {
      const rules = layered(steps).map(
        (node) =>
          `rule ${node.name}:\n    input: ${JSON.stringify(node.reads).slice(1, -1)}\n    output: "${node.name}.txt"\n    run:\n        import hashlib\n        open(output[0], 'w').write(hashlib.sha256(output[0].encode()).hexdigest())\n`,
      )
      const all = `rule all:\n    input: ${leaves(steps)
        .map((leaf) => `"${leaf}.txt"`)
        .join(", ")}\n`
      const text = rules.join("").replaceAll(/"(n_\d+_\d+)"/g, '"$1.txt"')
      write(cwd, "Snakefile", `${all}${text}`)
      return { command: path.join(environment(), "snakemake"), args: ["-c", "2", "-q", "all"], cwd }
    },
  },
  {
    name: "redun 0.44.1",
    keys: "task text and argument values",
    largest: 1_000,
    prepare: (cwd, steps) => {
      write(
        cwd,
        "workflow.py",
        `import hashlib
from redun import task
redun_namespace = 'bench'
@task()
def step(name, reads):
    h = hashlib.sha256(name.encode())
    for r in reads: h.update(r.encode())
    return h.hexdigest()
GRAPH = ${JSON.stringify(layered(steps).map((node) => [node.name, node.reads]))}
LEAVES = ${JSON.stringify(leaves(steps))}
@task()
def main():
    values = {}
    for name, reads in GRAPH: values[name] = step(name, [values[r] for r in reads])
    return [values[x] for x in LEAVES]
`,
      )
      return { command: path.join(environment(), "redun"), args: ["run", "workflow.py", "main"], cwd }
    },
  },
  {
    name: "dvc 3.67.1",
    keys: "files and commands listed by hand",
    largest: 200,
    prepare: (cwd, steps) => {
      const stages = layered(steps).map(
        (node) =>
          `  ${node.name}:\n    cmd: "(echo ${node.name}; cat ${node.reads.map((read) => `${read}.txt`).join(" ")} </dev/null) | sha256sum | head -c 64 > ${node.name}.txt"\n` +
          (node.reads.length > 0
            ? `    deps: [${node.reads.map((read) => `${read}.txt`).join(", ")}]\n`
            : "") +
          `    outs: [${node.name}.txt]\n`,
      )
      write(cwd, "dvc.yaml", `stages:\n${stages.join("")}`)
      const dvc = path.join(environment(), "dvc")
      execFileSync(dvc, ["init", "--no-scm", "-q"], { cwd })
      execFileSync(dvc, ["config", "core.analytics", "false"], { cwd })
      return { command: dvc, args: ["repro", "-q"], cwd }
    },
  },
]
