/** Faults as they come about in everyday data, each planted in a few of 400 real reviews. */
import { describe, expect, it } from "vitest"
import { examine } from "../../src/dataDoctor/examine.ts"
import type { CheckName } from "../../src/dataDoctor/Finding.ts"
import type { ChatRow } from "../../src/dataDoctor/Subject.ts"
import { heldOutReviews, instruction, trainingReviews } from "./reviews.ts"
import { chat, model, tokensOf } from "./subject.ts"

const user = (row: ChatRow) => row.messages[1]!.content
const answer = (row: ChatRow) => row.messages[2]!.content
const ask = (text: (user: string) => string) => (row: ChatRow) =>
  chat(row.id, text(user(row)), answer(row), instruction)
const say = (text: string | ((answer: string) => string)) => (row: ChatRow) =>
  chat(row.id, user(row), typeof text === "string" ? text : text(answer(row)), instruction)

/** What is planted, and the check that must find it. */
const faults: ReadonlyArray<readonly [what: string, check: CheckName, plant: (row: ChatRow) => ChatRow]> = [
  ["a label in another case", "labelVariants", say('{"sentiment": "Positive"}')],
  ["a label with a space behind it", "labelVariants", say('{"sentiment": "positive "}')],
  ["a label with a Cyrillic letter", "labelVariants", say('{"sentiment": "pоsitive"}')],
  ["a label with a full stop", "labelVariants", say('{"sentiment": "positive."}')],
  ["a JSON answer that is cut off", "cutAnswers", say('{"sentiment": "posi')],
  ["a JSON answer in a fence", "answerForm", say((text) => "```json\n" + text + "\n```")],
  ["a JSON answer after words", "answerForm", say((text) => `Sure! ${text}`)],
  [
    "a JSON answer with a field of another name",
    "answerForm",
    say((text) => text.replace("sentiment", "Sentiment")),
  ],
  ["plain words among JSON", "answerForm", say("positive")],
  [
    "the answer in the prompt, in capitals",
    "leakedAnswers",
    (row) => ask((text) => `${text} LABEL: ${JSON.parse(answer(row)).sentiment.toUpperCase()}`)(row),
  ],
  ["HTML left over", "markup", ask((text) => `<p>${text}<br/></p>`)],
  ["entities left over", "markup", ask((text) => `${text} It&#39;s &quot;fine&quot; &amp; good.`)],
  ["zero-width spaces", "controlCharacters", ask((text) => text.replace(" ", "\u200b "))],
  [
    "zero-width joiners in a word",
    "controlCharacters",
    ask((text) => text.replace(/(\w)(\w)/, "$1\u200d$2")),
  ],
  ["soft hyphens", "controlCharacters", ask((text) => `${text} a won\u00adder\u00adful day`)],
  ["UTF-8 read as Latin-1", "mojibake", ask((text) => `${text} I don\u00e2\u0080\u0099t care.`)],
  ["UTF-8 read twice as Latin-1", "mojibake", ask((text) => `${text} The cafÃƒÂ© was open.`)],
  ["a phone number", "personalNumbers", ask((text) => `${text} Call me at +49 30 901820 or later.`)],
  ["an American phone number", "personalNumbers", ask((text) => `${text} Call (415) 555-2671 for it.`)],
  [
    "an account number",
    "personalNumbers",
    ask((text) => `${text} Pay to DE89 3704 0044 0532 0130 00 please.`),
  ],
  ["a card number", "personalNumbers", ask((text) => `${text} I paid with 4111 1111 1111 1111.`)],
  ["a social security number", "personalNumbers", ask((text) => `${text} My SSN is 219-09-9999.`)],
  ["an AWS key", "secrets", ask((text) => `${text} AKIAZ7Q3N5R2T9V4X6B8`)],
  ["a Stripe key", "secrets", ask((text) => `${text} sk_live_4eC39HqLyjWDarjtT1zdp7dc`)],
  ["a GitLab token", "secrets", ask((text) => `${text} glpat-x7Kq2zPw9xR4tY6uI8oP`)],
  ["a Telegram token", "secrets", ask((text) => `${text} 110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw`)],
  ["a DigitalOcean token", "secrets", ask((text) => `${text} dop_v1_${"7f3a9c1e5b2d8046".repeat(4)}`)],
  ["a Databricks token", "secrets", ask((text) => `${text} dapi7f3a9c1e5b2d80467f3a9c1e5b2d8046`)],
  [
    "a Groq key",
    "secrets",
    ask((text) => `${text} 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`),
  ],
  ["a Vault token", "secrets", ask((text) => `${text} hvs.CAESIJ7f3a9c1e5b2d80467f3a9c1e5b2d`)],
  ["a Shopify token", "secrets", ask((text) => `${text} 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`)],
]

const examined = (chats: ReadonlyArray<ChatRow>, heldOut = heldOutReviews) =>
  examine({
    chats,
    tokens: tokensOf(chats),
    heldOut,
    model,
    maxTokens: 512,
    minimumRows: 20,
    trainableParameters: 4_884_480,
  }).findings

const clean = trainingReviews.slice(0, 400)
const places = [40, 160, 280]

const found = (chats: ReadonlyArray<ChatRow>, check: CheckName, heldOut = heldOutReviews) =>
  examined(chats, heldOut).filter((finding) => finding.check === check)

describe("in 400 reviews", () => {
  it.each(faults)("%s is found by %s, in every row that has it", (_, check, plant) => {
    const ids = places.map((place) => clean[place]!.id)
    const planted = clean.map((row, at) => (places.includes(at) ? plant(row) : row))
    expect(found(planted, check).flatMap(({ rows }) => rows)).toEqual(expect.arrayContaining(ids))
  })

  it("a held-out prompt with a few words more is found, by the held-out row", () => {
    const longer = ["Overall: ", "", "Well, "]
    const behind = ["", " That was all, really.", " Believe me."]
    const copied = places.map((_, at) => heldOutReviews[30 + 2 * at]!)
    const planted = clean.map((row, at) =>
      places.includes(at)
        ? ask(() => {
            const place = places.indexOf(at)
            return longer[place]! + user(copied[place]!) + behind[place]!
          })(row)
        : row,
    )
    expect(found(planted, "splitNearDuplicates").flatMap(({ rows }) => rows)).toEqual(
      expect.arrayContaining(copied.map(({ id }) => id)),
    )
  })

  it("a label that no held-out row has is found, and one that no training row has", () => {
    const isPositive = (row: ChatRow) => answer(row).includes("positive")
    expect(found(clean, "heldOutLabels", heldOutReviews.filter(isPositive))).toMatchObject([
      {
        severity: "warn",
        count: 0,
        excerpt: expect.stringMatching(/^negative: \d+ of 400 training rows; none of \d+ held-out/),
      },
    ])
    expect(found(clean.filter(isPositive), "heldOutLabels")).toMatchObject([
      { severity: "warn", excerpt: "negative", problem: expect.stringContaining("that no training row has") },
    ])
  })

  it("another way to write a label is told once, and not as a rare label or one to be held out", () => {
    const planted = clean.map((row, at) =>
      places.includes(at) ? say('{"sentiment": "Positive"}')(row) : row,
    )
    expect(found(planted, "labelVariants")).toMatchObject([{ count: 3 }])
    expect([...found(planted, "labelImbalance"), ...found(planted, "heldOutLabels")]).toEqual([])
    const smileys = clean.map((row, at) => chat(row.id, user(row), at % 3 === 0 ? ":)" : ":("))
    expect(found(smileys, "labelVariants")).toEqual([])
    expect(
      found(
        smileys,
        "heldOutLabels",
        smileys.slice(0, 30).filter((_, at) => at % 3 === 0),
      ),
    ).toMatchObject([{ severity: "warn", problem: expect.stringContaining('":("') }])
  })

  it("a label of one row in a hundred, missing in twenty held-out rows, is a note", () => {
    const rare = clean.map((row, at) => (at < 4 ? say('{"sentiment": "mixed"}')(row) : row))
    expect(found(rare, "heldOutLabels", heldOutReviews.slice(0, 20))).toMatchObject([{ severity: "note" }])
  })

  it("answers that break off are found among answers that end, and in an open code block", () => {
    const texts = clean.map((row) =>
      say(`I have read it twice now, and what it says of the matter is this: ${user(row)} That is all.`)(row),
    )
    const planted = texts.map((row, at) => {
      if (at === 7) return say((text) => text.slice(0, 70))(row)
      return at === 9 ? say("Run this:\n```sh\nnpm install")(row) : row
    })
    expect(found(texts, "cutAnswers")).toEqual([])
    expect(found(planted, "cutAnswers")).toMatchObject([{ count: 2, rows: [texts[7]!.id, texts[9]!.id] }])
  })
})

describe("false alarms", () => {
  it("are none on clean reviews, but for what is true of them", () => {
    const names = [0, 400, 800, 1200, 1600, 2000].flatMap((start) =>
      examined(trainingReviews.slice(start, start + 400)).map(
        ({ check, severity }) => `${severity} ${check}`,
      ),
    )
    // Bytes of Windows-1252 that were read as Latin-1, one `&amp;`, and `Works great!` beside `Works great.`
    expect(new Set(names)).toEqual(
      new Set(["warn controlCharacters", "warn markup", "note nearDuplicates", "note splitNearDuplicates"]),
    )
  })

  it.each<readonly [what: string, text: string]>([
    ["a date and a price", "Bought on 2024-05-17 for 1,299.00, serial 4711-0815-42."],
    ["a number for fiction", "Call 555-0142 and ask for Marlowe."],
    ["a version", "Release 10.4.2-1187 of 2019-11-03 broke it."],
    ["an order number", "Order 123-4567890-1234567 never came."],
    ["an ISBN", "ISBN 978-3-16-148410-0 is the one to read."],
    ["sixteen digits that are no card", "Serial 4111 1111 1111 1112 is worn."],
    ["less and greater", "For a < b and b > c take a<c, as 3 <4 and 5> 2."],
    ["an ampersand", "Bed & breakfast; salt & pepper; R&B; AT&T."],
    ["markup in code", "Use `<br>` or\n```html\n<p>hi</p>\n```"],
    ["a joiner in an emoji", "The family \u{1f468}\u200d\u{1f469}\u200d\u{1f467} loved it."],
    ["a joiner in Persian", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 it was said."],
    [
      "a word that begins as a key does",
      "The monkey-bars and key-rings are task-force-ready, hvac.units too.",
    ],
  ])("are none of %s", (_, text) => {
    const planted = clean.map((row, at) => (at === 50 ? ask(() => `A fair review. ${text}`)(row) : row))
    const before = new Set(examined(clean).map(({ check }) => check))
    expect(examined(planted).filter(({ check }) => !before.has(check) && check !== "mixedScripts")).toEqual(
      [],
    )
  })
})
