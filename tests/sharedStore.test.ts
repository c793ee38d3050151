import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest"
import * as Sandbox from "./cli/Sandbox.ts"
import { gate } from "./support/gate.ts"
import * as Group from "./support/Group.ts"
import * as Outcome from "./support/Outcome.ts"
import * as tiny from "./support/tinyTuning.ts"

describe("two processes that share a store", () => {
  const project = Sandbox.make({ "gate.ts": gate })
  afterAll(() => project.remove())
  beforeEach(() => {
    for (const name of ["go", "executions"]) rmSync(join(project.root, name), { force: true })
    tiny.forget(project)
  })

  const executions = (): ReadonlyArray<string> => {
    const path = join(project.root, "executions")
    return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : []
  }
  const begun = (count: number) =>
    vi.waitFor(() => expect(executions()).toHaveLength(count), { timeout: 30_000, interval: 20 })
  const start = () => Group.start(project, ["run", "gate.ts"])

  /** The first has begun the step, the second waits for it. */
  const both = async () => {
    const first = start()
    await begun(1)
    const second = start()
    await second.until(/gate: another process is computing it; waiting/)
    return { first, second }
  }

  const nothingBroken = async () => {
    expect((await Outcome.run(project, ["gate.ts"])).hits).toEqual(["gate"])
    // The next process that writes takes away what a killed one left.
    expect((await Outcome.run(project, ["gate.ts", "--force", "gate"])).executed).toEqual(["gate"])
    for (const folder of ["tmp", "owners"]) {
      expect([folder, ...readdirSync(join(project.root, ".sluice", folder))]).toEqual([folder])
    }
  }

  it("execute a step once; the one that waited finds the result", async () => {
    const { first, second } = await both()
    project.write("go", "")
    expect((await first.ended).code).toBe(0)
    const { code, output } = await second.ended
    expect({ code, last: output.trimEnd().split("\n").at(-1) }).toEqual({
      code: 0,
      last: expect.stringMatching(/^1 step: 1 hit, 0 run, in /),
    })
    expect(executions()).toHaveLength(1)
    await nothingBroken()
  })

  it("go on without the one that is killed with its children", async () => {
    const { first, second } = await both()
    first.kill()
    await begun(2)
    project.write("go", "")
    expect((await second.ended).code).toBe(0)
    expect(executions()[1]).toMatch(/^\d+ beside 0$/)
    await nothingBroken()
  })

  it("never execute beside a child whose engine alone was killed", async () => {
    const { first, second } = await both()
    first.killEngine()
    await begun(2)
    project.write("go", "")
    expect((await second.ended).code).toBe(0)
    expect(executions()[1]).toMatch(/^\d+ beside 0$/)
    await nothingBroken()
  })

  it("wait no longer when the first gives up", async () => {
    const { first, second } = await both()
    first.interrupt()
    expect((await first.ended).code).toBe(130)
    await begun(2)
    project.write("go", "")
    expect((await second.ended).code).toBe(0)
    await nothingBroken()
  })
})
