import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { Canonical, Pipeline, Random, type RowWise, Step, Table } from "../src/index.ts"
import { decisions, project } from "./support/project.ts"
import { identified, tagged } from "./support/tagged.ts"

class Word extends Table.make({ text: Table.utf8 }) {}

const Counts = Schema.Struct({ rows: Schema.Int, letters: Schema.Int, bad: Schema.Array(Schema.String) })

interface Behaviour {
  /** Another text is other code. */
  readonly code?: string
  readonly finishCode?: string
  /** Runs before a chunk is worked on. */
  readonly onChunk?: (rows: ReadonlyArray<Word>) => void
}

/**
 * Shouts words; refuses a table with bad ones, warns of long ones by chunk and of many by table, and counts. What it
 * did is noted in `seen`, `opened` and `closed`.
 */
const fixture = (rows: ReadonlyArray<Word>, { code = "1", finishCode = "1", onChunk }: Behaviour = {}) => {
  const seen: Array<number> = []
  const opened: Array<number> = []
  const closed: Array<string> = []
  const Make = identified(
    Canonical.digest("rows", rows),
    Step.make({ name: "make", output: Word, run: () => rows }),
  )
  const Shout = identified(
    `shout ${code}`,
    Step.make({
      name: "shout",
      inputs: { words: Word },
      output: Word,
      rowWise: {
        input: "words",
        tally: Counts,
        finish: tagged(
          `finish ${finishCode}`,
          (counts: ReadonlyArray<typeof Counts.Type>, context: RowWise.Finish) => {
            const bad = counts.flatMap((one) => one.bad)
            if (bad.length > 0) throw new Error(`${bad.length} bad words: ${bad.join(", ")}`)
            const letters = counts.reduce((sum, one) => sum + one.letters, 0)
            if (letters > 380_000) context.warn(`${letters} letters are many`)
            context.summarize(`${letters} letters in ${counts.reduce((sum, one) => sum + one.rows, 0)} words`)
          },
        ),
      },
      run: async (context) => {
        const upper = await context.once(
          "upper",
          async ({ rows: left }) => {
            opened.push(left)
            return (text: string) => text.toUpperCase()
          },
          () => closed.push("upper"),
        )
        const words = await Effect.runPromise(context.inputs.words.all)
        seen.push(words.length)
        onChunk?.(words)
        const long = words.filter(({ text }) => text.length > 38)
        if (long.length > 0) context.warn(`${long.length} long words from ${long[0]!.text}`)
        context.tally({
          rows: words.length,
          letters: words.reduce((sum, { text }) => sum + text.length, 0),
          bad: words.filter(({ text }) => text.startsWith("bad")).map(({ text }) => text),
        })
        return words.map(({ text }) => ({ text: upper(text) }))
      },
    }),
  )
  const pipeline = Pipeline.make("shouts", {}, ({ step }) => ({
    shout: step("shout", Shout({ words: step("make", Make({})) })),
  }))
  return { pipeline, seen, opened, closed }
}

const words = (count: number, seed: string): Array<Word> => {
  const random = Random.make(seed)
  return Array.from({ length: count }, () => ({ text: "w".repeat(20 + random.integer(8)) + random.uint32() }))
}

/** What a run says of the step. */
const said = async (at: ReturnType<typeof project>, pipeline: Pipeline.Pipeline<any, any>) => {
  at.events.splice(0)
  await at.run(pipeline)
  const { actions } = await at.plan(pipeline)
  return {
    summary: actions[1]!.summary,
    fingerprint: actions[1]!.outputs!["output"]!.fingerprint,
    warnings: at.events.flatMap((event) => (event.type === "warning" ? [event.message] : [])),
    notes: at.events.flatMap((event) => (event.type === "note" ? [event.message] : [])),
  }
}

const long = { text: "l".repeat(40) }

describe("a row-wise step that tallies", () => {
  it("says of an edited table all that a full run says, and goes through new chunks alone", async () => {
    const rows = [long, ...words(12_000, "says"), { ...long }]
    const at = project()
    const first = fixture(rows)
    const full = await said(at, first.pipeline)
    expect(full.notes).toEqual([])

    const edited = [...rows.slice(0, 6000), { text: "inserted" }, long, ...rows.slice(6000)]
    const again = fixture(edited)
    const partly = await said(at, again.pipeline)
    const { notes, ...fresh } = await said(project(), fixture(edited).pipeline)
    expect(partly).toEqual({ ...fresh, notes: expect.any(Array) })
    expect(fresh.warnings.length).toBeGreaterThan(2)
    expect(fresh.warnings.at(-1)).toMatch(/^\d+ letters are many$/)
    expect(fresh.summary).toMatch(/^\d+ letters in 12004 words$/)
    expect(notes).toEqual([])
    const worked = again.seen.reduce((sum, count) => sum + count, 0)
    expect(partly.notes).toEqual([
      `${(12_004 - worked).toLocaleString("en-US")} of 12,004 rows are remembered`,
    ])
    expect(again.seen.length).toBeLessThanOrEqual(2)
    expect(first.seen.length).toBeGreaterThan(2)
  })

  it("opens what chunks share once, told how many rows are left, and closes it at the end", async () => {
    const rows = words(12_000, "once")
    const at = project()
    const first = fixture(rows)
    await at.run(first.pipeline)
    expect([first.opened, first.closed]).toEqual([[12_000], ["upper"]])
    const more = fixture([...rows, { text: "more" }])
    await at.run(more.pipeline)
    expect([more.opened, more.closed]).toEqual([[more.seen[0]], ["upper"]])
    // All chunks of a table without its last ones are remembered, but for the one that was cut in two.
    const fewer = fixture(rows.slice(0, first.seen[0]))
    await at.run(fewer.pipeline)
    expect([fewer.opened, fewer.closed, fewer.seen]).toEqual([[], [], []])
  })

  it("lists what is wrong in all chunks at once, and remembers the sound and the wrong ones", async () => {
    const rows = words(12_000, "wrong")
    const wrong = [{ text: "bad 1" }, ...rows, { text: "bad 2" }]
    const at = project()
    const first = fixture(wrong)
    expect((await at.failure(first.pipeline)).message).toContain("2 bad words: bad 1, bad 2")
    expect(first.closed).toEqual(["upper"])
    const same = fixture(wrong)
    expect((await at.failure(same.pipeline)).message).toContain("2 bad words: bad 1, bad 2")
    expect(same.seen).toEqual([])
    const mended = fixture([{ text: "good" }, ...wrong.slice(1)])
    expect((await at.failure(mended.pipeline)).message).toContain("1 bad words: bad 2")
    expect(mended.seen).toHaveLength(1)
  })

  it("keeps the chunks that were finished before one failed", async () => {
    const rows = words(20_000, "crash")
    const at = project()
    const broken = fixture(rows, {
      onChunk: () => {
        if (broken.seen.length === 3) throw new Error("the third chunk broke")
      },
    })
    expect((await at.failure(broken.pipeline)).message).toContain("the third chunk broke")
    expect(broken.closed).toEqual(["upper"])
    const again = fixture(rows)
    await at.run(again.pipeline)
    const whole = fixture(rows)
    await project().run(whole.pipeline)
    expect(again.seen).toEqual(whole.seen.slice(2))
  })

  it("words anew what it said by other code, without going through a chunk", async () => {
    const rows = words(3000, "other")
    const at = project()
    await at.run(fixture(rows).pipeline)
    const other = fixture(rows, { finishCode: "2" })
    const plan = await at.plan(other.pipeline)
    expect(decisions(plan.actions)).toEqual({ make: "hit", shout: "run" })
    expect(plan.actions[1]!.causes.map(({ headline }) => headline)).toEqual(["run in lib/steps.ts changed"])
    await at.run(other.pipeline)
    expect(other.seen).toEqual([])
    const edited = fixture(rows, { finishCode: "2", code: "2" })
    await at.run(edited.pipeline)
    expect(edited.seen.reduce((sum, count) => sum + count)).toBe(3000)
  })

  it("goes through a chunk again when what is remembered of it is no longer what it tallies", async () => {
    const rows = words(3000, "schema")
    const at = project()
    await at.run(fixture(rows).pipeline)
    const seen: Array<number> = []
    const Shout = identified(
      "shout 1",
      Step.make({
        name: "shout",
        inputs: { words: Word },
        output: Word,
        rowWise: { input: "words", tally: Schema.Int, finish: tagged("another", () => {}) },
        run: (context) => {
          seen.push(context.inputs.words.rowCount)
          context.tally(1)
          return []
        },
      }),
    )
    const { pipeline } = fixture(rows)
    const other = Pipeline.make("shouts", {}, (tools) => {
      const { shout } = pipeline.build(tools)
      return tools.step("again", Shout({ words: { ...shout, node: "make" } as never }))
    })
    await at.run(other)
    expect(seen.reduce((sum, count) => sum + count)).toBe(3000)
  })

  it("is typed: a tally where it is made and where it is summed up, and none where none is declared", () => {
    const words = { inputs: { words: Word }, output: Word } as const
    const Typed = Step.make({
      name: "typed",
      ...words,
      rowWise: { input: "words", tally: Counts, finish: (all) => all.forEach(({ rows }) => rows.toFixed()) },
      run: ({ tally }) => {
        // @ts-expect-error: letters are a number.
        tally({ rows: 1, letters: "two", bad: [] })
        return []
      },
    })
    const Untyped = Step.make({
      name: "untyped",
      ...words,
      rowWise: { input: "words" },
      run: ({ tally }) => {
        // @ts-expect-error: nothing is declared.
        tally({ rows: 1 })
        return []
      },
    })
    expect([Typed, Untyped].map(({ facts }) => facts.rowWise?.tally)).toEqual([Counts, undefined])
  })

  it("refuses a tally of another form, and one that is not declared", async () => {
    const tallying = (rowWise: object, value: unknown) => {
      const Bad = identified(
        `bad ${JSON.stringify(value)}`,
        Step.make({
          name: "bad",
          inputs: { words: Word },
          output: Word,
          rowWise: { input: "words", ...rowWise },
          run: (context) => {
            context.tally(value as never)
            return []
          },
        }),
      )
      const Make = identified("one", Step.make({ name: "make", output: Word, run: () => [{ text: "one" }] }))
      return Pipeline.make("bad", {}, ({ step }) => step("bad", Bad({ words: step("make", Make({})) })))
    }
    const wrong = await project().failure(tallying({ tally: Counts }, { rows: 1, letters: "no", bad: [] }))
    expect(wrong.message).toBe(
      [
        'Step "bad" failed.',
        "  Reason:  it tallies something else than its definition declares",
        "           Expected number",
        '             at ["letters"]',
        "Give context.tally what rowWise.tally describes, or change the description.",
      ].join("\n"),
    )
    const undeclared = await project().failure(tallying({}, 1))
    expect(undeclared.message).toBe(
      [
        'Step "bad" failed.',
        "  Reason:  it tallies, but its definition declares no tally",
        "Declare rowWise: { input, tally, finish }: the tally's schema, and what is made of all tallies.",
      ].join("\n"),
    )
  })
})
