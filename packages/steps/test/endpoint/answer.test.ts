import { describe, expect, it } from "vitest"
import { Chat, stored } from "../../src/Chat.ts"
import type { Endpoint } from "../../src/Endpoint.ts"
import * as Answering from "../../src/evaluate/answering.ts"
import { memoryIn } from "../support/memory.ts"
import { reader, ref, runStep } from "../support/runStep.ts"
import { completion, serve } from "../support/server.ts"

const chat = (id: string, user: string) =>
  stored(id, [
    { role: "system", content: "Be brief." },
    { role: "user", content: user },
    { role: "assistant", content: "expected" },
  ])
const chats = [chat("1", "one"), chat("2", "two"), chat("3", "one")]

const use = (endpoint: Endpoint, shots = false) =>
  Answering.use({
    chats: ref(Chat),
    model: ref(Chat) as never,
    maxNewTokens: 7,
    shots: shots ? ref(Chat) : undefined,
    adapter: undefined,
    endpoint,
  })

const ask = (endpoint: Endpoint, more: Parameters<typeof runStep>[2] = {}, inputs: object = {}) =>
  runStep(use(endpoint, "shots" in inputs), { chats: reader(chats), ...inputs }, more)

describe("an endpoint as an arm", () => {
  it("asks each prompt once, without the expected answer, at temperature 0, and joins answers by row", async () => {
    const { asked, url } = await serve(({ body }) => [
      200,
      completion(body.messages.at(-1).content.toUpperCase()),
    ])
    const { outputs, summary } = await ask(
      { url: `${url}/`, model: "served", key: "TEST_KEY", body: { seed: 3 } },
      { env: { TEST_KEY: "secret" } },
    )
    expect(outputs["output"]).toEqual(
      ["ONE", "TWO", "ONE"].map((answer, at) => ({
        id: chats[at]!.id,
        answer,
        stopped: true,
        promptTokens: 11,
        newTokens: 3,
      })),
    )
    expect(summary).toBe("3 answers, 9 new tokens")
    expect(asked).toHaveLength(2)
    expect(asked[0]!.path).toBe("/v1/chat/completions")
    expect(asked[0]!.headers.authorization).toBe("Bearer secret")
    expect(asked.find(({ body }) => body.messages[1].content === "one")!.body).toEqual({
      model: "served",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "one" },
      ],
      temperature: 0,
      max_tokens: 7,
      seed: 3,
    })
  })

  it("asks nothing twice: what was answered stays so when rows are added or the run fails halfway", async () => {
    const kept = new Map<string, string>()
    let broken = true
    const { asked, url } = await serve(({ body }) =>
      broken && body.messages[1].content === "two"
        ? [400, { error: { message: "no" } }]
        : [200, completion("x")],
    )
    const endpoint = { url, model: "m", concurrency: 1 }
    await expect(ask(endpoint, { memory: memoryIn(kept) })).rejects.toThrow("no")
    expect(asked).toHaveLength(2)
    broken = false
    await ask(endpoint, { memory: memoryIn(kept) })
    expect(asked).toHaveLength(3)
    await ask(endpoint, { memory: memoryIn(kept) }, { chats: reader([...chats, chat("4", "four")]) })
    expect(asked.slice(3).map(({ body }) => body.messages[1].content)).toEqual(["four"])
  })

  it("puts shots before the question", async () => {
    const { asked, url } = await serve(() => [200, completion("x")])
    await ask({ url, model: "m" }, {}, { shots: reader([chat("s", "shot")]), chats: reader([chats[0]!]) })
    expect(asked[0]!.body.messages.map(({ content }: { content: string }) => content)).toEqual([
      "Be brief.",
      "shot",
      "expected",
      "one",
    ])
  })

  it("tries again when it is told to wait or the server stumbles, and says when an answer was cut", async () => {
    const replies = [
      [429, { error: { message: "slow down" } }, { "retry-after": "0" }],
      [503, "busy"],
      [200, completion("x", { choices: [{ message: { content: "x" }, finish_reason: "length" }] })],
    ] as const
    const { asked, url } = await serve((_, number) => replies[number - 1]!)
    const { outputs } = await ask({ url, model: "m", backoffMs: 1 }, {}, { chats: reader([chats[0]!]) })
    expect(asked).toHaveLength(3)
    expect(outputs["output"][0].stopped).toBe(false)
  })

  it("gives up with the status, what was said and a hint, and never shows the key", async () => {
    const down = await serve(() => [500, { error: { message: "out of memory" } }])
    const failing = ask({ url: down.url, model: "m", backoffMs: 1, retries: 2, concurrency: 1 })
    await expect(failing).rejects.toThrow(
      `The endpoint did not answer.
  URL:     ${down.url}/chat/completions
  Model:   m
  Status:  500
  Said:    out of memory
  Tried:   3 times
Check that the server runs there and serves that model; answers given so far are kept.`,
    )
    expect(down.asked).toHaveLength(3)
    const locked = await serve(() => [401, { error: { message: "who are you" } }])
    const refused = ask({ url: locked.url, model: "m", key: "TEST_KEY" }, { env: { TEST_KEY: "secret" } })
    await expect(refused).rejects.toThrow("Check the key in the environment variable TEST_KEY.")
    await refused.catch((error: Error) =>
      expect(JSON.stringify(error) + error.message).not.toContain("secret"),
    )
    const nobody = ask({ url: "http://127.0.0.1:1/v1", model: "m", retries: 0 })
    await expect(nobody).rejects.toThrow(/Status: {2}no reply[\s\S]*Tried: {3}once/)
  })

  it("refuses a reply of another form, and warns where tokens are not counted", async () => {
    const odd = await serve(() => [200, { hello: 1 }])
    await expect(ask({ url: odd.url, model: "m" })).rejects.toThrow('a reply of another form: {"hello":1}')
    const { url } = await serve(() => [200, completion("x", { usage: undefined })])
    const { warnings } = await ask({ url, model: "m" })
    expect(warnings).toEqual(["m did not report the tokens of 2 answers: they count as 0"])
  })

  it("declares its key's variable and that it uses the network, and takes no password in the url", () => {
    const { facts } = use({ url: "http://localhost/v1", model: "m", key: "TEST_KEY" })
    expect(facts.env).toEqual(["TEST_KEY"])
    expect(facts.unchecked).toBe("asks an endpoint over the network")
    expect(facts.remembers?.apartFrom.env).toEqual(["TEST_KEY"])
    expect(() => use({ url: "http://user:pass@host/v1", model: "m" })).toThrow("holds a password")
    expect(() => use({ url: "localhost", model: "m" })).toThrow("begins with http:// or https://")
  })

  it("takes a text in parts, and warns of answers without any text", async () => {
    const parts = [
      { type: "text", text: "in " },
      { type: "text", text: "parts" },
    ]
    const { url } = await serve(({ body }) => {
      const content = body.messages[1].content === "one" ? parts : null
      return [200, { ...completion(""), choices: [{ message: { content }, finish_reason: "length" }] }]
    })
    const { outputs, warnings } = await ask({ url, model: "m" })
    expect(outputs["output"].map(({ answer }: { answer: string }) => answer)).toEqual([
      "in parts",
      "",
      "in parts",
    ])
    expect(warnings).toEqual([expect.stringMatching(/^m gave 1 answer without any text: /)])
  })

  it.each([
    [
      400,
      { error: { message: "Use max_completion_tokens" } },
      "Use max_completion_tokens",
      "by the endpoint's `body`",
    ],
    [404, { error: "model m not found" }, "model m not found", "Check the model's name"],
    [429, { error: { message: "slow down" } }, "slow down", "Lower `concurrency`"],
    [200, "", "a reply of another form: nothing", "most often in /v1"],
    [401, { error: { message: "no key" } }, "no key", "TEST_KEY, which `key` names, is not set"],
  ])("says what helps against %i", async (status, reply, said, help) => {
    const { url } = await serve(() => [status, reply])
    const failing = ask({ url, model: "m", key: "TEST_KEY", retries: 0 })
    await expect(failing).rejects.toThrow(`  Said:    ${said}\n`)
    await expect(failing).rejects.toThrow(help)
  })

  it("takes the name of a key's variable, never a key, and does not show what it was given", () => {
    const given = () => use({ url: "http://localhost/v1", model: "m", key: "sk-proj-0123456789" })
    expect(given).toThrow("is to be the name of an environment variable")
    expect(given).not.toThrow("0123456789")
  })
})
