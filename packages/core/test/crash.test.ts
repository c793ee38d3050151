import * as Effect from "effect/Effect"
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { ActionCache, Engine, Random } from "../src/index.ts"

const fixture = join(import.meta.dirname, "fixtures/crash/pipeline.ts")

interface Head {
  readonly meta: { readonly round: number }
}

interface Lab {
  readonly folder: string
  readonly store: string
  readonly start: () => ChildProcess
  /** Runs to the end; the exit code. */
  readonly finish: () => Promise<number | null>
  readonly executions: () => ReadonlyArray<string>
  /** The round of the newest checkpoint. */
  readonly savedRound: () => number
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
    savedRound: () => {
      try {
        const heads = readdirSync(folder, { recursive: true, encoding: "utf8" })
          .filter((name) => name.endsWith("/checkpoint.json") && name.includes("/checkpoints/"))
          .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Head)
        return Math.max(0, ...heads.map((head) => head.meta.round))
      } catch {
        return 0 // Replaced by its successor while it was read.
      }
    },
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

it("SIGKILL at any instant costs unfinished work only, and the result is the uninterrupted one", async () => {
  const calm = lab()
  expect(await calm.finish()).toBe(0)
  const expected = await calm.results()
  expect(Object.keys(expected).toSorted()).toEqual(["numbers", "size", "train"])

  const rough = lab()
  const random = Random.make("instants")
  const finished: Array<{ readonly step: string; readonly lines: number }> = []
  // Before the long step begins, at four of its rounds, and when it has done its work, stored or not.
  const instants: ReadonlyArray<() => boolean> = [
    () => true,
    ...[3, 9, 15, 24].map((round) => () => rough.savedRound() >= round),
    () => rough.executions().includes("train done"),
  ]
  for (const [kill, isReached] of instants.entries()) {
    const program = rough.start()
    while (!isReached()) await milliseconds(2)
    await milliseconds(random.integer(kill === 0 ? 400 : 30))
    // Half of the times the child survives its parent for a moment.
    await killGroup(program, kill % 2 === 0)
    const steps = Object.keys(await rough.results())
    const lines = rough.executions().length
    for (const step of steps) finished.push({ step, lines })
  }
  expect(await rough.finish()).toBe(0)
  expect(await rough.results()).toEqual(expected)

  // What was stored at a kill never runs again, and the long step goes on from where it was.
  const executions = rough.executions()
  for (const { step, lines } of finished)
    expect(executions.slice(lines).filter((one) => one.split(" ")[0] === step)).toEqual([])
  expect(finished.some(({ step }) => step === "numbers")).toBe(true)
  const starts = executions
    .filter((one) => one.startsWith("train from"))
    .map((one) => Number(one.split(" ")[2]))
  expect(starts).toEqual(starts.toSorted((a, b) => a - b))
  expect(starts.at(-1)).toBeGreaterThan(0)
  expect(readdirSync(join(rough.store, "tmp"))).toEqual([])
  expect(readdirSync(join(rough.store, "owners"))).toEqual([])
  expect(readdirSync(join(rough.store, "checkpoints"))).toEqual([])
})

it("three processes at once execute each action once", async () => {
  const shared = lab()
  expect(await Promise.all([shared.finish(), shared.finish(), shared.finish()])).toEqual([0, 0, 0])
  expect(shared.executions().toSorted()).toEqual(["numbers", "size", "train done", "train from 0"])
})

it("an interruption leaves a checkpoint, and the next run goes on from it", async () => {
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
})
