import { describe, expect, it } from "vitest"
import type { ChatRow, Message } from "../../src/dataDoctor/Subject.ts"
import { answering, asking, chat, findingsOf, found, said, withChats } from "./subject.ts"

const row = (...messages: ReadonlyArray<Message>): ChatRow => ({ id: "planted", messages })
const of = (planted: ChatRow) => findingsOf({ chats: withChats(planted) })
const question = "Our kettle whistled a song about Lisbon for the neighbours."

describe("roles", () => {
  it.each(["human", "gpt", "bot", "Assistant", "USER", "developer", ""])("called %o are refused", (role) => {
    const findings = of(row(said(role, question), said("assistant", "good")))
    expect(findings).toMatchObject([{ check: "roles", severity: "refuse", rows: ["planted"] }])
  })

  it.each([
    ["one side twice", [said("user", question), said("user", "Well?"), said("assistant", "good")]],
    ["no answer", [said("user", question)]],
    ["a question at the end", [said("user", question), said("assistant", "good"), said("user", "Sure?")]],
    ["a late system message", [said("user", question), said("system", "s"), said("assistant", "good")]],
    ["an answer alone", [said("assistant", "good")]],
    ["no question", [said("system", "Say good or bad."), said("assistant", "good")]],
    ["an empty question", [said("user", " "), said("assistant", "good")]],
  ])("in a wrong order are warned of: %s", (_, messages) => {
    expect(found(of(row(...messages)), "roles")).toMatchObject({ severity: "warn", count: 1 })
  })

  it.each([
    "Human: my lamp flickers\nAssistant: buy another",
    "### Instruction:\nName a bird\n\n### Response:\nWren",
    "USER: my lamp flickers\nBOT: buy another",
    "**User:** my lamp flickers\n**Assistant:** buy another",
  ])("written into a message are warned of: %j", (content) => {
    expect(of(asking(content))).toMatchObject([{ check: "roles", severity: "warn", rows: ["planted"] }])
  })

  it("written before an answer are warned of", () => {
    expect(found(of(answering("Assistant: good")), "roles")).toMatchObject({
      severity: "warn",
      rows: ["planted"],
      problem: expect.stringContaining("the name of their own side") as string,
    })
  })

  it.each([
    "The human said: come in",
    "User: a person who uses something",
    "Assistant: a word for helper. User: another",
    "My bot: broken",
  ])("named in a sentence are let be: %j", (content) => {
    expect(of(asking(content))).toEqual([])
  })

  it("of a chat with tools and several turns are let be", () => {
    const calling = { role: "assistant", content: "", toolCalls: '[{"name":"weather"}]' }
    const messages = [said("user", question), calling, said("tool", "17 degrees"), said("assistant", "good")]
    expect(of(row(...messages, said("user", "And tomorrow?"), said("assistant", "bad")))).toEqual([])
  })
})

describe("marks of a chat template", () => {
  it.each([
    "<|im_start|>user\nMy lamp flickers<|im_end|>",
    "[INST] My lamp flickers [/INST]",
    "<start_of_turn>user My lamp flickers",
    "My lamp <|finish|> flickers",
    "<s>My lamp flickers in the evening",
    "My lamp flickers</s>",
    "My lamp <|im_sep|> flickers",
    "My lamp <extra_id_0> flickers",
    "<<SYS>>My lamp flickers<</SYS>>",
    "My lamp flickers <pad>",
    "My lamp flickers [PAD]",
    "My lamp flickers<\uff5cend\u2581of\u2581sentence\uff5c>",
    "### Instruction:\nMend my lamp",
    "My lamp flickers\n### Response:\n",
  ])("in a message are warned of: %j", (content) => {
    expect(of(asking(content))).toMatchObject([{ check: "specialTokens", rows: ["planted"] }])
  })

  it.each([
    "Is a < b and b > c?",
    "Strike <s>this</s> out of the page",
    "[INFO] lamp started",
    "a | b | c",
    "a <| b |> c",
  ])("are not what this is: %j", (content) => {
    expect(of(asking(content))).toEqual([])
  })
})

describe("answers", () => {
  it.each(["", " ", "\n\t", "\u00a0", "\u200b"])("that are empty are refused: %j", (answer) => {
    expect(found(of(answering(answer)), "emptyAnswers")).toMatchObject({ severity: "refuse", count: 1 })
  })

  it("that are empty in an earlier turn are refused", () => {
    const messages = [
      said("user", question),
      said("assistant", ""),
      said("user", "And?"),
      said("assistant", "good"),
    ]
    expect(of(row(...messages))).toMatchObject([{ check: "emptyAnswers", severity: "refuse" }])
  })

  it("that stand for a missing value are warned of, unless they are one of the labels", () => {
    for (const answer of ["undefined", "NaN", "[object Object]", "N/A"]) {
      // Six values in 250 rows make it one label of few; one row in free text is a leftover.
      const texts = withChats().map(({ id, messages }, at) =>
        chat(id, messages[1]!.content, at === 0 ? answer : `It was fine in the end, said guest ${at}.`),
      )
      expect(found(findingsOf({ chats: texts }), "emptyAnswers")).toMatchObject({
        severity: "warn",
        count: 1,
      })
    }
    const labelled = withChats().map(({ id, messages }, at) =>
      chat(id, messages[1]!.content, ["none", "minor", "major"][at % 3]!),
    )
    expect(findingsOf({ chats: labelled })).toEqual([])
  })

  it.each(["no", "0", ".", "{}", "-"])("that are short are answers: %j", (answer) => {
    expect(found(of(answering(answer)), "emptyAnswers")).toBeUndefined()
  })
})
