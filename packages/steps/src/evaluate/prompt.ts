interface Message {
  readonly role: string
  readonly content: string
}

/** What a model is asked: the chat without its last message, which is the expected answer. */
export const promptOf = <M extends Message>(messages: ReadonlyArray<M>): ReadonlyArray<M> =>
  messages.slice(0, -1)

/** The last message's text: what the answer is held against. */
export const expectedOf = (messages: ReadonlyArray<Message>): string => messages.at(-1)?.content ?? ""

/** What a reader of the report needs to see of a prompt: the last message before the answer. */
export const shownOf = (messages: ReadonlyArray<Message>): string => messages.at(-2)?.content ?? ""

/**
 * A few-shot prompt: the chat's own system messages, then every shot's turns without its system messages, then
 * the chat's other turns. The shots stand in the same order for every row, so that the prompts share a prefix.
 */
export const withShots = <M extends Message>(
  prompt: ReadonlyArray<M>,
  shots: ReadonlyArray<ReadonlyArray<M>>,
): ReadonlyArray<M> => [
  ...prompt.filter(isSystem),
  ...shots.flatMap((shot) => shot.filter((message) => !isSystem(message))),
  ...prompt.filter((message) => !isSystem(message)),
]

const isSystem = (message: Message): boolean => message.role === "system"
