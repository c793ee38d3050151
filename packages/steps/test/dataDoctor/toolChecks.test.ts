import { describe, expect, it } from "vitest"
import type { ChatRow } from "../../src/dataDoctor/Subject.ts"
import { cleanChats, findingsOf, found, said, withChats } from "./subject.ts"

const tools = JSON.stringify([
  { type: "function", function: { name: "weather", parameters: { type: "object", required: ["city"] } } },
  { name: "time" },
])
const calling = (name: string, given: unknown, id = "a") => ({
  ...said("assistant", ""),
  toolCalls: JSON.stringify([{ id, name, arguments: given }]),
})
const answered = (id?: string) => ({
  ...said("tool", "17 degrees"),
  ...(id === undefined ? {} : { toolCallId: id }),
})
const row = (...messages: ChatRow["messages"]): ChatRow => ({
  id: "planted",
  tools,
  messages: [
    said("user", "How warm is it by the old harbour today?"),
    ...messages,
    said("assistant", "good"),
  ],
})
const of = (planted: ChatRow, ...more: ReadonlyArray<ChatRow>) =>
  found(findingsOf({ chats: withChats(planted, ...more) }), "toolCalls")

describe("calls of tools", () => {
  it.each([
    ["another name", calling("wether", { city: "Graz" }), 'no tool "wether" among weather, time'],
    ["a missing argument", calling("weather", {}), 'weather without "city"'],
  ])("are warned of: %s", (_, call, shown) => {
    expect(of(row(call, answered("a")))).toMatchObject({
      severity: "warn",
      rows: ["planted"],
      excerpt: expect.stringContaining(shown) as string,
    })
  })

  it("as text are warned of among objects, and let be among their like", () => {
    const written = row(calling("weather", '{"city": "Graz"}'), answered("a"))
    const others = cleanChats(12, "called").map((clean, at) => ({
      ...row(calling("weather", { city: `Graz ${at}` }), answered("a")),
      id: clean.id,
    }))
    expect(of(written, ...others)).toMatchObject({ count: 1, rows: ["planted"] })
    expect(of(written)).toBeUndefined()
  })

  it.each([
    ["no argument that is required", calling("time", {})],
    ["arguments that are none", calling("time", null)],
  ])("are let be: %s", (_, call) => {
    expect(of(row(call, answered("a")))).toBeUndefined()
  })
})

describe("tools' answers", () => {
  it.each([
    ["no call", [answered("a")]],
    ["the id of another call", [calling("weather", { city: "Graz" }), answered("b")]],
  ])("are warned of: %s", (_, messages) => {
    expect(of(row(...messages))).toMatchObject({ severity: "warn", rows: ["planted"] })
  })

  it("are let be without ids, in any order, and after a call in the text", () => {
    const both = {
      ...said("assistant", ""),
      toolCalls: JSON.stringify([
        { id: "a", name: "time", arguments: {} },
        { id: "b", name: "time", arguments: {} },
      ]),
    }
    expect(of(row(calling("time", {}), answered()))).toBeUndefined()
    expect(of(row(both, answered("b"), answered("a")))).toBeUndefined()
    expect(of(row(said("assistant", "<tool_call>time</tool_call>"), answered("a")))).toBeUndefined()
  })
})
