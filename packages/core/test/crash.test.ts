import * as Effect from "effect/Effect"
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { ActionCache, Engine, Random } from "../src/index.ts"

const fixture = join(import.meta.dirname, "fixtures/crash/pipeline.ts")

interface Lab {
  readonly folder: string
  readonly store: string
  readonly start: () => ChildProcess
  /** Runs to the end; the exit code. */
  readonly finish: () => Promise<number | null>
  readonly executions: () => ReadonlyArray<string>
  /** Fingerprints of every stored result, by step. */
  readonly results: () => Promise<Record<string, string>>
}

/** A store and a record of executions of the fixture's own. */
const lab = (): Lab => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "sluice-crash-")))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const start = () =>
    spawn(process.execPath, [fixture], {
      detached: true,
      stdio: "ignore",
      env: { ...process.env, LAB: folder, SLUICE_TRANSFORMED: "1" },
    })
  return {
    folder,
    store: join(folder, ".sluice"),
    start,
    finish: () => new Promise((resolve) => start().once("close", resolve)),
    executions: () =>
      existsSync(join(folder, "executions"))
        ? readFileSync(join(folder, "executions"), "utf8").trimEnd().split("\n")
        : [],
    results: () =>
      Effect.runPromise(
        Effect.map(ActionCache.ActionCache, (cache) =>
          Object.fromEntries(
            cache
              .keys()
              .map((key) => [cache.stored(key)!.name, cache.stored(key)!.outputs["output"]!.fingerprint]),
          ),
        ).pipe(Effect.provide(Engine.layer({ root: folder }))),
      ),
  }
}

const milliseconds = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Kills everything that the program started, as a power switch would. */
const killGroup = async (program: ChildProcess, wholeGroup: boolean): Promise<void> => {
  const closed = new Promise((resolve) => program.once("close", resolve))
  try {
    process.kill(wholeGroup ? -program.pid! : program.pid!, "SIGKILL")
  } catch {
    // It had ended by itself.
  }
  if (program.exitCode === null && program.signalCode === null) await closed
}

it(
  "SIGKILL at any instant costs unfinished work only, and the result is the uninterrupted one",
  { timeout: 240_000 },
  async () => {
    const calm = lab()
    expect(await calm.finish()).toBe(0)
    const expected = await calm.results()
    expect(Object.keys(expected).toSorted()).toEqual(["numbers", "size", "train"])

    const rough = lab()
    const random = Random.make("instants")
    for (let kill = 0; kill < 8; kill++) {
      const program = rough.start()
      await milliseconds(200 + random.integer(1600))
      // Half of the times the child survives its parent for a moment.
      await killGroup(program, kill % 2 === 0)
    }
    expect(await rough.finish()).toBe(0)
    expect(await rough.results()).toEqual(expected)

    // A finished step never runs again, and the long one goes on from where it was.
    const executions = rough.executions()
    expect(executions.filter((one) => one === "size")).toEqual(["size"])
    expect(executions.filter((one) => one === "train done").length).toBe(1)
    const starts = executions
      .filter((one) => one.startsWith("train from"))
      .map((one) => Number(one.split(" ")[2]))
    expect(starts).toEqual(starts.toSorted((a, b) => a - b))
    expect(readdirSync(join(rough.store, "tmp"))).toEqual([])
    expect(readdirSync(join(rough.store, "owners"))).toEqual([])
    expect(readdirSync(join(rough.store, "checkpoints"))).toEqual([])
  },
)

it("three processes at once execute each action once", { timeout: 120_000 }, async () => {
  const shared = lab()
  expect(await Promise.all([shared.finish(), shared.finish(), shared.finish()])).toEqual([0, 0, 0])
  expect(shared.executions().toSorted()).toEqual(["numbers", "size", "train done", "train from 0"])
})

it(
  "an interruption leaves a checkpoint, and the next run goes on from it",
  { timeout: 120_000 },
  async () => {
    const at = lab()
    const program = at.start()
    const closed = new Promise<number | null>((resolve) => program.once("close", resolve))
    const key = () =>
      existsSync(join(at.store, "checkpoints")) ? readdirSync(join(at.store, "checkpoints"))[0] : undefined
    while (key() === undefined || readdirSync(join(at.store, "checkpoints", key()!)).length < 2)
      await milliseconds(20)
    process.kill(program.pid!, "SIGINT")
    expect(await closed).toBe(130)
    expect(at.executions().includes("train done")).toBe(false)
    expect(await at.finish()).toBe(0)
    const starts = at.executions().filter((one) => one.startsWith("train from"))
    expect(starts.length).toBe(2)
    expect(Number(starts[1]!.split(" ")[2])).toBeGreaterThan(0)
  },
)
