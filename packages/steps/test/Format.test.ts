import { Table } from "@sluice/core"
import { describe, expect, it } from "vitest"
import * as Format from "../src/Format.ts"
import * as RowId from "../src/RowId.ts"
import { reader, ref, runStep } from "./support/runStep.ts"

class Review extends Table.make({ text: Table.utf8, class: Table.int32 }) {}

const rows = [
  { text: "good", class: 1 },
  { text: "bad", class: 0 },
]

/** What a message need not say. */
const unsaid = {
  reasoning: null,
  toolCalls: null,
  toolCallId: null,
  name: null,
  supervised: null,
  weights: null,
}

describe("Format.chat", () => {
  it("makes one chat of each row, under the row's id", async () => {
    const use = Format.chat({
      rows: ref(Review),
      messages: (row) => [
        { role: "user", content: row.text },
        { role: "assistant", content: String(row.class) },
      ],
    })
    const { outputs } = await runStep(use, { rows: reader(rows) })
    expect(outputs["output"]).toEqual([
      {
        id: RowId.of(rows[0]!),
        messages: [
          { ...unsaid, role: "user", content: "good" },
          { ...unsaid, role: "assistant", content: "1" },
        ],
        tools: null,
      },
      {
        id: RowId.of(rows[1]!),
        messages: [
          { ...unsaid, role: "user", content: "bad" },
          { ...unsaid, role: "assistant", content: "0" },
        ],
        tools: null,
      },
    ])
  })

  it("names the row whose messages are not a chat to learn from, with every problem", async () => {
    const use = Format.chat({
      rows: ref(Review),
      messages: (row) => [
        { role: "human" as "user", content: row.text },
        { role: "assistant", content: "" },
        { role: "user", content: "and?" },
      ],
    })
    await expect(runStep(use, { rows: reader(rows) })).rejects.toThrow(
      [
        "The messages made of a row are not a chat.",
        `  Row:      ${RowId.of(rows[0]!)} {"text":"good","class":1}`,
        '  Problem:  message 1 has role "human"; one of system, user, assistant, tool is required',
        "            message 2 is an empty answer",
        "            it ends with a user message; the last one must be the assistant's answer",
        "Correct the function given as messages, or leave such rows out before.",
      ].join("\n"),
    )
  })
})

describe("messages that are none", () => {
  const problemsOf = async (messages: unknown) => {
    const use = Format.chat({ rows: ref(Review), messages: () => messages as never })
    const error = await runStep(use, { rows: reader(rows) }).catch((thrown: Error) => thrown)
    return /Problem: +([^]*)\nCorrect/.exec((error as Error).message)![1]!.split(/\n +/)
  }
  const answer = { role: "assistant", content: "yes" }

  it("are named: no list, no message, a field that nothing reads", async () => {
    expect(await problemsOf(undefined)).toEqual([
      "messages are undefined; a list of {role, content} is required",
    ])
    expect(await problemsOf([null, "hi", answer])).toEqual([
      "message 1 is null; {role, content} is required",
      'message 2 is "hi"; {role, content} is required',
    ])
    expect(
      await problemsOf([
        { role: "user", content: "w?" },
        { ...answer, tool_calls: [] },
      ]),
    ).toEqual([
      "message 2 has tool_calls, which nothing reads; a message has role, content, reasoning, toolCalls, " +
        "toolCallId, name, supervised, weights",
    ])
  })

  it("are named with all fields of a wrong type", async () => {
    const wrong = { toolCalls: 7, name: 5, supervised: "no", weights: 1 }
    expect(await problemsOf([{ ...answer, ...wrong }])).toEqual([
      "message 1 has name 5; text is required",
      "message 1 has toolCalls 7; [{name, arguments}] is required",
      'message 1 has supervised "no"; true or false is required',
      "message 1 has weights 1; [{start, end, weight}] is required",
    ])
  })

  it("are named with halves of characters, and weights that no column holds", async () => {
    const weights = [
      { start: 0.5, end: 2, weight: 1 },
      { start: 0, end: 1, weight: -1 },
      { start: 1, end: 2, weight: 1e300 },
    ]
    expect(await problemsOf([{ ...answer, content: "y\ud800s", weights }])).toEqual([
      'message 1 has half a character in its content (a lone surrogate): "y\\ud800s"',
      'message 1 has a weight that names no part of it: {"start":0.5,"end":2,"weight":1}',
      'message 1 has a weight that is no number of 0 or more: {"start":0,"end":1,"weight":-1}',
      'message 1 has a weight that is no number of 0 or more: {"start":1,"end":2,"weight":1e+300}',
    ])
  })
})

describe("a function of the row that throws", () => {
  it("is named with the row, and keeps the place in its source", async () => {
    const use = Format.chat({
      rows: ref(Review),
      messages: (row) => {
        if (row.class === 0) throw new TypeError("no answer")
        return [
          { role: "user", content: row.text },
          { role: "assistant", content: "1" },
        ]
      },
    })
    const failed: unknown = await runStep(use, { rows: reader(rows) }).catch((error: unknown) => error)
    expect((failed as Error).message).toBe(
      [
        "The function given as messages threw.",
        `  Row:      ${RowId.of(rows[1]!)} {"text":"bad","class":0}`,
        "  Problem:  TypeError: no answer",
        "Correct the function, or leave such rows out before.",
      ].join("\n"),
    )
    expect((failed as Error).stack).toMatch(/^TypeError: no answer\n.*Format\.test\.ts:/)
  })
})

describe("row id", () => {
  it("follows from the row's content alone", () => {
    expect(RowId.of({ text: "good", class: 1 })).toBe(RowId.of({ class: 1, text: "good" }))
    expect(RowId.of({ text: "good", class: 1 })).not.toBe(RowId.of({ text: "good", class: 0 }))
  })
})
