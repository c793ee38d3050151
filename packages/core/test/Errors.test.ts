import { describe, expect, it } from "vitest"
import * as Errors from "../src/Errors.ts"

describe("Errors", () => {
  it("aligns the values of facts, and continues a long value under itself", () => {
    expect(Errors.structured("Headline.", { Path: "a -> b", Reason: "one\ntwo" }, "Do this.")).toBe(
      ["Headline.", "  Path:    a -> b", "  Reason:  one", "           two", "Do this."].join("\n"),
    )
    expect(Errors.structured("Headline.")).toBe("Headline.")
  })

  it("keeps facts given as pairs in their order, also under equal labels", () => {
    const facts = [
      ["File", "a.json"],
      ["File", "b.json"],
    ] as const
    expect(Errors.structured("Two.", facts)).toBe("Two.\n  File:  a.json\n  File:  b.json")
  })

  it("names every bad value of a row", () => {
    const error = new Errors.RowInvalid({
      table: "Review",
      row: 1001,
      problems: [
        { column: "text", value: "null", rule: "a string of well-formed Unicode" },
        { column: "class", value: "'x'", rule: "a whole number from -2147483648 to 2147483647" },
      ],
    })
    expect(error.message).toBe(
      [
        "Row 1001 does not fit table Review.",
        "  text:   null is not a string of well-formed Unicode",
        "  class:  'x' is not a whole number from -2147483648 to 2147483647",
        "Correct the value where the row is made, or declare the column with a type that admits it.",
      ].join("\n"),
    )
  })

  it("names unknown params with the known ones and the nearest", () => {
    const error = new Errors.UnknownParam({
      pipeline: "reviews",
      names: ["learningrate"],
      known: ["learningRate", "trainRows"],
      near: { learningrate: "learningRate" },
    })
    expect(error.message).toBe(
      [
        'Pipeline "reviews" has no param "learningrate".',
        "  Params:  learningRate, trainRows",
        "Did you mean learningRate?",
      ].join("\n"),
    )
  })

  it("lists every place of refused code with its fix", () => {
    const error = new Errors.CodeRefused({
      step: "clean",
      places: [
        { place: "lib/a.ts:3:5", what: "a computed import", fix: "Import it by a literal path." },
        { place: "lib/b.ts:9:1", what: "a reassigned binding", fix: "" },
      ],
    })
    expect(error.message).toBe(
      [
        'The code of step "clean" cannot be identified.',
        "  lib/a.ts:3:5:  a computed import",
        "                 Import it by a literal path.",
        "  lib/b.ts:9:1:  a reassigned binding",
        "Change the code there, or declare a version on the step and change it whenever the result may change.",
      ].join("\n"),
    )
  })

  it("names the flags that give the locked params", () => {
    const error = new Errors.LockDiffers({
      pipeline: "reviews",
      file: "sluice.lock",
      differences: [
        { what: "param trainRows", locked: "32", now: "3000" },
        { what: "param mark", locked: "it's", now: "!" },
        { what: "param added", locked: undefined, now: "1" },
      ],
    })
    expect(error.message.split("\n").at(-1)).toBe(
      "Nothing was executed. --set trainRows=32 --set 'mark=it'\\''s' gives the locked params. `sluice lock` accepts what is here now.",
    )
  })

  it("is an Error with a tag, whose message is there for whoever only prints it", () => {
    const error = new Errors.NoSuchRun({ id: "x", known: [] })
    expect(error).toBeInstanceOf(Error)
    expect(error).toHaveProperty("_tag", "NoSuchRun")
    expect(String(error)).toBe(
      'NoSuchRun: There is no run "x".\n  Runs:  (none)\n`sluice runs` lists every run that is kept.',
    )
  })
})
