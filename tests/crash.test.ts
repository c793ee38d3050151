import { Random } from "@sluice/core"
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type * as Sandbox from "./cli/Sandbox.ts"
import * as Group from "./support/Group.ts"
import * as Outcome from "./support/Outcome.ts"
import * as tiny from "./support/tinyTuning.ts"

const preload = { NODE_OPTIONS: `--import=${fileURLToPath(new URL("support/crash.mjs", import.meta.url))}` }
const train = ["run", "--only", "train"]

/** One operation on files, as support/crash.mjs notes it. */
interface Operation {
  readonly process: "child" | "engine"
  /** Among those of its name: how often the engine writes its log goes by the clock. */
  readonly number: number
  readonly name: string
  readonly places: string
}

const operations = (path: string): ReadonlyArray<Operation> =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [process, number, name, ...places] = line.split(" ")
      return { process: process as "child", number: Number(number), name: name!, places: places.join(" ") }
    })

const isCheckpoint = ({ name, places }: Operation): boolean =>
  name === "renameSync" && /\/checkpoints\/[0-9a-f]+\/\d+$/.test(places)

/**
 * Six optimizer steps with a checkpoint after the second and the fourth. The group dies inside a training that is
 * prepared each time, is started again, and must come out as if nothing had happened.
 */
describe("a training that is killed", () => {
  let project: Sandbox.Sandbox
  let prepared: string
  let uninterrupted: Readonly<Record<string, string>>
  let trace: ReadonlyArray<Operation>

  beforeAll(async () => {
    project = tiny.make()
    prepared = join(project.root, "prepared")
    await Outcome.run(project, ["tiny.ts", "--only", "tokenize"])
    cpSync(join(project.root, ".sluice"), prepared, { recursive: true })
    const path = join(project.root, "trace")
    await Outcome.run(project, ["--only", "train"], { ...preload, CRASH_TRACE: path })
    trace = operations(path)
    uninterrupted = await Outcome.fingerprints(project, "train")
  })
  afterAll(() => project.remove())

  const prepare = (): void => {
    tiny.forget(project)
    cpSync(prepared, join(project.root, ".sluice"), { recursive: true })
  }

  /** Runs again and returns how many checkpoints that took: two from the start, none from the second one. */
  const goOn = async (): Promise<number> => {
    const path = join(project.root, "trace")
    rmSync(path, { force: true })
    const again = await Outcome.run(project, ["--only", "train"], { ...preload, CRASH_TRACE: path })
    expect(again.executed).toEqual(["train"])
    return operations(path).filter(isCheckpoint).length
  }

  const asIfNothingHadHappened = async (): Promise<void> => {
    expect(await Outcome.fingerprints(project, "train")).toEqual(uninterrupted)
    for (const folder of ["tmp", "owners", "checkpoints"]) {
      expect([folder, ...readdirSync(join(project.root, ".sluice", folder))]).toEqual([folder])
    }
    const doctor = JSON.parse((await project.sluice("doctor", "--store", "--json")).stdout)
    expect(doctor.verified.damaged).toEqual([])
    const { runs } = JSON.parse((await project.sluice("runs", "--json", "--limit", "2")).stdout)
    expect(runs.map((run: { state: string }) => run.state)).toEqual(["done", "interrupted"])
  }

  const after = (from: Operation, name: string, process: "child" | "engine" = "child"): Operation =>
    trace.slice(trace.indexOf(from)).find((one) => one.process === process && one.name === name)!

  it("saves twice when it is not killed", () => {
    expect(trace.filter(isCheckpoint)).toHaveLength(2)
  })

  const moments: ReadonlyArray<{
    readonly title: string
    readonly at: () => Operation
    readonly saves: number
  }> = [
    {
      title: "while it writes its first checkpoint, it starts over",
      at: () => trace.find((one) => one.process === "child" && one.name === "writeSync")!,
      saves: 2,
    },
    {
      title: "before its first checkpoint gets its name, it starts over",
      at: () => trace.filter(isCheckpoint)[0]!,
      saves: 2,
    },
    {
      title: "while it writes its second checkpoint, it goes on from the first",
      at: () => after(trace.filter(isCheckpoint)[0]!, "writeSync"),
      saves: 1,
    },
    {
      title: "while its adapter is stored, it goes on from the second checkpoint",
      at: () => after(trace.filter(isCheckpoint)[1]!, "writeFile"),
      saves: 0,
    },
    {
      title: "while its result is recorded, it goes on from the second checkpoint",
      at: () => after(trace.filter(isCheckpoint)[1]!, "writeSync", "engine"),
      saves: 0,
    },
  ]

  it.each(moments)("$title", async ({ at, saves }) => {
    prepare()
    const { process, number, name } = at()
    const env = { ...preload, CRASH_AT: `${process}:${number}:${name}` }
    const killed = await Group.start(project, train, env).ended
    expect(killed.code).toBe(null)
    expect(await goOn()).toBe(saves)
    await asIfNothingHadHappened()
  })

  const random = Random.make("moments of death")
  const delays = Array.from({ length: 3 }, () => 300 + random.integer(1500))

  it.each(delays)("comes out the same after SIGKILL %i ms into the step", async (delayMs) => {
    prepare()
    const group = Group.start(project, train)
    await group.until(/train +run/)
    // No waiting for something: the moment itself is what is tried.
    await Promise.race([wait(delayMs), group.ended])
    group.kill()
    await group.ended
    // Nothing is asked of the number of saves: the machine's speed decides how far it came, perhaps to its end.
    const again = await Outcome.run(project, ["--only", "train"])
    expect([["train"], []]).toContainEqual(again.executed)
    expect(await Outcome.fingerprints(project, "train")).toEqual(uninterrupted)
    expect(readdirSync(join(project.root, ".sluice/checkpoints"))).toEqual([])
  })
})
