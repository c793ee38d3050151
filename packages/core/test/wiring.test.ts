import { execFile } from "node:child_process"
import { createRequire } from "node:module"
import { join } from "node:path"
import { expect, it } from "vitest"

const folder = join(import.meta.dirname, "fixtures/wiring")

/** What the compiler says, one line an error: `wrong.ts(10,13): …` without error numbers and without consequences. */
const compile = (): Promise<ReadonlyArray<string>> =>
  new Promise((resolve) => {
    const tsc = join(createRequire(import.meta.url).resolve("typescript/package.json"), "../bin/tsc")
    execFile(process.execPath, [tsc, "--noEmit", "-p", folder, "--pretty", "false"], (_, output) => {
      resolve(
        output
          .split("\n")
          .filter((line) => line !== "")
          .map((line) =>
            line
              .replace(/^.*wiring\//, "")
              .replace(/error TS\d+: /, "")
              .trimEnd(),
          ),
      )
    })
  })

it("wrong wiring is a compile-time error that names step, input, producer and the first wrong column", async () => {
  expect(await compile()).toMatchInlineSnapshot(`
    [
      "wrong.ts(10,13): Type 'Ref<typeof Numbers, "count">' is not assignable to type 'Ref<typeof Numbers, "count"> & "clean.rows <- count: column 'text' is Int32 but Utf8 is required"'.",
      "  Type 'Ref<typeof Numbers, "count">' is not assignable to type '"clean.rows <- count: column 'text' is Int32 but Utf8 is required"'.",
      "wrong.ts(11,14): Type 'Ref<typeof Review, "collect">' is not assignable to type 'Ref<typeof Review, "collect"> & "report.size <- collect: a table is given but value 'size' is required"'.",
      "  Type 'Ref<typeof Review, "collect">' is not assignable to type '"report.size <- collect: a table is given but value 'size' is required"'.",
      "wrong.ts(12,13): Type 'Ref<Files<"report">, "report">' is not assignable to type 'Ref<Files<"report">, "report"> & "clean.rows <- report: files 'report' is given but a table is required"'.",
      "  Type 'Ref<Files<"report">, "report">' is not assignable to type '"clean.rows <- report: files 'report' is given but a table is required"'.",
      "wrong.ts(13,13): Type 'string' is not assignable to type 'string & Unfit<"clean.rows takes what another step wrote">'.",
      "  Type 'string' is not assignable to type 'Unfit<"clean.rows takes what another step wrote">'.",
      "wrong.ts(14,15): Type 'Ref<typeof Review, "collect">' is not assignable to type 'Ref<typeof Review, "collect"> & "collect.files takes files from outside: a path, a glob or Source.files(...)"'.",
      "  Type 'Ref<typeof Review, "collect">' is not assignable to type '"collect.files takes files from outside: a path, a glob or Source.files(...)"'.",
      "wrong.ts(15,19): Type 'string' is not assignable to type 'never'.",
      "wrong.ts(16,46): Property 'missing' does not exist on type 'Review'.",
      "wrong.ts(17,45): Type 'number' is not assignable to type 'number & Unfit<"clean has no input or config field 'mni'">'.",
      "  Type 'number' is not assignable to type 'Unfit<"clean has no input or config field 'mni'">'.",
      "wrong.ts(18,11): Argument of type '{ min: number; keep: () => true; }' is not assignable to parameter of type '{ min: number; keep: () => true; } & { readonly min: number; readonly keep: (row: Review) => boolean; readonly note?: string; } & { readonly min: unknown; readonly keep: unknown; } & { readonly rows: Ref<Output, string>; }'.",
      "  Property 'rows' is missing in type '{ min: number; keep: () => true; }' but required in type '{ readonly rows: Ref<Output, string>; }'.",
    ]
  `)
})
