import { describe, expect, it } from "vitest"
import { CodeReading, type CodeTag } from "../src/index.ts"
import { tagged } from "./support/tagged.ts"

const value = (name: string, read: () => unknown): CodeTag.CodeValue => ({
  name,
  file: "lib/a.ts",
  line: 1,
  read,
})
const digestOf = (fn: Function): string => CodeReading.reader().read(fn).digest

describe("a reading", () => {
  it("is the identity's own digest where nothing is captured", () => {
    expect(digestOf(tagged("plain", () => 1))).toBe("code of plain")
  })

  it("changes with a captured value and with the code of a captured function", () => {
    const of = (limit: unknown) => digestOf(tagged("f", () => 1, { values: [value("limit", () => limit)] }))
    const helper = (source: string) => tagged(source, () => 2)
    expect(of(1)).toBe(of(1))
    expect(
      new Set([of(1), of(2), of("1"), of(new Map([["a", 1]])), of(helper("a")), of(helper("b"))]).size,
    ).toBe(6)
  })

  it("does not tell what a captured value is called, or where it stands", () => {
    const of = (name: string) => digestOf(tagged("f", () => 1, { values: [value(name, () => 3)] }))
    expect(of("least")).toBe(of("minimum"))
  })

  it("shows a long value by its digest, and says whether functions are in it", () => {
    const textOf = (held: unknown) =>
      CodeReading.reader().read(tagged("f", () => 1, { values: [value("held", () => held)] })).values[0]!.text
    const long = "x".repeat(120)
    expect(textOf(1)).toBe("1")
    expect(textOf(long)).toMatch(/^[0-9a-f]{64}$/)
    expect(textOf([long, tagged("helper", () => 2)])).toMatch(/^Function\([0-9a-f]{64}\)$/)
  })

  it("collects what captured functions bring", () => {
    const helper = tagged("helper", () => 2, {
      packages: [{ name: "lodash", version: "4.17.21", integrity: "sha512-x" }],
      env: ["HOME"],
    })
    const reading = CodeReading.reader().read(
      tagged("f", () => 1, { env: ["PATH"], values: [value("helper", () => helper)] }),
    )
    expect(reading.packages.map((one) => one.name)).toEqual(["lodash"])
    expect(reading.env).toEqual(["PATH", "HOME"])
  })

  it("of functions that refer to one another is the same whichever is read first", () => {
    const pair = () => {
      const functions: { a?: () => void; b?: () => void } = {}
      functions.a = tagged("a", () => {}, { values: [value("b", () => functions.b)] })
      functions.b = tagged("b", () => {}, { values: [value("a", () => functions.a)] })
      return functions as { a: () => void; b: () => void }
    }
    const one = pair()
    const forward = CodeReading.reader()
    const digests = [forward.read(one.a).digest, forward.read(one.b).digest]
    const backward = CodeReading.reader()
    const other = [backward.read(one.b).digest, backward.read(one.a).digest].toReversed()
    expect(digests).toEqual(other)
    expect(digests[0]).not.toBe(digests[1])
  })

  it("refuses a value without canonical form by its place, and names functions without a tag", () => {
    const socket = tagged("f", () => 1, { values: [value("pending", () => Promise.resolve(1))] })
    expect(CodeReading.reader().read(socket).refusals).toEqual([
      {
        file: "lib/a.ts",
        line: 1,
        column: 1,
        what: "the value of pending has no canonical form: a promise",
        fix: "Pass it as config, or compute it inside the function.",
      },
    ])
    const helper = function helper() {}
    const untagged = tagged("g", () => 1, { values: [value("helper", () => helper)] })
    expect(CodeReading.reader().read(untagged).untagged).toEqual(["`helper` at lib/a.ts:1"])
  })
})
