import { type DefaultTreeAdapterTypes, parse as parseHtml } from "parse5"
import { Outline, type Parsed } from "./documents.ts"

type Node = DefaultTreeAdapterTypes.Node
type Element = DefaultTreeAdapterTypes.Element

/** What a reader sees of a page: text by block, under its headings, without navigation, scripts and styles. */
export const parse = (source: string): Parsed => {
  const document = parseHtml(source)
  const outline = new Outline()
  let title: string | null = null
  let inline = ""
  const flush = () => {
    outline.block(squeezed(inline))
    inline = ""
  }
  const visit = (node: Node): void => {
    if (node.nodeName === "#text") inline += (node as DefaultTreeAdapterTypes.TextNode).value
    if (!("childNodes" in node)) return
    const name = node.nodeName
    if (name === "title") title ??= squeezed(textOf(node))
    if (unseen.has(name)) return
    const depth = /^h([1-6])$/.exec(name)?.[1]
    if (depth !== undefined) {
      flush()
      const text = squeezed(textOf(node))
      if (depth === "1") title ??= text
      outline.heading(Number(depth), text)
    } else if (name === "pre") {
      flush()
      outline.block(`\`\`\`\n${textOf(node).replace(/\n$/, "")}\n\`\`\``)
    } else if (name === "ul" || name === "ol") {
      flush()
      outline.block(list(node, ""))
    } else if (name === "tr") {
      const cells = node.childNodes.filter((child) => child.nodeName === "td" || child.nodeName === "th")
      flush()
      outline.block(cells.map((cell) => squeezed(textOf(cell))).join(" | "))
    } else if (name === "br") inline += "\n"
    else {
      const isBlock = blocks.has(name)
      if (isBlock) flush()
      for (const child of node.childNodes) visit(child)
      if (isBlock) flush()
    }
  }
  const html = document.childNodes.find((node) => node.nodeName === "html")
  for (const part of html === undefined ? document.childNodes : (html as Element).childNodes) {
    if (part.nodeName !== "head") visit(part)
    else {
      const named = part.childNodes.find((node) => node.nodeName === "title")
      if (named !== undefined) title = squeezed(textOf(named)) || null
    }
  }
  flush()
  return { title, sections: outline.sections() }
}

const unseen = new Set(["script", "style", "template", "nav", "noscript", "svg", "title", "footer", "aside"])
const blocks = new Set(
  (
    "address article blockquote body dd details div dl dt fieldset figcaption figure form header main p section " +
    "summary table tbody thead tfoot caption hr"
  ).split(" "),
)

const textOf = (node: Node): string => {
  if (node.nodeName === "#text") return (node as DefaultTreeAdapterTypes.TextNode).value
  if (!("childNodes" in node) || (unseen.has(node.nodeName) && node.nodeName !== "title")) return ""
  return node.childNodes.map(textOf).join("")
}

/** One line for each item, inner lists indented. */
const list = (node: Element, indent: string): string =>
  node.childNodes
    .filter((child): child is Element => child.nodeName === "li")
    .map((item, index) => {
      const inner = (child: Node) => child.nodeName === "ul" || child.nodeName === "ol"
      const own = item.childNodes.filter((child) => !inner(child))
      const nested = item.childNodes.filter(inner).map((child) => list(child as Element, `${indent}  `))
      const mark = node.nodeName === "ol" ? `${index + 1}.` : "-"
      return [`${indent}${mark} ${squeezed(own.map(textOf).join(""))}`, ...nested].join("\n")
    })
    .join("\n")

const squeezed = (text: string): string => text.replaceAll(/\s+/g, " ").trim()
