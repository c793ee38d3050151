/** A JSON file, or a FormatError that names it. */
import * as fs from "node:fs"
import { unreadable } from "./ByteSource.ts"
import { FormatError } from "./FormatError.ts"

export const readJson = (file: string): unknown => {
  let text: string
  try {
    text = fs.readFileSync(file, "utf8")
  } catch (cause) {
    throw unreadable(file, cause)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new FormatError({
      file,
      reason: "The file is no JSON.",
      facts: [["Cause", cause instanceof Error ? cause.message : String(cause)]],
    })
  }
}
