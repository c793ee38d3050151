import type { Source } from "@sluice/core"
import * as Stream from "effect/Stream"
import { Unreadable } from "./Record.ts"

/** The file as text in pieces; a byte order mark is skipped, and bytes that are not UTF-8 are refused by line. */
export async function* textOf(
  file: Source.SourceFile,
  onBytes: (count: number) => void,
): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true })
  let line = 1
  let first = true
  const decode = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true })
    } catch {
      throw new Unreadable(line, "the file is not UTF-8 from here on", "save it as UTF-8")
    }
  }
  for await (const bytes of Stream.toAsyncIterable(file.stream)) {
    if (first && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))) {
      throw new Unreadable(1, "the file is UTF-16", "save it as UTF-8")
    }
    first = false
    onBytes(bytes.length)
    const text = decode(bytes)
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) line++
    yield text
  }
  yield decode()
}
