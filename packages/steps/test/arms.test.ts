import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { Chat, stored } from "../src/Chat.ts"
import * as Evaluate from "../src/Evaluate.ts"
import { choosePrompt, PromptScores } from "../src/evaluate/PromptChoice.ts"
import { nearestShots } from "../src/evaluate/NearestShots.ts"
import { AdapterFiles, ModelFiles } from "../src/kinds.ts"
import * as Retrieve from "../src/Retrieve.ts"
import { Step } from "@sluice/core"
import { reader, ref, runStep } from "./support/runStep.ts"

type Use = Parameters<typeof runStep>[0]

/** The steps that a comparison adds, by their whole names, with the names of those that they read. */
const wired = (
  arms: Evaluate.CompareOptions<typeof Chat>["arms"],
  more: Partial<Evaluate.CompareOptions<typeof Chat>> = {},
) => {
  const steps = new Map<string, Use>()
  const under = (prefix: string): any =>
    Object.assign(
      (name: string, use: Use) => {
        const node = `${prefix}${name}`
        steps.set(node, use)
        const refs = Object.entries(use.outputs).map(([key, kind]) => [key, { ...ref(kind as never), node }])
        return use.single ? refs[0]![1] : Object.fromEntries(refs)
      },
      { scope: (more: string) => under(`${prefix}${more}/`) },
    )
  Evaluate.compare(under(""), {
    heldOut: ref(Chat),
    model: { ...ref(Chat), kind: ModelFiles },
    messages: () => [],
    schema: Schema.Literals(["x", "y"]),
    arms,
    ...more,
  })
  const reads = (name: string) =>
    Object.fromEntries(
      Object.entries(steps.get(name)!.inputs).map(([input, from]) => [input, (from as Step.Ref).node]),
    )
  return { names: [...steps.keys()], reads, steps }
}

const rows = ref(Chat)
const adapter = { ...ref(Chat), kind: AdapterFiles } as never
const chunks = ref(Retrieve.Chunks)

describe("the arms of a comparison", () => {
  it("are one step each where they are the model with or without an adapter or fixed shots", () => {
    const { names, reads } = wired({ base: {}, tuned: { adapter } })
    expect(names).toEqual(["evaluate/chats", "evaluate/base", "evaluate/tuned", "evaluate/report"])
    expect(reads("evaluate/base")["chats"]).toBe("evaluate/chats")
  })

  it("let retrieval and tuning be combined, both before the same questions", () => {
    const relevant = () => null
    const { names, reads, steps } = wired({
      retrieval: { retrieval: { chunks, relevant, count: 2 } },
      both: { retrieval: { chunks }, adapter },
    })
    expect(names.filter((name) => name.startsWith("evaluate/retrieval"))).toEqual([
      "evaluate/retrieval/passages",
      "evaluate/retrieval/augmented",
      "evaluate/retrieval/found",
      "evaluate/retrieval",
    ])
    expect(reads("evaluate/retrieval")["chats"]).toBe("evaluate/retrieval/augmented")
    expect(steps.get("evaluate/retrieval/passages")!.config).toEqual({
      by: "BM25",
      count: 2,
      language: "English",
    })
    expect(steps.get("evaluate/both")!.facts.name).toBe("answerTuned")
    expect(reads("evaluate/report")["retrieval retrieval"]).toBe("evaluate/retrieval/found")
    expect(reads("evaluate/report")["retrieval both"]).toBeUndefined()
  })

  it("choose a prompt on rows given for that, and ask the held-out rows in the chosen one alone", () => {
    const { names, reads } = wired({
      best: { prompts: { candidates: { a: () => [], b: () => [] }, rows: { ...rows, node: "train" } } },
    })
    expect(reads("evaluate/best/development")["rows"]).toBe("train")
    expect(reads("evaluate/best/a/chats")["rows"]).toBe("evaluate/best/development")
    expect(reads("evaluate/best/a/answers")["chats"]).toBe("evaluate/best/a/chats")
    expect(reads("evaluate/best/a/heldOut")["rows"]).toBe("rows")
    expect(reads("evaluate/best")["chats"]).toBe("evaluate/best/choice")
    expect(names.filter((name) => name.endsWith("/answers"))).toHaveLength(2)
  })

  it("ask an endpoint in the place of the model", () => {
    const { reads, steps } = wired({ served: { endpoint: { url: "http://localhost/v1", model: "m" } } })
    expect(reads("evaluate/served")).toEqual({ chats: "evaluate/chats" })
    expect(steps.get("evaluate/report")!.config["arms"]).toEqual([
      { name: "served", tuned: false, endpoint: "m at http://localhost/v1" },
    ])
  })

  it("are refused where their fields contradict each other", () => {
    expect(() => wired({ a: { shots: rows, nearest: { rows } } })).toThrow(
      "Arm a has shots and nearest: give one of them.",
    )
    expect(() => wired({ a: { adapter, endpoint: { url: "http://h/v1", model: "m" } } })).toThrow(
      "Arm a has an adapter and an endpoint",
    )
    expect(() => wired({ a: { prompts: { candidates: { one: () => [] }, rows } } })).toThrow(
      "Arm a has 1 prompts to choose from.",
    )
  })

  it("are refused before anything runs, all of what is wrong at once", () => {
    const score = { kind: "mean" as const, higherIsBetter: true, score: () => 1 }
    const scorers = ["words", "words", "exact", "field mood", ""].map((name) => ({ ...score, name }))
    expect(() => wired({ report: {}, tuned: { adaptor: adapter } as never }, { scorers })).toThrow(
      [
        "Evaluate.compare is given what cannot be compared.",
        "  arm report:           a step of the comparison itself has this name",
        "  arm tuned:            has no adaptor; it takes shots, nearest, prompts, retrieval, adapter, endpoint",
        '  scorer "words":       is there twice: scores are told apart by their names',
        '  scorer "exact":       has the name of a score that the comparison makes itself',
        '  scorer "field mood":  has the name of a score that the comparison makes itself',
        '  scorer "":            needs a name',
        "Correct the options.",
      ].join("\n"),
    )
    expect(() => wired({ "gpt-4.1": {} })).toThrow('  arm "gpt-4.1":  names steps: it starts with')
    expect(() => wired({})).toThrow("there is none: give one at least, such as base: {}")
    expect(() => wired({ base: {} }, { decidedBy: "exakt" })).toThrow(
      '  decidedBy:  "exakt" is no score to decide by: exact\n',
    )
  })

  it("may be decided by a replaced score of free texts, or by the style", () => {
    const chrF = { name: "chrF", kind: "mean" as const, higherIsBetter: true, score: () => 1 }
    expect(() => wired({ base: {} }, { scorers: [chrF], decidedBy: "chrF" })).not.toThrow()
    expect(() => wired({ base: {} }, { style: { rows }, decidedBy: "in style" })).not.toThrow()
  })
})

const chat = (id: string, user: string, answer: string) =>
  stored(id, [
    { role: "system", content: "Say x or y." },
    { role: "user", content: user },
    { role: "assistant", content: answer },
  ])

describe("choosePrompt", () => {
  const chats = [chat("1", "a", "x"), chat("2", "b", "y")]
  const answers = (...texts: ReadonlyArray<string>) =>
    reader(
      texts.map((answer, at) => ({
        id: chats[at]!.id,
        answer,
        stopped: true,
        promptTokens: 10,
        newTokens: 1,
      })),
    )
  const choose = (given: Readonly<Record<string, ReturnType<typeof reader>>>) => {
    const candidates = Object.keys(given)
    const inputs = Object.fromEntries(
      candidates.flatMap((name) => [
        [`chats ${name}`, reader(chats)],
        [`answers ${name}`, given[name]!],
        [`held ${name}`, reader([chat("held", `in ${name}`, "x")])],
      ]),
    )
    return runStep(
      Step.use(choosePrompt, {
        inputs: {},
        config: { candidates, schema: null },
        outputs: { chats: Chat, scores: PromptScores },
      }),
      inputs,
    )
  }

  it("takes the one with the most exact answers, and hands on its held-out chats", async () => {
    const { outputs, summary } = await choose({
      a: answers("x", "z"),
      b: answers("x", "y"),
      c: answers("z", "z"),
    })
    expect(outputs["chats"].map(({ messages }: (typeof chats)[number]) => messages[1]!.content)).toEqual([
      "in b",
    ])
    expect(outputs["scores"]).toMatchObject([
      { prompt: "a", rows: 2, exact: 1, validJson: null, promptTokens: 20, chosen: false },
      { prompt: "b", exact: 2, tokenF1: 1, chosen: true },
      { prompt: "c", exact: 0, chosen: false },
    ])
    expect(summary).toBe("b: a 1 of 2, b 2 of 2, c 0 of 2")
  })

  it("goes by words in common among equals, and then by the order given", async () => {
    const words = await choose({ a: answers("z", "z"), b: answers("x and more", "z"), c: answers("z", "z") })
    expect(words.outputs["scores"].map(({ chosen }: { chosen: boolean }) => chosen)).toEqual([
      false,
      true,
      false,
    ])
    const equal = await choose({ a: answers("z", "z"), b: answers("z", "z") })
    expect(equal.outputs["scores"][0].chosen).toBe(true)
  })
})

describe("nearest shots", () => {
  const shots = [
    chat("s1", "the red car", "x"),
    chat("s2", "a blue boat", "y"),
    chat("s3", "the red bus", "x"),
    chat("s4", "nothing alike", "y"),
  ]
  const nearest = async (questions: ReadonlyArray<ReturnType<typeof chat>>, count: number) => {
    const use = nearestShots({ chats: ref(Chat), shots: ref(Chat), count })
    const { outputs } = await runStep(use, { chats: reader(questions), shots: reader(shots) })
    return outputs["output"].map(({ messages }: (typeof shots)[number]) =>
      messages.map(({ content }) => content),
    )
  }

  it("stand between system prompt and question, the most similar one last", async () => {
    expect(await nearest([chat("q", "my red red bus", "x")], 2)).toEqual([
      ["Say x or y.", "the red car", "x", "the red bus", "x", "my red red bus", "x"],
    ])
  })

  it("never show a row its own answer, and fill up from the first of the table", async () => {
    const [own, none] = await nearest([shots[2]!, chat("q", "zebra", "x")], 2)
    expect(own).not.toContain("nothing alike")
    expect(own.filter((content: string) => content === "the red bus")).toHaveLength(1)
    expect(none.slice(1, 5)).toEqual(["a blue boat", "y", "the red car", "x"])
  })
})
