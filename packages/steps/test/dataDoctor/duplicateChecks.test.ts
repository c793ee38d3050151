import { describe, expect, it } from "vitest"
import { sameQuestion } from "../../src/dataDoctor/duplicateChecks.ts"
import { allowing } from "../../src/dataDoctor/examine.ts"
import { asking, chat, cleanChats, findingsOf, found, namesOf, withChats } from "./subject.ts"

const text = "The tall lighthouse keeper sold me a wonderful brass telescope near the old northern pier."
const instruction = "Say good or bad."
const pair = (first: string, second: string, answers: readonly [string, string] = ["good", "good"]) =>
  withChats(chat("one", first, answers[0], instruction), chat("two", second, answers[1], instruction))

describe("rows that are there twice", () => {
  it("are named with the row that they repeat", () => {
    const finding = found(findingsOf({ chats: pair(text, text) }), "duplicates")
    expect(finding).toMatchObject({
      severity: "note",
      count: 1,
      rows: ["two"],
      excerpt: `as row one: ${text}`,
    })
    const many = [...cleanChats(250), ...cleanChats(250).slice(0, 5)]
    expect(found(findingsOf({ chats: many }), "duplicates")).toMatchObject({ severity: "warn", count: 5 })
  })

  it.each([
    ["other letter case", text.toUpperCase()],
    ["other punctuation", text.replace(".", "!!!")],
    ["other spaces", text.replaceAll(" ", "  ")],
    ["a slip of the pen", text.replace("wonderful", "wonderfull")],
    ["a word more", text.replace("brass", "shiny brass")],
    ["a word less", text.replace("tall ", "")],
    ["full-width letters", text.replace("tall", "ｔａｌｌ")],
  ])("but for %s are near-duplicates", (_, other) => {
    // Full-width letters are told by themselves as well.
    const findings = findingsOf({ chats: pair(text, other) }).filter(
      ({ check }) => check !== "characterForms",
    )
    expect(findings).toMatchObject([{ check: "nearDuplicates", severity: "note", count: 1, rows: ["two"] }])
  })

  it.each([
    [
      "a number",
      "Box 17 of the long shipment to the museum was lost",
      "Box 18 of the long shipment to the museum was lost",
    ],
    ["a negation", `${text} I liked it and would buy it`, `${text} I did not like it and would buy it`],
    [
      "half of their words",
      text,
      "The tall lighthouse keeper sold me a boat that sank within one hour of leaving.",
    ],
    ["all but their beginning", "Great phone", "Great charger"],
  ])("but for %s are none", (_, first, second) => {
    expect(findingsOf({ chats: pair(first, second) })).toEqual([])
  })

  it("only by a template that all rows share are none", () => {
    const chats = cleanChats(250).map(({ id }, at) => {
      const name = `q${String.fromCharCode(97 + (at % 26))}x${String.fromCharCode(97 + Math.floor(at / 26))}v`
      const user = `Please read the following customer record with care and say whether it is good or bad: ${name}`
      return chat(id, user, at % 2 === 0 ? "good" : "bad", instruction)
    })
    expect(findingsOf({ chats })).toEqual([])
  })
})

describe("held-out rows", () => {
  const heldOut = (user: string) => [asking(user, "held"), ...cleanChats(20, "other")]

  it("whose prompt was trained on are refused, whatever its answer", () => {
    const chats = withChats(chat("one", text, "bad", instruction))
    expect(findingsOf({ chats, heldOut: heldOut(text) })).toMatchObject([
      { check: "splitDuplicates", severity: "refuse", count: 1, rows: ["held"] },
    ])
  })

  it.each([text.toLowerCase(), text.replace("wonderful", "lovely"), `${text} Really.`])(
    "that are nearly a training row are warned of: %s",
    (user) => {
      expect(
        findingsOf({ chats: withChats(asking(text)), heldOut: heldOut(user).slice(0, 10) }),
      ).toMatchObject([{ check: "splitNearDuplicates", severity: "warn", count: 1, rows: ["held"] }])
    },
  )

  it("that fill the place of a common wording with something else are let be", () => {
    const tools = "watch grep chmod tail mount nice umask xargs".split(" ")
    const asked = (tool: string) => `Wozu dient eigentlich der Befehl ${tool}?`
    const chats = withChats(...tools.slice(0, 6).map((tool) => chat(tool, asked(tool), "good")))
    const others = tools.slice(6).map((tool) => chat(tool, asked(tool), "bad"))
    const clean = cleanChats(20, "other")
    expect(findingsOf({ chats, heldOut: [...others, ...clean] })).toEqual([])
    expect(findingsOf({ chats: withChats(chats[0]!), heldOut: [others[0]!, ...clean] })).toMatchObject([
      { check: "splitNearDuplicates", rows: ["umask"] },
    ])
  })

  it("that share an instruction alone are let be", () => {
    expect(findingsOf({ heldOut: cleanChats(50, "other") })).toEqual([])
  })
})

describe("answers that contradict each other", () => {
  it.each([
    ["the same", text],
    ["with other letters and marks", `${text.toUpperCase()}!`],
    ["with a filler", text.replace("wonderful", "really wonderful")],
    ["with a slip", text.replace("telescope", "telesocpe")],
  ])("are found where the prompt is %s", (_, other) => {
    expect(found(findingsOf({ chats: pair(text, other, ["good", "bad"]) }), "contradictions")).toMatchObject({
      severity: "warn",
      count: 1,
      rows: ["two"],
    })
  })

  it("are refused where a tenth of the rows have them", () => {
    const chats = cleanChats(250)
    const turned = chats
      .slice(0, 30)
      .map(({ id, messages }, at) =>
        chat(`${id}-again`, messages[1]!.content, at % 2 === 0 ? "bad" : "good", instruction),
      )
    expect(found(findingsOf({ chats: [...chats, ...turned] }), "contradictions")).toMatchObject({
      severity: "refuse",
      count: 30,
    })
  })

  it("are a note in free text, which may be said in two ways", () => {
    const long = (thing: string) =>
      `It tells of ${thing}, of a long evening by the sea, and of what came after it all.`
    const chats = pair(text, text, [long("a keeper"), long("some brass")])
    expect(found(findingsOf({ chats }), "contradictions")).toMatchObject({ severity: "note", count: 1 })
  })

  it.each([
    ["Is seven times 8 more than 50?", "Is seven times 9 more than 50?"],
    ["The waiter at the corner was happy", "The waiter at the corner was unhappy"],
    ["I would recommend this place", "I would not recommend this place"],
    ["The film was good from start to end", "The film was bad from start to end"],
    ["We met in March at the station", "We met in Marsh at the station"],
  ])("are none where the prompts mean different things: %s | %s", (first, second) => {
    expect(first === second).toBe(false)
    if (!first.includes("March")) expect(sameQuestion(first, second)).toBe(false)
    expect(
      found(findingsOf({ chats: pair(first, second, ["good", "good"]) }), "contradictions"),
    ).toBeUndefined()
  })
})

describe("the data's size", () => {
  it("is refused under 20 rows and warned of under 200, each with its reason", () => {
    const of = (rows: number, minimumRows = 20) => findingsOf({ chats: cleanChats(rows), minimumRows })
    expect(of(19)).toMatchObject([{ check: "fewRows", severity: "refuse", count: 19 }])
    expect(of(19)[0]!.problem).toContain("learns them by heart")
    expect(of(20)).toMatchObject([{ check: "fewRows", severity: "warn", count: 20 }])
    expect(of(20)[0]!.problem).toContain("wide intervals")
    expect(of(199)).toMatchObject([{ severity: "warn" }])
    expect(of(200)).toEqual([])
    expect(of(19, 10)).toMatchObject([{ check: "fewRows", severity: "warn" }])
  })

  it("counts copies once", () => {
    const few = cleanChats(15)
    const chats = Array.from({ length: 300 }, (_, at) => ({ ...few[at % 15]!, id: `copy-${at}` }))
    const findings = findingsOf({ chats })
    expect(namesOf(findings)).toContain("duplicates")
    expect(found(findings, "fewRows")).toMatchObject({ severity: "refuse", count: 15 })
  })

  it("that is allowed is a step milder", () => {
    const findings = findingsOf({ chats: cleanChats(19) })
    expect(allowing(findings, ["fewRows"])).toMatchObject([{ check: "fewRows", severity: "warn" }])
    expect(allowing(findings, ["secrets"])).toMatchObject([{ check: "fewRows", severity: "refuse" }])
  })
})
