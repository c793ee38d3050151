/** Rows without a fault, to plant faults in. */
import { Random } from "@sluice/core"
import { examine } from "../../src/dataDoctor/examine.ts"
import type { CheckName, Finding } from "../../src/dataDoctor/Finding.ts"
import type { ChatRow, Message, ModelFacts, Subject, TokenRow } from "../../src/dataDoctor/Subject.ts"

export const bos = 1
export const eos = 2
export const pad = 0

export const model: ModelFacts = {
  padId: pad,
  eosId: eos,
  bosId: bos,
  stopIds: [eos],
  vocabularySize: 1000,
  specialTokens: ["<|begin|>", "<|finish|>", "<s>"],
  tokenText: (id) => ["<pad>", "<s>", "</s>"][id],
}

const nouns =
  "kettle garden violin harbour blanket candle tractor mountain pencil lantern sofa bicycle camera pillow island engine mirror orchard ladder compass".split(
    " ",
  )
const verbs = "arrived broke improved vanished shone failed lasted cracked impressed rattled".split(" ")
const places =
  "yesterday in Vienna|last winter at home|during our holiday|before the storm|after a long trip|beside the river|on the second day|in front of guests".split(
    "|",
  )

export const chat = (id: string, user: string, answer: string, system?: string): ChatRow => ({
  id,
  messages: [
    ...(system === undefined ? [] : [{ role: "system", content: system }]),
    { role: "user", content: user },
    { role: "assistant", content: answer },
  ],
})

/** Reviews with two labels, evenly; no two alike. */
export const cleanChats = (count: number, seed = "clean"): ReadonlyArray<ChatRow> => {
  const random = Random.make(seed)
  const one = (words: ReadonlyArray<string>): string => words[random.integer(words.length)]!
  const seen = new Set<string>()
  return Array.from({ length: count }, (_, at) => {
    let text: string
    do {
      text = `Our ${one(nouns)} ${one(verbs)} ${one(places)}, while the ${one(nouns)} near her ${one(nouns)} ${one(verbs)} and ${one(verbs)} again; ${one(nouns)} or ${one(nouns)}, ${one(places)}.`
    } while (seen.has(text))
    seen.add(text)
    return chat(`${seed}-${at}`, text, at % 2 === 0 ? "good" : "bad", "Say good or bad.")
  })
}

export const tokensOf = (chats: ReadonlyArray<ChatRow>): ReadonlyArray<TokenRow> =>
  chats.map(({ id }, at) => {
    const ids = [bos, 10, 11, 12 + (at % 50), 100, eos]
    return { id, ids, labels: ids.map((token, place) => (place < 4 ? -100 : token)) }
  })

export interface Plant extends Partial<Omit<Subject, "model">> {
  readonly model?: Partial<ModelFacts>
}

/** What is found in 250 clean rows with what is planted over them. */
export const findingsOf = ({ model: facts, ...more }: Plant): ReadonlyArray<Finding> => {
  const chats = more.chats ?? cleanChats(250)
  return examine({
    chats,
    tokens: tokensOf(chats),
    heldOut: [],
    maxTokens: 512,
    minimumRows: 20,
    trainableParameters: 10_000,
    ...more,
    model: { ...model, ...facts },
  }).findings
}

/** Clean rows, the first of which are these instead. */
export const withChats = (...planted: ReadonlyArray<ChatRow>): ReadonlyArray<ChatRow> => [
  ...planted,
  ...cleanChats(250).slice(planted.length),
]

/** A clean row that asks or answers this. */
export const asking = (user: string, id = "planted"): ChatRow => chat(id, user, "good", "Say good or bad.")
export const answering = (answer: string, id = "planted"): ChatRow =>
  chat(id, "Our kettle whistled a song about Lisbon for the neighbours.", answer, "Say good or bad.")

export const withTokens = (change: (row: TokenRow, at: number) => TokenRow): ReadonlyArray<TokenRow> =>
  tokensOf(cleanChats(250)).map(change)

export const found = (findings: ReadonlyArray<Finding>, check: CheckName): Finding | undefined =>
  findings.find((finding) => finding.check === check)

export const namesOf = (findings: ReadonlyArray<Finding>): ReadonlyArray<CheckName> =>
  findings.map(({ check }) => check)

export const said = (role: string, content: string): Message => ({ role, content })
