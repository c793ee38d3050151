/** A served model as the judge of two arms' answers: the step that asks it, and what the report says of it. */
import { describe, expect, it } from "vitest"
import { Chat, stored } from "../src/Chat.ts"
import * as Evaluate from "../src/Evaluate.ts"
import { Answers } from "../src/evaluate/Answers.ts"
import { judgeAside } from "../src/evaluate/judgeAside.ts"
import { judgeUse } from "../src/evaluate/Preferences.ts"
import { AdapterFiles, ModelFiles } from "../src/kinds.ts"
import { memoryIn } from "./support/memory.ts"
import { reader, ref, runStep } from "./support/runStep.ts"
import { completion, serve } from "./support/server.ts"

const chat = (id: string) =>
  stored(id, [
    { role: "system", content: "Be brief." },
    { role: "user", content: `Question ${id}` },
    { role: "assistant", content: `expected ${id}` },
  ])
const answers = (texts: Readonly<Record<string, string>>) =>
  reader(
    Object.entries(texts).map(([id, answer]) => ({
      id,
      answer,
      stopped: true,
      promptTokens: 1,
      newTokens: 1,
    })),
  )
const first = { better: "GOOD one", worse: "bad", same: "alike ", biased: "x", odd: "y" }
const second = { better: "bad", worse: "GOOD two", same: "alike", biased: "z", odd: "w" }
const ids = Object.keys(first)

/** Prefers what is GOOD, whichever place it has; else goes with the first place, or says nothing of use. */
const verdictOn = (content: string): string => {
  if (content.includes("Question odd")) return "Hard to say."
  if (content.includes("Question biased")) return "A"
  return content.indexOf("GOOD") < content.indexOf("Answer B:") ? "A" : "[[B]]"
}
const judge = () => serve(({ body }) => [200, completion(verdictOn(body.messages[1].content))])

const ask = (options: Evaluate.JudgeOptions, more: Parameters<typeof runStep>[2] = {}, rows = ids) =>
  runStep(
    judgeUse(options, { chats: ref(Chat), first: ref(Answers), second: ref(Answers) }),
    { chats: reader(rows.map(chat)), first: answers(first), second: answers(second) },
    more,
  )

describe("a judge of two arms", () => {
  it("is asked in both orders, and only what survives the exchange is a preference", async () => {
    const { asked, url } = await judge()
    const { outputs, summary, warnings } = await ask({ endpoint: { url, model: "m" } })
    expect(outputs["output"]).toEqual([
      { id: "better", preferred: "first", straight: "A", swapped: "[[B]]" },
      { id: "worse", preferred: "second", straight: "[[B]]", swapped: "A" },
      { id: "same", preferred: "tie", straight: null, swapped: null },
      { id: "biased", preferred: "contradiction", straight: "A", swapped: "A" },
      { id: "odd", preferred: "unclear", straight: "Hard to say.", swapped: "Hard to say." },
    ])
    expect(asked).toHaveLength(8)
    expect(summary).toBe("first preferred in 1 row, second in 1, 2 ties, 1 contradiction among them")
    expect(warnings).toEqual(["m named no better answer in 1 row: its reply is to be A, B or tie"])
  })

  it("is shown the request with its instructions and the expected answer, unless that is kept from it", async () => {
    const { asked, url } = await judge()
    const endpoint = { url, model: "m", concurrency: 1 }
    await ask({ endpoint, criterion: "brevity" }, {}, ["better"])
    const [system, user] = asked[0]!.body.messages.map(({ content }: { content: string }) => content)
    expect(system).toContain("Judge by this alone: brevity.")
    expect(user).toContain("Request:\n~~~\nsystem: Be brief.\n\nuser: Question better\n~~~")
    expect(user).toContain("Expected answer:\n~~~\nexpected better\n~~~")
    await ask({ endpoint, expected: false }, {}, ["better"])
    expect(asked[2]!.body.messages[1].content).not.toContain("expected better")
  })

  it("asks nothing twice where rows are added", async () => {
    const { asked, url } = await judge()
    const memory = memoryIn(new Map())
    await ask({ endpoint: { url, model: "m" } }, { memory }, ["better"])
    await ask({ endpoint: { url, model: "m" } }, { memory }, ["better", "worse"])
    expect(asked).toHaveLength(4)
  })
})

/** Names of a comparison's steps with a judge, and what its report reads of it. */
const wired = (more: Partial<Evaluate.JudgeOptions> = {}) => {
  const names: Array<string> = []
  let inputs: ReadonlyArray<string> = []
  const under = (prefix: string): any =>
    Object.assign(
      (name: string, use: { inputs: object; outputs: object; single: boolean }) => {
        names.push(`${prefix}${name}`)
        inputs = Object.keys(use.inputs)
        const refs = Object.entries(use.outputs).map(([key, kind]) => [key, ref(kind as never)])
        return use.single ? refs[0]![1] : Object.fromEntries(refs)
      },
      { scope: (scope: string) => under(`${prefix}${scope}/`) },
    )
  const { preferences } = Evaluate.compare(under(""), {
    heldOut: ref(Chat),
    model: { ...ref(Chat), kind: ModelFiles },
    messages: () => [],
    arms: { base: {}, other: {}, tuned: { adapter: { ...ref(Chat), kind: AdapterFiles } } },
    judge: { endpoint: { url: "http://localhost/v1", model: "m" }, ...more },
  })
  return {
    steps: names.filter((name) => name.includes("judge")),
    read: inputs.filter((name) => name.startsWith("judge")),
    preferences: Object.keys(preferences),
  }
}

describe("a comparison with a judge", () => {
  it("judges every two arms, or those that are named", () => {
    const { preferences, read, steps } = wired()
    expect(steps).toEqual([
      "evaluate/judge/other/base",
      "evaluate/judge/tuned/base",
      "evaluate/judge/tuned/other",
    ])
    expect(read).toEqual(["judge other base", "judge tuned base", "judge tuned other"])
    expect(preferences).toEqual(["other base", "tuned base", "tuned other"])
    expect(wired({ pairs: [["tuned", "base"]] }).steps).toEqual(["evaluate/judge/tuned/base"])
  })

  it("refuses pairs that are not two of the arms", () => {
    expect(() => wired({ pairs: [["tuned", "bass"]] })).toThrow(
      "  judge tuned bass:  are not two of the arms: base, other, tuned\n",
    )
  })

  it("shows win rates with intervals, corrected over the pairs", () => {
    const times = <A>(count: number, value: A) => Array.from({ length: count }, () => value)
    const { rows, title } = judgeAside("m at http://localhost/v1", [
      {
        first: "tuned",
        second: "base",
        preferred: [
          ...times(12, "first" as const),
          ...times(2, "second" as const),
          ...times(4, "tie" as const),
        ],
      },
      {
        first: "other",
        second: "base",
        preferred: [...times(3, "first" as const), ...times(3, "contradiction" as const), "unclear"],
      },
    ])
    expect(title).toBe("Preferred by m at http://localhost/v1, asked twice with the answers exchanged")
    // 12 + 4 / 2 of 18; sign test on 12 against 2, mid-p: 2 * (1 + 14 + 91 / 2) / 2^14 = 0.0074, times 2.
    expect(rows[0]).toEqual([
      "tuned against base",
      "77.8\u00a0%",
      "58.0\u00a0% to 89.4\u00a0%",
      "12",
      "2",
      "4",
      "0",
      "0",
      "0.015",
      "better",
    ])
    // 3 against none: 2 * (1 / 2) / 2^3 = 0.125.
    expect(rows[1]!.slice(3)).toEqual(["3", "0", "0", "3", "1", "0.125", "undecided"])
  })
})
