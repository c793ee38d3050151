import { Errors, type Source, type Step } from "@sluice/core"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Table } from "@sluice/core"
import { counted } from "../counted.ts"
import type { Documents } from "./Tables.ts"

type Document = Table.Row<typeof Documents>
/** A document's title and sections. */
export interface Parsed extends Pick<Document, "title" | "sections"> {
  /** What of it could not be read, after its name. */
  readonly unread?: string
}

/** Why a file cannot be read, after its name. */
export class Unreadable extends Error {}

const formats: Readonly<Record<string, Document["format"]>> = {
  md: "markdown",
  markdown: "markdown",
  txt: "text",
  html: "html",
  htm: "html",
  pdf: "pdf",
}

/** Reads every file by its ending. All files that cannot be read are named together. */
export const read = async (
  context: Step.Context<unknown, { readonly files: ReadonlyArray<Source.SourceFile> }>,
): Promise<ReadonlyArray<Document>> => {
  const problems: Array<{ file: string; problem: string }> = []
  const documents: Array<Document> = []
  const files = context.inputs.files.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  for (const file of files) {
    const bytes = await Effect.runPromise(file.bytes)
    const ending = /\.([^./]+)$/.exec(file.name)?.[1]?.toLowerCase() ?? ""
    const format = formats[ending]
    if (format === undefined) {
      problems.push({
        file: file.name,
        problem: `ends with ${ending === "" ? "nothing" : `.${ending}`}; .${Object.keys(formats).join(", .")} are read`,
      })
      continue
    }
    try {
      const { sections, title, unread } = await parse(format, bytes)
      if (unread !== undefined) context.warn(`${file.name} ${unread}`)
      else if (sections.length === 0) context.warn(`${file.name} holds no text`)
      documents.push({ document: file.name, format, title, sections })
    } catch (error) {
      problems.push({ file: file.name, problem: problemOf(error) })
    }
  }
  if (problems.length > 0) throw new DocumentsUnreadable({ files: files.length, problems })
  const sections = documents.reduce((sum, document) => sum + document.sections.length, 0)
  context.summarize(`${counted(documents.length, "document")}, ${counted(sections, "section")}`)
  return documents
}

const problemOf = (error: unknown): string => {
  if (error instanceof Unreadable) return error.message
  // The parsers call themselves for every element within an element.
  if (error instanceof RangeError) return "has elements within elements too deep to follow"
  return `cannot be parsed (${error instanceof Error ? error.message : String(error)})`
}

const parse = async (format: Document["format"], bytes: Uint8Array): Promise<Parsed> => {
  switch (format) {
    case "markdown":
      return (await import("./markdown.ts")).parse(textOf(bytes))
    case "html":
      return (await import("./html.ts")).parse(textOf(bytes, declaredIn(bytes)))
    case "pdf":
      return (await import("./pdf.ts")).parse(bytes)
    case "text": {
      const text = textOf(bytes).trim()
      return { title: null, sections: text === "" ? [] : [{ heading: "", text }] }
    }
  }
}

/** UTF-8, UTF-16 with its mark, or what the page itself declares; with line ends as one character. */
const textOf = (bytes: Uint8Array, declared?: string): string => {
  const [first, second] = bytes
  const marked =
    first === 0xff && second === 0xfe
      ? "utf-16le"
      : first === 0xfe && second === 0xff
        ? "utf-16be"
        : undefined
  const text =
    decoded(bytes, marked ?? "utf-8") ?? (declared === undefined ? undefined : decoded(bytes, declared))
  if (text === undefined) throw new Unreadable("is not UTF-8 text: save it as UTF-8")
  if (text.includes("\0"))
    throw new Unreadable("holds NUL characters: it is UTF-16 without a mark, or no text")
  return text.replaceAll(/\r\n?/g, "\n")
}

const decoded = (bytes: Uint8Array, encoding: string): string | undefined => {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** The encoding in a page's `<meta>`, which stands in its first 1,024 bytes. */
const declaredIn = (page: Uint8Array): string | undefined =>
  /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(new TextDecoder("latin1").decode(page.subarray(0, 1024)))?.[1]

/** Follows headings: which ones a text stands under. */
export class Outline {
  readonly #path: Array<{ readonly depth: number; readonly text: string }> = []
  readonly #sections: Array<{ heading: string; text: string }> = []
  #pieces: Array<string> = []

  heading(depth: number, text: string): void {
    this.#close()
    while ((this.#path.at(-1)?.depth ?? 0) >= depth) this.#path.pop()
    this.#path.push({ depth, text })
  }

  /** A paragraph, a list, a block of code. */
  block(text: string): void {
    if (text.trim() !== "") this.#pieces.push(text.trim())
  }

  sections(): Parsed["sections"] {
    this.#close()
    return this.#sections
  }

  #close(): void {
    if (this.#pieces.length === 0) return
    const heading = this.#path.map(({ text }) => text).join(" > ")
    this.#sections.push({ heading, text: this.#pieces.join("\n\n") })
    this.#pieces = []
  }
}

/** Files that are no documents. */
export class DocumentsUnreadable extends Data.TaggedError("DocumentsUnreadable")<{
  readonly files: number
  readonly problems: ReadonlyArray<{ readonly file: string; readonly problem: string }>
}> {
  override get message(): string {
    return Errors.structured(
      `${counted(this.problems.length, "file")} of ${this.files} cannot be read as a document.`,
      this.problems.slice(0, 10).map(({ file, problem }): [string, string] => [file, problem]),
      "Correct the files, or leave them out by the pattern.",
    )
  }
}
