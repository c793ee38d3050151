import { describe, expect, it } from "vitest"
import type { CheckName } from "../../src/dataDoctor/Finding.ts"
import { asking, findingsOf, found, withChats } from "./subject.ts"

const of = (text: string, check: CheckName) => found(findingsOf({ chats: withChats(asking(text)) }), check)
const warned = { severity: "warn", rows: ["planted"] }

describe("text read in the wrong encoding", () => {
  it.each(["das gr├╝ne Haus ├ñndern", "das gr√ºne Haus", "don‚Äôt do it", "ï»¿The first line"])(
    "is found: %s",
    (text) => {
      expect(of(text, "mojibake")).toMatchObject(warned)
    },
  )

  it.each(["├── src\n└── test", "│ a ├ b │", "√2 and 3√5", "√x is real", "„Änderung“", "ΓA and Γ-Funktion"])(
    "is not: %s",
    (text) => {
      expect(of(text, "mojibake")).toBeUndefined()
    },
  )

  it("is found by question marks within its words", () => {
    expect(of("Das gr?ne Haus f?r alle", "replacementCharacters")).toMatchObject(warned)
    for (const text of ["Is it green?or blue", "a?b:c and x?y:z", "see /a?b=c and /d?e=f", "What?Why?"])
      expect(of(text, "replacementCharacters")).toBeUndefined()
  })

  it("is found by signs that one font alone has", () => {
    expect(of("\uf0b7 first point", "controlCharacters")).toMatchObject(warned)
  })
})

describe("text that is still escaped", () => {
  it.each([
    "das gr\\u00fcne Haus",
    "das gr\\xfcne Haus",
    "das gr=C3=BCne Haus",
    "I%20was%20charged%20twice",
    "I don\\u2019t know",
  ])("is warned of: %s", (text) => {
    expect(of(text, "escapes")).toMatchObject(warned)
  })

  it.each([
    "see https://host/a%20b%20c for it",
    'use `"\\u00fc"` in code',
    '{"name": "gr\\u00fcn"}',
    "a 20%20 share",
    "x=C3 and y=E2",
    "read it from b'\\xff\\x00' or \"\\xfe\\xe0\"",
    "set DynamicUser=\noption of the unit",
    "from \\u0080 to \\u00ff",
  ])("is not: %s", (text) => {
    expect(of(text, "escapes")).toBeUndefined()
  })
})

describe("letters written in a second way", () => {
  it("are warned of: accents apart, where others are not", () => {
    const apart = asking("das gru\u0308ne Haus")
    const together = { ...asking("das grüne Tor", "together") }
    expect(found(findingsOf({ chats: withChats(apart, together) }), "characterForms")).toMatchObject(warned)
    expect(found(findingsOf({ chats: withChats(apart) }), "characterForms")).toBeUndefined()
  })

  it("are warned of: other widths", () => {
    expect(of("Ｍｙ ｋｅｔｔｌｅ leaks", "characterForms")).toMatchObject(warned)
    expect(of("ｺｰﾋｰ ﾒｰｶｰ", "characterForms")).toMatchObject(warned)
    expect(of("私のＣＤプレーヤー", "characterForms")).toBeUndefined()
  })
})
