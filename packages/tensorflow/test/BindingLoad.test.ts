/** In a file of its own: a process opens one library only. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { expect, it } from "vitest"
import * as Binding from "../src/Binding.ts"

it("a file that is no library is refused with its place, and the fix", () => {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "sluice-load-")), "libtensorflow_cc.so.2")
  fs.writeFileSync(file, "not a library")
  let message = ""
  try {
    Binding.open(file, { threads: 2 })
  } catch (cause) {
    message = (cause as Error).message
  }
  fs.rmSync(path.dirname(file), { recursive: true })
  const lines = message.split("\n")
  expect(lines[0]).toBe("The TensorFlow library could not be loaded.")
  expect(lines[1]).toBe(`  Library:  ${file}`)
  expect(lines[2]).toContain("Reason:")
  expect(lines[3]).toBe(
    "Delete its folder to have it fetched again, or point SLUICE_LIBTENSORFLOW at another copy.",
  )
})
