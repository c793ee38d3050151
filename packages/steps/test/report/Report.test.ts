import { describe, expect, it } from "vitest"
import * as Junit from "../../src/report/Junit.ts"
import * as Markdown from "../../src/report/Markdown.ts"
import * as Page from "../../src/report/Page.ts"
import * as Report from "../../src/report/Report.ts"
import * as reports from "../support/reports.ts"

const report = reports.make({ title: "Moods <held out>" })
const facts = reports.facts(report)

/** A report whose first row's prompt is this. */
const withPrompt = (prompt: string): Report.Report => reports.make({ rows: 1, prompt: () => prompt })

describe("report.json", () => {
  it("is read back as it was written", () => {
    expect(reports.reread(report)).toEqual(report)
  })

  it.each([0, 1, 2, 3])("is written and rendered of %i rows, of one arm and of several", (rows) => {
    for (const arms of [["only"], ["base", "tuned"], ["base", "fewShot", "tuned"]]) {
      const few = reports.make({ rows, arms })
      expect(reports.reread(few)).toEqual(few)
      expect(Page.render(few, reports.facts(few))).toContain(`${rows} held-out row`)
      expect(Markdown.render(few, reports.facts(few))).toContain(few.arms[0]!.name)
    }
    const [pair] = reports.make({ rows, arms: ["base", "tuned"] }).differences.slice(-1)
    expect(pair!.detectable === null).toBe(rows < 2)
  })

  it("of another version, or with a verdict that is none, is refused", () => {
    expect(() => reports.reread({ ...report, version: 2 as 1 })).toThrow(/version/)
    const [pair, ...pairs] = report.differences
    expect(() =>
      reports.reread({ ...report, differences: [{ ...pair!, verdict: "splendid" as "better" }, ...pairs] }),
    ).toThrow(/verdict/)
  })

  it("has every score, also those of single answers that scores are made of", () => {
    expect(Report.metricsOf(report)).toEqual([
      "exact",
      "validJson",
      "schemaValid",
      "leaking",
      "exactUnwrapped",
      "cut",
      "accuracy",
      "macroF1",
      "fieldsF1",
      "field mood",
      "field mood F1",
      "letters",
    ])
    for (const { arm, count, metric, rows, value } of report.scores) {
      const given = report.rows.flatMap((row) => row.answers[arm]!.scores[metric] ?? [])
      if (given.length === 0) expect(metric).toMatch(/F1$|^accuracy$/)
      else {
        const sum = given.reduce((total, score) => total + score, 0)
        expect([given.length, sum / given.length]).toEqual([rows, expect.closeTo(value, 12)])
        if (count !== null) expect(sum).toBe(count)
      }
    }
    expect(Report.scoreOf(report, "tuned", "cut")).toMatchObject({ higherIsBetter: false, count: 6 })
  })

  it("tells the difference of two arms from either side", () => {
    const straight = Report.differenceOf(report, "exact", "tuned", "base")!
    const reversed = Report.differenceOf(report, "exact", "base", "tuned")!
    expect(straight.verdict).toBe("better")
    expect(reversed).toEqual({
      ...straight,
      first: "base",
      second: "tuned",
      onlyFirst: straight.onlySecond,
      onlySecond: straight.onlyFirst,
      difference: -straight.difference,
      low: -straight.high!,
      high: -straight.low!,
      bootstrapLow: -straight.bootstrapHigh!,
      bootstrapHigh: -straight.bootstrapLow!,
      verdict: "worse",
    })
    expect(Report.differenceOf(report, "exact", "base", "base")).toBeUndefined()
  })
})

describe("the page", () => {
  const page = Page.render(report, facts)

  it("gives the same bytes for the same results, every row in them", () => {
    expect(Page.render(structuredClone(report), structuredClone(facts))).toBe(page)
    for (const text of [Page.render(report), Markdown.render(report)]) {
      for (const row of report.rows) expect(text).toContain(row.id)
      expect(text).toContain("abc123")
    }
  })

  it("asks for nothing, and shows text as text", () => {
    expect(page).not.toMatch(/(src|href)="(?!#)/)
    expect(page).not.toContain("<held out>")
    expect(page).toContain("<h1>Moods &lt;held out&gt;</h1>")
    expect(page).toContain("review number 0 &amp; more")
    const closing = Page.render(withPrompt("</script><script>alert(1)</script>"))
    expect(closing.match(/<\/script>/g)).toHaveLength(2)
  })

  it("has one heading for each of its contents, and every link leads to one", () => {
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
    expect(links.length).toBeGreaterThan(12)
    for (const id of links) expect(page.split(`id="${id}"`)).toHaveLength(2)
  })

  it("shows what cannot be seen, and what turns text around", () => {
    const odd = withPrompt("a\u0000b\u001b[31mc\u202ed\u200be\nf")
    expect(Page.render(odd)).toContain(
      'a<span class="esc">\\u0000</span>b<span class="esc">\\u001b</span>[31mc<span class="esc">\\u202e</span>d<span class="esc">\\u200b</span>e\nf',
    )
    expect(Markdown.render(odd)).toContain(String.raw`a\\u0000b\\u001b\[31mc\\u202ed\\u200be ⏎ f`)
  })

  it("stays small with twelve arms and a thousand rows: further rows are data, each text once", () => {
    const arms = Array.from({ length: 12 }, (_, at) => `arm${at}`)
    const big = reports.repeated(reports.make({ arms }), 1000)
    const rendered = Page.render(big, reports.facts(big))
    expect(rendered.length).toBeLessThan(500_000)
    expect(rendered.split("review number 777 ")).toHaveLength(2)
    const { rows } = JSON.parse(/id="data">(.*?)<\/script>/s.exec(rendered)![1]!)
    expect(rows).toHaveLength(1000)
    expect(rendered).toContain("950 further rows stand in report.md and report.json.")
  })

  it("says of a run where the data went, what it cost and where answers come from", () => {
    for (const text of [page, Markdown.render(report, facts)]) {
      expect(text).toContain("class is null")
      expect(text).toContain("14,000")
      expect(text).toContain("1,600")
      expect(text).toContain("0.13 s")
      expect(text).toContain("1.40 GB")
      expect(text).toContain("181 s")
      expect(text).toContain("ab12cd34ab12")
      expect(text).toContain("least held-out loss 0.0400 (perplexity 1.04) after optimizer step 38")
    }
    expect(page).toContain("a.json row 99 (line 100), seen 2 times, loss 0.8000 to 0.0100")
    expect(page).toContain("That is likeness, not influence")
  })
})

describe("a score whose bootstrap draws are all equal", () => {
  const one = reports.make({ rows: 1, arms: ["base", "tuned"], decidedBy: "letters" })

  it("has no interval in the report and its renderings, while a rate keeps Wilson's", () => {
    const [rates, means] = ["rate", "mean"].map((kind) => one.scores.filter((score) => score.kind === kind))
    expect(means!.length).toBeGreaterThan(0)
    expect(means!.map(({ high, low }) => [low, high])).toEqual(means!.map(() => [null, null]))
    expect(rates!.every(({ high, low }) => low! < high!)).toBe(true)
    expect(one.differences.find(({ metric }) => metric === "letters")).toMatchObject({
      low: null,
      high: null,
    })
    expect(reports.reread(one)).toEqual(one)
    const letters = Report.scoreOf(one, "tuned", "letters")!
    expect(Markdown.render(one)).toContain(`${letters.value.toFixed(3)} (–)`)
    expect(Page.render(one)).toContain(`${letters.value.toFixed(3)}<br><small>–</small>`)
    const junit = Junit.render(one, reports.facts(one), [])
    expect(junit).toContain('<property name="exact low"')
    expect(junit).not.toContain('<property name="letters low"')
  })
})

describe("the page of a comparison that a mean decides", () => {
  const page = Page.render(reports.make({ decidedBy: "letters" }))

  it("shows each answer's score, and the rows that differ most and are worst by it", () => {
    expect(page).toContain('<span class="score">letters 15.000</span>')
    expect(page).toMatch(/<h2 id="worst"[^>]*>Rows with the worst letters of tuned</)
    expect(page).toMatch(/<caption class="unseen">tuned has the better letters( \(20 of \d+\))?<\/caption>/)
    expect(page).toContain("letters by arm, with 95 % intervals")
    expect(page).toContain("<summary>By Exact</summary>")
    expect(page).not.toContain("✗ wrong")
    expect(page).not.toContain("gets wrong</option>")
    // Fewer letters are better: the worst rows are those with the most.
    const [, rows] = page.split('id="worst"')
    const letters = [...rows!.split("</section>")[0]!.matchAll(/letters (\d+)\.000/g)].map(([, n]) =>
      Number(n),
    )
    expect(letters[1]).toBe(15)
  })
})

describe("Markdown", () => {
  it("keeps tables whole when text holds bars and line ends", () => {
    const line = Markdown.render(withPrompt("a | b\nc"))
      .split("\n")
      .find((each) => each.startsWith("| row0000"))
    expect(line).toContain(String.raw`a \| b ⏎ c`)
  })

  it("folds what is long of a text, whole characters only, and leaves all of it in the page", () => {
    const text = `${"a".repeat(1199)}😀${"b".repeat(2000)}`
    const page = Page.render(reports.make({ rows: 1, prompt: () => text }))
    expect(page).toContain(
      `${"a".repeat(1199)}…</div><details class="rest"><summary>2,002 more characters</summary><div class="text">😀b`,
    )
    const short = Page.render(reports.make({ rows: 1, prompt: () => "a".repeat(1200) }))
    expect(short).not.toContain("more characters</summary>")
  })

  it("shows p as a number under its heading, and what would turn the title around", () => {
    const report = reports.make({ title: "A \u202etitle" })
    const { p, pAdjusted } = { p: 0.004, pAdjusted: 0.008 }
    const [first, ...others] = report.differences
    const turned = { ...report, differences: [{ ...first!, p, pAdjusted }, ...others] }
    expect(Page.render(turned)).toContain('data-value="0.008" class="n">0.008</td>')
    expect(Page.render(turned)).toContain('<h1>A <span class="esc">\\u202e</span>title</h1>')
    expect(Markdown.render(turned)).toContain("| 0.008 |")
  })

  it("leaves joiners in emoji and in words that need them, and shows them elsewhere", () => {
    const joined = "👩\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 می\u200cخواهم क्\u200dष"
    const odd = "pass\u200dword \u200c👩 x\u200d"
    const page = Page.render(reports.make({ rows: 1, prompt: () => joined }))
    expect(page).toContain(`<div class="text">${joined}</div>`)
    expect(Markdown.render(reports.make({ rows: 1, prompt: () => joined }))).toContain(joined)
    expect(Page.render(reports.make({ rows: 1, prompt: () => odd }))).toContain(
      `<div class="text">${odd.replaceAll(/[\u200c\u200d]/g, (mark) => `<span class="esc">\\u${mark.charCodeAt(0).toString(16)}</span>`)}</div>`,
    )
  })
})
