import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import * as pipelines from "./pipelines.ts"
import * as Sandbox from "./Sandbox.ts"
import { settled } from "./settled.ts"

const made: Array<Sandbox.Sandbox> = []
const sandbox = (files: Readonly<Record<string, string>>): Sandbox.Sandbox => {
  const one = Sandbox.make(files)
  made.push(one)
  return one
}
afterAll(() => made.forEach((one) => one.remove()))

const words = () => sandbox({ "words.ts": pipelines.twoSteps, "lib/shout.ts": pipelines.shoutModule })

describe("sluice run", () => {
  const shared = words()

  it("runs what is new, then finds everything, then reruns what a param changed", async () => {
    const project = words()
    const first = await project.sluice("run", "words.ts")
    expect(first.stderr).toBe("")
    expect(settled(first.stdout)).toEqual([
      "collect    run       collect: has not run before",
      "collect    done      <key>      3 words   <time>",
      "shout      run       shout: has not run before",
      "shout      done      <key>      3 shouted   <time>",
      "2 steps: 0 hit, 2 run, in <time>",
    ])
    expect(first.code).toBe(0)

    const second = await project.sluice("run")
    expect(settled(second.stdout)).toEqual([
      "collect    hit       <key>      3 words",
      "shout      hit       <key>      3 shouted",
      "2 steps: 2 hit, 0 run, in <time>",
    ])

    const third = await project.sluice("run", "--set", "mark=?")
    expect(settled(third.stdout)).toEqual([
      "collect    hit       <key>      3 words",
      'shout      run       mark: "!" -> "?"',
      "shout      done      <key>      3 shouted   <time>",
      "2 steps: 1 hit, 1 run, in <time>",
    ])
  })

  it("names the helper that changed, before and after it runs", async () => {
    const project = words()
    await project.sluice("run", "words.ts")
    project.write("lib/shout.ts", 'export const shout = (word: string): string => word.toUpperCase() + "."\n')
    const before = await project.sluice("why", "shout")
    expect(before.stdout.split("\n")[0]).toBe("shout() in lib/shout.ts changed")
    expect((await project.sluice("run")).stdout).toContain("shout() in lib/shout.ts changed")
    const after = await project.sluice("why", "shout")
    expect(after.stdout.split("\n")[0]).toBe("shout() in lib/shout.ts changed")
  })

  it("prints one JSON document with --json", async () => {
    const project = shared
    const { stdout, stderr, code } = await project.sluice("run", "words.ts", "--json", "--set", "count=2")
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 })
    const json = JSON.parse(stdout)
    expect(json).toEqual({
      id: expect.any(String),
      pipeline: "words",
      state: "done",
      startedAt: expect.stringMatching(/^\d{4}-/),
      endedAt: expect.stringMatching(/^\d{4}-/),
      ms: expect.any(Number),
      params: { mark: '"!"', count: "2" },
      steps: [
        {
          name: "collect",
          decision: "run",
          key: expect.stringMatching(/^[0-9a-f]{64}$/),
          ms: expect.any(Number),
        },
        {
          name: "shout",
          decision: "run",
          key: expect.stringMatching(/^[0-9a-f]{64}$/),
          ms: expect.any(Number),
        },
      ],
      warnings: [],
    })
  })

  it("says everything that is wrong with params, with exit code 2", async () => {
    const project = shared
    const { code, stdout, stderr } = await project.sluice(
      "run",
      "words.ts",
      "--set",
      "makr=?",
      "--set",
      "count=many",
    )
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr.split("\n")[0]).toBe('Pipeline "words" cannot take these params.')
    expect(stderr).toContain("did you mean mark?")
    expect(stderr).toContain("many")
    expect(stderr).not.toContain("    at ")
  })

  it("names the step that was meant", async () => {
    const project = shared
    const { code, stderr } = await project.sluice("run", "words.ts", "--only", "shuot")
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'Pipeline "words" has no step "shuot".\n  Steps:  collect, shout\nDid you mean shout?\n',
    })
  })

  it("fails with 1 where a step fails, names step, reason and place, and shows no stack", async () => {
    const project = sandbox({ "failing.ts": pipelines.failing })
    const { code, stdout, stderr } = await project.sluice("run", "failing.ts")
    expect(code).toBe(1)
    expect(settled(stdout)).toEqual([
      "break      run       break: has not run before",
      "break      failed",
      "2 steps: 0 hit, 0 run, 1 failed, 1 not reached, in <time>",
    ])
    expect(stderr).toBe(
      [
        'Step "break" failed.',
        "  Reason:  the disk of the moon is full",
        "  Place:   failing.ts:12:11",
        "",
      ].join("\n"),
    )
  })

  it("prints the run and its error with --json where a step fails", async () => {
    const project = sandbox({ "failing.ts": pipelines.failing })
    const { code, stdout, stderr } = await project.sluice("run", "failing.ts", "--json")
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" })
    const { state, steps, error } = JSON.parse(stdout)
    expect(state).toBe("failed")
    expect(steps.map((step: any) => [step.name, step.decision])).toEqual([
      ["break", "failed"],
      ["read", "skipped"],
    ])
    expect(error).toEqual({
      kind: "RunFailed",
      message: 'Step "break" failed.\n  Reason:  the disk of the moon is full\n  Place:   failing.ts:12:11',
    })
  })

  it("refuses a file that is no pipeline", async () => {
    const project = sandbox({ "plain.ts": "export const x = 1\n", "other.ts": "export default 1\n" })
    expect(await project.sluice("run", "plain.ts")).toEqual({
      code: 2,
      stdout: "",
      stderr:
        'plain.ts has no default export.\nExport one: export default Pipeline.make("name", { params }, ({ params, step }) => …)\n',
    })
    expect((await project.sluice("run", "other.ts")).stderr.split("\n")[0]).toBe(
      "other.ts exports no pipeline by default.",
    )
  })

  it("points at a syntax error", async () => {
    const project = sandbox({ "broken.ts": "const a = 1\nconst b = = 2\n" })
    const { code, stdout, stderr } = await project.sluice("run", "broken.ts")
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toBe(
      "broken.ts:2:11 does not parse: Unexpected token\n  2 | const b = = 2\n    |           ^\n",
    )
  })

  it("points at what a pipeline throws while it loads", async () => {
    const project = sandbox({ "throws.ts": "const x: string[] = []\nx[0]!.length\nexport default 1\n" })
    const { code, stderr } = await project.sluice("run", "throws.ts")
    expect(code).toBe(2)
    expect(stderr).toBe(
      [
        "throws.ts could not be loaded.",
        "TypeError: Cannot read properties of undefined (reading 'length')",
        "throws.ts:2:7",
        "  x[0]!.length",
        "        ^",
        "",
      ].join("\n"),
    )
  })

  it("points at an import that leads nowhere, in the source as it was written", async () => {
    const project = sandbox({
      "a.ts": 'import { Pipeline } from "@sluice/core"\nimport { x } from "./missing.ts"\nexport default x\n',
      "b.ts": 'import { yell } from "./lib/shout.ts"\nexport default yell\n',
      "lib/shout.ts": pipelines.shoutModule,
    })
    expect((await project.sluice("plan", "a.ts")).stderr).toBe(
      '`./missing.ts` cannot be found\na.ts:2:19\n  import { x } from "./missing.ts"\n                    ^\n',
    )
    const { code, stderr } = await project.sluice("plan", "b.ts")
    expect(code).toBe(2)
    expect(stderr).toBe(
      'No matching export in "lib/shout.ts" for import "yell"\nb.ts:1:10\n  import { yell } from "./lib/shout.ts"\n           ^\n',
    )
  })

  it("points at what the pipeline's function throws", async () => {
    const project = sandbox({
      "builds.ts": `import { Pipeline } from "@sluice/core"
export default Pipeline.make("builds", {}, () => {
  throw new Error("no such model")
})
`,
    })
    expect(await project.sluice("run", "builds.ts")).toEqual({
      code: 2,
      stdout: "",
      stderr:
        'The pipeline threw an error.\nError: no such model\nbuilds.ts:3:9\n    throw new Error("no such model")\n          ^\n',
    })
  })

  it("says that a store cannot be written", async () => {
    const project = sandbox({
      "words.ts": pipelines.twoSteps,
      "lib/shout.ts": pipelines.shoutModule,
      ".sluice": "",
    })
    const { code, stderr } = await project.sluice("run", "words.ts")
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: [
        `Sluice cannot keep anything in ${project.root}/.sluice.`,
        `  Place:   ${project.root}/.sluice/bundles`,
        "  Reason:  a file stands where a folder is needed",
        "Move that file away.",
        "",
      ].join("\n"),
    })
  })

  it("runs isolated steps in a process of their own, with progress, failures and places as usual", async () => {
    const project = sandbox({ "isolated.ts": pipelines.isolated })
    const first = await project.sluice("run", "isolated.ts")
    expect(first.stderr).toBe("")
    expect(settled(first.stdout)).toEqual([
      "apart      run       apart: has not run before",
      "apart      done      <key>      another process   <time>",
      "1 step: 0 hit, 1 run, in <time>",
    ])
    const failed = await project.sluice("run", "--set", "fail=true")
    expect(failed.code).toBe(1)
    expect(failed.stderr).toBe(
      'Step "apart" failed.\n  Reason:  asked to fail\n  Place:   isolated.ts:14:28\n',
    )
  })

  it("is interrupted by SIGINT with 130, says how to go on, and goes on from the checkpoint", async () => {
    const project = sandbox({ "waiting.ts": pipelines.waiting })
    const running = project.start(["run", "waiting.ts"])
    await running.until(/count {6}run/)
    await project.untilFile(".sluice/checkpoints")
    running.signal("SIGINT")
    const { code, stderr } = await running.result
    expect(code).toBe(130)
    expect(stderr.trimEnd().split("\n").slice(-2)).toEqual([
      "Interrupted. Finished steps and checkpoints are kept; go on with:",
      "  sluice run waiting.ts",
    ])
    writeFileSync(join(project.root, "go"), "")
    const again = await project.sluice("run", "waiting.ts")
    expect(again.code).toBe(0)
    expect(again.stdout).toMatch(/counted from [1-5] to 10/)
  })
})
