import { describe, expect, it } from "vitest"
import { languageOf } from "../../src/dataDoctor/languageChecks.ts"
import { answering, asking, chat, cleanChats, findingsOf, found, withChats } from "./subject.ts"

const json = cleanChats(250).map(({ id, messages }, at) =>
  chat(id, messages[1]!.content, `{"sentiment": "${at % 2 === 0 ? "positive" : "negative"}"}`),
)
const asked = (user: string, sentiment = "positive") => [
  chat("planted", user, `{"sentiment": "${sentiment}"}`),
  ...json.slice(1),
]

describe("an answer in its prompt", () => {
  it.each([
    "The kettle sang all day. Label: positive",
    "The kettle sang all day. sentiment = positive",
    'The kettle sang all day. The correct answer is "positive".',
    "The kettle sang all day.\npositive",
    "The kettle sang all day. (positive)",
    "[positive] The kettle sang all day.",
    'The kettle sang all day. {"sentiment": "positive"}',
    "positive | The kettle sang all day.",
  ])("is found: %s", (user) => {
    expect(findingsOf({ chats: asked(user) })).toMatchObject([
      { check: "leakedAnswers", severity: "warn", count: 1, rows: ["planted"] },
    ])
  })

  it.each([
    "On a positive note, our server was attentive.",
    "Is this positive or negative? The kettle sang.",
    "Label: positive or negative. The kettle sang.",
    "Review: I was positive it would sing, and the class was positively thrilled.",
    "The result was negative for us all, I fear.",
  ])("is not in a sentence that uses the word: %s", (user) => {
    expect(findingsOf({ chats: asked(user) })).toEqual([])
  })

  it("is refused in a tenth of the rows", () => {
    const chats = json.map((row, at) =>
      at % 8 === 0
        ? chat(row.id, `${row.messages[0]!.content} Answer: positive`, row.messages[1]!.content)
        : row,
    )
    expect(found(findingsOf({ chats }), "leakedAnswers")).toMatchObject({ severity: "refuse", count: 32 })
  })

  it("of several words is found where the prompt repeats all of it, and not in a long document", () => {
    const answer = "The old harbour was closed by the council in spring"
    const document = Array.from({ length: 40 }, (_, at) => `Paragraph ${at} is about other matters.`).join(
      " ",
    )
    const of = (user: string) =>
      found(findingsOf({ chats: withChats(chat("planted", user, answer)) }), "leakedAnswers")
    expect(of(`Why? ${answer}.`)).toMatchObject({ severity: "warn", count: 1 })
    expect(of(`${document} ${answer}. ${document} When was the harbour closed?`)).toBeUndefined()
  })
})

describe("labels", () => {
  const of = (good: number) =>
    findingsOf({
      chats: cleanChats(250).map(({ id, messages }, at) =>
        chat(id, messages[1]!.content, at < good ? "good" : "bad"),
      ),
    })

  it("that crowd out the others are warned of from nine in ten, and noted from eight", () => {
    expect(of(240)).toMatchObject([
      { check: "labelImbalance", severity: "warn", excerpt: "good 240, bad 10" },
    ])
    expect(of(210)).toMatchObject([{ check: "labelImbalance", severity: "note", count: 40 }])
    expect(of(180)).toEqual([])
  })

  it("that are all one are warned of", () => {
    expect(of(250)).toMatchObject([{ check: "labelImbalance", severity: "warn", count: 250 }])
  })

  it("in a field of JSON are looked at by themselves, and a constant field is none", () => {
    const chats = (rare: number) =>
      cleanChats(250).map(({ id, messages }, at) =>
        chat(id, messages[1]!.content, JSON.stringify({ version: 1, urgent: at < rare, kind: at % 2 })),
      )
    expect(findingsOf({ chats: chats(12) })).toMatchObject([{ check: "labelImbalance", severity: "warn" }])
    expect(findingsOf({ chats: chats(120) })).toEqual([])
  })

  it("are none where answers are free text", () => {
    const chats = cleanChats(250).map(({ id, messages }, at) =>
      chat(id, messages[1]!.content, `Guest ${at} would come again`),
    )
    expect(findingsOf({ chats })).toEqual([])
  })
})

describe("languages", () => {
  it.each([
    ["German", "Der Koch war sehr freundlich und das Essen ist nicht zu teuer"],
    ["French", "Le service était très lent et nous avons attendu pendant une heure"],
    ["Spanish", "La comida es muy buena pero el servicio no es lo mejor de la ciudad"],
    ["Italian", "Il cibo era molto buono ma il servizio non è stato come lo ricordavo"],
    ["Portuguese", "A comida foi muito boa mas não voltaria com os meus amigos"],
    ["Dutch", "Het eten was heel lekker maar wij moesten erg lang op de rekening wachten"],
    ["German", "Diese Option kann durch einen Eintrag in dieser Datei gesetzt werden"],
    ["French", "Cette commande permet de supprimer un fichier ou un dossier par son nom"],
    ["Dutch", "Dit programma toont de bestanden in de huidige map en hun rechten"],
    ["Polish", "Ten program wyświetla listę plików w katalogu oraz ich uprawnienia"],
    ["Cyrillic", "Еда была вкусная, но официант нас забыл"],
    ["Chinese", "这家餐厅的食物非常好吃"],
    ["Japanese", "このレストランはとても美味しいです"],
    ["Korean", "이 식당은 정말 맛있어요"],
    ["Arabic", "كان الطعام لذيذا جدا"],
    ["Greek", "Το φαγητό ήταν πολύ καλό"],
    ["Hebrew", "האוכל היה טעים מאוד"],
    ["Devanagari", "खाना बहुत अच्छा था"],
  ])("other than most are warned of: %s", (name, text) => {
    expect(languageOf(text)).toBe(name)
    expect(findingsOf({ chats: withChats(asking(text)) })).toMatchObject([
      { check: "mixedLanguages", severity: "warn", rows: ["planted"] },
    ])
  })

  it.each([
    "We had crème brûlée at the Café de la Paix in Paris",
    "El Pollo Loco is the best place that I know for chicken",
    "Die Hard is a film that I would watch again with friends",
    "Angela Merkel and Ursula von der Leyen met there with the press",
    "The sushi (寿司) was fresh and the staff were kind",
    "Merci beaucoup!",
    "The missing era name in string of the era field in 1900",
    "Rue de la Paix, Place de Gaulle and Pont de Sully are crossed",
    "α and β are the two angles of this triangle",
  ])("of names and borrowed words are none: %s", (text) => {
    expect(findingsOf({ chats: withChats(asking(text)) })).toEqual([])
  })

  it("of answers may differ from those of prompts: translating is a task", () => {
    const chats = cleanChats(250).map(({ id, messages }, at) =>
      chat(id, messages[1]!.content, `Der Gast ${at} ist nicht zu Hause und das Haus war sehr kalt`),
    )
    expect(findingsOf({ chats })).toEqual([])
  })

  it("of answers are crossed where prompts of each language are answered in their own", () => {
    const english = (at: number) =>
      `It was fine in the end, and we would come back for the garden of guest ${at}.`
    const german = (at: number) =>
      `Es war am Ende gut, und wir kommen für den Garten von Gast ${at} noch einmal.`
    const chats = Array.from({ length: 240 }, (_, at) => {
      const isGerman = at % 2 === 1
      const question = isGerman
        ? `Wie war es bei dem Gast ${at}, und was hat er von dem Haus nicht gesehen?`
        : `How was it with guest ${at}, and what have they not seen of the house?`
      const isCrossed = at === 8 || at === 21
      return chat(`row${at}`, question, isGerman === isCrossed ? english(at) : german(at))
    })
    const crossed = findingsOf({ chats }).filter(
      ({ check, severity }) => check === "mixedLanguages" && severity !== "note",
    )
    expect(crossed).toMatchObject([{ severity: "warn", rows: ["row8", "row21"] }])
    expect(crossed[0]!.excerpt).toMatch(/^English prompt, German answer: /)
  })

  it("that are few are told one by one, beside others that are meant", () => {
    const german = (at: number) => `Der Koch ${at} war sehr freundlich und das Essen ${at} ist nicht zu teuer`
    const dutch = "Het eten was heel lekker maar wij moesten erg lang op de rekening wachten"
    const chats = cleanChats(250).map((row, at) =>
      at % 4 === 0 ? chat(row.id, german(at), "good") : at === 17 ? chat(row.id, dutch, "bad") : row,
    )
    expect(findingsOf({ chats }).filter(({ check }) => check === "mixedLanguages")).toMatchObject([
      { severity: "warn", rows: ["clean-17"], problem: "Most prompts are English; these are Dutch." },
      { severity: "note", count: 63, problem: "Most prompts are English; these are German." },
    ])
  })

  it("that a fifth of the rows have are a note", () => {
    const chats = cleanChats(250).map((row, at) =>
      at % 4 === 0
        ? chat(row.id, `Der Koch ${at} war sehr freundlich und das Essen ${at} ist nicht zu teuer`, "good")
        : row,
    )
    expect(found(findingsOf({ chats }), "mixedLanguages")).toMatchObject({ severity: "note" })
  })

  it("within a word are warned of", () => {
    expect(findingsOf({ chats: withChats(asking("Log in to your p\u0430ypal account")) })).toMatchObject([
      { check: "mixedScripts" },
    ])
    expect(findingsOf({ chats: withChats(asking("A lamp of 5 µm and Δx of 3")) })).toEqual([])
  })
})

describe("encodings", () => {
  it.each([
    "cafÃ© is open",
    "I donâ€™t know",
    "â€œquotedâ€\u009d words",
    "Â£20 each",
    "ðŸ˜€ smile",
    "Ð¿Ñ€Ð¸Ð²ÐµÑ‚",
    "naÃ¯ve",
  ])("taken for another are found: %s", (text) => {
    expect(found(findingsOf({ chats: withChats(asking(text)) }), "mojibake")).toMatchObject({
      severity: "warn",
      rows: ["planted"],
    })
  })

  it.each([
    "a crème brûlée, puréed",
    "„DAS MENÜ“ stand da",
    "«À bientôt», dit-elle",
    "“quoted” – and it’s £20",
    "MAÇÃ e LIMÃO",
    "Ää Öö Üü ß éè",
    "naïve façade",
  ])("that are right are let be: %s", (text) => {
    expect(found(findingsOf({ chats: withChats(asking(text)) }), "mojibake")).toBeUndefined()
  })

  it.each(["caf\ufffd is open", "half \ud83d a pair", "other \ude00 half"])(
    "that lost characters: %j",
    (text) => {
      expect(findingsOf({ chats: withChats(asking(text)) })).toMatchObject([
        { check: "replacementCharacters" },
      ])
    },
  )

  it.each([
    "a\u0000b",
    "a\u0007 bell",
    "the problems\u0085the acting",
    "\ufeffstart",
    "zero\u200bwidth",
    "turn\u202eed",
    "a\u007fb",
  ])("with what nobody sees are found, and shown written out: %j", (text) => {
    const [finding, ...more] = findingsOf({ chats: withChats(asking(text)) })
    expect(finding).toMatchObject({ check: "controlCharacters", severity: "warn" })
    expect(finding!.excerpt).toContain("\\u")
    expect(more).toEqual([])
  })

  it.each([
    "tab\tand\nline",
    "family \u{1f468}\u200d\u{1f469}\u200d\u{1f467}",
    "می\u200cخواهم now",
    "smile \u{1f600}",
  ])("with tabs, emoji and joiners are let be: %j", (text) => {
    expect(findingsOf({ chats: withChats(asking(text)) })).toEqual([])
  })

  it("with two kinds of line end are found, in one row and between rows", () => {
    const of = (...texts: ReadonlyArray<string>) =>
      findingsOf({ chats: withChats(...texts.map((text, at) => asking(text, `row ${at}`))) })
    expect(of("tea\r\ncake\nmilk")).toMatchObject([{ check: "lineEnds", rows: ["row 0"] }])
    expect(of("tea\rcake\r\nmilk")).toMatchObject([{ check: "lineEnds", rows: ["row 0"] }])
    expect(of("tea\r\ncake", "bread\nmilk")).toMatchObject([{ check: "lineEnds", rows: ["row 0"] }])
    expect(of("tea\r\ncake", "bread\r\nmilk")).toEqual([])
    expect(of("tea\ncake", "bread\nmilk")).toEqual([])
  })
})

describe("secrets", () => {
  // Written in parts, so that no scanner takes this file for a leak.
  const letters = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY2zA4"
  it.each([
    ["AKIA", "IOSFODNN7EXAMPLE"],
    ["ghp_", letters],
    ["github_pat_", `11${letters}`],
    ["glpat-", letters.slice(0, 20)],
    ["xoxb-", "123456789012-abcdefGHIJ"],
    ["sk-", `proj-${letters}`],
    ["sk-", `ant-api03-${letters}`],
    ["sk-", `${letters}${letters}`.slice(0, 48)],
    ["AIza", letters.slice(0, 35)],
    ["sk_live_", letters.slice(0, 24)],
    ["hf_", letters.slice(0, 34)],
    ["npm_", letters],
    ["eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"],
    ["-----BEGIN RSA", " PRIVATE KEY-----"],
    ["postgres://", "admin:h7Kq2zPw@db.internal/shop"],
    ["password", " = 'h7Kq2zPw9x'"],
    ["API_KEY", "=9f8b7c6d5e4f3a2b1c0d"],
    ['{"client_secret"', ': "Zx81Qw7rTy55"}'],
    ["Authorization: Bearer ", "Zx81Qw7rTy55kLm2"],
    ["My password is ", "Tr0ub4dor&3"],
  ])("are refused and masked: %s", (start, rest) => {
    const [finding, ...more] = findingsOf({ chats: withChats(asking(`Please use ${start}${rest} for it`)) })
    expect(finding).toMatchObject({ check: "secrets", severity: "refuse", rows: ["planted"] })
    expect(finding!.excerpt).not.toContain(rest)
    expect(finding!.excerpt).toContain("********")
    expect(more).toEqual([])
  })

  it.each([
    "The password must have eight characters",
    "password: yourPassword1",
    "API_KEY=xxxxxxxxxxxx",
    "api_key = process.env.API_KEY2",
    "secret: everybody knows it by now",
    "commit 9f8b7c6d5e4f3a2b1c0d9f8b7c6d5e4f3a2b1c0d",
    "id 123e4567-e89b-12d3-a456-426614174000",
    "sk-learn and sk-image are packages",
    "AKIA is a start, AKIA1234 is short",
    "the token: https://site.org/a1b2c3d4e5",
    "see https://site.org:8080/path",
  ])("are none: %s", (text) => {
    expect(findingsOf({ chats: withChats(asking(text)) })).toEqual([])
  })

  it("are masked in what any other check shows", () => {
    const secret = `ghp_${letters}`
    const chats = withChats(
      asking(`Use ${secret} today`, "one"),
      asking(`Use ${secret} today`, "two"),
      answering(""),
    )
    const findings = findingsOf({ chats, heldOut: [asking(`Use ${secret} today`, "held")] })
    expect(findings.map(({ check }) => check)).toEqual([
      "emptyAnswers",
      "splitDuplicates",
      "secrets",
      "duplicates",
    ])
    expect(JSON.stringify(findings)).not.toContain(letters.slice(4, 20))
  })
})

describe("e-mail addresses", () => {
  it.each([
    "Write to jane.doe@gmail.com soon",
    "mailto jane+tag@mail.co.uk.",
    "<j_d@uni-wien.ac.at>",
    "jörg@müller.de",
  ])("are warned of and masked: %s", (text) => {
    const [finding, ...more] = findingsOf({ chats: withChats(asking(text)) })
    expect(finding).toMatchObject({ check: "emailAddresses", severity: "warn", rows: ["planted"] })
    expect(finding!.excerpt).toContain("***")
    expect(more).toEqual([])
  })

  it("at domains that are kept for examples are a note", () => {
    expect(findingsOf({ chats: withChats(asking("Write to jane@example.com")) })).toMatchObject([
      { check: "emailAddresses", severity: "note" },
    ])
  })

  it.each([
    "@jane wrote it",
    "git clone git@github.com:a/b",
    "npm i left-pad@1.3.0",
    "logo@2x.png",
    "5 @ 3 each",
    "a@b",
    "C@T nap",
  ])("are none: %s", (text) => {
    expect(findingsOf({ chats: withChats(asking(text)) })).toEqual([])
  })
})
