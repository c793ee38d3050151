/**
 * Files from outside as a step reads them: every reading is digested and compared with what was planned.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { createHash, hash } from "node:crypto"
import { createReadStream } from "node:fs"
import * as fs from "node:fs/promises"
import * as Errors from "./Errors.ts"
import type { SourceFile } from "./Source.ts"
import type { DigestedFile } from "./SourceDigests.ts"

type Failure = Errors.SourceChanged | Errors.SourceMissing

/** Opens a planned file for a step. `failed` hears every failure, so that a step which swallows one stores nothing. */
export const open = (
  step: string,
  root: string,
  file: DigestedFile,
  failed: (error: Failure) => void,
): SourceFile => {
  const heard = <E extends Failure>(error: E): E => {
    failed(error)
    return error
  }
  const missing = (): Failure => heard(new Errors.SourceMissing({ step, pattern: file.name, root }))
  const check = (found: string): Failure | undefined =>
    found === file.digest
      ? undefined
      : heard(new Errors.SourceChanged({ step, file: file.name, expected: file.digest, found }))

  const bytes = Effect.flatMap(
    Effect.tryPromise({ try: () => fs.readFile(file.path), catch: missing }),
    (content) => {
      const error = check(hash("sha256", content, "hex"))
      return error === undefined ? Effect.succeed<Uint8Array>(content) : Effect.fail(error)
    },
  )

  async function* pieces(): AsyncGenerator<Uint8Array> {
    const digest = createHash("sha256")
    try {
      for await (const piece of createReadStream(file.path, { highWaterMark: 1 << 18 })) {
        digest.update(piece as Uint8Array)
        yield piece as Uint8Array
      }
    } catch {
      throw missing()
    }
    const error = check(digest.digest("hex"))
    if (error !== undefined) throw error
  }
  const stream = Stream.suspend(() => Stream.fromAsyncIterable(pieces(), (error) => error as Failure))

  return {
    name: file.name,
    sizeBytes: file.sizeBytes,
    digest: file.digest,
    bytes,
    stream,
    lines: stream.pipe(Stream.decodeText(), Stream.splitLines),
  }
}
