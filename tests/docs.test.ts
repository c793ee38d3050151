import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { describe, expect, it } from "vitest"

const repository = resolve(import.meta.dirname, "..")
const read = (file: string): string => readFileSync(join(repository, file), "utf8")
const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: repository, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && !file.includes("/fixtures/"))

describe("the documentation", () => {
  it("quotes code that stands in the file it names, line for line", () => {
    const quotes = pages.flatMap((page) =>
      [...read(page).matchAll(/<!-- from: (\S+) -->\n```\w+\n(.*?)```/gs)].map((match) => ({
        page,
        file: match[1]!,
        code: match[2]!,
      })),
    )
    expect(quotes.length).toBeGreaterThan(0)
    expect(
      quotes.filter(({ file, code }) => !read(file).includes(code)).map(({ page, file }) => ({ page, file })),
    ).toEqual([])
  })

  it("links only to files that exist", () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map((match) => match[1]!)
        .filter((target) => !existsSync(join(repository, dirname(page), target)))
        .map((target) => ({ page, target })),
    )
    expect(broken).toEqual([])
  })
})
