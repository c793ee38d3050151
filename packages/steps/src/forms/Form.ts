/**
 * The forms in which examples for chat models are written down, and how a row tells which one it has.
 *
 *     messages          {messages: [{role, content, tool_calls?}], tools?}          OpenAI
 *     shareGpt          {conversations: [{from, value}], system?, tools?}
 *     alpaca            {instruction, input?, output, system?, history?}
 *     promptCompletion  {prompt, completion}, texts or lists of messages
 *     text              {text}: no chat; `Tokenize.text` takes it
 */
import * as Alpaca from "./Alpaca.ts"
import type { Fields, Read } from "./Fields.ts"
import * as Messages from "./Messages.ts"
import * as PromptCompletion from "./PromptCompletion.ts"
import * as ShareGpt from "./ShareGpt.ts"

export type Form = "messages" | "shareGpt" | "alpaca" | "promptCompletion" | "text"

/** A form of chats. */
export type ChatForm = Exclude<Form, "text">

export const chatForms: readonly [ChatForm, ...ReadonlyArray<ChatForm>] = [
  "messages",
  "shareGpt",
  "alpaca",
  "promptCompletion",
]

/** What a row of each form has, in words. */
export const shapes: Readonly<Record<Form, string>> = {
  messages: "messages [{role, content}]",
  shareGpt: "conversations [{from, value}]",
  alpaca: "instruction, output",
  promptCompletion: "prompt, completion",
  text: "text",
}

/** Every form whose fields a row has; a field that is null is not there. */
export const formsOf = (fields: Fields): ReadonlyArray<Form> => {
  const found: Array<Form> = []
  if (Messages.has(fields)) found.push("messages")
  if (ShareGpt.has(fields)) found.push("shareGpt")
  if (Alpaca.has(fields)) found.push("alpaca")
  if (PromptCompletion.has(fields)) found.push("promptCompletion")
  if (typeof fields["text"] === "string") found.push("text")
  return found
}

/** A row's chat, or what is wrong with it. */
export const read = (form: ChatForm, fields: Fields): Read => {
  switch (form) {
    case "messages":
      return Messages.read(fields)
    case "shareGpt":
      return ShareGpt.read(fields)
    case "alpaca":
      return Alpaca.read(fields)
    case "promptCompletion":
      return PromptCompletion.read(fields)
  }
}
