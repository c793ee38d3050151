/**
 * `{prompt, completion}`: two texts become a question and its answer; lists of messages are one chat, of which only
 * the completion's turns are learnt.
 */
import type { Message } from "../Chat.ts"
import { type Fields, isGiven, type Read, Reading, shown } from "./Fields.ts"
import { message } from "./Messages.ts"

export const has = (fields: Fields): boolean => isGiven(fields["prompt"]) && isGiven(fields["completion"])

export const read = (fields: Fields): Read => {
  const reading = new Reading()
  reading.leave(fields, ["prompt", "completion", "tools"])
  const prompt = part(reading, fields["prompt"], "prompt", "user", 0)
  const completion = part(reading, fields["completion"], "completion", "assistant", prompt.length)
  const asked = prompt.map((turn) => (turn.role === "assistant" ? { ...turn, supervised: false } : turn))
  return reading.finish([...asked, ...completion], reading.tools(fields["tools"]))
}

const part = (
  reading: Reading,
  value: unknown,
  name: string,
  role: "user" | "assistant",
  before: number,
): ReadonlyArray<Message> => {
  if (Array.isArray(value)) return value.map((item, i) => message(reading, item, before + i + 1))
  if (typeof value === "string" && value !== "") return [{ role, content: value }]
  reading.problems.push(`${name} is ${shown(value ?? null)}; text or a list of messages is required`)
  return []
}
