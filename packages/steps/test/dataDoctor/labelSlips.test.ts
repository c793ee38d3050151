import { describe, expect, it } from "vitest"
import { chat, cleanChats, findingsOf, found } from "./subject.ts"

const queues = ["billing", "delivery", "cancellation"]

/** Tickets with three queues, the first rows with these answers instead. */
const answered = (answers: ReadonlyArray<string>, system = "Route the ticket.") =>
  cleanChats(240).map(({ id, messages }, at) =>
    chat(id, messages[1]!.content, answers[at] ?? queues[at % 3]!, system),
  )
const variants = (answers: ReadonlyArray<string>, system?: string) =>
  found(findingsOf({ chats: answered(answers, system) }), "labelVariants")

describe("answers that are nearly a label", () => {
  it.each([
    "biling",
    "delivrey",
    "cancelation",
    "cancelatoin",
    "bil ling",
    "1. billing",
    "billing, delivery",
    "Label: billing",
    "This ticket belongs to the billing queue.",
    "The customer writes about an invoice that was charged twice, which is a matter of billing.",
  ])("are warned of: %s", (answer) => {
    expect(variants([answer])).toMatchObject({
      severity: "warn",
      count: 1,
      rows: ["clean-0"],
      problem: expect.stringContaining("nearly a label") as string,
    })
  })

  it.each(["feedback", "nonbilling", "other", "billing abroad"])("are not other labels: %s", (answer) => {
    expect(variants([answer])).toBeUndefined()
  })

  it("are told once, and not as rare labels or ones to be held out", () => {
    const heldOut = cleanChats(30, "held").map(({ id, messages }, at) =>
      chat(id, messages[1]!.content, queues[at % 3]!, "Route the ticket."),
    )
    const findings = findingsOf({ chats: answered(["biling", "delivrey"]), heldOut })
    expect(findings.map(({ check }) => check)).toEqual(["labelVariants"])
  })

  it("are labels of their own in five rows", () => {
    expect(variants(Array.from({ length: 5 }, () => "billings"))).toBeUndefined()
  })

  it("do not hide that the others are labels", () => {
    const essay = "A long answer in many words that is no label at all, as some rows of the web may well be."
    const chats = answered([essay, ...Array.from({ length: 9 }, (_, at) => `other ${at}`)]).map((row, at) =>
      at === 30 ? chat(row.id, `${row.messages[1]!.content}\n(billing)`, "billing") : row,
    )
    expect(found(findingsOf({ chats }), "leakedAnswers")).toMatchObject({ count: 1, rows: ["clean-30"] })
  })
})

describe("answers that their prompts do not list", () => {
  const system = `Answer with one of ${queues.join(", ")}.`

  it("are warned of, however many", () => {
    const six = Array.from({ length: 6 }, () => "fraud")
    for (const answers of [["Rechnung"], ["0", "shipping"], six])
      expect(variants(answers, system)).toMatchObject({
        severity: "warn",
        count: answers.length,
        excerpt: expect.stringMatching(/, of (?:billing|cancellation|delivery),/) as string,
        problem: expect.stringContaining("none of the choices") as string,
      })
  })

  it("are none where prompts list no choices, or other ones row by row", () => {
    expect(variants(["Rechnung"])).toBeUndefined()
    const chats = cleanChats(240).map(({ id, messages }, at) => {
      const answer = at === 0 ? "gold" : queues[at % 3]!
      return chat(
        id,
        `${messages[1]!.content} Is it ${at === 0 ? "gold or silver" : queues.join(" or ")}?`,
        answer,
      )
    })
    expect(found(findingsOf({ chats }), "labelVariants")).toBeUndefined()
  })
})

it("answers in fewer than five rows are noted together", () => {
  expect(found(findingsOf({ chats: answered(["spam", "fraud", "fraud"]) }), "labelImbalance")).toMatchObject({
    severity: "note",
    count: 3,
    problem: expect.stringContaining('("fraud", "spam")') as string,
  })
})
