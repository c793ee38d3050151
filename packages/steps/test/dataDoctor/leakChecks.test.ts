import { describe, expect, it } from "vitest"
import { chat, cleanChats, findingsOf, found } from "./subject.ts"

const queues = ["billing", "delivery", "login"]
const clean = cleanChats(240).map(({ id, messages }, at) => ({ id, text: messages[1]!.content, at }))
const queueAt = (at: number) => queues[at % 3]!

/** Tickets with three queues as whole answers. */
const tickets = (ask: (text: string, queue: string, at: number) => string) =>
  clean.map(({ at, id, text }) => chat(id, ask(text, queueAt(at), at), queueAt(at)))
const leaks = (ask: (text: string, queue: string, at: number) => string) =>
  found(findingsOf({ chats: tickets(ask) }), "leakedAnswers")

const some = (at: number) => at % 8 === 0

describe("a label in its prompt", () => {
  const choices = `Choose one of ${queues.join(", ")}.\n`

  it("is found below instructions that list the choices", () => {
    expect(
      leaks((text, queue, at) => `${choices}${text}${some(at) ? `\nLabel: ${queue}` : ""}`),
    ).toMatchObject({
      severity: "refuse",
      count: 30,
    })
  })

  it("is not found as the beginning of a name", () => {
    expect(leaks((text, queue) => `${queue}-core\n${text}`)).toBeUndefined()
    expect(leaks((text, queue, at) => (at === 0 ? `${queue} - ${text}` : text))).toMatchObject({ count: 1 })
  })

  it("is not found in the choices, nor in examples that announce other labels", () => {
    expect(leaks((text) => `${choices}${text}\nLabel: billing, delivery or login`)).toBeUndefined()
    const examples = "Too dear. Label: billing\nToo late. Label: delivery\nNo code. Label: login\n"
    expect(leaks((text) => `${examples}${text}\nLabel:`)).toBeUndefined()
  })

  it.each([
    ["a name of its own", (queue: string) => `The correct queue is ${queue}.`],
    ["a heading", (queue: string) => `\n**Answer:** ${queue}`],
    ["a hint", (queue: string) => `(Hint: it is ${queue})`],
    ["a last column", (queue: string) => `;${queue}`],
    ["a comment", (queue: string) => `<!-- ${queue} -->`],
  ])("is found as %s", (_, said) => {
    expect(leaks((text, queue, at) => (at === 0 ? `${text} ${said(queue)}` : text))).toMatchObject({
      severity: "warn",
      count: 1,
      rows: [clean[0]!.id],
    })
  })

  it("is found as the folder of a file's name", () => {
    expect(leaks((text, queue, at) => (at < 3 ? `data/${queue}/${at}.txt\n${text}` : text))).toMatchObject({
      count: 3,
    })
  })
})

describe("a mark that stands for the label", () => {
  it("is refused in a tenth of the rows where it is the label, by whatever name", () => {
    expect(leaks((text, queue, at) => (some(at) ? `[dest=${queue}] ${text}` : text))).toMatchObject({
      severity: "refuse",
      count: 30,
    })
  })

  it("is enough in five rows where it is the label", () => {
    expect(
      leaks((text, queue, at) => (at < 5 ? `{"text": "${text}", "dest": "${queue}"}` : text)),
    ).toMatchObject({
      severity: "warn",
      count: 5,
    })
  })

  it.each([
    ["its number", (queue: string) => `class_id: ${queues.indexOf(queue)}`],
    ["base64", (queue: string) => `ref: ${Buffer.from(queue).toString("base64")}`],
  ])("is warned of as %s", (_, coded) => {
    const finding = leaks((text, queue, at) => (some(at) ? `${text}\n${coded(queue)}` : text))
    expect(finding).toMatchObject({ severity: "warn", count: 30 })
    expect(finding!.problem).toContain("goes with one answer in every row")
    expect(finding!.excerpt).toContain(coded(queueAt(0)))
  })

  it("is none where its values go with several labels, or are of one row each", () => {
    expect(leaks((text, _, at) => `${text}\nchannel: ${at % 2 === 0 ? "web" : "shop"}`)).toBeUndefined()
    expect(leaks((text, _, at) => `${text}\nticket: ${at}`)).toBeUndefined()
  })
})

describe("a field of an extracted object", () => {
  const licences = ["MIT", "ISC", "Apache-2.0"]
  const extraction = (note: (licence: string, at: number) => string) =>
    clean.map(({ at, id, text }) =>
      chat(
        id,
        `Invoice number: ${at + 7000}\n${note(licences[at % 3]!, at)}\n${text}`,
        JSON.stringify({ "invoice number": at + 7000, licence: licences[at % 3], paid: at % 4 === 0 }),
      ),
    )

  it("is not refused where documents name it, which may be the task", () => {
    expect(
      found(findingsOf({ chats: extraction((licence) => `licence: ${licence}`) }), "leakedAnswers"),
    ).toMatchObject({
      severity: "warn",
      count: 240,
      problem: expect.stringContaining("names a field of its answer") as string,
    })
  })

  it("is no leak where its values are of one row each", () => {
    expect(found(findingsOf({ chats: extraction(() => "") }), "leakedAnswers")).toBeUndefined()
  })
})
