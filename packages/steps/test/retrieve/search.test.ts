import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { Chat, stored } from "../../src/Chat.ts"
import * as Retrieve from "../../src/Retrieve.ts"
import * as RowId from "../../src/RowId.ts"
import { reader, ref, runStep } from "../support/runStep.ts"

const scratch = () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-search-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const chunk = (document: string, text: string, heading = "") => ({
  id: `${document}#1`,
  document,
  heading,
  text,
})
const chunks = [
  chunk("lease.md", "A lease is held by one process at a time."),
  chunk("cache.md", "Results are cached under the digest of everything that could change them."),
  chunk("table.md", "Tables are written in chunks that the rows alone decide.", "Arrow"),
  chunk("twin-a.md", "A twin text."),
  chunk("twin-b.md", "A twin text."),
]
const question = (id: string, text: string) =>
  stored(id, [
    { role: "user", content: text },
    { role: "assistant", content: "…" },
  ])
const questions = [
  question("q1", "Who holds leases?"),
  question("q2", "How does caching work, and what changes a digest?"),
  question("q3", "twin"),
  question("q4", "??? ***"),
  question("q5", 'arrow: "chunks" AND (rows'),
]

const search = (more: object = {}, inputs: object = {}) =>
  runStep(
    Retrieve.search({ chats: ref(Chat), chunks: ref(Retrieve.Chunks), ...more }),
    { chats: reader(questions), chunks: reader(chunks), ...inputs },
    { scratch: scratch() },
  )

interface Found {
  readonly id: string
  readonly document: string
  readonly rank: number
}

const found = (passages: ReadonlyArray<Found>): Readonly<Record<string, ReadonlyArray<Found> | undefined>> =>
  Object.groupBy(passages, ({ id }) => id)

describe("Retrieve.search", () => {
  it("finds passages by words and their stems, best first, equals in their own order", async () => {
    const { outputs, summary } = await search({ count: 2 })
    const by = found(outputs["output"])
    expect(by["q1"]![0]).toMatchObject({ document: "lease.md", rank: 1, chunk: "lease.md#1", heading: "" })
    expect(by["q2"]![0]!.document).toBe("cache.md")
    expect(by["q3"]!.map(({ document, rank }) => [document, rank])).toEqual([
      ["twin-a.md", 1],
      ["twin-b.md", 2],
    ])
    expect(by["q4"]).toBeUndefined()
    expect(by["q5"]![0]!.document).toBe("table.md")
    expect(summary).toMatch(/^\d passages of 5 chunks for 5 questions, none for 1$/)
  })

  it("warns where documents held no text at all", async () => {
    const { outputs, summary, warnings } = await search({}, { chunks: reader([]) })
    expect(outputs["output"]).toEqual([])
    expect(warnings).toEqual(["there is no chunk to search: every question goes on without a passage"])
    expect(summary).toBe("0 passages of 0 chunks for 5 questions, none for 5")
  })

  it("writes the same rows every time", async () => {
    const [first, second] = [await search(), await search()]
    expect(first.outputs["output"]).toEqual(second.outputs["output"])
    expect(first.outputs["output"].length).toBeGreaterThan(4)
  })

  it("leaves word endings alone where no language is given", async () => {
    const { outputs } = await search({ language: null, count: 1 })
    // "leases" is not "lease"; only common words are left.
    expect(found(outputs["output"])["q1"]?.[0]?.document).not.toBe("lease.md")
  })

  it("adds up ranks by words and by meaning where vectors are given", async () => {
    const chunkVectors = chunks.map(({ id }, at) => ({ id, vector: [at === 0 ? 1 : 0, 1, at] }))
    const questionVectors = questions.map(({ id }) => ({ id, vector: [1, 1, 0] }))
    const vectors = { chunks: ref(Retrieve.Vectors), questions: ref(Retrieve.Vectors) }
    const { outputs } = await search(
      { count: 2, vectors },
      { chunkVectors: reader(chunkVectors), questionVectors: reader(questionVectors) },
    )
    const by = found(outputs["output"])
    expect(by["q4"]!.map(({ document }) => document)).toEqual(["lease.md", "cache.md"])
    const [first] = outputs["output"]
    expect([first.document, first.score]).toEqual(["lease.md", Number((2 / 61).toPrecision(6))])
  })

  it("searches by vectors alone where asked to, and needs them for it", async () => {
    const chunkVectors = chunks.map(({ id }, at) => ({ id, vector: [at === 0 ? 1 : 0, 1, at] }))
    const questionVectors = questions.map(({ id }) => ({ id, vector: [1, 1, 0] }))
    const vectors = { chunks: ref(Retrieve.Vectors), questions: ref(Retrieve.Vectors) }
    const { outputs } = await search(
      { count: 1, vectors, by: "vectors" },
      { chunkVectors: reader(chunkVectors), questionVectors: reader(questionVectors) },
    )
    expect(
      outputs["output"].map(({ document, id, score }: { document: string; id: string; score: number }) => [
        id,
        document,
        score,
      ]),
    ).toEqual(questions.map(({ id }) => [id, "lease.md", 1]))
    const words = Retrieve.search({ chats: ref(Chat), chunks: ref(Retrieve.Chunks), vectors, by: "BM25" })
    expect(Object.keys(words.inputs)).toEqual(["chats", "chunks"])
    expect(() => search({ by: "hybrid" })).toThrow(
      "A search by hybrid needs vectors of the chunks and of the questions.",
    )
  })

  it("refuses vectors that are missing or of different lengths", async () => {
    const vectors = { chunks: ref(Retrieve.Vectors), questions: ref(Retrieve.Vectors) }
    const failing = search(
      { vectors },
      {
        chunkVectors: reader(chunks.slice(1).map(({ id }) => ({ id, vector: [1, 2] }))),
        questionVectors: reader(questions.map(({ id }) => ({ id, vector: [1, 2, 3] }))),
      },
    )
    await expect(failing).rejects.toThrow(/Without a vector: +chunk lease\.md#1\n +Lengths: +2, 3/)
  })
})

describe("Retrieve.augment", () => {
  it("sets passages before the question and leaves everything else alone", async () => {
    const passages = [
      { id: "q1", rank: 2, chunk: "b", document: "b", heading: "B", text: "second", score: 1 },
      { id: "q1", rank: 1, chunk: "a", document: "a", heading: "", text: "first", score: 2 },
    ]
    const run = (prompt?: Retrieve.Prompt) =>
      runStep(
        Retrieve.augment({
          chats: ref(Chat),
          passages: ref(Retrieve.Passages),
          ...(prompt === undefined ? {} : { prompt }),
        }),
        { chats: reader(questions.slice(0, 2)), passages: reader(passages) },
      )
    const { outputs } = await run()
    const contents = outputs["output"].map(({ messages }: (typeof questions)[number]) =>
      messages.map(({ content }) => content),
    )
    expect(contents).toEqual([
      ["Context:\nfirst\n\nB\nsecond\n\nQuestion: Who holds leases?", "…"],
      ["How does caching work, and what changes a digest?", "…"],
    ])
    const own = await run((asked, given) => `${given.length}: ${asked}`)
    expect(own.outputs["output"][0].messages[0].content).toBe("2: Who holds leases?")
  })
})

describe("Retrieve.quality", () => {
  it("gives hit rate and mean reciprocal rank over the rows that have something to find", async () => {
    const rows = [
      { question: "a", source: "x.md" },
      { question: "b", source: "y.md" },
      { question: "c", source: "z.md" },
      { question: "d", source: "" },
    ]
    const passage = (at: number, rank: number, document: string) => ({
      id: RowId.of(rows[at]!),
      rank,
      chunk: "",
      document,
      heading: "",
      text: "Some\nText",
      score: 1,
    })
    const passages = [
      passage(0, 1, "x.md"),
      passage(1, 1, "q.md"),
      passage(1, 2, "y.md"),
      passage(3, 1, "x.md"),
    ]
    const score = (relevant: (row: any) => Retrieve.Relevant | null) =>
      runStep(Retrieve.quality({ rows: ref(Retrieve.Chunks), passages: ref(Retrieve.Passages), relevant }), {
        rows: reader(rows),
        "of passages": reader(passages),
      })
    const { outputs, summary } = await score(({ source }) => (source === "" ? null : { document: source }))
    expect(outputs["output"]).toMatchObject([
      { search: "passages", metric: "hit rate", passages: 1, rows: 3, value: 1 / 3 },
      { search: "passages", metric: "hit rate", passages: 2, rows: 3, value: 2 / 3 },
      { search: "passages", metric: "MRR", passages: 2, rows: 3, value: 0.5 },
    ])
    expect(summary).toBe("hit rate 2 of 3, MRR 0.500, 2 passages each")
    const contains = await score(({ source }) => (source === "x.md" ? { contains: "some text" } : null))
    expect(contains.outputs["output"][0]).toMatchObject({ rows: 1, value: 1 })
    const several = await runStep(
      Retrieve.quality({
        rows: ref(Retrieve.Chunks),
        passages: { hybrid: ref(Retrieve.Passages), BM25: ref(Retrieve.Passages) },
        relevant: ({ source }: any) => ({ document: source }),
      }),
      {
        rows: reader(rows.slice(0, 2)),
        "of BM25": reader(passages),
        "of hybrid": reader(passages.slice(0, 1)),
      },
    )
    expect(several.summary).toBe(
      "hybrid: hit rate 1 of 2, MRR 0.500, 1 passages each; BM25: hit rate 2 of 2, MRR 0.750, 2 passages each",
    )
  })
})
