import { expect, it } from "vitest"
import { RunLog } from "../src/index.ts"

it("a log cut at any byte gives every whole line and never an error", () => {
  const lines: ReadonlyArray<RunLog.Line> = [
    {
      type: "run",
      version: 1,
      id: "r1",
      pipeline: "p",
      at: 1,
      owner: "o",
      params: { a: "1" },
      hits: [["x", "k"]],
    },
    { type: "start", at: 2, name: "y", key: "k2" },
    { type: "warning", at: 3, name: "y", message: 'übel: "zitiert"\n' },
    { type: "step", at: 4, name: "y", key: "k2", decision: "run", ms: 2 },
    { type: "end", at: 5, state: "done" },
  ]
  const whole = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""))
  const ends: Array<number> = []
  whole.forEach((byte, at) => {
    if (byte === 10) ends.push(at)
  })
  for (let cut = 0; cut <= whole.byteLength; cut++) {
    // A line is whole when its last brace is there: only the line feed may be missing.
    const expected = ends.filter((end) => end <= cut).length
    expect(RunLog.parse(whole.subarray(0, cut).toString())).toEqual(lines.slice(0, expected))
  }
})
