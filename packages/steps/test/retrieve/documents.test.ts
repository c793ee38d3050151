import { describe, expect, it } from "vitest"
import { ranges } from "../../src/retrieve/chunks.ts"
import * as Retrieve from "../../src/Retrieve.ts"
import { file, reader, ref, runStep } from "../support/runStep.ts"

const read = (...files: ReadonlyArray<ReturnType<typeof file>>) =>
  runStep(Retrieve.documents({ files: "docs/*" }), { files })

/** A PDF of one page for each text, as small as can be. */
const pdf = (title: string, texts: ReadonlyArray<string>): string => {
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    `<</Type/Pages/Count ${texts.length}/Kids[${texts.map((_, at) => `${5 + 2 * at} 0 R`).join(" ")}]>>`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    `<</Title(${title})>>`,
    ...texts.flatMap((text, at) => {
      const stream = `BT /F1 12 Tf 20 100 Td (${text}) Tj ET`
      return [
        `<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<</Font<</F1 3 0 R>>>>/Contents ${6 + 2 * at} 0 R>>`,
        `<</Length ${stream.length}>>\nstream\n${stream}\nendstream`,
      ]
    }),
  ]
  let body = "%PDF-1.4\n"
  const places = objects.map((object, at) => {
    const place = body.length
    body += `${at + 1} 0 obj\n${object}\nendobj\n`
    return place
  })
  const table = places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("")
  return `${body}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<</Size ${objects.length + 1}/Root 1 0 R/Info 4 0 R>>\nstartxref\n${body.length}\n%%EOF\n`
}

describe("Retrieve.documents", () => {
  it("reads Markdown by its headings, leaving out front matter and comments", async () => {
    const source =
      "---\ndraft: true\n---\n# The *guide*\r\n\r\nIntro.\n\n## Install\n\n```sh\n# not a heading\nrun\n```\n<!-- x -->\n\n### `npm`\n- a\n- b\n## Use\ntext\n"
    const { outputs, summary } = await read(file("docs/guide.md", source))
    expect(outputs["output"]).toEqual([
      {
        document: "docs/guide.md",
        format: "markdown",
        title: "The guide",
        sections: [
          { heading: "The guide", text: "Intro." },
          { heading: "The guide > Install", text: "```sh\n# not a heading\nrun\n```" },
          { heading: "The guide > Install > npm", text: "- a\n- b" },
          { heading: "The guide > Use", text: "text" },
        ],
      },
    ])
    expect(summary).toBe("1 document, 4 sections")
  })

  it("reads what a reader of an HTML page sees", async () => {
    const source =
      "<title> A  page </title><nav>Menu</nav><script>x()</script><h1>Top</h1><p>One <b>two</b>\nthree.</p>" +
      "<ul><li>a<ol><li>inner</ol><li>b</ul><h2>Code</h2><pre>x\n  y\n</pre>" +
      "<table><tr><th>K<th>V<tr><td>1<td>2</table><footer>f</footer>"
    const { outputs } = await read(file("p.html", source))
    expect(outputs["output"]).toEqual([
      {
        document: "p.html",
        format: "html",
        title: "A page",
        sections: [
          { heading: "Top", text: "One two three.\n\n- a\n  1. inner\n- b" },
          { heading: "Top > Code", text: "```\nx\n  y\n```\n\nK | V\n\n1 | 2" },
        ],
      },
    ])
  })

  it("reads a PDF page by page, and text as it is, files in the order of their names", async () => {
    const { outputs, warnings } = await read(
      file("b.PDF", Buffer.from(pdf("Two pages", ["Hello from page one", "And from page two"]))),
      file("a.txt", " plain\r\ntext \n"),
      file("c.txt", " \n"),
    )
    expect(outputs["output"]).toEqual([
      { document: "a.txt", format: "text", title: null, sections: [{ heading: "", text: "plain\ntext" }] },
      {
        document: "b.PDF",
        format: "pdf",
        title: "Two pages",
        sections: [
          { heading: "page 1", text: "Hello from page one" },
          { heading: "page 2", text: "And from page two" },
        ],
      },
      { document: "c.txt", format: "text", title: null, sections: [] },
    ])
    expect(warnings).toEqual(["c.txt holds no text"])
  })

  it("names every file that it cannot read, with the reason", async () => {
    const failing = read(
      file("a.docx", "x"),
      file("b.txt", Uint8Array.of(0xff, 0xfe, 0x41)),
      file("c.pdf", "no pdf"),
      file("d.txt", "fine"),
    )
    await expect(failing).rejects.toThrow(/^3 files of 4 cannot be read as a document\./)
    await expect(failing).rejects.toThrow(
      /a\.docx: +ends with \.docx; \.md, \.markdown, \.txt, \.html, \.htm, \.pdf are read/,
    )
    await expect(failing).rejects.toThrow(/b\.txt: +is not UTF-8 text/)
    await expect(failing).rejects.toThrow(/c\.pdf: +\S/)
  })
})

describe("Retrieve.chunk", () => {
  it("keeps sections apart and numbers the chunks of a document", async () => {
    const use = Retrieve.chunk({ documents: ref(Retrieve.Documents), maxCharacters: 20, overlap: 0 })
    const sections = [
      { heading: "A", text: "First one.\n\nSecond." },
      { heading: "B", text: "Third paragraph is long. It goes on." },
    ]
    const { outputs } = await runStep(use, {
      documents: reader([{ document: "d.md", format: "markdown", title: null, sections }]),
    })
    const chunk = (
      id: string,
      heading: string,
      section: number,
      start: number,
      end: number,
      text: string,
    ) => ({
      id,
      document: "d.md",
      heading,
      section,
      start,
      end,
      text,
    })
    expect(outputs["output"]).toEqual([
      chunk("d.md#1", "A", 1, 0, 19, "First one.\n\nSecond."),
      chunk("d.md#2", "B", 2, 0, 18, "Third paragraph is"),
      chunk("d.md#3", "B", 2, 19, 36, "long. It goes on."),
    ])
  })

  it("never exceeds the limit, loses no word, and repeats whole sentences where asked", () => {
    const text = Array.from({ length: 60 }, (_, at) => `Sentence number ${at} ends here.`).join(" ")
    const cut = (given: string, maxCharacters: number, overlap = 0) =>
      ranges(given, { maxCharacters, overlap }).map(({ end, start }) => given.slice(start, end))
    const parts = cut(text, 120)
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(120)
    expect(parts.join(" ")).toBe(text)
    const overlapping = cut(text, 120, 40)
    expect(Math.max(...overlapping.map(({ length }) => length))).toBeLessThanOrEqual(120)
    for (const [at, part] of overlapping.slice(1).entries())
      expect(overlapping[at]!.endsWith(part.slice(0, part.indexOf(".") + 1))).toBe(true)
    expect(cut("a".repeat(25), 10, 5)).toEqual(["a".repeat(10), "a".repeat(10), "aaaaa"])
    expect(cut("", 120)).toEqual([])
    expect(cut(" \n ", 120)).toEqual([])
  })

  it("keeps the lines of code and tables, and characters of two units", () => {
    const table = "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |"
    expect(ranges(table, { maxCharacters: 20, overlap: 0 })).toEqual([
      { start: 0, end: 19 },
      { start: 20, end: 39 },
    ])
    const faces = "🙂".repeat(4)
    expect(ranges(faces, { maxCharacters: 3, overlap: 0 }).map(({ end, start }) => end - start)).toEqual([
      2, 2, 2, 2,
    ])
  })

  it("cuts ten million characters on one line in one pass", () => {
    const text = "word ".repeat(2_000_000)
    const parts = ranges(text, { maxCharacters: 1000, overlap: 100 })
    expect(parts).toHaveLength(10_000)
    expect(parts.at(-1)!.end).toBe(text.length - 1)
  })
})
