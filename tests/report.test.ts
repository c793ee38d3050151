import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { AxeResults } from "axe-core"
import type { Browser, BrowserContextOptions, Page as BrowserPage } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as Page from "../packages/steps/src/report/Page.ts"
import * as reports from "../packages/steps/test/support/reports.ts"
import type * as Sandbox from "./cli/Sandbox.ts"
import { launch } from "./support/browser.ts"
import * as Outcome from "./support/Outcome.ts"
import * as tiny from "./support/tinyTuning.ts"

/** Where to leave pictures, to be looked at by a person. */
const pictures = process.env["SLUICE_TEST_PICTURES"]

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** Reviews that try to be more than text, and long ones. */
const hostile = tiny.reviews(40).map((row, at) => ({
  ...row,
  text: [
    row.text,
    `<script>document.title = "taken"</script> ${at}`,
    `"><img src=x onerror="document.title='taken'"> ${at}`,
    `${"a very long review ".repeat(8)}&amp; \u0000 \u001b[31m ${at}`,
    `مراجعة جيدة ${at} 😀 &lt;b&gt;`,
  ][at % 5]!,
}))

/** The tenth prompt is a long document. */
const long = (row: number): string =>
  `review number ${row} ${row === 10 ? "very long ".repeat(400) : "& more"}`

describe("the report's page in a browser", { timeout: 60_000 }, () => {
  let project: Sandbox.Sandbox
  let browser: Browser
  let url: string
  /** A page of more rows than are shown at once. */
  let many: string

  beforeAll(async () => {
    project = tiny.make({ "data/yelp.json": JSON.stringify(hostile) })
    await Outcome.run(project, ["tiny.ts", "--only", "evaluate/report"])
    await project.sluice("report", "--out", "report")
    url = pathToFileURL(join(project.root, "report/report.html")).href
    const report = reports.repeated(reports.make(), 130, long)
    project.write("many.html", Page.render(report, reports.facts(report)))
    many = pathToFileURL(join(project.root, "many.html")).href
    browser = await launch()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    project?.remove()
  })

  /** The page as a reader with these settings has it, and everything that it asked for or complained about. */
  const open = async (options: BrowserContextOptions = {}, at = url) => {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const requests: Array<string> = []
    const complaints: Array<string> = []
    page.on("request", (request) => requests.push(request.url()))
    page.on("console", (message) => complaints.push(message.text()))
    page.on("pageerror", (error) => complaints.push(error.message))
    await page.goto(at)
    return { page, requests, complaints, close: () => context.close() }
  }
  const picture = async (page: BrowserPage, name: string): Promise<void> => {
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
  }

  it.each([
    ["light", 1280, "tiny"],
    ["dark", 1280, "tiny"],
    ["light", 800, "tiny"],
    ["light", 380, "tiny"],
    ["dark", 380, "tiny"],
    ["light", 1280, "many"],
    ["dark", 380, "many"],
  ] as const)("has no accessibility finding in %s at %i pixels (%s)", async (colorScheme, width, which) => {
    const at = which === "many" ? many : url
    const { page, requests, complaints, close } = await open(
      { colorScheme, viewport: { width, height: 900 } },
      at,
    )
    // What can be opened is looked at as well.
    await page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    // The page's own rules forbid other scripts; the driver may evaluate all the same.
    await page.evaluate(axe)
    const { violations, passes } = await page.evaluate<AxeResults>("axe.run()")
    expect(violations.map(({ id, impact, nodes }) => ({ id, impact, at: nodes[0]?.html }))).toEqual([])
    expect(passes.map(({ id }) => id)).toContain("color-contrast")
    await picture(page, `report-${which}-${colorScheme}-${width}`)
    expect(requests).toEqual([at])
    expect(complaints).toEqual([])
    await close()
  })

  it("follows the reader's light or dark setting", async () => {
    const colours: Array<string> = []
    for (const colorScheme of ["light", "dark"] as const) {
      const { page, close } = await open({ colorScheme })
      colours.push(await page.evaluate<string>("getComputedStyle(document.body).backgroundColor"))
      await close()
    }
    const [light, dark] = colours.map((colour) => Number(/\d+/.exec(colour)![0]))
    expect(light).toBeGreaterThan(200)
    expect(dark).toBeLessThan(60)
  })

  it.each(["tiny", "many"])(
    "is printed dark on white, whatever the reader's setting, and as wide as the paper (%s)",
    async (which) => {
      const { page, close } = await open(
        { colorScheme: "dark", viewport: { width: 700, height: 900 } },
        which === "many" ? many : url,
      )
      await page.emulateMedia({ media: "print" })
      expect(await page.evaluate<string>("getComputedStyle(document.body).backgroundColor")).toBe(
        "rgb(255, 255, 255)",
      )
      expect(await page.evaluate<string>("getComputedStyle(document.body).color")).toBe("rgb(27, 31, 36)")
      expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBe(700)
      expect(await page.locator("nav, form, .skip, #more").filter({ visible: true }).count()).toBe(0)
      // What sticks while a table is scrolled is not painted where nothing scrolls.
      const positions = "[...document.querySelectorAll('th')].map((each) => getComputedStyle(each).position)"
      expect(new Set(await page.evaluate<ReadonlyArray<string>>(positions))).toEqual(new Set(["static"]))
      await close()
    },
  )

  it("shows hostile reviews as the text that they are", async () => {
    const { page, close } = await open()
    expect(await page.title()).toBe("A tiny tuning")
    expect(await page.locator("img").count()).toBe(0)
    const prompts = await page.locator("#answers .text").allTextContents()
    const visible = (text: string) => text.replaceAll("\u0000", "\\u0000").replaceAll("\u001b", "\\u001b")
    const held = hostile.filter(({ text }) => prompts.some((prompt) => prompt === visible(text.trim())))
    expect(held).toHaveLength(prompts.length)
    expect(prompts.some((prompt) => prompt.includes("\\u001b[31m"))).toBe(true)
    await close()
  })

  it("has contents whose links lead to sections, all of them", async () => {
    const { page, close } = await open()
    const links = page.locator("nav a")
    const names = await links.allTextContents()
    expect(names).toEqual(await page.locator("h2").allTextContents())
    expect(names).toEqual(
      expect.arrayContaining(["Arms", "Differences", "Cost", "Loss", "Where the data went", "Provenance"]),
    )
    for (const [at, name] of names.entries()) {
      await links.nth(at).click()
      expect(await page.evaluate("document.activeElement.textContent")).toBe(name)
    }
    await close()
  })

  it("is worked with the keyboard: skip link, filter by arm, search", async () => {
    const { page, close } = await open()
    const shown = () => page.locator("#answers tbody tr:visible").count()
    const all = await shown()
    await page.keyboard.press("Tab")
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the rows")
    await page.keyboard.press("Enter")
    const focused = () => page.evaluate("document.activeElement.getAttribute('name')")
    // Wide tables take the focus too, to be scrolled; past the link only the rows' own parts are left.
    await page.keyboard.press("Tab")
    expect(await focused()).toBe("arm")
    // The last choice: rows on which the arms differ. An untrained model answers every row alike.
    await page.keyboard.press("End")
    expect(await shown()).toBe(0)
    expect(await page.locator("output").textContent()).toMatch(/^0 /)
    await page.keyboard.press("Home")
    expect(await shown()).toBe(all)
    await page.keyboard.press("Tab")
    await page.keyboard.type("very long")
    const long = await shown()
    expect(long).toBeGreaterThan(0)
    expect(long).toBeLessThan(all)
    await close()
  })

  it("sorts rows by their headings with the keyboard, and says in which order", async () => {
    const { page, close } = await open()
    const heading = page.getByRole("columnheader", { name: "Prompt" }).last()
    const prompts = () => page.locator("#answers .text").allTextContents()
    await heading.getByRole("button").focus()
    await page.keyboard.press("Enter")
    expect(await heading.getAttribute("aria-sort")).toBe("ascending")
    const ascending = await prompts()
    await page.keyboard.press("Enter")
    expect(await heading.getAttribute("aria-sort")).toBe("descending")
    expect(await prompts()).toEqual(ascending.toReversed())
    await close()
  })

  it("opens with the keyboard what a row came from", async () => {
    const { page, close } = await open()
    const summary = page.locator("#answers summary").first()
    await summary.focus()
    await page.keyboard.press("Enter")
    // Made when it is opened.
    await page.locator("#answers details ol").first().waitFor()
    const text = await page.locator("#answers details").first().textContent()
    expect(text).toMatch(
      /^Where fromAsked: data\/yelp\.json row \d+ \(line \d+\)Most like it among the rows learnt:/,
    )
    expect(text).toMatch(/seen once, loss \d\.\d{4}/)
    await close()
  })

  it("reads without its script", async () => {
    const { page, close } = await open({ javaScriptEnabled: false })
    expect(await page.locator("#answers tbody tr").count()).toBeGreaterThan(3)
    expect(await page.locator("form.filters").isVisible()).toBe(false)
    expect(await page.locator(".plot .dot").count()).toBe(2)
    expect(await page.locator(".plot polyline").count()).toBe(1)
    expect(await page.locator("th button").count()).toBe(0)
    await close()
  })

  it("makes further rows as they are asked for, fifty at a time", async () => {
    const { page, close } = await open({}, many)
    const shown = () => page.locator("#answers tbody tr").count()
    expect(await shown()).toBe(50)
    expect(await page.locator("output").textContent()).toBe("130 of 130 rows, the first 50 shown")
    await page.getByRole("button", { name: "Show more rows" }).focus()
    await page.keyboard.press("Enter")
    expect(await shown()).toBe(100)
    // The keyboard goes on at the first new row.
    expect(await page.evaluate("document.activeElement.textContent")).toContain("review number 50 ")
    await page.getByRole("button", { name: "Show more rows" }).click()
    expect([await shown(), await page.locator("#more").isVisible()]).toEqual([130, false])
    await page.locator("select").selectOption({ label: "rows that base gets wrong" })
    expect(await shown()).toBe(50)
    await close()
  })

  it("opens with the keyboard what is folded of a long text", async () => {
    const { page, close } = await open({}, many)
    const row = page.locator("#answers tbody tr").nth(10)
    const rest = row.locator("details.rest")
    expect(await rest.locator("summary").textContent()).toBe("2,817 more characters")
    await rest.locator("summary").focus()
    await page.keyboard.press("Enter")
    await rest.locator(".text").waitFor()
    const texts = await row.locator(".text").allTextContents()
    expect(texts.join("").replace("…", "")).toBe(long(10))
    await close()
  })

  it("says of a table that it scrolls sideways, and lets it alone take the focus", async () => {
    const { page, close } = await open({ viewport: { width: 1280, height: 900 } }, many)
    const wide = () => page.locator(".caption.wide").count()
    const focusable = () => page.locator(".scroll[tabindex]").count()
    expect([await wide(), await focusable()]).toEqual([0, 0])
    await page.setViewportSize({ width: 380, height: 900 })
    await page.locator(".caption.wide").first().waitFor()
    expect(await focusable()).toBe(await wide())
    expect(
      await page.evaluate("getComputedStyle(document.querySelector('.caption.wide'), '::after').content"),
    ).toContain("scrolls sideways")
    await close()
  })

  it("does not scroll sideways on a telephone", async () => {
    const { page, close } = await open({ viewport: { width: 380, height: 800 } })
    const sizes = await page.evaluate<ReadonlyArray<number>>(
      "[document.documentElement.scrollWidth, innerWidth]",
    )
    expect(sizes[0]).toBe(sizes[1])
    await close()
  })
})
