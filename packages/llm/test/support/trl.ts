/** TRL's tokenizer and templates of the reference labels. */
import * as fs from "node:fs"
import * as ChatTemplate from "../../src/ChatTemplate.ts"
import * as Supervision from "../../src/Supervision.ts"
import * as Tokenizer from "../../src/Tokenizer.ts"
import { fixture, fixtureJson } from "./smollm2.ts"

export const tokenizer = Tokenizer.fromJson(fixtureJson("trl/tokenizer.json"), {
  bos_token: "<s>",
  eos_token: "</s>",
  pad_token: "<pad>",
})

export const named = (source: string): ChatTemplate.ChatTemplate =>
  ChatTemplate.make({ source, bosToken: "<s>", eosToken: "</s>" })

export const trlTemplate = (name: string): ChatTemplate.ChatTemplate =>
  named(fs.readFileSync(fixture(`trl/templates/${name}_training.jinja`), "utf8"))

/** ChatML with or without marks; `marks` stand around what is given. */
export const chatml = (assistant = "{{ m.content }}<|im_end|>"): ChatTemplate.ChatTemplate =>
  named(
    "{% for m in messages %}<|im_start|>{{ m.role }}\n" +
      `{% if m.role == 'assistant' %}${assistant}{% else %}{{ m.content }}<|im_end|>{% endif %}\n{% endfor %}` +
      "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
  )

/** The pieces that are supervised, as text, each with its weight where there are weights. */
export const learnt = (
  { ids, labels, weights }: Supervision.SupervisedRow,
  decode = tokenizer.decode,
): ReadonlyArray<string | readonly [string, number]> => {
  const found: Array<{ ids: Array<number>; weight: number; end: number }> = []
  labels.forEach((label, i) => {
    if (label === Supervision.ignored) return
    const last = found.at(-1)
    const weight = weights?.[i] ?? 1
    if (last !== undefined && last.end === i && last.weight === weight) {
      last.ids.push(ids[i]!)
      last.end++
    } else found.push({ ids: [ids[i]!], weight, end: i + 1 })
  })
  return found.map((piece) =>
    weights === undefined ? decode(piece.ids) : ([decode(piece.ids), piece.weight] as const),
  )
}

/** The first line of what is thrown. */
export const refusal = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    return (error as Error).message.split("\n")[0]!
  }
  return "nothing was refused"
}
