import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { hash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync, chmodSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { ActionCache, Artifact, Engine, Pipeline, RunLog, Source, Step, Table } from "../src/index.ts"
import * as AtomicFile from "../src/internal/atomicFile.ts"
import { decisions, project } from "./support/project.ts"
import { identified, tagged } from "./support/tagged.ts"

class Line extends Table.make({ text: Table.utf8 }) {}
const Length = Artifact.value("length", Schema.Int)

/** Three steps: lines of files -> kept lines -> how many. `executed` records what ran; a poisoned step throws. */
const fixture = (options: { readonly poisoned?: boolean; readonly keep?: string } = {}) => {
  const executed: Array<string> = []
  const enter = (name: string): void => {
    if (options.poisoned === true) throw new Error(`${name} must not run`)
    executed.push(name)
  }
  const Collect = identified(
    "collect",
    Step.make({
      name: "collect",
      inputs: { files: Source.files },
      output: Line,
      run: (context) =>
        Effect.gen(function* () {
          enter(context.name)
          const rows: Array<Line> = []
          for (const file of context.inputs.files) {
            const text = Buffer.from(yield* file.bytes).toString()
            for (const line of text.split("\n").filter((one) => one !== "")) rows.push({ text: line })
          }
          context.summarize(`${rows.length} rows`)
          return rows
        }),
    }),
  )
  const Keep = identified(
    "keep",
    Step.make({
      name: "keep",
      inputs: { rows: Line },
      config: { min: Schema.Int, only: Step.fn<(row: Line) => boolean>() },
      output: Line,
      run: async (context) => {
        enter(context.name)
        const rows = await Effect.runPromise(context.inputs.rows.all)
        return rows.filter((row) => row.text.length >= context.config.min && context.config.only(row))
      },
    }),
  )
  const Count = identified(
    "count",
    Step.make({
      name: "count",
      inputs: { rows: Line },
      output: Length,
      run: (context) => {
        enter(context.name)
        return context.inputs.rows.rowCount
      },
    }),
  )
  const pipeline = Pipeline.make(
    "lines",
    { params: { min: Schema.Int.pipe(Pipeline.withDefault(1)) } },
    ({ params, step }) => {
      const rows = step("collect", Collect({ files: "data/*.txt" }))
      const only = tagged(options.keep ?? "everything", () => true)
      const kept = step("keep", Keep({ rows, min: params.min, only }))
      return { count: step("count", Count({ rows: kept })) }
    },
  )
  return { pipeline, executed }
}

describe("a run", () => {
  it("executes every step once, and none when nothing changed", async () => {
    const at = project()
    at.write("data/a.txt", "one\nthree\n")
    const first = fixture()
    expect(decisions((await at.run(first.pipeline)).steps)).toEqual({
      collect: "run",
      keep: "run",
      count: "run",
    })
    expect(first.executed).toEqual(["collect", "keep", "count"])
    const second = await at.run(fixture({ poisoned: true }).pipeline)
    expect(decisions(second.steps)).toEqual({ collect: "hit", keep: "hit", count: "hit" })
  })

  it("keeps a step's summary with its result", async () => {
    const at = project()
    at.write("data/a.txt", "one\nthree\n")
    await at.run(fixture().pipeline)
    const plan = await at.plan(fixture().pipeline)
    expect(plan.actions[0]!.summary).toBe("2 rows")
  })

  it("hands config and inputs over by name, since the order in which they are written is in no key", async () => {
    const at = project()
    const One = identified("one", Step.make({ name: "one", output: Length, run: () => 1 }))
    const Names = identified(
      "names",
      Step.make({
        name: "names",
        inputs: { second: Length, first: Length },
        config: { most: Schema.Int, least: Schema.Int },
        output: Artifact.value("names", Schema.String),
        run: ({ config, inputs, summarize }) => {
          const names = [...Object.keys(config), ...Object.keys(inputs)].join(" ")
          summarize(names)
          return names
        },
      }),
    )
    const pipeline = Pipeline.make("order", {}, ({ step }) => {
      const one = step("one", One({}))
      return step("names", Names({ second: one, most: 2, first: one, least: 1 }))
    })
    await at.run(pipeline)
    expect((await at.plan(pipeline)).actions[1]!.summary).toBe("least most first second")
  })

  it("runs only what a changed param reaches, and stops where the result is the same", async () => {
    const at = project()
    at.write("data/a.txt", "one\nthree\n")
    await at.run(fixture().pipeline)
    const changed = fixture()
    // Both lines have three letters or more, so what `keep` writes stays as it was.
    const run = await at.run(changed.pipeline, { params: { min: 2 } })
    expect(changed.executed).toEqual(["keep"])
    expect(decisions(run.steps)).toEqual({ collect: "hit", keep: "run", count: "hit" })
  })

  it("takes an earlier result again when a param goes back", async () => {
    const at = project()
    at.write("data/a.txt", "one\nthree\n")
    await at.run(fixture().pipeline)
    await at.run(fixture().pipeline, { params: { min: 4 } })
    const run = await at.run(fixture({ poisoned: true }).pipeline, { params: { min: 1 } })
    expect(decisions(run.steps)).toEqual({ collect: "hit", keep: "hit", count: "hit" })
  })

  it("sees changed, new and removed files, and not the time of a file", async () => {
    const at = project()
    at.write("data/a.txt", "one\n")
    await at.run(fixture().pipeline)
    at.write("data/a.txt", "one\n")
    expect(decisions((await at.run(fixture({ poisoned: true }).pipeline)).steps)["collect"]).toBe("hit")
    at.write("data/b.txt", "four\n")
    const added = await at.plan(fixture().pipeline)
    expect(added.actions[0]!.causes.map((cause) => cause.headline)).toEqual(["collect: data/b.txt is new"])
    await at.run(fixture().pipeline)
    at.write("data/a.txt", "two\n")
    const changed = await at.plan(fixture().pipeline)
    expect(changed.actions[0]!.causes.map((cause) => cause.headline)).toEqual(["collect: data/a.txt changed"])
    rmSync(join(at.root, "data/a.txt"))
    const removed = await at.plan(fixture().pipeline)
    expect(removed.actions[0]!.causes.map((cause) => cause.headline)).toEqual(["collect: data/a.txt is gone"])
  })

  it("sees a file edited twice within a second to the same size", async () => {
    const at = project()
    const path = join(at.root, "data/a.txt")
    at.write("data/a.txt", "one\n")
    writeFileSync(path, "two\n")
    await at.run(fixture().pipeline)
    writeFileSync(path, "six\n")
    const run = await at.run(fixture().pipeline)
    expect(decisions(run.steps)["collect"]).toBe("run")
  })

  it("runs a step whose function in the config has other code", async () => {
    const at = project()
    at.write("data/a.txt", "one\n")
    await at.run(fixture().pipeline)
    const plan = await at.plan(fixture({ keep: "something" }).pipeline)
    expect(decisions(plan.actions)).toEqual({ collect: "hit", keep: "run", count: "waiting" })
    expect(plan.actions[1]!.causes[0]!.headline).toBe("run in lib/steps.ts changed")
    expect(plan.actions[2]!.causes[0]).toEqual({
      kind: "code",
      headline: "run in lib/steps.ts changed",
      path: ["keep", "count"],
    })
  })

  it("runs what --force names, and only what --only names with what it needs", async () => {
    const at = project()
    at.write("data/a.txt", "one\n")
    await at.run(fixture().pipeline)
    const forced = fixture()
    const run = await at.run(forced.pipeline, { force: ["keep"] })
    expect(forced.executed).toEqual(["keep"])
    expect(decisions(run.steps)).toEqual({ collect: "hit", keep: "run", count: "hit" })
    const only = await at.run(fixture().pipeline, { only: ["keep"], params: { min: 9 } })
    expect(decisions(only.steps)).toEqual({ collect: "hit", keep: "run" })
  })

  it("executes two steps of one action once", async () => {
    const at = project()
    let executions = 0
    const Slow = identified(
      "slow",
      Step.make({
        name: "slow",
        output: Length,
        run: () =>
          Effect.gen(function* () {
            executions++
            yield* Effect.yieldNow
            return 1
          }),
      }),
    )
    const pipeline = Pipeline.make("twice", {}, ({ step }) => [step("a", Slow({})), step("b", Slow({}))])
    const run = await at.run(pipeline)
    expect(executions).toBe(1)
    expect(decisions(run.steps)).toEqual({ a: "run", b: "hit" })
  })

  it("runs steps side by side up to its jobs, and accelerator steps one by one", async () => {
    const at = project()
    let running = 0
    let most = 0
    const measured = (accelerator: boolean) =>
      identified(
        `measured ${accelerator}`,
        Step.make({
          name: accelerator ? "device" : "plain",
          config: { at: Schema.Int },
          accelerator,
          output: Length,
          run: (context) =>
            Effect.gen(function* () {
              most = Math.max(most, ++running)
              // Others may start while this one has turns to give away.
              for (let turn = 0; turn < 200; turn++) yield* Effect.promise(() => new Promise(setImmediate))
              running--
              return context.config.at
            }),
        }),
      )
    const pipelineOf = (accelerator: boolean) => {
      const One = measured(accelerator)
      return Pipeline.make(`jobs ${accelerator}`, {}, ({ step }) =>
        Array.from({ length: 6 }, (_, index) => step(`s${index}`, One({ at: index }))),
      )
    }
    await at.run(pipelineOf(false), { jobs: 3 })
    expect(most).toBe(3)
    most = 0
    await at.run(pipelineOf(true), { jobs: 3 })
    expect(most).toBe(1)
  })

  it("tries a step again as often as it asks", async () => {
    const at = project()
    let tries = 0
    const Flaky = identified(
      "flaky",
      Step.make({
        name: "flaky",
        retries: 2,
        output: Length,
        run: () => {
          if (++tries < 3) throw new Error("not yet")
          return tries
        },
      }),
    )
    const run = await at.run(Pipeline.make("flaky", {}, ({ step }) => step("flaky", Flaky({}))))
    expect(decisions(run.steps)).toEqual({ flaky: "run" })
    expect(tries).toBe(3)
  })

  it("runs a step without identity every time and says so once; what follows is still cut off", async () => {
    const at = project()
    let executions = 0
    const Untagged = Step.make({ name: "untagged", output: Length, run: () => Math.min(++executions, 1) })
    const Next = identified(
      "next",
      Step.make({
        name: "next",
        inputs: { value: Length },
        output: Length,
        run: (context) => context.inputs.value + 1,
      }),
    )
    const pipeline = Pipeline.make("mixed", {}, ({ step }) =>
      step("next", Next({ value: step("first", Untagged({})) })),
    )
    await at.run(pipeline)
    at.events.length = 0
    const run = await at.run(pipeline)
    expect(executions).toBe(2)
    expect(decisions(run.steps)).toEqual({ first: "uncached", next: "hit" })
    expect(at.events.filter((event) => event.type === "warning").map((event) => event.message)).toEqual([
      "Step first (`run`) runs uncached: what stands in parentheses was made by a call, such as `bind`, or comes from a package, so its code is not known. Write a function that makes the call, or declare a version.",
    ])
    at.events.length = 0
    await at.run(Pipeline.make("bare", {}, ({ step }) => step("first", Untagged({}))))
    expect(at.events.filter((event) => event.type === "warning").map((event) => event.message)).toEqual([
      "Step first runs uncached: no source transform saw the code. Start with the sluice command or node --import @sluice/code/register, or declare a version.",
    ])
  })

  it("derives a seed per step from the pipeline's, and only for steps that declare one", async () => {
    const at = project()
    const Draw = identified(
      "draw",
      Step.make({
        name: "draw",
        seed: true,
        output: Artifact.value("seed", Schema.String),
        run: (context) => context.seed,
      }),
    )
    const Sneak = identified(
      "sneak",
      Step.make({ name: "sneak", output: Length, run: (context) => context.seed.length }),
    )
    const seeded = (seed: string) =>
      Pipeline.make("seeds", { seed }, ({ step }) => [step("a", Draw({})), step("b", Draw({}))])
    const first = await at.run(seeded("1"))
    expect(new Set(first.steps.map((step) => step.key)).size).toBe(2)
    const plan = await at.plan(seeded("2"))
    expect(plan.actions[0]!.causes.map((cause) => cause.headline)).toEqual(["seed: 1 -> 2"])
    const error = await at.failure(Pipeline.make("sneak", {}, ({ step }) => step("sneak", Sneak({}))))
    expect(error.message).toContain(
      'Step "sneak" reads its seed: declare seed: true, so that it enters the key.',
    )
  })
})

describe("a damaged store", () => {
  const outputsOf = (at: ReturnType<typeof project>, name: string) =>
    at.provide(
      Effect.gen(function* () {
        const cache = yield* ActionCache.ActionCache
        const key = cache.keys().find((one) => cache.stored(one)!.name === name)!
        return { path: cache.blobPath(cache.get(key)!.outputs["output"]!.fingerprint), key }
      }),
    )

  it("makes the producer of a missing blob a miss, and reruns nothing else", async () => {
    const at = project()
    at.write("data/a.txt", "one\nthree\n")
    await at.run(fixture().pipeline, { params: { min: 4 } })
    rmSync((await outputsOf(at, "keep")).path)
    const again = fixture()
    const run = await at.run(again.pipeline, { params: { min: 4 } })
    expect(again.executed).toEqual(["keep"])
    expect(decisions(run.steps)).toEqual({ collect: "hit", keep: "run", count: "hit" })
    const [warning] = at.events.filter((event) => event.type === "warning")
    expect(warning).toMatchObject({
      name: "keep",
      message: expect.stringMatching(/^a file of its result is missing \([0-9a-f]{12}\); it runs again$/),
    })
    const logged = await at.provide(
      Effect.map(RunLog.RunLog, (log) => log.lines(run.id).filter(({ type }) => type === "warning")),
    )
    expect(logged).toMatchObject([{ name: warning!.name, message: warning!.message }])
  })

  it("names every damaged and missing blob of a result, and makes all of them anew", async () => {
    const at = project()
    const Parts = Artifact.files("parts")
    const Make = identified(
      "make",
      Step.make({
        name: "make",
        output: Parts,
        run: () => ({ "a.txt": "first", "b.txt": "second", "c.txt": "third" }),
      }),
    )
    const pipeline = Pipeline.make("parts", {}, ({ step }) => step("make", Make({})))
    const { steps } = await at.run(pipeline)
    const pathOf = await at.provide(Effect.map(ActionCache.ActionCache, (cache) => cache.blobPath))
    const paths = ["first", "second", "third"].map((text) => pathOf(hash("sha256", text, "hex")))
    for (const path of paths.slice(0, 2)) {
      chmodSync(path, 0o644)
      writeFileSync(path, "another text")
    }
    rmSync(paths[2]!)
    const plan = await at.plan(pipeline)
    expect(plan.actions[0]!.causes.map((cause) => cause.headline)).toEqual([
      "make: a file of its result is missing (b1e99324505b); 2 files of its result are damaged (a7937b64b8ca, 16367aacb67a)",
    ])
    const run = await at.run(pipeline)
    expect(decisions(run.steps)).toEqual({ make: "run" })
    expect(run.steps[0]!.key).toBe(steps[0]!.key)
    expect(paths.map((path) => readFileSync(path, "utf8"))).toEqual(["first", "second", "third"])
  })

  it("notices a blob with other bytes of the same size", async () => {
    const at = project()
    at.write("data/a.txt", "one\nthree\n")
    await at.run(fixture().pipeline, { params: { min: 4 } })
    const { path } = await outputsOf(at, "keep")
    chmodSync(path, 0o644)
    const bytes = readFileSync(path)
    bytes[0] = bytes[0]! ^ 1
    writeFileSync(path, bytes)
    const again = fixture()
    await at.run(again.pipeline, { params: { min: 4 } })
    expect(again.executed).toEqual(["keep"])
    expect(
      decisions((await at.run(fixture({ poisoned: true }).pipeline, { params: { min: 4 } })).steps),
    ).toEqual({
      collect: "hit",
      keep: "hit",
      count: "hit",
    })
  })

  it("takes a store that was copied, whose files have new times and inodes", async () => {
    const at = project()
    at.write("data/a.txt", "one\nthree\n")
    await at.run(fixture().pipeline, { params: { min: 4 } })
    const { path } = await outputsOf(at, "keep")
    const bytes = readFileSync(path)
    rmSync(path)
    writeFileSync(path, bytes)
    expect(
      decisions((await at.run(fixture({ poisoned: true }).pipeline, { params: { min: 4 } })).steps)["keep"],
    ).toBe("hit")
  })

  it("repairs a producer whose bytes turn out damaged only while they are read", async () => {
    const at = project()
    at.write("data/a.txt", "one\nthree\n")
    await at.run(fixture().pipeline, { params: { min: 4 } })
    const { key } = await outputsOf(at, "keep")
    const blobs = await at.provide(
      Effect.gen(function* () {
        const cache = yield* ActionCache.ActionCache
        return cache
          .get(key)!
          .blobs.split("\n")
          .map((line) => cache.blobPath(line.slice(0, 64)))
      }),
    )
    // The chunk's bytes change behind the recorded stat: only reading them can tell.
    const chunk = blobs[1]!
    const bytes = readFileSync(chunk)
    bytes[bytes.length - 1] = bytes[bytes.length - 1]! ^ 1
    chmodSync(chunk, 0o644)
    writeFileSync(chunk, bytes)
    await at.provide(
      Effect.gen(function* () {
        const cache = yield* ActionCache.ActionCache
        cache.refresh(cache.get(key)!)
      }),
    )
    const Read = identified(
      "read",
      Step.make({
        name: "read",
        inputs: { rows: Line },
        output: Artifact.value("text", Schema.String),
        run: (context) => Effect.map(context.inputs.rows.all, (rows) => rows.map((row) => row.text).join()),
      }),
    )
    const again = fixture()
    const pipeline = Pipeline.make(
      "lines",
      { params: { min: Schema.Int.pipe(Pipeline.withDefault(4)) } },
      (builder) => {
        again.pipeline.build(builder)
        return builder.step("read", Read({ rows: builder.ref("keep", Line) }))
      },
    )
    const run = await at.run(pipeline)
    expect(decisions(run.steps)).toEqual({ collect: "hit", keep: "hit", count: "hit", read: "run" })
    expect(again.executed).toEqual(["keep"])
  })

  it("builds the index again from the files beside the results", async () => {
    const at = project()
    at.write("data/a.txt", "one\nthree\n")
    const before = await at.run(fixture().pipeline, { params: { min: 4 } })
    for (const name of readdirSync(at.store))
      if (name.startsWith("sluice.sqlite")) rmSync(join(at.store, name))
    const run = await at.run(fixture({ poisoned: true }).pipeline, { params: { min: 4 } })
    expect(decisions(run.steps)).toEqual({ collect: "hit", keep: "hit", count: "hit" })
    expect(run.steps.map((step) => step.key)).toEqual(before.steps.map((step) => step.key))
  })

  it("sets a damaged index aside and builds it again", async () => {
    const at = project()
    at.write("data/a.txt", "one\nthree\n")
    await at.run(fixture().pipeline, { params: { min: 4 } })
    writeFileSync(join(at.store, "sluice.sqlite"), "this is no database, and never was one".repeat(100))
    rmSync(join(at.store, "sluice.sqlite-wal"), { force: true })
    const run = await at.run(fixture({ poisoned: true }).pipeline, { params: { min: 4 } })
    expect(decisions(run.steps)).toEqual({ collect: "hit", keep: "hit", count: "hit" })
    expect(existsSync(join(at.store, "sluice.sqlite.damaged"))).toBe(true)
  })
})

describe("a step that fails", () => {
  it("may be an asynchronous function that throws at once", async () => {
    const at = project()
    const Bad = identified(
      "bad",
      Step.make({
        name: "bad",
        output: Length,
        run: async () => {
          throw new RangeError("row 7 has no text")
        },
      }),
    )
    const unhandled: Array<unknown> = []
    const listen = (reason: unknown): void => void unhandled.push(reason)
    process.on("unhandledRejection", listen)
    try {
      const error = await at.failure(Pipeline.make("fails", {}, ({ step }) => step("bad", Bad({}))))
      expect(error.message).toContain("Reason:  RangeError: row 7 has no text")
      expect(unhandled).toEqual([])
    } finally {
      process.off("unhandledRejection", listen)
    }
  })

  it("is reported with its own words; what does not need it runs, what does is skipped", async () => {
    const at = project()
    const Bad = identified(
      "bad",
      Step.make({
        name: "bad",
        output: Length,
        run: () => {
          throw new RangeError("row 7 has no text")
        },
      }),
    )
    const Good = identified("good", Step.make({ name: "good", output: Length, run: () => 1 }))
    const After = identified(
      "after",
      Step.make({
        name: "after",
        inputs: { value: Length },
        output: Length,
        run: (context) => context.inputs.value,
      }),
    )
    const pipeline = Pipeline.make("fails", {}, ({ step }) => {
      const bad = step("bad", Bad({}))
      return [step("after", After({ value: bad })), step("good", Good({}))]
    })
    const error = await at.failure(pipeline)
    expect(error.message.replace(/Place: .*/, "Place:   (here)")).toBe(
      ['Step "bad" failed.', "  Reason:  RangeError: row 7 has no text"].join("\n"),
    )
    const [run] = await at.provide(
      Effect.gen(function* () {
        const log = yield* (yield* Effect.promise(() => import("../src/index.ts"))).RunLog.RunLog
        return log.runs()
      }),
    )
    expect(run!.state).toBe("failed")
    expect(at.events.filter((event) => event.type === "step-end").map((event) => event.name)).toEqual([
      "good",
    ])
  })

  it("stores nothing when a source is edited while it is read", async () => {
    const at = project()
    at.write("data/a.txt", "one\n")
    const Careless = identified(
      "careless",
      Step.make({
        name: "careless",
        inputs: { files: Source.files },
        output: Length,
        run: (context) =>
          Effect.gen(function* () {
            writeFileSync(join(at.root, "data/a.txt"), "two\n")
            // The failure is swallowed: the engine must not store what came of it.
            const bytes = yield* Effect.orElseSucceed(context.inputs.files[0]!.bytes, () => new Uint8Array())
            return bytes.byteLength
          }),
      }),
    )
    const pipeline = Pipeline.make("edited", {}, ({ step }) =>
      step("careless", Careless({ files: "data/a.txt" })),
    )
    const error = await at.failure(pipeline)
    expect(error.message).toBe(
      [
        'Step "careless" read a file that changed meanwhile.',
        "  File:     data/a.txt",
        "  Planned:  2c8b08da5ce6",
        "  Read:     27dd8ed44a83",
        "Nothing was stored. Run again when the file is no longer being written.",
      ].join("\n"),
    )
    expect(await at.provide(Effect.map(ActionCache.ActionCache, (cache) => cache.keys()))).toEqual([])
  })

  it("says that the disk is full, keeps what was finished, and goes on from there", async () => {
    let room = 4
    const real = AtomicFile.nodeFileSystem
    const full: AtomicFile.FileSystem = {
      ...real,
      open: async (path, flags, mode) => {
        const handle = await real.open(path, flags, mode)
        return {
          writeFile: async (bytes) => {
            if (room-- > 0) return handle.writeFile(bytes)
            throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" })
          },
          sync: () => handle.sync(),
          close: () => handle.close(),
        }
      },
    }
    const at = project({ files: { fileSystem: full } })
    at.write("data/a.txt", "one\nthree\n")
    const error = await at.failure(fixture().pipeline, { params: { min: 4 } })
    expect(error.message).toBe(
      [
        "The store could not write.",
        `  Place:   ${join(at.store, "blobs")}`,
        "  Reason:  no space is left on the disk (ENOSPC)",
        "Free some space (`sluice gc` removes what no run needs) and run again. Nothing partial was kept.",
      ].join("\n"),
    )
    expect(readdirSync(join(at.store, "tmp"))).toEqual([])
    room = 100
    const again = fixture()
    await at.run(again.pipeline, { params: { min: 4 } })
    expect(again.executed).toEqual(["count"])
  })

  it("names every config field that is refused, what stands there and the rule", async () => {
    const at = project()
    const Rate = identified(
      "rate",
      Step.make({
        name: "rate",
        config: {
          rate: Schema.Finite.check(Schema.isGreaterThan(0)),
          names: Schema.Array(Schema.NonEmptyString),
        },
        output: Length,
        run: () => 1,
      }),
    )
    const error = await at.failure(
      Pipeline.make("rates", {}, ({ step }) => step("slow", Rate({ rate: -1, names: ["a", ""] }))),
    )
    expect(error.message).toBe(
      'Pipeline "rates" configures a step wrongly.\n' +
        "  slow.rate:     -1: Expected a value greater than 0\n" +
        '  slow.names.1:  "": Expected a value with a length of at least 1\n' +
        "Correct the value where the step is used, or the param that it comes from.",
    )
  })

  it("names a missing source file", async () => {
    const at = project()
    const error = await at.failure(fixture().pipeline)
    expect(error.message).toBe(
      [
        'Step "collect" has no input file.',
        "  Pattern:  data/*.txt",
        `  Folder:   ${at.root}`,
        "Patterns are resolved from the folder of the nearest package.json.",
      ].join("\n"),
    )
  })

  it("refuses a captured value that changes between planning and running", async () => {
    const at = project()
    let limit = 1
    const Counting = identified(
      "counting",
      Step.make({
        name: "counting",
        output: Length,
        run: () => 1,
      }),
      {
        values: [{ name: "limit", file: "lib/limits.ts", line: 3, read: () => limit++ }],
      },
    )
    const error = await at.failure(
      Pipeline.make("unsteady", {}, ({ step }) => step("counting", Counting({}))),
    )
    expect(error.message).toBe(
      [
        'The code of step "counting" cannot be identified.',
        "  lib/limits.ts:3:  the value of limit changed between planning and running",
        "                    Pass it as config, or compute it inside the function.",
        "Change the code there, or declare a version on the step and change it whenever the result may change.",
      ].join("\n"),
    )
  })
})

describe("the services", () => {
  it("say in one message that the store cannot be written", async () => {
    // A file stands where the folder should be: true for every user, root too.
    const store = import.meta.filename
    const error = await project({ store }).failure(fixture().pipeline)
    expect(error.message.split("\n").slice(0, 2)).toEqual([
      "The store could not open.",
      `  Place:   ${store}`,
    ])
  })

  it("plan without running anything", async () => {
    const at = project()
    at.write("data/a.txt", "one\n")
    const { pipeline, executed } = fixture()
    const plan = await at.plan(pipeline)
    expect(executed).toEqual([])
    expect(decisions(plan.actions)).toEqual({ collect: "run", keep: "waiting", count: "waiting" })
    expect(plan.actions[2]!.waitingFor).toEqual(["keep"])
    expect(Engine.plan).toBeTypeOf("function")
  })
})
