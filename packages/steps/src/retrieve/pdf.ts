import { extractText, getDocumentProxy } from "unpdf"
import type { Parsed } from "./documents.ts"

/** A PDF's text, a section a page. Pages that are pictures have none. */
export const parse = async (bytes: Uint8Array): Promise<Parsed> => {
  // pdf.js takes the bytes for itself, and no Buffer: it is given a copy.
  const pdf = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 })
  try {
    const { text } = await extractText(pdf, { mergePages: false })
    const { info } = await pdf.getMetadata()
    const title = (info as { readonly Title?: unknown } | undefined)?.Title
    return {
      title: typeof title === "string" && title.trim() !== "" ? title.trim() : null,
      sections: text
        .map((page, index) => ({ heading: `page ${index + 1}`, text: page.trim() }))
        .filter(({ text: page }) => page !== ""),
    }
  } finally {
    await pdf.loadingTask.destroy()
  }
}
