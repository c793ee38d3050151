/**
 * What the compiler refuses where the built-in steps are wired: each expectation here is an error of `pnpm types` when
 * the compiler accepts the line after all. What a program in plain JavaScript could still do wrong is refused by run.
 */
import { type Step, Table } from "@sluice/core"
import { describe, expect, expectTypeOf, it } from "vitest"
import { Chat } from "../src/Chat.ts"
import * as Collect from "../src/Collect.ts"
import * as Format from "../src/Format.ts"
import { ModelFiles } from "../src/kinds.ts"
import * as Split from "../src/Split.ts"
import * as Tokenize from "../src/Tokenize.ts"
import { ref } from "./support/runStep.ts"

class Review extends Table.make({ text: Table.utf8, class: Table.dictionary(["good", "bad"]) }) {}

type OutputsOf<U> = U extends Step.Use<infer Outs> ? Outs : never

describe("wiring of the built-in steps", () => {
  it("lets a split go by a column of its table, and by no other", () => {
    expect(Split.byHash({ rows: ref(Review), by: "text", heldOut: 0.1 }).config["by"]).toBe("text")
    // @ts-expect-error "txt" is no column of Review
    expect(() => Split.byHash({ rows: ref(Review), by: "txt", heldOut: 0.1 })).toThrow(
      [
        "Split.byHash is given a column that the table does not have.",
        "  Column:   txt",
        "  Columns:  text, class",
        "Name one of the table's columns, or give a function of the row.",
      ].join("\n"),
    )
  })

  it("types the row that a function is given", () => {
    const use = Format.chat({
      rows: ref(Review),
      messages: (row) => {
        expectTypeOf(row.text).toEqualTypeOf<string>()
        expectTypeOf(row.class).toEqualTypeOf<"good" | "bad">()
        // @ts-expect-error Review has no column 'title'
        return [{ role: "assistant", content: row.title ?? row.class }]
      },
    })
    expect(use.outputs["output"]).toBe(Chat)
    // @ts-expect-error "human" is no role
    Format.chat({ rows: ref(Review), messages: (row) => [{ role: "human", content: row.text }] })
  })

  it("hands the table on through collect and split", () => {
    const collect = Collect.csv({ files: "a.csv", row: Review })
    expectTypeOf<OutputsOf<typeof collect>["rows"]>().toEqualTypeOf<typeof Review>()
    const split = Split.byHash({ rows: ref(Review), by: (row) => row.class, heldOut: 0.1 })
    expectTypeOf<OutputsOf<typeof split>["heldOut"]>().toEqualTypeOf<typeof Review>()
    expect([collect.outputs["rows"], split.outputs["train"]]).toEqual([Review, Review])
  })

  it("keeps an option of an unknown name in the config, where planning refuses it by name", () => {
    const rows = ref(Review)
    const model = { ...ref(Review), kind: ModelFiles } as never
    const unknown = { onBadRows: "drop" }
    const uses: ReadonlyArray<Step.Use<any, any>> = [
      Collect.json({ files: "a.json", row: Review, ...unknown }),
      Collect.jsonLines({ files: "a.jsonl", row: Review, ...unknown }),
      Collect.csv({ files: "a.csv", row: Review, ...unknown }),
      Collect.chats({ files: "a.jsonl", ...unknown }),
      Split.byHash({ rows, by: "text", heldOut: 0.1, ...unknown }),
      Split.sample({ rows, count: 1, ...unknown }),
      Format.chat({ rows, messages: () => [], ...unknown }),
      Format.records({ rows, ...unknown }),
      Tokenize.text({ rows, model, ...unknown }),
      Tokenize.chat({ chats: ref(Chat), model, ...unknown }),
    ]
    for (const { config, facts } of uses) {
      expect(Object.keys(config).filter((name) => !Object.hasOwn(facts.config, name))).toEqual(["onBadRows"])
    }
  })
})
