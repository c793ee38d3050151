/** Pieces of HTML: text made safe and visible, and tables that are read, sorted and scrolled. */
import { counted } from "../counted.ts"

/** Text made safe inside an element or a quoted attribute. */
export const escape = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => {
    switch (character) {
      case "&":
        return "&amp;"
      case "<":
        return "&lt;"
      case ">":
        return "&gt;"
      case '"':
        return "&quot;"
      default:
        return "&#39;"
    }
  })

/**
 * Characters that show nothing, or that turn the text around them: control characters but for tab and line feed, marks
 * without width, and those that set the direction of writing. Not the joiners (U+200C, U+200D) within an emoji or a word
 * of a script that is written with them: there they are what makes it readable.
 */
export const hidden =
  // oxlint-disable-next-line no-control-regex -- these are what is to be shown
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\u200c\u200d](?:(?<!(?:[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]|(?!\p{Script=Latin})[\p{L}\p{M}])[\u200c\u200d])|(?!\p{Extended_Pictographic}|(?!\p{Script=Latin})\p{L}))/gu

/** `\u001b` for a character that would not be seen. */
export const escapeOf = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`

/** What a model or a file wrote, safe and with everything visible in it. */
export const written = (text: string): string =>
  escape(text).replaceAll(hidden, (character) => `<span class="esc">${escapeOf(character)}</span>`)

/** So many characters of a text are shown at first. */
export const longest = 1200

/** A text in an element, what is beyond `longest` to be opened: one long document is not to push all else away. */
export const folded = (text: string, open: string, close: string): string => {
  if (text.length <= longest) return `${open}${written(text)}${close}`
  // Not between the halves of a character.
  const cut = text.codePointAt(longest - 1)! > 0xffff ? longest - 1 : longest
  const rest = counted(text.length - cut, "more character")
  return (
    `${open}${written(text.slice(0, cut))}…${close}<details class="rest"><summary>${rest}</summary>` +
    `${open}${written(text.slice(cut))}${close}</details>`
  )
}

/** A cell: HTML, and for a number its value, by which a column is sorted and set flush right. */
export type Cell = string | { readonly html: string; readonly value: number | null }

/** A number in a cell. */
export const number = (html: string, value: number): Cell => ({ html, value })
/** No number in a column of numbers. */
export const none: Cell = { html: "–", value: null }

export interface TableOptions {
  /** Headings become buttons that sort, where the script runs. */
  readonly sortable?: boolean
  /** On a narrow screen each row is a card of its own: for cells of text. */
  readonly cards?: boolean
}

/** A table with a caption, column headings, and the first cell of each row as its heading. Headings and cells are HTML. */
export const table = (
  caption: string,
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<Cell>>,
  { cards = false, sortable = false }: TableOptions = {},
): string => {
  const isNumeric = head.map((_, at) => rows.length > 0 && rows.every((row) => typeof row[at] === "object"))
  // A table that is shown as something else stays one to a screen reader by its roles alone.
  const role = (name: string): string => (cards ? ` role="${name}"` : "")
  const kind = (at: number): string => (isNumeric[at]! ? ' class="n"' : "")
  const label = (at: number): string =>
    cards ? ` data-label="${escape(head[at]!.replaceAll(/<[^>]*>/g, ""))}"` : ""
  const data = (cell: Cell): string =>
    typeof cell === "string" ? "" : ` data-value="${cell.value === null ? "" : cell.value}"`
  const html = (cell: Cell): string => (typeof cell === "string" ? cell : cell.html)
  const attributes = `${cards ? ' class="cards"' : ""}${sortable ? " data-sortable" : ""}`
  const headings = head.map((cell, at) => `<th scope="col"${role("columnheader")}${kind(at)}>${cell}</th>`)
  const body = rows.map(
    ([first = "", ...cells]) =>
      `<tr${role("row")}><th scope="row"${role("rowheader")}${data(first)}${kind(0)}>${html(first)}</th>` +
      cells
        .map(
          (cell, at) => `<td${role("cell")}${data(cell)}${kind(at + 1)}${label(at + 1)}>${html(cell)}</td>`,
        )
        .join("") +
      "</tr>",
  )
  return (
    // The caption that is seen stands outside: inside, it would be scrolled away with a wide table.
    `<div class="table"><p class="caption" aria-hidden="true">${escape(caption)}</p>` +
    `<div class="scroll" role="region" tabindex="0" aria-label="${escape(caption)}">` +
    `<table${role("table")}${attributes}><caption class="unseen">${escape(caption)}</caption>` +
    `<thead${role("rowgroup")}><tr${role("row")}>${headings.join("")}</tr></thead>` +
    `<tbody${role("rowgroup")}>${body.join("")}</tbody></table></div></div>`
  )
}

/** A section that the contents name. */
export const section = (id: string, title: string, content: string): string =>
  content === ""
    ? ""
    : `<section aria-labelledby="${id}"><h2 id="${id}" tabindex="-1">${escape(title)}</h2>\n${content}\n</section>`

/** Something to open. */
export const details = (summary: string, content: string): string =>
  `<details><summary>${escape(summary)}</summary>${content}</details>`
