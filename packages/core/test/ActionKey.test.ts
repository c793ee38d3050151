import { expect, it } from "vitest"
import { ActionKey } from "../src/index.ts"

const record: ActionKey.Record = {
  keyVersion: 1,
  step: "clean",
  code: "c0de",
  version: "",
  outputs: { output: 'table {"columns":[]}' },
  rowWise: "",
  packages: { "lodash@4.17.21": "sha512-x" },
  env: { HF_TOKEN: null },
  numeric: { threads: 2, backend: "tensorflow" },
  format: { table: 1, files: 1, value: 1 },
  runtime: { node: "24" },
  seed: "",
  config: { min: "3" },
  inputs: { rows: "f1", files: [["data/a.json", "d1"]] },
}

// A change here makes every stored result a miss: raise ActionKey.keyVersion and say so in the change log.
it("the key of a record is pinned", () => {
  expect(ActionKey.digest(record)).toBe("834af1167adaacbdc303ff5cb391b9035ba3d96f4e476c18e3a82af49d3dce29")
})

it("the text of a record is pinned: fields in their order, records sorted", () => {
  expect(ActionKey.text(ActionKey.staticText(record), record)).toBe(
    '{"keyVersion":1,"step":"clean","code":"c0de","version":"","outputs":{"output":"table {\\"columns\\":[]}"},' +
      '"rowWise":"","packages":{"lodash@4.17.21":"sha512-x"},"env":{"HF_TOKEN":null},' +
      '"numeric":{"backend":"tensorflow","threads":2},"format":{"files":1,"table":1,"value":1},' +
      '"runtime":{"node":"24"},"seed":"","config":{"min":"3"},' +
      '"inputs":{"files":[["data/a.json","d1"]],"rows":"f1"}}',
  )
})

it("the order of a record's entries does not matter, and every field does", () => {
  const key = ActionKey.digest(record)
  expect(ActionKey.digest({ ...record, numeric: { backend: "tensorflow", threads: 2 } })).toBe(key)
  const variants: ReadonlyArray<Partial<ActionKey.Record>> = [
    { keyVersion: 2 },
    { step: "tidy" },
    { code: "c0df" },
    { version: "1" },
    { outputs: {} },
    { rowWise: "rows" },
    { packages: {} },
    { env: { HF_TOKEN: "set" } },
    { numeric: { threads: 4, backend: "tensorflow" } },
    { format: { table: 2, files: 1, value: 1 } },
    { runtime: { node: "25" } },
    { seed: "1" },
    { config: { min: "4" } },
    { inputs: { rows: "f1", files: [["data/b.json", "d1"]] } },
  ]
  const keys = variants.map((variant) => ActionKey.digest({ ...record, ...variant }))
  expect(new Set([key, ...keys]).size).toBe(variants.length + 1)
})

it("a record comes back from its text", () => {
  expect(ActionKey.parse(ActionKey.text(ActionKey.staticText(record), record))).toEqual(record)
})
