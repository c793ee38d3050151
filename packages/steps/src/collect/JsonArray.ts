import { fieldsOf, type Found, Unreadable } from "./Record.ts"

/**
 * Records of a JSON file that holds one array of objects, read as a stream: memory follows the longest
 * element, not the file. Fails with Unreadable, naming the line, where the text is not such an array.
 */
export async function* records(text: AsyncIterable<string>): AsyncGenerator<Found> {
  const scanner = makeScanner()
  for await (const chunk of text) yield* scanner.take(chunk)
  scanner.end()
}

/**
 * Finds where each element of the outer array starts and ends by following brackets and strings, and leaves
 * what is inside to JSON.parse. Places: `before` the array, `element` awaited, `inside` one, `between` two, `after`.
 */
const makeScanner = () => {
  let place: "before" | "first" | "element" | "inside" | "between" | "after" = "before"
  let line = 1
  let startLine = 1
  let row = 0
  let depth = 0
  let inString = false
  let escaped = false
  let pending = ""

  const finish = (element: string): Found => {
    row++
    try {
      return { row, line: startLine, content: fieldsOf(JSON.parse(element)) }
    } catch (error) {
      throw new Unreadable(
        startLine,
        `row ${row} is not JSON (${parseMessage(error)})`,
        "an array of JSON objects is required",
      )
    }
  }

  function* take(chunk: string): Generator<Found> {
    let start = place === "inside" ? 0 : -1
    for (let i = 0; i < chunk.length; i++) {
      const code = chunk.charCodeAt(i)
      if (code === newline) line++
      if (inString) {
        if (escaped) escaped = false
        else if (code === backslash) escaped = true
        else if (code === quote) inString = false
        continue
      }
      if (place === "inside") {
        if (code === quote) inString = true
        else if (code === openBracket || code === openBrace) depth++
        else if (depth > 0) {
          if (code === closeBracket || code === closeBrace) depth--
        } else if (code === comma || code === closeBracket) {
          yield finish(pending + chunk.slice(start, i))
          pending = ""
          start = -1
          place = code === comma ? "element" : "after"
        }
        continue
      }
      if (code === space || code === newline || code === tab || code === carriageReturn) continue
      if (place === "before") {
        if (code !== openBracket)
          throw new Unreadable(
            line,
            `the file starts with ${JSON.stringify(chunk[i])}`,
            "one JSON array of objects is required",
          )
        place = "first"
      } else if (place === "after") {
        throw new Unreadable(line, `${JSON.stringify(chunk[i])} follows the array`, "nothing may follow it")
      } else if (code === closeBracket && place === "first") {
        place = "after"
      } else if (code === comma || code === closeBracket) {
        throw new Unreadable(line, `row ${row + 1} is empty: a comma too many`, "an object is required")
      } else {
        place = "inside"
        start = i
        startLine = line
        inString = code === quote
        depth = code === openBracket || code === openBrace ? 1 : 0
      }
    }
    if (place === "inside") pending += chunk.slice(Math.max(start, 0))
  }

  const end = () => {
    if (place === "before")
      throw new Unreadable(line, "the file is empty", "one JSON array of objects is required")
    if (place !== "after")
      throw new Unreadable(
        line,
        `the file ends inside the array, after row ${row}`,
        "the array must be closed; is the file whole?",
      )
  }

  return { take, end }
}

/** V8's message without the excerpt of the text, which may hold anything. */
const parseMessage = (error: unknown): string =>
  error instanceof Error
    ? error.message.replace(/, "[\s\S]*$/, "").replace(/ in JSON at position[\s\S]*$/, "")
    : String(error)

const newline = 10
const carriageReturn = 13
const tab = 9
const space = 32
const quote = 34
const comma = 44
const backslash = 92
const openBracket = 91
const closeBracket = 93
const openBrace = 123
const closeBrace = 125
