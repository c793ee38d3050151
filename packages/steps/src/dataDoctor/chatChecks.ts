/** Checks of chats as they are written: roles, markup of other templates, answers that say nothing. */
import { around, type Finding, found, type Hit } from "./Finding.ts"
import type { Example, LabelField, Subject } from "./Subject.ts"

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

export const roles = ({ chats }: Subject): ReadonlyArray<Finding> => {
  const unknown: Array<Hit> = []
  const misplaced: Array<Hit> = []
  const whole: Array<Hit> = []
  for (const { id, messages } of chats) {
    const stranger = messages.find(({ role }) => !knownRoles.has(role))
    if (stranger !== undefined) {
      unknown.push({ id, excerpt: `${stranger.role}: ${stranger.content}` })
      continue
    }
    const order = messages.map(({ role }) => role).join(", ")
    const isTwice = messages.some(
      ({ role }, at) =>
        at > 0 && role === messages[at - 1]!.role && (role === "user" || role === "assistant"),
    )
    const isLateSystem = messages.some(({ role }, at) => role === "system" && at > 0)
    const hasNoAnswer = messages.at(-1)?.role !== "assistant"
    const hasNoPrompt = messages[0]?.role === "assistant" && messages.length === 1
    if (isTwice || isLateSystem || hasNoAnswer || hasNoPrompt) misplaced.push({ id, excerpt: order })
    const flat = messages.find(({ content }) => flattened(content) >= 0)
    if (flat !== undefined) whole.push({ id, excerpt: around(flat.content, flattened(flat.content), 60) })
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
      "The roles stand in an order that chats do not have: no answer at the end, one side twice, a late system message.",
      "Join neighbouring messages of one side, put the system message first, and end with the assistant's answer.",
    ),
    ...found(
      "roles",
      "warn",
      whole,
      "A message holds both sides of a conversation as text, so that no turn in it is told apart.",
      "Split it into one message a turn, each with its role.",
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
]

/** A template's marks inside of a message: it was rendered before, or would end its own turn. */
export const specialTokens = ({ chats, model }: Subject): ReadonlyArray<Finding> => {
  // Short ones such as <s> are HTML and mathematics too, so they count only where they open or close a message.
  const long = [...new Set([...foreignMarks, ...model.specialTokens.filter((mark) => mark.length > 4)])]
  const short = model.specialTokens.filter((mark) => mark.length > 1 && mark.length <= 4)
  const hits = chats.flatMap(({ id, messages }): ReadonlyArray<Hit> => {
    for (const { content } of messages) {
      const mark =
        long.find((text) => content.includes(text)) ??
        short.find((text) => content.startsWith(text) || content.endsWith(text))
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

/** What programs write where a value was missing. */
const leftovers = new Set([
  "undefined",
  "nan",
  "null",
  "none",
  "[object object]",
  "n/a",
  "todo",
  "tbd",
  "nil",
  "#n/a",
])

export const emptyAnswers = (
  { chats }: Subject,
  examples: ReadonlyArray<Example>,
  labels: ReadonlyArray<LabelField>,
): ReadonlyArray<Finding> => {
  const blank: Array<Hit> = []
  const hollow: Array<Hit> = []
  // A word such as "none" that is one of few labels is an answer like the others.
  const known = new Set(labels.flatMap(({ values }) => values.map(([value]) => value.toLowerCase())))
  chats.forEach(({ id, messages }, at) => {
    const bare = messages.findIndex(
      ({ content, role, toolCalls }) => role === "assistant" && isBlank(content) && !toolCalls,
    )
    if (bare >= 0) {
      blank.push({ id, excerpt: `message ${bare + 1} after: ${messages[bare - 1]?.content ?? ""}` })
      return
    }
    const answer = examples[at]!.answer.trim().toLowerCase()
    if (leftovers.has(answer) && !known.has(answer))
      hollow.push({ id, excerpt: `${examples[at]!.prompt} -> ${examples[at]!.answer}` })
  })
  const fix =
    "Leave these rows out, or find where their answers were lost: a wrong column name is the usual reason."
  return [
    ...found("emptyAnswers", "refuse", blank, "Answers are empty: a model would learn to say nothing.", fix),
    ...found("emptyAnswers", "warn", hollow, "Answers are what programs write for a missing value.", fix),
  ]
}

/** White space, also where it cannot be seen as such. */
const isBlank = (text: string): boolean => /^(?:[\s\u200b\u200c\u2060\ufeff]|\u200d)*$/.test(text)
