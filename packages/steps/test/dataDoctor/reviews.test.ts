/** Real rows: npm `sentiment`'s 3,000 review sentences as chats, as they are and with faults planted in a copy. */
import { describe, expect, it } from "vitest"
import { examine } from "../../src/dataDoctor/examine.ts"
import type { ChatRow, TokenRow } from "../../src/dataDoctor/Subject.ts"
import { heldOutReviews as heldOut, instruction, trainingReviews as training } from "./reviews.ts"
import { chat, model, namesOf, tokensOf } from "./subject.ts"

const examined = (rows: ReadonlyArray<ChatRow>, tokens: ReadonlyArray<TokenRow> = tokensOf(rows)) =>
  examine({
    chats: rows,
    tokens,
    heldOut,
    model,
    maxTokens: 512,
    minimumRows: 20,
    trainableParameters: 4_884_480,
  })

describe("the reviews", () => {
  it("are not refused, and the warnings and the notes are true", () => {
    const { findings, size } = examined(training)
    expect(findings.map(({ check, count, severity }) => `${severity} ${check} ${count}`)).toEqual([
      // Windows-1252 dashes and ellipses that were read as Latin-1.
      "warn controlCharacters 6",
      // `it feels &amp; looks as if`
      "warn markup 1",
      // `Works great!.` and `Works great.`
      "note nearDuplicates 17",
      "note splitNearDuplicates 7",
    ])
    expect(size).toMatchObject({ rows: 2684, exactDuplicates: 0, nearDuplicates: 17, effectiveRows: 2667 })
  })

  it("as samples of 300 are not refused, with few warnings", () => {
    for (let start = 0; start + 300 <= training.length; start += 300) {
      const warned = examined(training.slice(start, start + 300)).findings.filter(
        ({ severity }) => severity !== "note",
      )
      expect(namesOf(warned).filter((name) => name !== "controlCharacters" && name !== "markup")).toEqual([])
    }
  })

  it("in a faulty copy show every fault that was planted, and no other", () => {
    const planted = training.slice(0, 400).map((row, at): ChatRow => {
      const [system, user, answer] = row.messages
      const text = user!.content
      const be = (content: string, said = answer!.content) => chat(row.id, content, said, instruction)
      switch (at) {
        case 3:
          return { ...row, messages: [system!, { role: "human", content: text }, answer!] }
        case 17:
          return be(text, " ")
        case 40:
          return be(heldOut[7]!.messages[1]!.content)
        case 41:
          return be(`${heldOut[8]!.messages[1]!.content.slice(0, -1)}!`)
        case 60:
          return be(training[61]!.messages[1]!.content, '{"sentiment": "mixed"}')
        case 90:
          return be(`${text} ${answer!.content}`)
        case 120:
          return be("Das Essen war sehr gut und der Service ist nicht zu teuer")
        case 150:
          return be(`${text} The cafÃ© next door is better.`)
        case 180:
          return be(`${text} Write to jane.doe@gmail.com`)
        case 210:
          return be(`${text} password = h7Kq2zPw9x`)
        case 240:
          return be(`${text} \ufffd`)
        default:
          return row
      }
    })
    const tokens = tokensOf(planted).map((row, at): TokenRow => {
      const [ids, labels] = [Array.from(row.ids), Array.from(row.labels)]
      switch (at) {
        case 5:
          return { ...row, ids: [1, 1, ...ids.slice(2)] }
        case 6:
          return { ...row, labels: labels.map(() => -100) }
        case 7:
          return { ...row, ids: ids.with(1, 1000) }
        case 8:
          return { ...row, labels: [...labels.slice(0, -1), -100] }
        case 9: {
          const prompt = Array.from({ length: 600 }, () => 10)
          return {
            ...row,
            ids: [1, ...prompt, ...ids.slice(1)],
            labels: [...prompt.map(() => -100), ...labels],
          }
        }
        default:
          return row
      }
    })
    const names = new Set(namesOf(examined(planted, tokens).findings))
    for (const name of [
      "roles",
      "emptyAnswers",
      "splitDuplicates",
      "splitNearDuplicates",
      "contradictions",
      "leakedAnswers",
      "mixedLanguages",
      "mojibake",
      "emailAddresses",
      "secrets",
      "replacementCharacters",
      "doubledBos",
      "allMasked",
      "outsideVocabulary",
      "missingEndOfTurn",
      "longPrompts",
      // No held-out row has the answer of the row that contradicts another.
      "heldOutLabels",
      // It is none of the choices that the prompts list.
      "labelVariants",
    ] as const)
      expect([...names]).toContain(name)
    const known = new Set(["nearDuplicates", "controlCharacters", "labelImbalance", "markup"])
    expect([...names].filter((name) => !known.has(name))).toHaveLength(18)
  })

  it("four times over, with a word changed, are examined within the time that 10,000 rows may take", () => {
    const many = Array.from({ length: 10_000 }, (_, at): ChatRow => {
      const row = training[at % training.length]!
      const round = Math.floor(at / training.length)
      const text = row.messages[1]!.content.split(" ").toSpliced(
        round,
        0,
        ["", "indeed", "surely", "well"][round]!,
      )
      return chat(`${row.id} ${round}`, text.join(" "), row.messages[2]!.content, instruction)
    })
    const before = process.cpuUsage()
    const { size } = examined(many)
    const { system, user } = process.cpuUsage(before)
    expect(size.rows).toBe(10_000)
    expect(size.effectiveRows).toBeLessThan(6000)
    expect((system + user) / 1e6).toBeLessThan(10)
  })
})
