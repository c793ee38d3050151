import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import * as CompiledCode from "../src/CompiledCode.ts"
import * as Programs from "../src/Programs.ts"

const hour = 3_600_000
const now = Date.UTC(2026, 0, 2)

const folder = () => {
  const root = mkdtempSync(join(tmpdir(), "sluice-programs-"))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const touch = (path: string, at: number): void => utimesSync(join(root, path), at / 1000, at / 1000)
  const write = (path: string, text: string, at = now - 5 * hour): string => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
    touch(path, at)
    touch(dirname(path), at)
    return join(root, path)
  }
  return { root, write }
}

it("programs are current while their sources are there with their sizes, and while they are young", () => {
  const { root, write } = folder()
  const [fits, edited, orphan, young] = ["a", "b", "c", "d"].map((letter) => letter.repeat(32))
  const source = write("sources/pipeline.ts", "12345")
  for (const name of [fits, edited, orphan]) write(`bundles/${name}/main.js`, "program")
  write("bundles/tmp-7-1/main.js", "half")
  write(`bundles/${young}/main.js`, "program", now - hour / 2)
  write("bundles/1.json", JSON.stringify({ digest: fits, files: [[source, 5]] }))
  const stale = JSON.stringify({ digest: edited, files: [[source, 6]] })
  write("bundles/2.json", stale)
  const torn = write("bundles/3.json", "{")
  write("bundles/packages/effect.json", "{}")
  const found = Programs.list(join(root, "bundles"), hour, now)
  expect(found.filter(({ current }) => current).map(({ name }) => name)).toEqual([fits, young, "1.json"])
  const old = found.filter(({ current }) => !current)
  expect(old.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
    [edited, 7],
    [orphan, 7],
    ["tmp-7-1", 4],
    ["2.json", stale.length],
    ["3.json", 1],
  ])
  Programs.remove(join(root, "bundles"), old)
  expect(existsSync(torn)).toBe(false)
  expect(Programs.list(join(root, "bundles"), hour, now).map(({ name }) => name)).toEqual([
    fits,
    young,
    "1.json",
  ])
  expect(Programs.list(join(root, "none"), hour, now)).toEqual([])
})

it("compiled code is superfluous after 30 days without use, and beyond 256 MiB, the longest unused first", () => {
  const mebibyte = 2 ** 20
  const file = (path: string, mebibytes: number, days: number): CompiledCode.CompiledFile => ({
    path,
    sizeBytes: mebibytes * mebibyte,
    usedAt: now - days * 24 * hour,
  })
  const files = [file("old", 1, 31), file("third", 1, 3), file("second", 56, 2), file("first", 200, 1)]
  expect(CompiledCode.superfluous(files, now).map(({ path }) => path)).toEqual(["third", "old"])
  expect(CompiledCode.superfluous(files.slice(0, 2), now).map(({ path }) => path)).toEqual(["old"])
})

it("compiled code is removed file by file, and its folder stays for those that write meanwhile", () => {
  const { root, write } = folder()
  const kept = write("compiled/v24/a", "1")
  const gone = write("compiled/v24/b", "22")
  const files = CompiledCode.list(join(root, "compiled"))
  expect(new Map(files.map(({ path, sizeBytes }) => [path, sizeBytes]))).toEqual(
    new Map([
      [kept, 1],
      [gone, 2],
    ]),
  )
  CompiledCode.remove(files)
  // A second process that saw the same files.
  CompiledCode.remove(files)
  expect(existsSync(join(root, "compiled/v24"))).toBe(true)
  expect(CompiledCode.list(join(root, "compiled"))).toEqual([])
  expect(CompiledCode.list(join(root, "none"))).toEqual([])
})
