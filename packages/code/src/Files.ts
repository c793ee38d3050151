/**
 * Files as this package reads them: each once, remembering what was read and what was looked for in vain.
 *
 * What was absent matters as much as what was there: a file that appears later may come before one that was found.
 */
import { hash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"

export class Files {
  /** Every file whose content was used. */
  readonly used = new Set<string>()
  /** Every path that was looked for and not there. */
  readonly absent = new Set<string>()
  /** Every path that leads elsewhere by a symbolic link, with where it led: installers put packages in place by links. */
  readonly links = new Map<string, string>()
  readonly #texts = new Map<string, string | undefined>()
  readonly #json = new Map<string, unknown>()
  readonly #kinds = new Map<string, "file" | "folder" | "none">()
  readonly #real = new Map<string, string>()
  readonly #digests = new Map<string, string>()

  kind(file: string): "file" | "folder" | "none" {
    let kind = this.#kinds.get(file)
    if (kind === undefined) {
      const stat = fs.statSync(file, { throwIfNoEntry: false })
      kind = stat === undefined ? "none" : stat.isDirectory() ? "folder" : "file"
      this.#kinds.set(file, kind)
    }
    if (kind === "none") this.absent.add(file)
    return kind
  }

  isFile(file: string): boolean {
    return this.kind(file) === "file"
  }

  real(file: string): string {
    let real = this.#real.get(file)
    if (real === undefined) {
      real = fs.realpathSync.native(file)
      this.#real.set(file, real)
      if (real !== file) this.links.set(file, real)
    }
    return real
  }

  /** The file's text, or undefined if it is not there. */
  text(file: string): string | undefined {
    if (this.#texts.has(file)) return this.#texts.get(file)
    let text: string | undefined
    try {
      const bytes = fs.readFileSync(file)
      text = bytes.toString("utf8")
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1)
      this.used.add(file)
      this.#digests.set(file, digestOf(bytes))
    } catch {
      this.absent.add(file)
    }
    this.#texts.set(file, text)
    return text
  }

  /** Reads a file again if it has changed; whether it had. */
  refresh(file: string): boolean {
    const before = this.#texts.get(file)
    if (before === undefined) return false
    this.#texts.delete(file)
    return this.text(file) !== before
  }

  /** Gives a file a text other than the one on disk: an editor's, or a test's. */
  override(file: string, text: string): void {
    this.#texts.set(file, text)
    this.#kinds.set(file, "file")
    this.used.add(file)
  }

  /** A JSON file, comments and trailing commas allowed; undefined if absent or not JSON. */
  json(file: string): unknown {
    if (this.#json.has(file)) return this.#json.get(file)
    const text = this.text(file)
    const value = text === undefined ? undefined : parseJson(text)
    this.#json.set(file, value)
    return value
  }

  /** SHA-256 of the file's bytes, as they were first read. */
  digest(file: string): string {
    let digest = this.#digests.get(file)
    if (digest === undefined) {
      this.used.add(file)
      digest = digestOf(fs.readFileSync(file))
      this.#digests.set(file, digest)
    }
    return digest
  }

  /** SHA-256 of the bytes that were read of a file; undefined if none were. */
  digestRead(file: string): string | undefined {
    return this.#digests.get(file)
  }

  /** The nearest file of a name, from a folder upwards. */
  nearest(folder: string, name: string, stop?: string): string | undefined {
    for (let at = folder; ; at = path.dirname(at)) {
      const file = path.join(at, name)
      if (this.isFile(file)) return file
      if (at === path.dirname(at) || at === stop) return undefined
    }
  }
}

const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "hex")

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    try {
      return JSON.parse(withoutComments(text))
    } catch {
      return undefined
    }
  }
}

/** JSON with comments and trailing commas, as in tsconfig.json, to JSON. */
const withoutComments = (text: string): string =>
  text
    .replace(
      /("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
      (_, string: string | undefined) => string ?? "",
    )
    .replace(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, (_, string: string | undefined) => string ?? "")
