import { describe, expect, it } from "vitest"
import { make } from "../../../steps/test/support/reports.ts"
import { check, ConditionRefused } from "../../src/report/Condition.ts"

const report = make()
/** Exact: base 18, fewShot 23, tuned 38 of 40. */
const holds = (...conditions: ReadonlyArray<string>) => check(conditions, report).map((each) => each.holds)

const refused = (...conditions: ReadonlyArray<string>): string => {
  try {
    check(conditions, report)
  } catch (error) {
    if (error instanceof ConditionRefused) return error.message
  }
  return "was accepted"
}

describe("a condition", () => {
  it("asks a score by its value, as a share or a percentage, with four comparisons", () => {
    expect(
      holds("tuned.exact >= 0.95", "tuned.exact>=95%", "tuned.exact > 0.95", "tuned.exact <= .95"),
    ).toEqual([true, true, false, true])
    expect(holds("base.exact < 0.45", "base.field mood >= 45 %", "tuned.letters < 1e2")).toEqual([
      false,
      true,
      true,
    ])
  })

  it("is not deceived by binary fractions: 18 of 40 less 23 of 40 is -12.5 points", () => {
    expect(holds("fewShot.exact - base.exact >= 0.125", "base.exact - fewShot.exact <= -12.5%")).toEqual([
      true,
      true,
    ])
    expect(holds("tuned.exact − base.exact >= 0.51")).toEqual([false])
  })

  it("asks for a verdict by naming two arms, by exact match or by a score", () => {
    expect(holds("tuned > base", "base < tuned", "fewShot > base", "tuned.exact > fewShot.exact")).toEqual([
      true,
      true,
      false,
      true,
    ])
  })

  it("says what was found with its interval and rows", () => {
    expect(
      check(["tuned.exact >= 0.99", "tuned.exact - base.exact > 0", "fewShot > base"], report),
    ).toMatchObject([
      {
        holds: false,
        value: 0.95,
        found: expect.stringMatching(
          /^tuned\.exact is 95\.0.% \(38 of 40 rows, 95 % interval 83\.5.% to 98\.6.%\)$/,
        ),
      },
      {
        holds: true,
        value: 0.5,
        found:
          "the difference is +50.0 points (95 % interval +31.2 to +65.5 points; only tuned right in 21 rows, only base in 1)",
      },
      {
        holds: false,
        value: null,
        found:
          "fewShot against base by exact: undecided; about 172 more rows would decide (+12.5 points, 95 % interval -8.0 to +32.1 points)",
      },
    ])
  })

  it("says of means which arm is higher in how many rows", () => {
    expect(check(["tuned.letters - base.letters <= 0"], report)[0]!.found).toMatch(
      /^the difference is -0\.300 \(95 % interval -\d\.\d{3} to \+\d\.\d{3}; tuned higher in \d+ rows, base in \d+\)$/,
    )
  })

  it("says of a score whose draws are all equal that it has no interval", () => {
    const one = make({ rows: 1 })
    const [score, difference] = check(["tuned.letters > 1e6", "tuned.letters - base.letters > 1e6"], one)
    expect(score).toMatchObject({ low: null, high: null })
    expect(score!.found).toMatch(
      /^tuned\.letters is \d+\.000 \(over 1 rows, no interval: all rows are alike\)$/,
    )
    expect(difference!.found).toContain("(no interval: all rows are alike; tuned higher in ")
  })

  it("that is empty is refused with a label", () => {
    expect(refused("").split("\n").slice(0, 2)).toEqual([
      "A condition cannot be asked.",
      '  "":      it is empty',
    ])
  })

  it("that cannot be asked is refused with what can, all of them at once", () => {
    const arms = "base, fewShot, tuned"
    const text = refused(
      "tunned.exact > 0",
      "tuned.exact",
      "tuned.exact - base.cut > 0",
      "base - tuned > 0",
      "base > base",
    )
    expect(text.split("\n").slice(0, 7)).toEqual([
      "Conditions cannot be asked.",
      '  tunned.exact > 0:            there is no arm "tunned"; did you mean tuned?',
      "  tuned.exact:                 it has no comparison with a number or an arm",
      "  tuned.exact - base.cut > 0:  exact and cut are two scores: the difference of one over two arms can be asked",
      '  base - tuned > 0:            "base" is no ARM.SCORE; "tuned" is no ARM.SCORE',
      "  base > base:                 base is compared with itself",
      `  Arms:                        ${arms}`,
    ])
    expect(refused("tuned >= base")).toContain(">= between arms has no meaning")
    expect(refused("> 3")).toContain("it names no arm")
    const share = "exact is a share of rows, at most 1: write 85% or 0.85"
    expect(refused("tuned.exact >= 85")).toContain(`  tuned.exact >= 85:  ${share}\n`)
    expect(refused("tuned.exact - base.exact >= 85")).toContain(
      `  tuned.exact - base.exact >= 85:  ${share}\n`,
    )
    expect(check(["tuned.exact >= 100%"], report)[0]!.holds).toBe(false)
  })

  it.each([
    [
      "tuned.exact >= 0.8 && base.exact >= 0.1",
      "it holds several comparisons: give each a --fail-under of its own",
    ],
    ["tuned.exact > 0.8, base > tuned", "it holds several comparisons: give each a --fail-under of its own"],
    ["tuned.exact => 0.8", "write >= or <="],
    ["tuned.exact > = 0.8", "write >= or <="],
    ["tuned.exact ≥ 0.8", "write >= or <="],
    ["tuned.exact == 0.8", "= cannot be asked: write >= or <="],
    ["tuned.exact >= 0,8", "write the number with a point: 0.85"],
    ["0.8 <= tuned.exact", "the score stands left of the comparison, the number right"],
    ["tuned.cut < base.cut", "cut has no verdict: ask for its difference, tuned.cut - base.cut < 0"],
  ])("that slipped is told how it is written: %s", (condition, problem) => {
    expect(refused(condition).split("\n")[1]).toBe(`  ${condition}:  ${problem}`)
  })
})
