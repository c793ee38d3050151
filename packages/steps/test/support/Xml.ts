/** A strict reader of the little XML that a report writes: what is not well-formed throws. */
export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: ReadonlyArray<Element>
  readonly text: string
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  "#10": "\n",
  "#9": "\t",
}

const decoded = (text: string): string => {
  if (/<|&(?!(?:amp|lt|gt|quot|#10|#9);)|\]\]>/.test(text)) throw new SyntaxError(`not well-formed: ${text}`)
  return text.replaceAll(/&([^;]+);/g, (_, name: string) => entities[name]!)
}

export const parse = (xml: string): Element => {
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
  if (!xml.startsWith(declaration)) throw new SyntaxError("no declaration")
  let at = declaration.length
  const tag = /<([a-z][a-z-]*)((?: [a-z]+="[^"<]*")*)(\/?)>/y
  const element = (): Element => {
    tag.lastIndex = at
    const match = tag.exec(xml)
    if (match === null) throw new SyntaxError(`no element at ${xml.slice(at, at + 40)}`)
    at = tag.lastIndex
    const [, name, given, closed] = match as unknown as [string, string, string, string]
    const pairs = [...given.matchAll(/ ([a-z]+)="([^"]*)"/g)].map(([, key, value]) => [key!, decoded(value!)])
    if (new Set(pairs.map(([key]) => key)).size < pairs.length)
      throw new SyntaxError(`an attribute twice in ${name}`)
    const attributes = Object.fromEntries(pairs) as Record<string, string>
    const children: Array<Element> = []
    let text = ""
    if (closed !== "") return { name, attributes, children, text }
    for (;;) {
      const next = xml.indexOf("<", at)
      if (next < 0) throw new SyntaxError(`${name} does not end`)
      text += decoded(xml.slice(at, next))
      at = next
      if (xml.startsWith("</", at)) {
        if (!xml.startsWith(`</${name}>`, at)) throw new SyntaxError(`${name} is not closed`)
        at += name.length + 3
        break
      }
      children.push(element())
    }
    return { name, attributes, children, text: children.length > 0 ? "" : text }
  }
  const root = element()
  if (xml.slice(at).trim() !== "") throw new SyntaxError("more than one root")
  return root
}
