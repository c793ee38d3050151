/**
 * Fourteen edits on the same three steps written for dvc, redun, Hamilton and Sluice: a helper in another module, a
 * constant in a third, a package, a param, a variable. Every step notes that it executed; expectation is by meaning.
 */
import { execFile } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { environment } from "../peers/python.ts"
import { copy, sluice, temporary } from "./Project.ts"

type Kind = "python" | "typescript"

interface PeerEdit {
  readonly title: string
  readonly runs: ReadonlyArray<string>
  readonly python: ReadonlyArray<readonly [file: string, from: string, to: string]>
  readonly typescript: ReadonlyArray<readonly [file: string, from: string, to: string]>
  readonly env?: Readonly<Record<string, string>>
  readonly offset?: number
  readonly touch?: string
  /** Run, then take the edit back, and count what that executes. */
  readonly reverted?: boolean
}

/** `@clean` stands for the file in which the engine keeps that step. */
const both = (file: string, from: string, to: string) => ({
  python: [[file, from, to] as const],
  typescript: [[file, from, to] as const],
})

const rename = {
  python: [
    ["@clean", "scaled = ", "result = "],
    ["@clean", "return scaled", "return result"],
  ] as const,
  typescript: [
    ["@clean", "const scaled", "const result"],
    ["@clean", "return scaled", "return result"],
  ] as const,
}
const helper = {
  python: [["helper.py", "x * FACTOR", "x * FACTOR + 1"]] as const,
  typescript: [["helper.ts", "x * factor", "x * factor + 1"]] as const,
}

const edits: ReadonlyArray<PeerEdit> = [
  {
    title: "comment",
    runs: [],
    python: [["@clean", "scaled = ", "# in their unit\n    scaled = "]],
    typescript: [["@clean", "const scaled", "// in their unit\n    const scaled"]],
  },
  {
    title: "reformat",
    runs: [],
    python: [["@clean", "scaled = [", "scaled = [\n      "]],
    typescript: [["@clean", "const scaled =", "const scaled =\n       "]],
  },
  { title: "rename local", runs: [], ...rename },
  { title: "revert rename", runs: [], reverted: true, ...rename },
  { title: "helper body", runs: ["clean", "total"], ...helper },
  {
    title: "constant",
    runs: ["clean", "total"],
    python: [["constants.py", "2", "3"]],
    typescript: [["constants.ts", "2", "3"]],
  },
  {
    title: "unrelated fn",
    runs: [],
    python: [["helper.py", "x + 7", "x + 8"]],
    typescript: [["helper.ts", "x + 7", "x + 8"]],
  },
  { title: "revert", runs: [], reverted: true, ...helper },
  { title: "param", runs: ["total"], python: [], typescript: [], offset: 2 },
  { title: "input", runs: ["load", "clean", "total"], ...both("data.csv", "30", "31") },
  { title: "touch", runs: [], python: [], typescript: [], touch: "data.csv" },
  { title: "cutoff", runs: ["load"], ...both("data.csv", "30", " 30") },
  {
    title: "package",
    runs: ["load"],
    python: [
      ["site/tidier/__init__.py", "text.strip()", "text.strip().lower()"],
      ["site/tidier-1.0.0.dist-info/METADATA", "1.0.0", "1.0.1"],
    ],
    typescript: [
      ["node_modules/tidier/index.js", "text.trim()", "text.trim().toLowerCase()"],
      ["node_modules/tidier/package.json", "1.0.0", "1.0.1"],
    ],
  },
  { title: "env", runs: ["total"], python: [], typescript: [], env: { EXTRA: "5" } },
]

interface Engine {
  readonly name: string
  readonly kind: Kind
  readonly clean: string
  readonly files: Readonly<Record<string, string>>
  /** Runs everything; gives what failed, or nothing. */
  readonly run: (
    folder: string,
    env: Readonly<Record<string, string>>,
    offset: number,
  ) => Promise<string | undefined>
  readonly prepare?: (folder: string) => Promise<unknown>
}

const shared = {
  "data.csv": "10\n20\n30\n",
  "constants.py": "FACTOR = 2\n",
  "helper.py":
    "from constants import FACTOR\ndef scale(x):\n    return x * FACTOR\ndef unrelated(x):\n    return x + 7\n",
  "noted.py": "def note(name):\n    with open('executions.txt', 'a') as file: file.write(name + '\\n')\n",
  "site/tidier/__init__.py": "def tidy(text):\n    return text.strip()\n",
  "site/tidier-1.0.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tidier\nVersion: 1.0.0\n",
}

const call = (
  program: string,
  args: ReadonlyArray<string>,
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<string | undefined> =>
  new Promise((resolve) => {
    execFile(
      path.join(environment(), program),
      [...args],
      {
        cwd: folder,
        env: {
          ...process.env,
          PYTHONPATH: `${folder}/site:${folder}`,
          PYTHONDONTWRITEBYTECODE: "1",
          HAMILTON_TELEMETRY_ENABLED: "false",
          ...env,
        },
      },
      (error, stdout, stderr) => resolve(error === null ? undefined : `${stdout}${stderr}`.slice(-800)),
    )
  })

const dvcFiles = {
  ...shared,
  "load.py":
    "import json, tidier\nfrom noted import note\nnote('load')\njson.dump([tidier.tidy(line) for line in open('data.csv') if line.strip()], open('raw.json', 'w'))\n",
  "clean.py":
    "import json, helper\nfrom noted import note\nnote('clean')\ndef clean(rows):\n    scaled = [helper.scale(int(row)) for row in rows]\n    return scaled\njson.dump(clean(json.load(open('raw.json'))), open('clean.json', 'w'))\n",
  "total.py":
    "import json, os, yaml\nfrom noted import note\nnote('total')\noffset = yaml.safe_load(open('params.yaml'))['offset']\njson.dump(sum(json.load(open('clean.json'))) + offset + int(os.environ.get('EXTRA', '0')), open('total.json', 'w'))\n",
}

const dvc = (name: string, listed: string): Engine => ({
  name,
  kind: "python",
  clean: "clean.py",
  files: {
    ...dvcFiles,
    "dvc.yaml": `stages:
  load: { cmd: ${python()} load.py, deps: [load.py, data.csv], outs: [raw.json] }
  clean: { cmd: ${python()} clean.py, deps: [clean.py, raw.json${listed}], outs: [clean.json] }
  total: { cmd: ${python()} total.py, deps: [total.py, clean.json], params: [offset], outs: [total.json] }
`,
  },
  prepare: async (folder) => {
    const failed =
      (await call("dvc", ["init", "--no-scm", "-q"], folder, {})) ??
      (await call("dvc", ["config", "core.analytics", "false"], folder, {}))
    if (failed !== undefined) throw new Error(failed)
  },
  run: (folder, env, offset) => {
    const file = path.join(folder, "params.yaml")
    const text = `offset: ${offset}\n`
    if (!fs.existsSync(file) || fs.readFileSync(file, "utf8") !== text) fs.writeFileSync(file, text)
    return call("dvc", ["repro", "-q"], folder, env)
  },
})

const python = () => path.join(environment(), "python")

const engines = (): ReadonlyArray<Engine> => [
  dvc("dvc 3.67.1", ""),
  dvc("dvc, helpers listed", ", helper.py, constants.py"),
  {
    name: "redun 0.44.1",
    kind: "python",
    clean: "workflow.py",
    files: {
      ...shared,
      "workflow.py": `import os
import helper, tidier
from noted import note
from redun import File, task
redun_namespace = "bench"
@task()
def load(file: File):
    note("load")
    return [tidier.tidy(line) for line in file.read().split("\\n") if line.strip()]
@task()
def clean(rows):
    note("clean")
    scaled = [helper.scale(int(row)) for row in rows]
    return scaled
@task()
def total(rows, offset):
    note("total")
    return sum(rows) + offset + int(os.environ.get("EXTRA", "0"))
@task()
def main(offset: int = 1):
    return total(clean(load(File("data.csv"))), offset)
`,
    },
    run: (folder, env, offset) =>
      call("redun", ["run", "workflow.py", "main", "--offset", `${offset}`], folder, env),
  },
  {
    name: "apache-hamilton 1.90.0",
    kind: "python",
    clean: "graph.py",
    files: {
      ...shared,
      "graph.py": `import os
import helper, tidier
from noted import note
def load(path: str) -> list:
    note("load")
    return [tidier.tidy(line) for line in open(path) if line.strip()]
def clean(load: list) -> list:
    note("clean")
    scaled = [helper.scale(int(row)) for row in load]
    return scaled
def total(clean: list, offset: int) -> int:
    note("total")
    return sum(clean) + offset + int(os.environ.get("EXTRA", "0"))
`,
      "main.py": `import sys, graph
from hamilton import driver
dr = driver.Builder().with_modules(graph).with_cache().build()
dr.execute(["total"], inputs={"path": "data.csv", "offset": int(sys.argv[1])})
`,
    },
    run: (folder, env, offset) => call("python", ["main.py", `${offset}`], folder, env),
  },
  {
    name: "sluice",
    kind: "typescript",
    clean: "pipeline.ts",
    files: {
      "data.csv": shared["data.csv"],
      "package.json": '{ "name": "peer", "type": "module" }\n',
      "constants.ts": "export const factor = 2\n",
      "helper.ts":
        'import { factor } from "./constants.ts"\nexport const scale = (x: number) => x * factor\nexport const unrelated = (x: number) => x + 7\n',
      "node_modules/tidier/package.json":
        '{ "name": "tidier", "version": "1.0.0", "type": "module", "exports": "./index.js" }\n',
      "node_modules/tidier/index.js": "export const tidy = (text) => text.trim()\n",
      "pipeline.ts": `import { Artifact, Pipeline, Source, Step } from "@sluice/core"
import { Effect, Schema } from "effect"
import { tidy } from "tidier"
import { scale } from "./helper.ts"

const Texts = Artifact.value("texts", Schema.Array(Schema.String))
const Numbers = Artifact.value("numbers", Schema.Array(Schema.Number))
const Load = Step.make({
  name: "load",
  inputs: { files: Source.files },
  output: Texts,
  run: ({ inputs }) =>
    Effect.map(inputs.files[0]!.bytes, (bytes) => new TextDecoder().decode(bytes).split("\\n").map(tidy).filter((line) => line !== "")),
})
const Clean = Step.make({
  name: "clean",
  inputs: { rows: Texts },
  output: Numbers,
  run: ({ inputs }) => {
    const scaled = inputs.rows.map((row) => scale(Number(row)))
    return scaled
  },
})
const Total = Step.make({
  name: "total",
  inputs: { rows: Numbers },
  config: { offset: Schema.Int },
  output: Artifact.value("total", Schema.Number),
  run: ({ config, inputs }) => inputs.rows.reduce((a, b) => a + b, config.offset) + Number(process.env.EXTRA ?? "0"),
})
export default Pipeline.make("peer", { params: { offset: Schema.Int.pipe(Pipeline.withDefault(1)) } }, ({ params, step }) => ({
  total: step("total", Total({ rows: step("clean", Clean({ rows: step("load", Load({ files: "data.csv" })) })), offset: params.offset })),
}))
`,
    },
    prepare: async (folder) => {
      const repository = path.resolve(import.meta.dirname, "../..")
      fs.mkdirSync(path.join(folder, "node_modules/@sluice"))
      fs.symlinkSync(path.join(repository, "packages/core"), path.join(folder, "node_modules/@sluice/core"))
      fs.symlinkSync(
        fs.realpathSync(path.join(repository, "node_modules/effect")),
        path.join(folder, "node_modules/effect"),
      )
    },
    run: async (folder, env, offset) => {
      const run = await sluice(folder, ["run", "pipeline.ts", "--json", "--set", `offset=${offset}`], env)
      if (run.code !== 0) return run.stdout + run.stderr
      const { steps } = JSON.parse(run.stdout) as {
        readonly steps: ReadonlyArray<{ readonly name: string; readonly decision: string }>
      }
      const lines = steps.filter((step) => step.decision !== "hit").map((step) => `${step.name}\n`)
      fs.writeFileSync(path.join(folder, "executions.txt"), lines.join(""))
      return undefined
    },
  },
]

export interface PeerRow {
  readonly engine: string
  readonly stale: number
  readonly needless: number
  /** By edit: "ok", "stale" (a step that had to execute did not), "needless", or what failed. */
  readonly edits: Readonly<Record<string, string>>
}

/** One row an engine. */
export const peerTable = async (only?: string): Promise<ReadonlyArray<PeerRow>> => {
  const rows: Array<PeerRow> = []
  for (const engine of engines()) {
    if (only !== undefined && !engine.name.startsWith(only)) continue
    const root = temporary()
    try {
      const folder = path.join(root, "project")
      for (const [name, text] of Object.entries(engine.files)) {
        fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
        fs.writeFileSync(path.join(folder, name), text)
      }
      await engine.prepare?.(folder)
      const failed = await engine.run(folder, {}, 1)
      if (failed !== undefined) throw new Error(`${engine.name}: ${failed}`)
      copy(folder, path.join(root, "cached"))
      const found: Record<string, string> = {}
      for (const edit of edits) {
        copy(path.join(root, "cached"), folder)
        found[edit.title] = await verdict(engine, edit, folder)
      }
      const count = (what: string) => Object.values(found).filter((one) => one === what).length
      const row = { engine: engine.name, stale: count("stale"), needless: count("needless"), edits: found }
      rows.push(row)
      console.error(
        `${row.engine.padEnd(24)}${row.stale} stale, ${row.needless} needless  ${JSON.stringify(found)}`,
      )
    } finally {
      fs.rmSync(root, { recursive: true, force: true })
    }
  }
  return rows
}

const verdict = async (engine: Engine, edit: PeerEdit, folder: string): Promise<string> => {
  const saved = new Map<string, string>()
  for (const [file, from, to] of edit[engine.kind]) {
    const place = path.join(folder, file === "@clean" ? engine.clean : file)
    const text = fs.readFileSync(place, "utf8")
    if (!text.includes(from)) throw new Error(`${place} has no ${from}`)
    if (!saved.has(place)) saved.set(place, text)
    fs.writeFileSync(
      place,
      text.replace(from, () => to),
    )
  }
  if (edit.touch !== undefined) fs.utimesSync(path.join(folder, edit.touch), new Date(), new Date())
  const executions = path.join(folder, "executions.txt")
  if (edit.reverted) {
    const failed = await engine.run(folder, {}, 1)
    if (failed !== undefined) return failed
    for (const [place, text] of saved) fs.writeFileSync(place, text)
  }
  fs.rmSync(executions, { force: true })
  const failed = await engine.run(folder, edit.env ?? {}, edit.offset ?? 1)
  if (failed !== undefined) return failed
  const ran = fs.existsSync(executions)
    ? fs.readFileSync(executions, "utf8").trim().split("\n").filter(Boolean)
    : []
  if (edit.runs.some((name) => !ran.includes(name))) return "stale"
  return ran.some((name) => !edit.runs.includes(name)) ? "needless" : "ok"
}
