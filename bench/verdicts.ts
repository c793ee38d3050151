/**
 * Do the comparison's statistics keep what they say? Planted truths, 2,000 simulations a case with fixed seeds:
 * coverage of the intervals, share of right verdicts, false alarms over several arms. Four minutes of one idle core.
 *
 * `--rounds` is for means, whose interval and verdict come from the bootstrap. Those of rates need none; their
 * bootstrap interval, reported beside, is drawn with a tenth of the rounds.
 *
 * `pnpm bench verdicts [--simulations 2000] [--rounds 10000]`
 */
import * as Planted from "../packages/steps/test/support/planted.ts"
import type { Benchmark } from "./run.ts"

const benchmark: Benchmark = {
  title: "Coverage and verdicts on planted truths",
  run: async (options) => {
    const simulations = Number(options["simulations"] ?? 2000)
    const rounds = Number(options["rounds"] ?? 10_000)
    const cases = [...Planted.rateCases, ...Planted.meanCases].map((each) => {
      const counted = Planted.simulate(
        each,
        simulations,
        each.kind === "rate" ? Math.ceil(rounds / 10) : rounds,
      )
      console.error(line(counted))
      return counted
    })
    const arms = (["none", "helps", "hurts"] as const).flatMap((planted) =>
      [100, 300].map((rows) => {
        const counted = Planted.simulateArms(planted, rows, simulations)
        console.error(
          `four arms, ${planted.padEnd(5)}  ${rows} rows  no false alarm ${counted.noFalseAlarm.toFixed(4)}` +
            (counted.pairsRight === null ? "" : `  pairs right ${counted.pairsRight.toFixed(4)}`),
        )
        return counted
      }),
    )
    const within = (share: number) => share >= 0.935 && share <= 0.965
    return {
      simulations,
      rounds,
      goals: {
        "intervals cover in 0.935 to 0.965": cases.every(
          ({ covered, wilsonCovered }) =>
            within(covered) && (wilsonCovered === null || within(wilsonCovered)),
        ),
        "no difference is undecided in 0.935 or more": [
          ...cases.filter(({ planted }) => planted === "none").map(({ right }) => right),
          ...arms.map(({ noFalseAlarm }) => noFalseAlarm),
        ].every((share) => share >= 0.935),
        "planted at power 0.99, the verdict is right in 0.97 or more": [
          ...cases.filter(({ planted }) => planted !== "none").map(({ right }) => right),
          ...arms.map(({ pairsRight }) => pairsRight ?? 1),
        ].every((share) => share >= 0.97),
      },
      cases,
      arms,
    }
  },
}

const line = (each: Planted.Counted): string =>
  `${each.name.padEnd(24)} ${each.planted.padEnd(5)} ${String(each.rows).padStart(3)} rows  ` +
  `covers ${each.covered.toFixed(4)}  bootstrap ${each.bootstrapCovered.toFixed(4)}  ` +
  `${each.wilsonCovered === null ? "" : `Wilson ${each.wilsonCovered.toFixed(4)}  `}right ${each.right.toFixed(4)}`

export default benchmark
