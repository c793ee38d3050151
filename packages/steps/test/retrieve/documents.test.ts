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
          { heading: "Top > Code", text: "```\nx\n  y\n```\n\nK | V\n1 | 2" },
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
      file("b.txt", Uint8Array.of(0xff, 0x41)),
      file("c.pdf", "no pdf"),
      file("d.txt", "fine"),
    )
    await expect(failing).rejects.toThrow(/^3 files of 4 cannot be read as a document\./)
    await expect(failing).rejects.toThrow(
      /a\.docx: +ends with \.docx; \.md, \.markdown, \.txt, \.html, \.htm, \.pdf are read/,
    )
    await expect(failing).rejects.toThrow(/b\.txt: +is not UTF-8 text: save it as UTF-8\n/)
    await expect(failing).rejects.toThrow(/c\.pdf: +is no PDF, or a damaged one \(Invalid PDF structure\)\n/)
  })
})

describe("Retrieve.documents of odd files", () => {
  /** The one document's title and sections, as `heading: text`. */
  const one = async (name: string, content: string | Uint8Array) => {
    const { outputs, warnings } = await read(file(name, content, 1 << 16))
    const [{ sections, title }] = outputs["output"]
    return {
      title,
      sections: sections.map(({ heading, text }: { heading: string; text: string }) => `${heading}: ${text}`),
      warnings,
    }
  }
  const refusal = (name: string, content: string | Uint8Array) =>
    read(file(name, content, 1 << 16)).then(
      () => "read",
      (error: Error) => error.message.split("\n")[1]!.trim(),
    )

  it("reads UTF-16 by its mark and pages in the encoding that they declare, and refuses what is no text", async () => {
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from("Zürich", "utf16le")])
    expect((await one("a.txt", utf16)).sections).toEqual([": Zürich"])
    const swapped = Buffer.from(utf16).swap16()
    expect((await one("a.md", swapped)).sections).toEqual([": Zürich"])
    const latin = Buffer.from('<meta charset="iso-8859-1"><p>Caf\u00e9', "latin1")
    expect((await one("a.html", latin)).sections).toEqual([": Café"])
    expect(await refusal("a.txt", Buffer.from("ascii", "utf16le"))).toBe(
      "a.txt:  holds NUL characters: it is UTF-16 without a mark, or no text",
    )
  })

  it("leaves front matter out but for its title, and keeps what only looks like it", async () => {
    expect(await one("a.md", '---\ntitle: "My Guide"\ntags:\n  - x\n# note\n---\n\ntext')).toEqual({
      title: "My Guide",
      sections: [": text"],
      warnings: [],
    })
    expect((await one("a.md", "+++\ntitle = 'T'\n+++\n# A\nb")).sections).toEqual(["A: b"])
    expect((await one("a.md", "---\n\nNot front matter.\n\n---\n\nafter")).sections).toEqual([
      ": Not front matter.\n\nafter",
    ])
    expect((await one("a.md", "---\n---\n# A\nb")).sections).toEqual(["A: b"])
    expect((await one("a.md", "---\ntitle: x\n---")).warnings).toEqual(["a.md holds no text"])
  })

  it("reads HTML within Markdown, but for comments", async () => {
    const source =
      '<h1 align="center">Tool</h1>\n\n<!-- hidden -->\n\n<details><summary>More</summary>\n\nInner *text*.\n\n</details>\n\n<table><tr><th>k</th><td>v</td></tr></table>\n'
    expect(await one("a.md", source)).toEqual({
      title: "Tool",
      sections: ["Tool: More\n\nInner *text*.\n\nk | v"],
      warnings: [],
    })
  })

  it("reads neither controls nor what a page hides, cells apart, and tables that arrange a page by cell", async () => {
    const source =
      "<main><h1>T</h1><p>a <img alt=picture src=x></p><button>Go</button><select><option>1</select>" +
      "<p hidden>no</p><i aria-hidden=true>no</i><iframe src=x>no</iframe>" +
      "<table><caption>C</caption><tr><td>1<td><p>2</p><p>3</p></table>" +
      "<ul><li>run <pre>a\n  b</pre><li>c</ul>" +
      "<table><tr><td><h2>Left</h2>one<td><h2>Right</h2>two</table></main>"
    expect((await one("a.html", source)).sections).toEqual([
      "T: a picture\n\nC\n1 | 2 3\n\n- run\n```\na\n  b\n```\n- c",
      "T > Left: one",
      "T > Right: two",
    ])
    expect(await refusal("deep.html", `${"<div>".repeat(20_000)}x`)).toBe(
      "deep.html:  has elements within elements too deep to follow",
    )
  })

  it("says of a PDF that it is empty or encrypted, and which pages hold no text", async () => {
    expect(await refusal("a.pdf", "")).toBe("a.pdf:  is empty")
    const locked = pdf("x", ["secret"]).replace(
      "/Info 4 0 R>>",
      `/Info 4 0 R/ID[<${"00".repeat(16)}><${"00".repeat(16)}>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<${"11".repeat(32)}>/U<${"22".repeat(32)}>>>>>`,
    )
    expect(await refusal("a.pdf", locked)).toBe("a.pdf:  is encrypted: save it without its password")
    const scanned = await one("a.pdf", pdf("Scan", ["", "text", ""]))
    expect(scanned).toEqual({
      title: "Scan",
      sections: ["page 2: text"],
      warnings: [
        "a.pdf holds no text on 2 of 3 pages (1, 3): pictures of text must be recognised (OCR) first",
      ],
    })
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
