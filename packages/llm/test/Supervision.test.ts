import { createHash } from "node:crypto"
import * as fs from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as ChatTemplate from "../src/ChatTemplate.ts"
import * as ModelFiles from "../src/ModelFiles.ts"
import * as Supervision from "../src/Supervision.ts"
import * as Tokenizer from "../src/Tokenizer.ts"
import { chatOf, fixture, fixtureJson, reviews, smolLM2 } from "./support/smollm2.ts"

type Range = readonly [start: number, end: number]

interface Row {
  readonly template: string
  readonly chat: string
  readonly refused?: string
  readonly text: string
  readonly ids: string
  readonly supervised: ReadonlyArray<Range>
}

interface Labels {
  readonly chats: ReadonlyArray<{
    readonly name: string
    readonly messages: ReadonlyArray<ChatTemplate.Message>
    readonly tools?: ReadonlyArray<unknown>
  }>
  readonly rows: ReadonlyArray<Row>
}

const { chats, rows } = fixtureJson<Labels>("trl/labels.json")
const tokenizer = Tokenizer.fromJson(fixtureJson("trl/tokenizer.json"), {
  bos_token: "<s>",
  eos_token: "</s>",
  pad_token: "<pad>",
})

const named = (source: string): ChatTemplate.ChatTemplate =>
  ChatTemplate.make({ source, bosToken: "<s>", eosToken: "</s>" })

const ours = fs.readdirSync(fixture("templates")).map((name) => name.replace(".jinja", ""))
const templateOf = (name: string): ChatTemplate.ChatTemplate =>
  ours.includes(name)
    ? named(fs.readFileSync(fixture(`templates/${name}.jinja`), "utf8").replace(/\n$/, ""))
    : named(fs.readFileSync(fixture(`trl/templates/${name}.jinja`), "utf8"))

/** The day on which the reference values were made stands still at this one. */
const variables = {
  strftime_now: (format: string): string =>
    format.replace("%Y", "2026").replace("%m", "01").replace("%d", "31"),
}

const ranges = (labels: ReadonlyArray<number>): Array<Range> => {
  const found: Array<Range> = []
  let start = -1
  ;[...labels, Supervision.ignored].forEach((label, i) => {
    if (label !== Supervision.ignored && start < 0) start = i
    if (label === Supervision.ignored && start >= 0) {
      found.push([start, i])
      start = -1
    }
  })
  return found
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 12)
const optionsOf = (row: Row) => {
  const { messages, tools } = chats.find((chat) => chat.name === row.chat)!
  // Some templates leave out thoughts or tools; the reference trains on what is left.
  const leftOut = "allow" as const
  return { messages, options: { leftOut, variables, ...(tools === undefined ? {} : { tools }) } }
}
const names = [...new Set(rows.map((row) => row.template))]

describe("labels equal TRL's assistant_only_loss where the template marks what is generated", () => {
  /** TRL marks only the first of the tokens that spell a turn's last character; here all of them are learnt. */
  const trlCutsCharacter = ["diffusion_gemma_training / odd text"]

  const expectedOf = (row: Row) => {
    if (row.refused !== undefined) return { chat: row.chat, refused: true }
    const [first, second, third] = row.supervised
    const cut = trlCutsCharacter.includes(`${row.template} / ${row.chat}`)
    const supervised = cut ? [first, [second![0], third![1]]] : row.supervised
    return { chat: row.chat, text: row.text, ids: row.ids, supervised, labelsAreIds: true }
  }

  it.each(names)("%s", (name) => {
    const template = templateOf(name)
    const mine = rows.filter((row) => row.template === name)
    const found = mine.map((row) => {
      const { messages, options } = optionsOf(row)
      try {
        const text = digest(template.render(messages, options))
        const { ids, labels } = Supervision.encode(tokenizer, template, messages, options)
        const labelsAreIds = labels.every((label, i) => label === Supervision.ignored || label === ids[i])
        return { chat: row.chat, text, ids: digest(ids.join(" ")), supervised: ranges(labels), labelsAreIds }
      } catch (error) {
        if (!(error instanceof ChatTemplate.ChatTemplateError)) throw error
        return { chat: row.chat, refused: true }
      }
    })
    expect(found).toEqual(mine.map(expectedOf))
    expect(mine.filter((row) => row.refused === undefined).length).toBeGreaterThanOrEqual(7)
  })

  it("covers 28 templates of TRL and four of our own", () => {
    expect(names).toHaveLength(32)
    expect(ours).toEqual(["chatml", "mistral", "smollm2", "zephyr"])
  })
})

/** Gemma's newest template writes tools' answers and a turn's words in another order: only marks tell them apart. */
const needsMarks = (row: Row): boolean =>
  row.template === "diffusion_gemma_training" && /tools|odd/.test(row.chat)

describe("labels without any marks in the template", () => {
  /**
   * Where TRL's marks include text that the prompt for an answer gives already, so that no model would write it:
   * that text, and nothing else, is what the two ways differ in.
   */
  const alsoMarked: Record<string, ReadonlyArray<string>> = {
    deepseek_r1_distill_training: ["<｜Assistant｜>", "<｜Assistant｜><think>Ċ", "<｜tool▁outputs▁end｜>"],
    deepseekv3_training: ["<｜Assistant｜>", "<｜tool▁outputs▁end｜>"],
    gptoss_training: ["<|start|>assistant"],
    muse_glimmer_training: ["<|start|>assistant"],
    nemotron_3_5_lightning_training: ["<think>", "<think>Ċ"],
    nemotron_3_nano_training: ["<think>", "<think>Ċ"],
    nemotron_3_super_training: ["<think>", "<think>Ċ"],
    nemotron_3_ultra_training: ["<think>", "<think>Ċ"],
    qwen2_5_training: ["Ċ"],
    qwen3_5_nothink_training: ["<think>ĊĊ</think>ĊĊ", "<think>Ċ"],
    qwen3_5_think_training: ["<think>Ċ"],
    qwen3_6_training: ["<think>Ċ"],
    qwen3_8_training: ["<think>Ċ"],
  }

  it.each(names)("are TRL's, but for what the prompt gives already: %s", (name) => {
    const template = templateOf(name)
    const extra = new Set<string>()
    for (const row of rows.filter((candidate) => candidate.template === name)) {
      if (row.refused !== undefined || needsMarks(row)) continue
      const { messages, options } = optionsOf(row)
      const { ids, labels } = Supervision.encode(tokenizer, template, messages, {
        ...options,
        ignoreMarkers: true,
        turnEnd: "text",
      })
      const found = ranges(labels)
      expect([row.chat, ...found.map(([, end]) => end)]).toEqual([
        row.chat,
        ...row.supervised.map(([, end]) => end),
      ])
      found.forEach(([start], i) => {
        const marked = row.supervised[i]![0]
        expect(marked).toBeLessThanOrEqual(start)
        if (marked < start)
          extra.add(
            ids
              .slice(marked, start)
              .map((id) => tokenizer.tokenText(id))
              .join(""),
          )
      })
    }
    expect([...extra].toSorted()).toEqual((alsoMarked[name] ?? []).toSorted())
  })
})

describe("what is learnt", () => {
  const template = templateOf("chatml")
  const chat: ReadonlyArray<ChatTemplate.Message> = [
    { role: "user", content: "a" },
    { role: "assistant", content: "b c" },
    { role: "user", content: "d" },
    { role: "assistant", content: "e" },
  ]
  const learnt = (options: Supervision.Options): Array<string> => {
    const { ids, labels } = Supervision.encode(tokenizer, template, chat, options)
    return ranges(labels).map(([start, end]) => tokenizer.decode(ids.slice(start, end)))
  }
  const unmarked = { ignoreMarkers: true } as const

  it("is every turn with the token that ends it, and no line break after that", () => {
    expect(learnt(unmarked)).toEqual(["b c<|im_end|>", "e<|im_end|>"])
    expect(learnt({ ...unmarked, turnEnd: "text" })).toEqual(["b c<|im_end|>\n", "e<|im_end|>\n"])
  })

  it("is the last turn alone, or the whole text, when asked", () => {
    expect(learnt({ ...unmarked, supervise: "lastAssistant" })).toEqual(["e<|im_end|>"])
    expect(learnt({ supervise: "lastAssistant" })).toEqual(["e<|im_end|>\n"])
    expect(learnt({ supervise: "all" })).toEqual([template.render(chat)])
  })

  it("is the same ids whatever is supervised, those of the whole text with the first token once", () => {
    const whole = tokenizer.encode(templateOf("llama3_training").render(chat))
    const llama = templateOf("llama3_training")
    for (const supervise of ["assistant", "lastAssistant", "all"] as const) {
      expect(Supervision.encode(tokenizer, llama, chat, { supervise }).ids).toEqual(whole)
    }
    expect(whole.filter((id) => id === tokenizer.bosId)).toHaveLength(1)
  })

  it("is a token that stands across the border of a turn, too", () => {
    // The template writes "> " and the answer begins with letters that the tokenizer joins with the space.
    const across = named(
      "{% for m in messages %}{{ m.role }}> {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant> {% endif %}",
    )
    const messages = [
      { role: "user", content: "q" },
      { role: "assistant", content: "the good" },
    ]
    const { ids, labels } = Supervision.encode(tokenizer, across, messages)
    expect(ids).toEqual(tokenizer.encode(across.render(messages)))
    const [range] = ranges(labels)
    expect(tokenizer.decode(ids.slice(...range!))).toBe(" the good\n")
  })

  it("leaves old thoughts out where the template drops them, and learns what stands there", () => {
    const dropping = named(
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' and loop.last %}<think>{{ m.reasoning_content }}</think>{% endif %}{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    )
    const messages = [
      { role: "user", content: "1" },
      { role: "assistant", content: "2", reasoning_content: "r" },
      { role: "user", content: "3" },
      { role: "assistant", content: "4", reasoning_content: "s" },
    ]
    const { ids, labels } = Supervision.encode(tokenizer, dropping, messages)
    const texts = ranges(labels).map(([start, end]) => tokenizer.decode(ids.slice(start, end)))
    expect(texts).toEqual(["2<|im_end|>", "<think>s</think>4<|im_end|>"])
  })

  it("is refused for a chat without an answer", () => {
    expect(() => Supervision.encode(tokenizer, template, chat.slice(0, 1))).toThrow(
      "The chat has no turn of the assistant, so that nothing of it would be learnt.\n  Roles:  user\n",
    )
  })
})

describe("SmolLM2 and the reviews", () => {
  let model: ModelFiles.OpenModel
  beforeAll(async () => {
    model = ModelFiles.openSync(await smolLM2())
  }, 600_000)
  afterAll(() => model.close())

  const encode = (chat: ReadonlyArray<ChatTemplate.Message>): Supervision.SupervisedRow =>
    Supervision.encode(model.tokenizer, model.chatTemplate!, chat)

  it("learn the answer and the token that ends it, after exactly the ids of the prompt for it", () => {
    const wrong = reviews()
      .filter((_, n) => n % 10 === 0)
      .filter((review) => {
        const chat = chatOf(review)
        const { ids, labels } = encode(chat)
        const prompt = model.chatTemplate!.render(chat.slice(0, -1), { addGenerationPrompt: true })
        const asked = model.tokenizer.encode(prompt)
        const answer = model.tokenizer.decode(labels.filter((label) => label !== Supervision.ignored))
        const sameStart = asked.every((id, i) => ids[i] === id && labels[i] === Supervision.ignored)
        return (
          !sameStart ||
          answer !== `${chat[2]!.content}<|im_end|>` ||
          labels[asked.length] === Supervision.ignored
        )
      })
    expect(wrong).toEqual([])
  })

  it("give the rows that the reference trained on, and a line break more that is not learnt", () => {
    const { batches } = fixtureJson<{
      batches: ReadonlyArray<ReadonlyArray<{ ids: Array<number>; labels: Array<number> }>>
    }>("smollm2/training.json")
    const all = reviews()
    const lineBreak = model.tokenizer.encode("\n")[0]!
    const found = batches.flat().map((_, i) => encode(chatOf(all[(125 * i + 7) % 3000]!)))
    expect(found).toEqual(
      batches.flat().map(({ ids, labels }) => ({
        ids: [...ids, lineBreak],
        labels: [...labels, Supervision.ignored],
      })),
    )
  })
})

describe("rows over the limit", () => {
  const row = { ids: [1, 2, 3, 4, 5, 6], labels: [-100, -100, 3, 4, -100, 6] }

  it("are refused with their length, dropped, or cut on the left, and each is accounted for", () => {
    expect(Supervision.fit(row, 6)).toEqual({
      row,
      account: { status: "kept", reason: null, tokens: 6, supervisedTokens: 3 },
    })
    const reason = "6 tokens, the limit is 5"
    expect(Supervision.fit(row, 5)).toEqual({
      row: null,
      account: { status: "refused", reason, tokens: 6, supervisedTokens: 0 },
    })
    expect(Supervision.fit(row, 5, "drop").account).toEqual({
      status: "dropped",
      reason,
      tokens: 6,
      supervisedTokens: 0,
    })
    expect(Supervision.fit(row, 5, "cutLeft")).toEqual({
      row: { ids: [2, 3, 4, 5, 6], labels: [-100, 3, 4, -100, 6] },
      account: { status: "cut", reason, tokens: 6, supervisedTokens: 3 },
    })
  })

  it("say how many supervised tokens a cut took, one of them by becoming the first", () => {
    expect(Supervision.fit(row, 4, "cutLeft").account).toEqual({
      status: "cut",
      reason: "6 tokens, the limit is 4; 1 of 3 supervised tokens were cut",
      tokens: 6,
      supervisedTokens: 2,
    })
  })

  it("of which nothing supervised is left are not kept", () => {
    const early = { ids: [1, 2, 3, 4], labels: [-100, 2, -100, -100] }
    expect(Supervision.fit(early, 2, "cutLeft").account).toEqual({
      status: "dropped",
      reason: "4 tokens, the limit is 2, and its last 2 hold nothing supervised",
      tokens: 4,
      supervisedTokens: 0,
    })
    const nothing = { ids: [1, 2], labels: [1, -100] }
    expect(Supervision.fit(nothing, 9).account.reason).toBe("no token of it is supervised")
  })
})
