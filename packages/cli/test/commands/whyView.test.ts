import { expect, it } from "vitest"
import { causeLines } from "../../src/commands/whyView.ts"
import * as Text from "../../src/Text.ts"

const pathOf = (length: number): ReadonlyArray<string> => Array.from({ length }, (_, at) => `s${at}`)

it("a cause stands before the path by which it came, of which a long one is shortened in the middle", () => {
  const cause = { kind: "param", headline: "size: 1 -> 2" } as const
  expect(causeLines([{ ...cause, path: ["train"] }], Text.plain)).toEqual(["size: 1 -> 2"])
  expect(causeLines([{ ...cause, path: pathOf(24) }], Text.plain)).toEqual([
    "size: 1 -> 2",
    `  by way of ${pathOf(24).join(" -> ")}`,
  ])
  expect(causeLines([{ ...cause, path: pathOf(10_000) }], Text.plain)).toEqual([
    "size: 1 -> 2",
    "  by way of s0 -> s1 -> s2 -> s3 -> s4 -> s5 -> s6 -> s7 -> s8 -> s9 -> s10 -> … 9,978 more … -> " +
      "s9989 -> s9990 -> s9991 -> s9992 -> s9993 -> s9994 -> s9995 -> s9996 -> s9997 -> s9998 -> s9999",
  ])
})
