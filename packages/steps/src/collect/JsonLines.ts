import { fieldsOf, type Found } from "./Record.ts"

/**
 * Records of a JSON Lines file: one object a line, blank lines skipped. A line that is not JSON is one bad
 * record; the lines after it are read.
 */
export async function* records(text: AsyncIterable<string>): AsyncGenerator<Found> {
  let line = 0
  let row = 0
  let rest = ""
  for await (const chunk of text) {
    const lines = (rest + chunk).split("\n")
    rest = lines.pop()!
    for (const content of lines) {
      line++
      if (content.trim() !== "") yield record(content, ++row, line)
    }
  }
  if (rest.trim() !== "") yield record(rest, row + 1, line + 1)
}

const record = (content: string, row: number, line: number): Found => {
  try {
    return { row, line, content: fieldsOf(JSON.parse(content)) }
  } catch {
    return {
      row,
      line,
      content: {
        problems: [{ field: "", value: "the line is not JSON", rule: "one JSON object a line is required" }],
      },
    }
  }
}
