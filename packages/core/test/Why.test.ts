import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { Artifact, type CodeTag, Errors, Pipeline, RunLog, Source, Step, Table, Why } from "../src/index.ts"
import { project } from "./support/project.ts"
import { identified } from "./support/tagged.ts"

const Text = Artifact.value("text", Schema.String)

interface Edit {
  readonly code?: Partial<CodeTag.CodeIdentity>
  readonly source?: string
  readonly env?: ReadonlyArray<string>
}

const pipelineOf = (edit: Edit = {}) => {
  const Make = identified(
    edit.source ?? "make",
    Step.make({
      name: "make",
      env: edit.env ?? [],
      config: { times: Schema.Int },
      output: Text,
      run: (context) => `${edit.source ?? ""}${JSON.stringify(edit.code ?? {})}`.repeat(context.config.times),
    }),
    edit.code ?? {},
  )
  const Upper = identified(
    "upper",
    Step.make({
      name: "upper",
      inputs: { text: Text },
      output: Text,
      run: (context) => context.inputs.text.toUpperCase() + context.inputs.text.length,
    }),
  )
  return Pipeline.make(
    "why",
    { params: { times: Schema.Int.pipe(Pipeline.withDefault(1)) } },
    ({ params, step }) => step("upper", Upper({ text: step("make", Make({ times: params.times })) })),
  )
}

const Start = identified(
  "start",
  Step.make({
    name: "start",
    config: { word: Schema.String },
    output: Text,
    run: ({ config }) => config.word,
  }),
)

const part = (symbol: string, digest: string): CodeTag.CodePart => ({ symbol, file: "lib/text.ts", digest })

describe("why", () => {
  const headlines = async (before: Edit, after: Edit) => {
    const at = project()
    await at.run(pipelineOf(before))
    const plan = await at.plan(pipelineOf(after))
    return plan.actions.map((action) => action.causes.map((cause) => cause.headline))
  }

  it("names what a name has come to stand for, not the function whose own text is as it was", async () => {
    const run = (digest: string): CodeTag.CodePart => ({ ...part("run()", digest), written: "same" })
    expect(
      await headlines(
        { source: "a", code: { digest: "1", parts: [run("1"), part("euro()", "x")] } },
        { source: "a", code: { digest: "2", parts: [run("2"), part("dollar()", "y")] } },
      ),
    ).toEqual([
      [
        "dollar() in lib/text.ts is reached now",
        "euro() in lib/text.ts is no longer reached",
        "run() of make in lib/text.ts: a name in it stands for something else",
      ],
      [
        "dollar() in lib/text.ts is reached now",
        "euro() in lib/text.ts is no longer reached",
        "run() of make in lib/text.ts: a name in it stands for something else",
      ],
    ])
  })

  it("finds one root below sixty layers of which every step reads two of the layer before", async () => {
    const Join = identified(
      "join",
      Step.make({
        name: "join",
        inputs: { left: Text, right: Text },
        output: Text,
        run: ({ inputs }) => inputs.left.slice(0, 8) + inputs.right.slice(0, 8),
      }),
    )
    const layered = (word: string) =>
      Pipeline.make("layers", {}, ({ step }) => {
        let left: Step.Ref<typeof Text> = step("left0", Start({ word }))
        let right: Step.Ref<typeof Text> = step("right0", Start({ word: "r" }))
        for (let layer = 1; layer <= 60; layer++) {
          ;[left, right] = [
            step(`left${layer}`, Join({ left, right })),
            step(`right${layer}`, Join({ left: right, right: left })),
          ]
        }
        return { left, right }
      })
    const at = project()
    await at.run(layered("a"))
    const plan = await at.plan(layered("b"))
    const last = plan.actions.at(-1)!
    expect(last.causes.map((cause) => cause.headline)).toEqual(['left0.word: "a" -> "b"'])
    expect(last.causes[0]!.path).toHaveLength(61)
  })

  /** Steps s0 to s<count - 1>, each reading the one before. */
  const chain = (count: number, word: string) => {
    const Next = identified(
      "next",
      Step.make({
        name: "next",
        inputs: { text: Text },
        output: Text,
        run: ({ inputs }) => `${inputs.text}.`,
      }),
    )
    return Pipeline.make("chain", {}, ({ step }) => {
      let text: Step.Ref<typeof Text> = step("s0", Start({ word }))
      for (let at = 1; at < count; at++) text = step(`s${at}`, Next({ text }))
    })
  }

  it("plans the last of 10,000 steps in a chain, and what it needs", async () => {
    const at = project()
    const plan = await at.plan(chain(10_000, "a"), { only: ["s9999"] })
    expect(plan.actions).toHaveLength(10_000)
    expect(plan.actions.at(-1)).toMatchObject({
      decision: "waiting",
      causes: [{ kind: "first", headline: "s9999: has not run before", path: ["s9999"] }],
      waitingFor: ["s9998"],
    })
  })

  it("reads no record of a step of which nothing but inputs changed", async () => {
    const at = project()
    const first = await at.run(chain(4, "a"))
    for (const { key, name } of first.steps)
      if (name !== "s0") rmSync(join(at.store, "actions", key!.slice(0, 2), `${key}.json`))
    const plan = await at.plan(chain(4, "b"))
    expect(plan.actions.map(({ name, causes }) => [name, causes])).toEqual(
      ["s0", "s1", "s2", "s3"].map((name, length) => [
        name,
        [
          {
            kind: "config",
            headline: 's0.word: "a" -> "b"',
            path: ["s0", "s1", "s2", "s3"].slice(0, length + 1),
          },
        ],
      ]),
    )
  })

  it("tells a run's steps why they start by what was there before the run", async () => {
    const at = project()
    await at.run(chain(3, "a"))
    at.events.length = 0
    await at.run(chain(3, "b"))
    const started = at.events.flatMap((event) =>
      event.type === "step-start" ? [[event.name, event.causes.map((cause) => cause.headline)]] : [],
    )
    expect(started).toEqual(["s0", "s1", "s2"].map((name) => [name, ['s0.word: "a" -> "b"']]))
  })

  it("leaves causes of a run's plan empty that nobody read while it went on", async () => {
    const at = project()
    const Length = identified(
      "length",
      Step.make({
        name: "length",
        inputs: { text: Text },
        output: Text,
        run: ({ inputs }) => `${inputs.text.length}`,
      }),
    )
    const cut = (word: string) =>
      Pipeline.make("cut", {}, ({ step }) =>
        step("again", Length({ text: step("length", Length({ text: step("word", Start({ word })) })) })),
      )
    await at.run(cut("one"))
    at.events.length = 0
    await at.run(cut("two"))
    const event = at.events.find((one) => one.type === "plan")
    expect(event?.plan.actions.map(({ name, causes }) => [name, causes.length])).toEqual([
      ["word", 1],
      ["length", 1],
      // It was cut off: what it may have had to run for was never asked.
      ["again", 0],
    ])
  })

  it("tells steps that one edit changed alike the same, and of each what is its own", async () => {
    const at = project()
    const several = (source: string, lengths: ReadonlyArray<number>) => {
      const Pad = identified(
        source,
        Step.make({
          name: "pad",
          version: source,
          config: { length: Schema.Int },
          output: Text,
          run: ({ config }) => source.padEnd(config.length),
        }),
      )
      return Pipeline.make("several", {}, ({ step }) =>
        lengths.map((length, index) => step(`pad${index}`, Pad({ length }))),
      )
    }
    await at.run(several("one", [10, 20, 30, 40]))
    const plan = await at.plan(several("two", [10, 20, 31, 40]))
    const changed = "run in lib/steps.ts changed"
    expect(
      plan.actions.map(({ causes }) => causes.map(({ headline, path }) => [headline, path.join()])),
    ).toEqual([
      [
        [changed, "pad0"],
        ["pad0: version one -> two", "pad0"],
      ],
      [
        [changed, "pad1"],
        ["pad1: version one -> two", "pad1"],
      ],
      [
        ["pad2.length: 30 -> 31", "pad2"],
        [changed, "pad2"],
        ["pad2: version one -> two", "pad2"],
      ],
      [
        [changed, "pad3"],
        ["pad3: version one -> two", "pad3"],
      ],
    ])
  })

  it("names a helper in another file, not the function that calls it", async () => {
    expect(
      await headlines(
        { source: "a", code: { digest: "1", parts: [part("make()", "x"), part("clean()", "1")] } },
        { source: "a", code: { digest: "2", parts: [part("make()", "x"), part("clean()", "2")] } },
      ),
    ).toEqual([["clean() in lib/text.ts changed"], ["clean() in lib/text.ts changed"]])
  })

  it("names a package with both versions", async () => {
    const packages = (version: string) => [{ name: "lodash", version, integrity: `sha512-${version}` }]
    expect(
      (
        await headlines(
          { code: { packages: packages("4.17.20") } },
          { code: { packages: packages("4.17.21") } },
        )
      )[0],
    ).toEqual(["package lodash: 4.17.20 -> 4.17.21"])
  })

  it("names a captured value with both", async () => {
    const values = (limit: number) => [{ name: "limit", file: "lib/text.ts", line: 3, read: () => limit }]
    expect((await headlines({ code: { values: values(10) } }, { code: { values: values(20) } }))[0]).toEqual([
      "limit in lib/text.ts: 10 -> 20",
    ])
  })

  it("names an environment variable with both values, and a secret's digests alone", async () => {
    process.env["SLUICE_TEST_TOKEN"] = "secret"
    const at = project()
    await at.run(pipelineOf({ env: ["SLUICE_TEST_TOKEN"] }))
    process.env["SLUICE_TEST_TOKEN"] = "another"
    const plan = await at.plan(pipelineOf({ env: ["SLUICE_TEST_TOKEN"] }))
    delete process.env["SLUICE_TEST_TOKEN"]
    const gone = await at.plan(pipelineOf({ env: ["SLUICE_TEST_TOKEN"] }))
    expect(plan.actions[0]!.causes[0]!.headline).toMatch(
      /^SLUICE_TEST_TOKEN: sha256 387f28a1 -> sha256 cd8bd74[0-9a-f]$/,
    )
    expect(gone.actions[0]!.causes[0]!.headline).toBe("SLUICE_TEST_TOKEN: sha256 387f28a1 -> (not set)")
    expect(JSON.stringify(plan)).not.toContain("another")
  })

  it("compares with the last result of a step, past a run that was interrupted or failed before it", async () => {
    const at = project()
    await at.run(pipelineOf())
    const Failing = pipelineOf()
    const broken = Pipeline.make("why", { params: Failing.params }, (builder) => {
      const bad = builder.step(
        "make",
        identified(
          "bad",
          Step.make({
            name: "make",
            output: Text,
            run: (): string => {
              throw new Error("no")
            },
          }),
        )({}),
      )
      return builder.step(
        "upper",
        identified(
          "upper",
          Step.make({ name: "upper", inputs: { text: Text }, output: Text, run: () => "" }),
        )({ text: bad }),
      )
    })
    await at.failure(broken, { params: { times: 2 } })
    const plan = await at.plan(pipelineOf(), { params: { times: 2 } })
    expect(plan.actions[0]!.causes.map((cause) => cause.headline)).toEqual(["times: 1 -> 2"])
    const [failed] = await at.provide(Effect.map(RunLog.RunLog, (log) => log.runs()))
    const { causes } = await at.provide(Why.why(failed!.id, "make"))
    expect(causes.map(({ headline }) => headline)).toEqual([
      "make.times: 1 -> (not given)",
      "run in lib/steps.ts changed",
    ])
  })

  it("names the root past a run that computed it and stopped before the step", async () => {
    const at = project()
    await at.run(pipelineOf())
    await at.run(pipelineOf(), { params: { times: 2 }, only: ["make"] })
    const twice = { params: { times: 2 } }
    const root = [{ kind: "param", headline: "times: 1 -> 2", path: ["make", "upper"] }]
    expect(
      (await at.plan(pipelineOf(), twice)).actions.map(({ decision, causes }) => [decision, causes]),
    ).toEqual([
      ["hit", []],
      ["run", root],
    ])
    expect((await at.provide(Why.planned(pipelineOf(), twice, "upper"))).causes).toEqual(root)
    // Also where both were computed in several runs since.
    await at.run(pipelineOf(), { params: { times: 3 }, only: ["make"] })
    expect((await at.plan(pipelineOf(), { params: { times: 3 } })).actions[1]!.causes[0]!.headline).toBe(
      "times: 1 -> 3",
    )
  })

  it("shows of long values the part in which they differ", async () => {
    const at = project()
    const word = (end: string) =>
      Pipeline.make("long", {}, ({ step }) => step("s", Start({ word: `${"a".repeat(99)}${end}` })))
    await at.run(word("b"))
    const plan = await at.plan(word("c"))
    const lead = `…${"a".repeat(20)}`
    expect(plan.actions[0]!.causes.map(({ headline }) => headline)).toEqual([
      `s.word: ${lead}b" -> ${lead}c"`,
    ])
  })

  it("tells first how rows changed at the root, then in the tables that the step reads", async () => {
    class Word extends Table.make({ word: Table.utf8 }) {}
    const Collect = identified(
      "collect",
      Step.make({
        name: "collect",
        inputs: { files: Source.files },
        output: Word,
        run: ({ inputs }) =>
          Effect.map(inputs.files[0]!.bytes, (bytes) =>
            Buffer.from(bytes)
              .toString()
              .split(" ")
              .map((word) => ({ word })),
          ),
      }),
    )
    const Upper = identified(
      "upper words",
      Step.make({
        name: "upper",
        inputs: { words: Word },
        output: Word,
        run: ({ inputs }) =>
          Effect.map(inputs.words.all, (rows) => rows.map(({ word }) => ({ word: word.toUpperCase() }))),
      }),
    )
    const pipeline = Pipeline.make("data", {}, ({ step }) =>
      step(
        "last",
        Upper({ words: step("upper", Upper({ words: step("collect", Collect({ files: "words.txt" })) })) }),
      ),
    )
    const at = project()
    at.write("words.txt", "one two three")
    await at.run(pipeline)
    at.write("words.txt", "one three four five")
    const run = await at.run(pipeline)
    const { causes, data } = await at.provide(Why.why(run.id, "last"))
    expect(causes).toEqual([
      { kind: "source", headline: "collect: words.txt changed", path: ["collect", "upper", "last"] },
    ])
    const counts = { rowsBefore: 3, rowsAfter: 4, added: 2, removed: 1, changed: 0 }
    expect(data).toMatchObject([
      { table: "output of collect", ...counts },
      { table: "words from upper", ...counts },
    ])
    expect(data[0]!.examples.map(({ kind, row, columns }) => [kind, row, columns])).toEqual([
      ["added", 3, [{ name: "word", after: "four" }]],
      ["added", 4, [{ name: "word", after: "five" }]],
      ["removed", 2, [{ name: "word", before: "two" }]],
    ])
    // Read directly from the root, its table is an input.
    const upper = await at.provide(Why.why(run.id, "upper"))
    expect(upper.data.map(({ table }) => table)).toEqual(["words from collect"])
  })

  it("explains any two runs from their records, with the path by which a cause arrived", async () => {
    const at = project()
    const first = await at.run(pipelineOf())
    await at.run(pipelineOf(), { params: { times: 2 } })
    const third = await at.run(pipelineOf(), { params: { times: 3 } })
    expect(await at.provide(Why.between(first.id, third.id))).toEqual([
      {
        name: "make",
        change: "changed",
        causes: [{ kind: "param", headline: "times: 1 -> 3", path: ["make"] }],
      },
      {
        name: "upper",
        change: "changed",
        causes: [{ kind: "param", headline: "times: 1 -> 3", path: ["make", "upper"] }],
      },
    ])
    const { causes } = await at.provide(Why.why(third.id, "upper"))
    expect(causes).toEqual([{ kind: "param", headline: "times: 2 -> 3", path: ["make", "upper"] }])
    const unknown = await at.provide(Why.why(third.id, "uper")).catch((error: Error) => error)
    expect(unknown).toBeInstanceOf(Errors.NoSuchStep)
  })
})
