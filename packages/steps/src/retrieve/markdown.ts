import { Lexer, type Token, type Tokens } from "marked"
import { Outline, type Parsed } from "./documents.ts"
import { addFragment } from "./html.ts"

/** Markdown as its own source under the headings that it stands under; of HTML its text, and no front matter. */
export const parse = (source: string): Parsed => {
  const outline = new Outline()
  const { body, title: named } = withoutFrontMatter(source)
  let title = named
  for (const token of new Lexer({ gfm: true }).lex(body)) {
    if (token.type === "heading") {
      const { depth, tokens } = token as Tokens.Heading
      const text = plain(tokens)
      if (depth === 1) title ??= text
      outline.heading(depth, text)
    } else if (token.type === "html") {
      const heading = addFragment(outline, token.raw)
      title ??= heading
    } else if (token.type !== "hr" && token.type !== "def") outline.block(token.raw)
  }
  return { title, sections: outline.sections() }
}

/** YAML between `---` or TOML between `+++`, each line of which is a key, a list's item, a comment or part of one. */
const frontMatter =
  /^(---|\+\+\+)[ \t]*\n((?:(?:\w[\w.-]*["']?[ \t]*[:=].*|[ \t#[\]{}"'-].*|)\n)*?)\1[ \t]*(?:\n|$)/

const withoutFrontMatter = (source: string): { readonly body: string; readonly title: string | null } => {
  const found = frontMatter.exec(source)
  // A rule, a blank line and text are no front matter.
  if (found === null || /^\s*\n\s*\S/.test(found[2]!)) return { body: source, title: null }
  const title = /^title[ \t]*[:=][ \t]*(["']?)(.+?)\1[ \t]*$/m.exec(found[2]!)?.[2] ?? null
  return { body: source.slice(found[0].length), title }
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
