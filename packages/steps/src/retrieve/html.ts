import { type DefaultTreeAdapterTypes, parse as parseHtml, parseFragment } from "parse5"
import { Outline, type Parsed } from "./documents.ts"

type Node = DefaultTreeAdapterTypes.Node
type Element = DefaultTreeAdapterTypes.Element

/** What a reader sees of a page: text by block, under its headings, without navigation, scripts, styles and controls. */
export const parse = (source: string): Parsed => {
  const document = parseHtml(source)
  const outline = new Outline()
  const html = document.childNodes.find((node) => node.nodeName === "html") as Element | undefined
  const head = html?.childNodes.find((node) => node.nodeName === "head") as Element | undefined
  const named = head?.childNodes.find((node) => node.nodeName === "title")
  const heading = write(outline, (html ?? document).childNodes)
  return {
    title: (named === undefined ? "" : squeezed(textOf(named))) || heading,
    sections: outline.sections(),
  }
}

/** Adds a piece of HTML to an outline; the text of its first level-one heading, or null. */
export const addFragment = (outline: Outline, source: string): string | null =>
  write(outline, parseFragment(source).childNodes)

const write = (outline: Outline, nodes: ReadonlyArray<Node>): string | null => {
  let title: string | null = null
  let inline = ""
  const flush = () => {
    outline.block(squeezed(inline))
    inline = ""
  }
  const visit = (node: Node): void => {
    if (node.nodeName === "#text") inline += (node as DefaultTreeAdapterTypes.TextNode).value
    if (!("childNodes" in node) || isUnseen(node)) return
    const name = node.nodeName
    const depth = /^h([1-6])$/.exec(name)?.[1]
    if (depth !== undefined) {
      flush()
      const text = squeezed(textOf(node))
      if (depth === "1") title ??= text
      outline.heading(Number(depth), text)
    } else if (name === "pre") {
      flush()
      outline.block(code(node))
    } else if (name === "ul" || name === "ol") {
      flush()
      outline.block(list(node, ""))
    } else if (name === "table" && !holds(node, layout)) {
      flush()
      outline.block(table(node))
    } else if (name === "br") inline += "\n"
    else if (name === "img") inline += altOf(node)
    else {
      const isBlock = blocks.has(name)
      if (isBlock) flush()
      for (const child of node.childNodes) visit(child)
      if (isBlock) flush()
    }
  }
  for (const node of nodes) visit(node)
  flush()
  return title
}

const unseen = new Set(
  (
    "head script style template nav noscript svg title footer aside " +
    "button select textarea input datalist iframe object canvas audio video"
  ).split(" "),
)
const blocks = new Set(
  (
    "address article blockquote body dd details div dl dt fieldset figcaption figure form header main p section " +
    "summary table tbody thead tfoot tr td th caption hr li"
  ).split(" "),
)
/** A table with one of these inside arranges a page: it is read cell by cell. */
const layout = new Set("h1 h2 h3 h4 h5 h6 table".split(" "))

const isUnseen = (node: DefaultTreeAdapterTypes.ParentNode): boolean => {
  if (unseen.has(node.nodeName)) return true
  return ("attrs" in node ? node.attrs : []).some(
    ({ name, value }) => name === "hidden" || (name === "aria-hidden" && value === "true"),
  )
}

const altOf = (image: Element): string => image.attrs.find(({ name }) => name === "alt")?.value ?? ""

const holds = (node: Element, names: ReadonlySet<string>): boolean =>
  node.childNodes.some((child) => names.has(child.nodeName) || ("childNodes" in child && holds(child, names)))

/** All text of a node; blocks stand apart. */
const textOf = (node: Node): string => {
  if (node.nodeName === "#text") return (node as DefaultTreeAdapterTypes.TextNode).value
  if (!("childNodes" in node)) return ""
  if (node.nodeName === "img") return altOf(node)
  if (node.nodeName === "br") return "\n"
  const inner = node.childNodes
    .filter((child) => !("childNodes" in child) || !isUnseen(child))
    .map(textOf)
    .join("")
  return blocks.has(node.nodeName) ? ` ${inner} ` : inner
}

/** One line for each row, its cells between bars; the caption before them. */
const table = (node: Element): string =>
  node.childNodes
    .flatMap((child): ReadonlyArray<string> => {
      if (!("childNodes" in child) || isUnseen(child)) return []
      if (child.nodeName === "caption") return [squeezed(textOf(child))]
      if (child.nodeName !== "tr") return [table(child)]
      const cells = child.childNodes.filter((cell) => cell.nodeName === "td" || cell.nodeName === "th")
      return [cells.map((cell) => squeezed(textOf(cell))).join(" | ")]
    })
    .filter((line) => line !== "")
    .join("\n")

/** One line for each item; inner lists and code below it, indented. */
const list = (node: Element, indent: string): string =>
  node.childNodes
    .filter((child): child is Element => child.nodeName === "li")
    .map((item, index) => {
      const inner = (child: Node) => ["ul", "ol", "pre"].includes(child.nodeName)
      const own = item.childNodes.filter((child) => !inner(child))
      const nested = item.childNodes
        .filter(inner)
        .map((child) => (child.nodeName === "pre" ? code(child) : list(child as Element, `${indent}  `)))
      const mark = node.nodeName === "ol" ? `${index + 1}.` : "-"
      return [`${indent}${mark} ${squeezed(own.map(textOf).join(""))}`, ...nested].join("\n")
    })
    .join("\n")

/** Code in a fence, its lines as they stand. */
const code = (node: Node): string => `\`\`\`\n${textOf(node).replace(/\n$/, "")}\n\`\`\``

const squeezed = (text: string): string => text.replaceAll(/\s+/g, " ").trim()
