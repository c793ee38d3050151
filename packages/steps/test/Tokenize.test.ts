import { ModelFiles as Opened } from "@sluice/llm"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Chat, type Message, stored } from "../src/Chat.ts"
import { ModelFiles } from "../src/kinds.ts"
import * as Tokenize from "../src/Tokenize.ts"
import { filesReader } from "./support/files.ts"
import { reader, ref, runStep } from "./support/runStep.ts"
import { writeTinyModel } from "./support/tinyModel.ts"

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-tokenize-"))
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

/** The tiny model with another chat template. */
const modelWith = (template: string | undefined) => {
  const place = fs.mkdtempSync(path.join(folder, "model-"))
  writeTinyModel(place)
  const file = path.join(place, "tokenizer_config.json")
  const config = JSON.parse(fs.readFileSync(file, "utf8")) as Record<string, unknown>
  fs.writeFileSync(file, JSON.stringify({ ...config, chat_template: template ?? config["chat_template"] }))
  return filesReader(Opened.filesOf(place))
}

const messages: ReadonlyArray<Message> = [
  { role: "system", content: "s" },
  { role: "user", content: "u" },
  { role: "assistant", content: "a" },
]
const modelRef = { ...ref(Chat), kind: ModelFiles } as never
const run = (model: ReturnType<typeof filesReader>, more: Partial<Tokenize.ChatOptions> = {}) =>
  runStep(Tokenize.chat({ chats: ref(Chat), model: modelRef, ...more }), {
    chats: reader([stored("one", messages), stored("two", messages)]),
    model,
  })

describe("a chat template", () => {
  it("that never ends a turn is warned of, with the number of rows", async () => {
    const endless = modelWith(
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}",
    )
    expect((await run(endless)).warnings).toEqual([
      "In 2 rows of 2 no token that ends an answer is learnt: a model tuned on them may not stop.",
    ])
    expect((await run(modelWith(undefined))).warnings).toEqual([])
  })

  it("that leaves a system message out is refused by row, whatever is done with long rows", async () => {
    const silent = modelWith(
      "{% for m in messages if m.role != 'system' %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    )
    await expect(run(silent, { onTooLong: "drop" })).rejects.toThrow(
      /^2 chats of 2 cannot be learnt from\.\n {2}Row one: {2}The model's chat template leaves out the content of message 1 \(role system\)\./,
    )
  })

  it("that marks what is generated decides, and what it marks is learnt with the token that ends it", async () => {
    const marked = modelWith(
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{% generation %}{{ m.content }}{% endgeneration %}<|im_end|>\n{% endfor %}",
    )
    const { outputs } = await run(marked)
    const learnt = outputs["tokens"][0].labels.filter((label: number) => label !== -100)
    expect(learnt).toEqual(["s", "u", "a"].flatMap((letter) => [letter.charCodeAt(0), 257]))
  })
})
