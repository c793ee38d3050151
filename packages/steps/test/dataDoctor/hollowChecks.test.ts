import { describe, expect, it } from "vitest"
import { answering, chat, cleanChats, findingsOf, found, withChats } from "./subject.ts"

/** Free texts as answers, the first of them this. */
const amongTexts = (answer: string) =>
  findingsOf({
    chats: cleanChats(250).map(({ id, messages }, at) =>
      chat(id, messages[1]!.content, at === 0 ? answer : `It was fine in the end, said guest ${at}.`),
    ),
  })

describe("answers that say nothing", () => {
  it.each([
    "-",
    "...",
    "?",
    '""',
    "{}",
    "<answer>",
    "{{ answer }}",
    "[INSERT ANSWER HERE]",
    "[REDACTED]",
    "(empty)",
    "No answer",
    "Your answer here",
    "k. A.",
    "Lorem ipsum dolor sit amet, consectetur.",
    "Error: 429 Too Many Requests",
    'Traceback (most recent call last):\n  File "gen.py"\nKeyError',
  ])("are warned of among texts: %j", (answer) => {
    expect(found(amongTexts(answer), "emptyAnswers")).toMatchObject({ severity: "warn", count: 1 })
  })

  it.each(["[1] and [2] are right", "Error handling is done by the caller.", "<b>Yes</b>", "{a}"])(
    "are not: %j",
    (answer) => {
      expect(found(amongTexts(answer), "emptyAnswers")).toBeUndefined()
    },
  )

  it("are no label for standing among labels a few times", () => {
    expect(
      found(findingsOf({ chats: withChats(answering("nan"), answering("none", "b")) }), "emptyAnswers"),
    ).toMatchObject({ severity: "warn", count: 2 })
  })

  it("are found in a field", () => {
    const of = (first: string) =>
      found(
        findingsOf({
          chats: cleanChats(250).map(({ id, messages }, at) =>
            chat(id, messages[1]!.content, at === 0 ? first : `{"mood": "${at % 2 === 0 ? "good" : "bad"}"}`),
          ),
        }),
        "emptyAnswers",
      )
    for (const first of ['{"mood": ""}', '{"mood": "NaN"}', '{"mood": "[object Object]"}'])
      expect(of(first)).toMatchObject({ severity: "warn", count: 1 })
    expect(of('{"mood": null}')).toBeUndefined()
  })
})

describe("refusals", () => {
  it.each([
    "As an AI language model, I cannot provide information about that.",
    "I'm sorry, but I can't assist with that request.",
    "I’m sorry, but I can’t help with that.",
    "I cannot fulfill this request.",
    "Sorry, I cannot provide that information.",
    "As of my last knowledge update in 2021, I have no information.",
    "Als KI-Sprachmodell kann ich dazu keine Auskunft geben.",
    "Es tut mir leid, aber dabei kann ich Ihnen nicht helfen.",
    "En tant que modèle de langage, je ne peux pas répondre.",
  ])("are warned of: %s", (answer) => {
    expect(found(amongTexts(answer), "refusals")).toMatchObject({ severity: "warn", count: 1 })
  })

  it.each([
    "I'm sorry that your parcel is late; I cannot change the address any more.",
    "As an airline we cannot help it.",
    "AI is used in many fields by now, as a tool.",
  ])("are not: %s", (answer) => {
    expect(found(amongTexts(answer), "refusals")).toBeUndefined()
  })

  it("are meant where many rows refuse", () => {
    const chats = cleanChats(250).map(({ id, messages }, at) =>
      chat(
        id,
        messages[1]!.content,
        at % 3 === 0 ? "I can't help with that." : `It was fine, said guest ${at}.`,
      ),
    )
    expect(found(findingsOf({ chats }), "refusals")).toMatchObject({ severity: "note", count: 84 })
  })
})
