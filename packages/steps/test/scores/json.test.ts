import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import * as Fields from "../../src/scores/Fields.ts"
import * as JsonAnswer from "../../src/scores/JsonAnswer.ts"
import * as JsonSchema from "../../src/scores/JsonSchema.ts"

const sentiment = { sentiment: "positive" }
const fits = JsonSchema.ofEffect(Schema.Struct({ sentiment: Schema.Literals(["positive", "negative"]) }))
const score = (text: string, stopped = true) => JsonAnswer.score({ text, stopped }, sentiment, fits)

describe("an answer in JSON", () => {
  it("that is the expected value is exact, white space and order of fields aside", () => {
    expect(score(' {"sentiment":\n"positive"} ')).toEqual({
      parses: true,
      schemaValid: true,
      exact: true,
      fields: { sentiment: "right" },
      leakage: "none",
      exactUnwrapped: true,
      cut: false,
    })
  })

  it("with another value fits the schema and is wrong", () => {
    expect(score('{"sentiment": "negative"}')).toMatchObject({
      schemaValid: true,
      exact: false,
      fields: { sentiment: "wrong" },
    })
  })

  it("with a value outside the schema parses and does not fit", () => {
    expect(score('{"sentiment": "mixed"}')).toMatchObject({ parses: true, schemaValid: false, exact: false })
  })

  it("in a fence or in prose is invalid, and says what stands around the value", () => {
    const fenced = '```json\n{"sentiment": "positive"}\n```'
    expect(score(fenced)).toMatchObject({
      parses: false,
      exact: false,
      fields: { sentiment: "missing" },
      leakage: "fence",
      exactUnwrapped: true,
    })
    expect(score(`Sure!\n${fenced}\nDone.`)).toMatchObject({
      leakage: "fence and prose",
      exactUnwrapped: true,
    })
    expect(score('The answer is {"sentiment": "positive"}.')).toMatchObject({
      leakage: "prose",
      exactUnwrapped: true,
    })
    expect(score('As {asked}: {"sentiment": "positive"}')).toMatchObject({
      leakage: "prose",
      exactUnwrapped: true,
    })
  })

  it("without any value leaks nothing that could be unwrapped", () => {
    expect(score("positive")).toMatchObject({ parses: false, leakage: null, exactUnwrapped: false })
    expect(score("")).toMatchObject({ parses: false, leakage: null })
  })

  it("that the limit cut does not parse and is counted as cut", () => {
    expect(score('{"sentiment": "posi', false)).toMatchObject({ parses: false, leakage: null, cut: true })
  })

  it("that holds brackets in strings is unwrapped whole", () => {
    const anything = JsonAnswer.score({ text: 'x {"a": "}\\"{"} y', stopped: true }, { a: '}"{' }, () => true)
    expect(anything).toMatchObject({ leakage: "prose", exactUnwrapped: true })
  })
})

describe("fields", () => {
  it("are the leaves of a value: right, wrong, missing or extra", () => {
    const expected = { name: "Ann", address: { city: "Bern", zip: 3000 }, tags: ["a", "b"] }
    const answer = { name: "Ann", address: { city: "Basel" }, tags: ["a", "b"], age: 4 }
    expect(Fields.compare(answer, expected)).toEqual({
      name: "right",
      "address.city": "wrong",
      "address.zip": "missing",
      tags: "right",
      age: "extra",
    })
  })

  it("of a dotted name are not those of a nested one", () => {
    expect(Fields.compare({ a: { b: 1 } }, { "a.b": 1 })).toEqual({ "a\\.b": "missing", "a.b": "extra" })
  })

  it("of a value that is no object are one leaf", () => {
    expect(Fields.compare(3, 3)).toEqual({ "": "right" })
    expect(Fields.compare(undefined, 3)).toEqual({ "": "missing" })
  })

  it("have precision over those given and recall over those wanted", () => {
    const rows = [
      { city: "right" },
      { city: "wrong" },
      { city: "missing" },
      { city: "right" },
      { city: "extra" },
    ] as const
    const [city] = Fields.summarize(rows)
    expect(city).toMatchObject({
      field: "city",
      right: 2,
      wanted: 4,
      given: 4,
      precision: 0.5,
      recall: 0.5,
      f1: 0.5,
    })
  })
})

describe("JSON Schema", () => {
  const drafts = [
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
  ]
  for (const $schema of drafts) {
    it(`of ${$schema} tells values that fit`, async () => {
      const fits = await JsonSchema.compile({
        $schema,
        type: "object",
        required: ["age", "mail"],
        properties: { age: { type: "integer", minimum: 0 }, mail: { type: "string", format: "email" } },
        additionalProperties: false,
      })
      expect(fits({ age: 3, mail: "a@example.org" })).toBe(true)
      expect(fits({ age: -1, mail: "a@example.org" })).toBe(false)
      expect(fits({ age: 3, mail: "nobody" })).toBe(false)
      expect(fits({ age: 3 })).toBe(false)
      expect(fits({ age: 3, mail: "a@example.org", more: 1 })).toBe(false)
    })
  }

  it("keeps each draft's own meaning: an exclusive minimum", async () => {
    const four = await JsonSchema.compile({ $schema: drafts[0], minimum: 1, exclusiveMinimum: true })
    const seven = await JsonSchema.compile({ $schema: drafts[2], exclusiveMinimum: 1 })
    expect([four(1), four(2), seven(1), seven(2)]).toEqual([false, true, false, true])
  })

  it("without a draft is of 2020-12, with references inside itself", async () => {
    const fits = await JsonSchema.compile({
      $defs: { word: { type: "string" } },
      prefixItems: [{ $ref: "#/$defs/word" }, { type: "number" }],
      items: false,
    })
    expect([fits(["a", 1]), fits([1, 1]), fits(["a", 1, 2])]).toEqual([true, false, false])
    expect((await JsonSchema.compile(false))("anything")).toBe(false)
  })

  it("that is none is refused with every fault", async () => {
    await expect(JsonSchema.compile({ type: "strng", minimum: "1" })).rejects.toThrow(
      /^The schema of the answers is not a valid JSON Schema\.\n[\s\S]*\/type[\s\S]*\/minimum/,
    )
    await expect(JsonSchema.compile({ $schema: "http://example.org/mine" })).rejects.toThrow(
      "$schema: http://example.org/mine is not a draft from 4 to 2020-12",
    )
    await expect(JsonSchema.compile({ $ref: "https://example.org/other.json" })).rejects.toThrow("other.json")
    await expect(JsonSchema.compile("string")).rejects.toThrow("a schema is an object, true or false")
  })
})
