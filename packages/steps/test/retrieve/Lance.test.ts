import { readFileSync } from "node:fs"
import { afterEach, describe, expect, it, vi } from "vitest"
import * as Lance from "../../src/retrieve/Lance.ts"

/** A loader that fails as Node's does. */
const failing = (message: string, code: string) =>
  vi.doMock("@lancedb/lancedb", () => {
    throw Object.assign(new Error(message), { code })
  })

afterEach(() => {
  vi.doUnmock("@lancedb/lancedb")
  vi.resetModules()
})

describe("Lance.load", () => {
  it("loads the version that it names", async () => {
    expect(typeof (await Lance.load()).connect).toBe("function")
    const installed = new URL("../../node_modules/@lancedb/lancedb/package.json", import.meta.url)
    expect(JSON.parse(readFileSync(installed, "utf8")).version).toBe(Lance.version)
  })

  it("says how to install it where it is missing, and why it does not load", async () => {
    failing("Cannot find module '@lancedb/lancedb-linux-x64-gnu'\nRequire stack: …", "MODULE_NOT_FOUND")
    await expect(Lance.load()).rejects.toThrow(
      `Passages are searched by LanceDB, which cannot be loaded.
  Package:  @lancedb/lancedb@${Lance.version}
  Reason:   `,
    )
    const { message } = new Lance.LanceMissing({ reason: "it is not installed" })
    expect(message).toBe(`Passages are searched by LanceDB, which cannot be loaded.
  Package:  @lancedb/lancedb@0.37.1
  Reason:   it is not installed
Install it in this project: npm install @lancedb/lancedb@0.37.1`)
  })
})
