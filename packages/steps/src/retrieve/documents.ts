import { Errors, type Source, type Step } from "@sluice/core"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Table } from "@sluice/core"
import { counted } from "../counted.ts"
import type { Documents } from "./Tables.ts"

type Document = Table.Row<typeof Documents>
/** A document's title and sections. */
export type Parsed = Pick<Document, "title" | "sections">

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
      const parsed = await parse(format, bytes)
      if (parsed.sections.length === 0) context.warn(`${file.name} holds no text`)
      documents.push({ document: file.name, format, ...parsed })
    } catch (error) {
      problems.push({ file: file.name, problem: error instanceof Error ? error.message : String(error) })
    }
  }
  if (problems.length > 0) throw new DocumentsUnreadable({ files: files.length, problems })
  const sections = documents.reduce((sum, document) => sum + document.sections.length, 0)
  context.summarize(`${counted(documents.length, "document")}, ${counted(sections, "section")}`)
  return documents
}

const parse = async (format: Document["format"], bytes: Uint8Array): Promise<Parsed> => {
  switch (format) {
    case "markdown":
      return (await import("./markdown.ts")).parse(textOf(bytes))
    case "html":
      return (await import("./html.ts")).parse(textOf(bytes))
    case "pdf":
      return (await import("./pdf.ts")).parse(bytes)
    case "text": {
      const text = textOf(bytes).trim()
      return { title: null, sections: text === "" ? [] : [{ heading: "", text }] }
    }
  }
}

/** UTF-8, with line ends as one character. */
const textOf = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replaceAll(/\r\n?/g, "\n")
  } catch {
    throw new Error("is not UTF-8 text")
  }
}

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
