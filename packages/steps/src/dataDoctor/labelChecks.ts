/** Checks of labels: those that crowd out the others, are written in several ways, or are on one side of the split. */
import { type Finding, found, type Hit } from "./Finding.ts"
import { folded, slipsOf } from "./labelNames.ts"
import { type Example, type LabelField, labelsOf } from "./Subject.ts"

/** Labels without those that are another way to write a more frequent one, or a slip: these are labelVariants' to tell. */
const distinctValues = (of: LabelField): LabelField["values"] => {
  const seen = new Set<string>()
  const slips = slipsOf(of)
  return of.values.filter(([value]) => {
    if (slips.has(value)) return false
    // Of marks alone, such as :) and :(, nothing is left to compare by.
    const name = folded(value) === "" ? value : folded(value)
    const isNew = !seen.has(name)
    seen.add(name)
    return isNew
  })
}

const fewest = 5

export const labelImbalance = (
  examples: ReadonlyArray<Example>,
  fields: ReadonlyArray<LabelField>,
): ReadonlyArray<Finding> => {
  const about = (field: string) => (field === "" ? "" : ` of "${field}"`)
  const findings = fields.flatMap((of): ReadonlyArray<Finding> => {
    const { field, rows } = of
    const values = distinctValues(of)
    const [top, times] = values[0]!
    const [rarest, rarestTimes] = values.at(-1)!
    const listed = values
      .slice(0, 6)
      .map(([value, count]) => `${value} ${count}`)
      .join(", ")
    const share = times / rows
    const isConstant = values.length === 1
    // A JSON answer may well have a field that is always the same; an answer that is always the same is a fault.
    if (isConstant && fields.some(({ values: others }) => others.length > 1)) return []
    if (!isConstant && share < 0.8 && !(rarestTimes < fewest && rows >= 10 * values.length)) return []
    const rare = new Set(
      values
        .filter(([value, count]) => value === rarest || (share < 0.8 && count < fewest))
        .map(([value]) => value),
    )
    const hits = examples.flatMap(({ answer, id }): ReadonlyArray<Hit> =>
      labelsOf(answer).some(([name, value]) => name === field && rare.has(value))
        ? [{ id, excerpt: listed }]
        : [],
    )
    const problem = isConstant
      ? `Every answer${about(field)} is the same: a model learns to give it whatever is asked.`
      : share >= 0.8
        ? `${Math.round(share * 100)} % of the answers${about(field)} are "${top}": always saying so scores as much.`
        : rare.size === 1
          ? `The answer "${rarest}"${about(field)} is in fewer than ${fewest} rows: too few to learn it from.`
          : `${rare.size} answers${about(field)} are in fewer than ${fewest} rows each: too few to learn them from (${listedFew([...rare])}).`
    return found(
      "labelImbalance",
      share >= 0.9 ? "warn" : "note",
      hits,
      problem,
      "Collect more rows of the rare answers, balance the sample (Split.sample with balance), and report macro-F1.",
    )
  })
  return findings
}

const listedFew = (values: ReadonlyArray<string>): string =>
  values
    .slice(0, 4)
    .map((value) => `"${value}"`)
    .join(", ") + (values.length > 4 ? ", …" : "")

/** One label written in several ways: as many classes to a model, of which it is right to give only one. */
export const labelVariants = (
  examples: ReadonlyArray<Example>,
  fields: ReadonlyArray<LabelField>,
): ReadonlyArray<Finding> =>
  fields.flatMap(({ field }): ReadonlyArray<Finding> => {
    const written = examples.map(({ answer }) =>
      // A whole answer with its white space, which is a part of it to a model.
      field === "" ? answer : labelsOf(answer).find(([name]) => name === field)?.[1],
    )
    const ways = new Map<string, Map<string, number>>()
    for (const label of written) {
      if (label === undefined || folded(label) === "") continue
      const counts = ways.get(folded(label)) ?? new Map<string, number>()
      ways.set(folded(label), counts.set(label, (counts.get(label) ?? 0) + 1))
    }
    const hits = examples.flatMap(({ id }, at): ReadonlyArray<Hit> => {
      const label = written[at]
      const counts = label === undefined ? undefined : ways.get(folded(label))
      if (counts === undefined || counts.size < 2) return []
      const [usual, ...others] = [...counts].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      if (label === usual![0]) return []
      const listed = [usual!, ...others].map(([way, count]) => `${JSON.stringify(way)} ${count}`)
      return [{ id, excerpt: listed.join(", ") }]
    })
    return found(
      "labelVariants",
      "warn",
      hits,
      `The same answer${field === "" ? "" : ` in "${field}"`} is written in several ways: other case, spaces, marks, or letters that only look alike.`,
      "Write each label in one way where the rows are read, and give the answers a schema of literals.",
    )
  })

const fewestHeldOut = 10

/** Labels that one side of the split lacks: such a class is never measured, or was never learnt. */
export const heldOutLabels = (
  fields: ReadonlyArray<LabelField>,
  heldOut: ReadonlyArray<Example>,
): ReadonlyArray<Finding> =>
  fields.flatMap((of): ReadonlyArray<Finding> => {
    const { field, rows, values } = of
    const about = field === "" ? "" : ` of "${field}"`
    const labelled = heldOut.flatMap(({ answer, id }) =>
      labelsOf(answer).flatMap(([name, value]) => (name === field ? [{ id, value }] : [])),
    )
    if (labelled.length === 0) return []
    const there = new Set(labelled.map(({ value }) => value))
    const known = new Set(values.map(([value]) => value))
    // Of a handful of held-out rows most classes are missing, which needs no saying.
    const absent =
      labelled.length < fewestHeldOut ? [] : distinctValues(of).filter(([value]) => !there.has(value))
    // By chance alone a class of which three rows are to be expected is missing once in twenty times.
    const isChance = absent.every(([, count]) => (count / rows) * labelled.length < 3)
    const shown = absent.map(([value, count]) => `${value}: ${count} of ${rows} training rows`).join(", ")
    const missing: ReadonlyArray<Finding> =
      absent.length === 0
        ? []
        : [
            {
              check: "heldOutLabels",
              severity: isChance ? "note" : "warn",
              count: 0,
              rows: [],
              excerpt: `${shown}; none of ${labelled.length} held-out rows`,
              problem: `No held-out row has the answer${about} ${absent.map(([value]) => `"${value}"`).join(", ")}: how well it is learnt is not measured.`,
              fix: "Hold out more rows, or split so that each answer has its share on both sides.",
            },
          ]
    const strange = labelled.filter(({ value }) => !known.has(value))
    return [
      ...missing,
      ...found(
        "heldOutLabels",
        "warn",
        strange.map(({ id, value }) => ({ id, excerpt: value })),
        `Held-out rows expect an answer${about} that no training row has: it cannot be learnt.`,
        "Add training rows with it, or take it out of the comparison.",
      ),
    ]
  })
