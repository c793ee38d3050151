import { extractText, getDocumentProxy } from "unpdf"
import { counted } from "../counted.ts"
import { type Parsed, Unreadable } from "./documents.ts"

/** A PDF's text, a section a page. Pages that are pictures have none, which is said. */
export const parse = async (bytes: Uint8Array): Promise<Parsed> => {
  if (bytes.length === 0) throw new Unreadable("is empty")
  const pdf = await opened(bytes)
  try {
    const { text, totalPages } = await extractText(pdf, { mergePages: false })
    const { info } = await pdf.getMetadata()
    const title = (info as { readonly Title?: unknown } | undefined)?.Title
    const pages = text.map((page, index) => ({ number: index + 1, text: page.trim() }))
    const empty = pages.filter((page) => page.text === "").map(({ number }) => number)
    return {
      title: typeof title === "string" && title.trim() !== "" ? title.trim() : null,
      sections: pages
        .filter((page) => page.text !== "")
        .map((page) => ({ heading: `page ${page.number}`, text: page.text })),
      ...(empty.length === 0
        ? {}
        : {
            unread:
              `holds no text on ${empty.length} of ${counted(totalPages, "page")} (${shown(empty)}): ` +
              "pictures of text must be recognised (OCR) first",
          }),
    }
  } finally {
    await pdf.loadingTask.destroy()
  }
}

const opened = async (bytes: Uint8Array) => {
  try {
    // pdf.js takes the bytes for itself, and no Buffer: it is given a copy.
    return await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 })
  } catch (error) {
    const { message, name } = error as Error
    if (name === "PasswordException") throw new Unreadable("is encrypted: save it without its password")
    throw new Unreadable(`is no PDF, or a damaged one (${message.replace(/\.$/, "")})`)
  }
}

const shown = (pages: ReadonlyArray<number>): string =>
  pages.slice(0, 10).join(", ") + (pages.length > 10 ? ", …" : "")
