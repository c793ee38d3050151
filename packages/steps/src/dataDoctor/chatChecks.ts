/** Checks of chats as they are written: roles, and markup of templates. */
import { around, type Finding, found, type Hit } from "./Finding.ts"
import type { Subject } from "./Subject.ts"

const knownRoles = new Set(["system", "user", "assistant", "tool"])

/** Names by which other formats call the two sides, at the start of a line. */
const sideMark =
  /^[ \t]*(?:#{2,4} ?)?(?:\*\*)?(human|user|gpt|assistant|bot|instruction|response)(?:\*\*)? ?:(?:\*\*)?/gim
const asking = new Set(["human", "user", "instruction"])

/** Where a message holds a whole conversation: one side's mark, and after it the other's. */
const flattened = (content: string): number => {
  let askedAt = -1
  for (const match of content.matchAll(sideMark)) {
    const isAsking = asking.has(match[1]!.toLowerCase())
    if (isAsking && askedAt < 0) askedAt = match.index
    if (!isAsking && askedAt >= 0) return askedAt
  }
  return -1
}

/** The name of its own side, which the template writes already; in a question it may begin a definition. */
const ownName = /^\s*(?:\*\*)?(?:assistant|gpt|bot|ai)(?:\*\*)? ?:/i

export const roles = ({ chats }: Subject): ReadonlyArray<Finding> => {
  const unknown: Array<Hit> = []
  const misplaced: Array<Hit> = []
  const whole: Array<Hit> = []
  const named: Array<Hit> = []
  for (const { id, messages } of chats) {
    const stranger = messages.find(({ role }) => !knownRoles.has(role))
    if (stranger !== undefined) {
      unknown.push({ id, excerpt: `${stranger.role}: ${stranger.content}` })
      continue
    }
    const order = messages
      .map(({ content, role }) => (role === "user" && content.trim() === "" ? "user (empty)" : role))
      .join(", ")
    const isTwice = messages.some(
      ({ role }, at) =>
        at > 0 && role === messages[at - 1]!.role && (role === "user" || role === "assistant"),
    )
    const isLateSystem = messages.some(({ role }, at) => role === "system" && at > 0)
    const hasNoAnswer = messages.at(-1)?.role !== "assistant"
    const hasNoPrompt = !messages.some(({ content, role }) => role === "user" && content.trim() !== "")
    if (isTwice || isLateSystem || hasNoAnswer || hasNoPrompt) misplaced.push({ id, excerpt: order })
    const flat = messages.find(({ content }) => flattened(content) >= 0)
    if (flat !== undefined) whole.push({ id, excerpt: around(flat.content, flattened(flat.content), 60) })
    const called = messages.find(({ content, role }) => role === "assistant" && ownName.test(content))
    if (flat === undefined && called !== undefined) named.push({ id, excerpt: called.content })
  }
  return [
    ...found(
      "roles",
      "refuse",
      unknown,
      "Messages have a role that the chat template does not know.",
      "Map them to system, user, assistant and tool: human is user, gpt and bot are assistant.",
    ),
    ...found(
      "roles",
      "warn",
      misplaced,
      "The roles stand in an order that chats do not have: no question, no answer at the end, one side twice, a late system message.",
      "Join neighbouring messages of one side, put the system message first, begin with a question, and end with the assistant's answer.",
    ),
    ...found(
      "roles",
      "warn",
      whole,
      "A message holds both sides of a conversation as text, so that no turn in it is told apart.",
      "Split it into one message a turn, each with its role.",
    ),
    ...found(
      "roles",
      "warn",
      named,
      "Answers begin with the name of their own side, which the chat template writes already.",
      "Take the name off: a model tuned on it begins its answers so.",
    ),
  ]
}

/** Marks of the templates in wide use, whether or not this model's tokenizer has them. */
const foreignMarks = [
  "<|im_start|>",
  "<|im_end|>",
  "<|endoftext|>",
  "<|eot_id|>",
  "<|start_header_id|>",
  "<|begin_of_text|>",
  "<start_of_turn>",
  "<end_of_turn>",
  "[INST]",
  "[/INST]",
  "<<SYS>>",
  "<|user|>",
  "<|assistant|>",
  "<|end|>",
  "<|end_of_text|>",
  "<\uff5cend\u2581of\u2581sentence\uff5c>",
  "<\uff5cAssistant\uff5c>",
  "<pad>",
  "[PAD]",
  "<unk>",
  "<bos>",
  "<eos>",
  "[CLS]",
  "[SEP]",
]
/** Any name between such bars; no language or text writes so. */
const barred = /<[|\uff5c][\p{L}_\u2581]{2,32}[|\uff5c]>|<extra_id_\d+>|<<?\/SYS>>?|\[\/SYS\]/u
/** They count where they open or close a message. */
const foreignEnds = ["<s>", "</s>"]
/** Headings of templates without tokens of their own. */
const foreignHeading =
  /^###[ \t]?(?:Instruction|Response|Assistant|Human):|###[ \t]?(?:Response|Assistant):\s*$/m

/** A template's marks inside of a message: it was rendered before, or would end its own turn. */
export const specialTokens = ({ chats, model }: Subject): ReadonlyArray<Finding> => {
  // Short ones such as <s> are HTML and mathematics too, so they count only where they open or close a message.
  const long = [...new Set([...foreignMarks, ...model.specialTokens.filter((mark) => mark.length > 4)])]
  const own = model.specialTokens.filter((mark) => mark.length > 1 && mark.length <= 4)
  const short = [...new Set([...foreignEnds, ...own])]
  const hits = chats.flatMap(({ id, messages }): ReadonlyArray<Hit> => {
    for (const { content } of messages) {
      const mark =
        long.find((text) => content.includes(text)) ??
        barred.exec(content)?.[0] ??
        short.find((text) => content.startsWith(text) || content.endsWith(text)) ??
        (flattened(content) < 0 ? foreignHeading.exec(content)?.[0] : undefined)
      if (mark !== undefined) return [{ id, excerpt: around(content, content.indexOf(mark), mark.length) }]
    }
    return []
  })
  return found(
    "specialTokens",
    "warn",
    hits,
    "Messages hold a chat template's own marks, which would be read as the turns of the chat.",
    "Take the marks off: messages are plain text, and the template is applied once, when they are tokenized.",
  )
}
