/** What keeps a program from being bundled, said once and at its place. */
import type * as esbuild from "esbuild"
import * as path from "node:path"

/** The bundler's first complaint, as one message with the place and a caret. */
export class BundleProblem extends Error {
  readonly _tag = "BundleProblem"
  readonly file: string
  readonly line: number
  readonly column: number

  constructor(message: esbuild.Message, root: string) {
    const at = message.location
    const file = at === null ? "" : path.relative(root, path.resolve(root, at.file))
    const caret = at === null ? "" : at.lineText.slice(0, at.column).replace(/[^\t]/g, " ")
    const gutter = at === null ? "" : " ".repeat(String(at.line).length)
    super(
      at === null
        ? message.text
        : `${file}:${at.line}:${at.column + 1} ${message.text}\n  ${at.line} | ${at.lineText}\n  ${gutter} | ${caret}^`,
      at === null ? { cause: systemError(message.text) } : {},
    )
    this.name = "BundleProblem"
    this.file = file
    this.line = at?.line ?? 0
    this.column = (at?.column ?? -1) + 1
    delete this.stack
  }
}

/** What esbuild says in Go's words when it cannot write, as Node says it; `undefined` for any other complaint. */
const systemError = (text: string): NodeJS.ErrnoException | undefined => {
  const found = systemErrors.find(([words]) => text.endsWith(words))
  return found === undefined ? undefined : Object.assign(new Error(text), { code: found[1] })
}

const systemErrors = [
  ["no space left on device", "ENOSPC"],
  ["disk quota exceeded", "EDQUOT"],
  ["file too large", "EFBIG"],
  ["read-only file system", "EROFS"],
  ["permission denied", "EACCES"],
  ["operation not permitted", "EPERM"],
] as const
