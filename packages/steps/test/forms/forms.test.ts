import { describe, expect, it } from "vitest"
import { turnOf, stored } from "../../src/Chat.ts"
import * as Detection from "../../src/forms/Detection.ts"
import type { Fields } from "../../src/forms/Fields.ts"
import { type ChatForm, formsOf, read } from "../../src/forms/Form.ts"

const chat = (form: ChatForm, fields: Fields) => {
  const found = read(form, fields)
  if ("problems" in found) throw new Error(found.problems.join("\n"))
  return found
}
const problems = (form: ChatForm, fields: Fields) => {
  const found = read(form, fields)
  return "problems" in found ? found.problems : []
}
const user = (content: string) => ({ role: "user", content })
const assistant = (content: string) => ({ role: "assistant", content })
const system = (content: string) => ({ role: "system", content })

describe("messages (OpenAI)", () => {
  it("are taken as they are, with tools, calls, thoughts and answers of tools", () => {
    const tools = [{ type: "function", function: { name: "weather", parameters: {} } }]
    const found = chat("messages", {
      messages: [
        { role: "developer", content: "Be brief." },
        user("Oslo?"),
        {
          role: "assistant",
          content: null,
          reasoning_content: "ask",
          tool_calls: [
            { id: "1", type: "function", function: { name: "weather", arguments: '{"place": "Oslo"}' } },
          ],
        },
        { role: "tool", tool_call_id: "1", name: "weather", content: "3 °C" },
        assistant("Cold."),
      ],
      tools,
    })
    expect(found.tools).toEqual(tools)
    expect(found.messages).toEqual([
      system("Be brief."),
      user("Oslo?"),
      {
        role: "assistant",
        content: "",
        reasoning: "ask",
        toolCalls: [{ id: "1", name: "weather", arguments: { place: "Oslo" } }],
      },
      { role: "tool", content: "3 °C", toolCallId: "1", name: "weather" },
      assistant("Cold."),
    ])
    // What the chat template is given has the names of OpenAI again.
    const [, , call] = stored("id", found.messages, found.tools).messages.map(turnOf)
    expect(call).toEqual({
      role: "assistant",
      content: "",
      reasoning_content: "ask",
      tool_calls: [
        { id: "1", type: "function", function: { name: "weather", arguments: { place: "Oslo" } } },
      ],
    })
  })

  it("may be parts of text, older function calls, turns that are not learnt, and stand under conversations", () => {
    const found = chat("messages", {
      conversations: [
        {
          role: "user",
          content: [
            { type: "text", text: "a" },
            { type: "text", text: "b" },
          ],
        },
        { role: "assistant", content: "c", weight: 0 },
        { role: "user", content: "d", weight: 1, mood: "glad" },
        { role: "assistant", content: "", function_call: { name: "f", arguments: "{}" }, train: true },
      ],
      functions: [{ name: "f" }],
      source: "x",
    })
    expect(found.messages).toEqual([
      user("ab"),
      { ...assistant("c"), supervised: false },
      user("d"),
      { ...assistant(""), toolCalls: [{ name: "f", arguments: {} }], supervised: true },
    ])
    expect(found.tools).toEqual([{ type: "function", function: { name: "f" } }])
    expect(found.unread).toEqual(["source", "messages.mood"])
  })

  it("that cannot be learnt from say why, all at once", () => {
    expect(
      problems("messages", {
        messages: [
          { role: "human", content: "a" },
          { role: "user", content: [{ type: "image_url" }] },
          { role: "assistant", content: 3, weight: 0.5 },
        ],
      }),
    ).toEqual([
      'message 1 has role "human"; one of system, developer, user, assistant, tool, function is required',
      'message 2 has a part "image_url"; only text can be learnt',
      "message 3 has weight 0.5; 0 or 1 is required (parts are weighed by weights)",
      "message 3 has content 3; text is required",
    ])
    expect(problems("messages", { messages: [user("a")] })).toEqual([
      "it ends with a user message; the last one must be the assistant's answer",
    ])
    expect(problems("messages", { messages: [user("a"), assistant("")] })).toEqual([
      "message 2 is an empty answer",
    ])
  })
})

describe("ShareGPT", () => {
  it("has its roles mapped", () => {
    const found = chat("shareGpt", {
      system: "s",
      conversations: [
        { from: "human", value: "a" },
        { from: "function_call", value: '{"name": "f", "arguments": {"x": 1}}' },
        { from: "observation", value: "o" },
        { from: "gpt", value: "b" },
        { from: "user", value: "c" },
        { from: "chatgpt", value: "d", weight: 0 },
        { from: "Human", value: "e" },
        { from: "model", value: "f" },
      ],
      tools: '[{"name": "f"}]',
    })
    expect(found.messages).toEqual([
      system("s"),
      user("a"),
      { ...assistant(""), toolCalls: [{ name: "f", arguments: { x: 1 } }] },
      { role: "tool", content: "o" },
      assistant("b"),
      user("c"),
      { ...assistant("d"), supervised: false },
      user("e"),
      assistant("f"),
    ])
    expect(found.tools).toEqual([{ name: "f" }])
  })

  it("with a role that nobody knows is refused", () => {
    const row = {
      conversations: [
        { from: "alien", value: "a" },
        { from: "gpt", value: "b" },
      ],
    }
    expect(problems("shareGpt", row)[0]).toMatch(
      /^message 1 is from "alien"; one of system, human, user, gpt, /,
    )
    const call = {
      conversations: [
        { from: "human", value: "a" },
        { from: "function_call", value: "f(x)" },
      ],
    }
    expect(problems("shareGpt", call)).toEqual([
      'message 2 is from "function_call" with "f(x)"; JSON {name, arguments} is required',
    ])
  })
})

describe("Alpaca", () => {
  it("puts the input after the instruction, and history before", () => {
    expect(
      chat("alpaca", { instruction: "Sum.", input: "1 2", output: "3", system: "s", history: [["a", "b"]] })
        .messages,
    ).toEqual([system("s"), user("a"), assistant("b"), user("Sum.\n1 2"), assistant("3")])
    expect(chat("alpaca", { instruction: "Hi", input: "", output: "Ho" }).messages).toEqual([
      user("Hi"),
      assistant("Ho"),
    ])
  })

  it("without an answer, or with a history of another shape, is refused", () => {
    expect(problems("alpaca", { instruction: "Hi", output: "" })).toEqual(["output is empty"])
    expect(problems("alpaca", { instruction: 1, output: "x", history: ["a"] })).toEqual([
      "instruction is 1; text is required",
      'history is ["a"]; [[question, answer]] is required',
    ])
  })
})

describe("prompt and completion", () => {
  it("are a question and its answer, or one chat of which the completion is learnt", () => {
    expect(chat("promptCompletion", { prompt: "a", completion: "b" }).messages).toEqual([
      user("a"),
      assistant("b"),
    ])
    const lists = { prompt: [user("a"), assistant("b"), user("c")], completion: [assistant("d")] }
    expect(chat("promptCompletion", lists).messages).toEqual([
      user("a"),
      { ...assistant("b"), supervised: false },
      user("c"),
      assistant("d"),
    ])
    expect(problems("promptCompletion", { prompt: "", completion: 3 })).toEqual([
      'prompt is ""; text or a list of messages is required',
      "completion is 3; text or a list of messages is required",
    ])
  })
})

describe("the form of many rows", () => {
  const rows = {
    messages: { messages: [user("a"), assistant("b")] },
    shareGpt: { conversations: [{ from: "human", value: "a" }] },
    alpaca: { instruction: "a", output: "b" },
    promptCompletion: { prompt: "a", completion: "b" },
    text: { text: "a" },
  }
  const decide = (...all: ReadonlyArray<Fields>) => {
    const detection = Detection.make()
    all.forEach((fields, i) => detection.add(fields, `row ${i + 1}`))
    return detection.decide()
  }

  it("is the one that every row has", () => {
    for (const [form, row] of Object.entries(rows)) expect(formsOf(row)).toEqual([form])
    expect(decide(rows.shareGpt, rows.shareGpt)).toBe("shareGpt")
    // Null is not there; a row of no form is left to the reader.
    expect(decide({ ...rows.alpaca, text: null }, { odd: 1 })).toBe("alpaca")
    expect(formsOf({ conversations: rows.messages.messages })).toEqual(["messages"])
  })

  it("is refused where rows differ, with the rows", () => {
    expect(() => decide(rows.alpaca, rows.messages, rows.alpaca, rows.alpaca, rows.alpaca, {})).toThrow(
      [
        "The rows are of more than one form.",
        "  alpaca:    4 rows: row 1, row 3, row 4 and 1 more",
        "  messages:  1 row: row 2",
        "  no form:   1 row: row 6",
        'Say which is meant (form: "alpaca"), or take the others out.',
      ].join("\n"),
    )
  })

  it("is refused where a row can be read in two ways, and where it is none of a chat", () => {
    expect(() => decide({ ...rows.alpaca, ...rows.text })).toThrow(
      "The rows can be read in more than one form.\n  alpaca and text:  1 row: row 1\n",
    )
    expect(() => decide(rows.text)).toThrow(
      /^The rows are plain texts, not chats\.[^]*Give them to Tokenize\.text/,
    )
    expect(() => decide({ question: "a" })).toThrow(
      /^The rows have no form that is known\.[^]*Known forms: messages/,
    )
    expect(() => decide()).toThrow("There are no rows, so that they have no form.")
  })
})
