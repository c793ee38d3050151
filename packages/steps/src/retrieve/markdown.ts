import { Lexer, type Token, type Tokens } from "marked"
import { Outline, type Parsed } from "./documents.ts"

/** Markdown as its own source under the headings that it stands under; front matter and HTML are left out. */
export const parse = (source: string): Parsed => {
  const outline = new Outline()
  let title: string | null = null
  for (const token of new Lexer({ gfm: true }).lex(source.replace(/^---\n[\s\S]*?\n---\n/, ""))) {
    if (token.type === "heading") {
      const { depth, tokens } = token as Tokens.Heading
      const text = plain(tokens)
      if (depth === 1) title ??= text
      outline.heading(depth, text)
    } else if (token.type !== "html" && token.type !== "hr" && token.type !== "def") outline.block(token.raw)
  }
  return { title, sections: outline.sections() }
}

/** A heading's words without marks. */
const plain = (tokens: ReadonlyArray<Token>): string =>
  tokens
    .map((token) => {
      const { text, tokens: inner } = token as Partial<Tokens.Text>
      return inner === undefined ? (text ?? "") : plain(inner)
    })
    .join("")
    .trim()
