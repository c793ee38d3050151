import { copyFileSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { AxeResults } from "axe-core"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
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
    `${"a very long review ".repeat(8)}&amp; ${at}`,
    `مراجعة جيدة ${at} 😀 &lt;b&gt;`,
  ][at % 5]!,
}))

describe("the report's page in a browser", { timeout: 60_000 }, () => {
  let project: Sandbox.Sandbox
  let browser: Browser
  let url: string

  beforeAll(async () => {
    project = tiny.make({ "data/yelp.json": JSON.stringify(hostile) })
    await Outcome.run(project, ["tiny.ts", "--only", "evaluate/report"])
    const { stdout } = await project.sluice("show", "evaluate/report", "--json")
    const files = JSON.parse(stdout).outputs.report.files as ReadonlyArray<{ name: string; path: string }>
    const page = join(project.root, "report.html")
    copyFileSync(files.find(({ name }) => name === "report.html")!.path, page)
    url = pathToFileURL(page).href
    browser = await launch()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    project?.remove()
  })

  /** The page as a reader with these settings has it, and everything that it asked for or complained about. */
  const open = async (options: BrowserContextOptions = {}) => {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const requests: Array<string> = []
    const complaints: Array<string> = []
    page.on("request", (request) => requests.push(request.url()))
    page.on("console", (message) => complaints.push(message.text()))
    page.on("pageerror", (error) => complaints.push(error.message))
    await page.goto(url)
    return { page, requests, complaints, close: () => context.close() }
  }
  const picture = async (page: Page, name: string): Promise<void> => {
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
  }

  it.each([
    ["light", 1200],
    ["dark", 1200],
    ["light", 380],
  ] as const)("has no accessibility finding in %s at %i pixels", async (colorScheme, width) => {
    const { page, requests, complaints, close } = await open({
      colorScheme,
      viewport: { width, height: 900 },
    })
    // The page's own rules forbid other scripts; the driver may evaluate all the same.
    await page.evaluate(axe)
    const { violations, passes } = await page.evaluate<AxeResults>("axe.run()")
    expect(violations.map(({ id, impact, nodes }) => ({ id, impact, at: nodes[0]?.html }))).toEqual([])
    expect(passes.map(({ id }) => id)).toContain("color-contrast")
    await picture(page, `report-${colorScheme}-${width}`)
    expect(requests).toEqual([url])
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

  it("shows hostile reviews as the text that they are", async () => {
    const { page, close } = await open()
    expect(await page.title()).toBe("A tiny tuning")
    expect(await page.locator("img").count()).toBe(0)
    const prompts = await page.locator("#answers .text").allTextContents()
    const held = hostile.filter(({ text }) =>
      prompts.some((prompt) => prompt.trimEnd().endsWith(text.trim())),
    )
    expect(held).toHaveLength(prompts.length)
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

  it("reads without its script", async () => {
    const { page, close } = await open({ javaScriptEnabled: false })
    expect(await page.locator("#answers tbody tr").count()).toBeGreaterThan(3)
    expect(await page.locator("form.filters").isVisible()).toBe(false)
    expect(await page.locator("svg").count()).toBeGreaterThan(0)
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
