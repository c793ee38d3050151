/**
 * From an answer back to rows: by which artifacts it came about, where its row stands in the files, and which of the rows
 * that were learnt are most like it.
 */
import { type Facts, Likeness, type Report } from "@sluice/steps/report"
import * as Effect from "effect/Effect"
import { count } from "../quantities.ts"
import * as Source from "./Source.ts"

/** Rows learnt that are named for one held-out row. */
const named = 3
/** So many pairs of a held-out and a learnt row are looked at, which takes a second or two. */
const mostPairs = 10_000_000
const longestText = 300

interface Losses {
  times: number
  first: number | null
  last: number | null
}

export const lineage = Effect.fnUntraced(function* (compared: Source.Compared, report: Report.Report) {
  const losses = new Map<string, Losses>()
  const arms: Array<Facts.Lineage["arms"][number]> = []
  const trainings = new Map<string, Source.Made>()
  for (const { name } of report.arms) {
    const training = compared.maker(compared.report, `adapter ${name}`)
    if (training !== undefined && !trainings.has(training.step)) {
      trainings.set(training.step, training)
      yield* readLosses(training, losses)
    }
    const rows = training === undefined ? 0 : yield* learntRows(training)
    arms.push({ arm: name, chain: chain(compared, name), rows })
  }
  const heldOutIds = new Set(report.rows.map(({ id }) => id))
  const texts = yield* learntTexts(compared, [...trainings.values()], losses)
  const asked = worstFirst(report).slice(0, Math.ceil(mostPairs / Math.max(1, texts.size)))
  const { learnt, nearest } = like(asked, texts)
  const places = yield* placesOf(compared, new Set([...heldOutIds, ...learnt.map(({ id }) => id)]))
  const heldOut: Record<string, Facts.Place> = {}
  for (const id of heldOutIds) {
    const place = places.get(id)
    if (place !== undefined) heldOut[id] = place
  }
  const found: Facts.Lineage = {
    arms,
    heldOut,
    learnt: learnt.map(({ expected, id, prompt }) => {
      const seen = losses.get(id)
      return {
        id,
        prompt,
        expected,
        place: places.get(id) ?? null,
        times: seen?.times ?? 0,
        firstLoss: seen?.first ?? null,
        lastLoss: seen?.last ?? null,
      }
    }),
    nearest,
    leftOut:
      asked.length < report.rows.length
        ? `They are named for ${count(asked.length)} of ${count(report.rows.length)} rows, those that the fewest arms get right.`
        : losses.size > 0 && texts.size === 0
          ? "What was learnt is no chat, or is no longer stored: rows alike are not named."
          : null,
  }
  return found
})

/** The artifacts of an arm's answers, from the answers back: the adapter where it has one, and always the rows. */
const chain = (compared: Source.Compared, arm: string): Facts.Lineage["arms"][number]["chain"] => {
  const links: Array<Facts.Lineage["arms"][number]["chain"][number]> = []
  const { maker, report } = compared
  let input = `answers ${arm}`
  let at: Source.Made = report
  for (;;) {
    const fingerprint = at.record.inputs[input]
    const before = maker(at, input)
    if (before === undefined || typeof fingerprint !== "string") break
    const output = Source.outputOf(before, fingerprint)
    links.push({
      step: output === undefined || output === "output" ? before.step : `${before.step}.${output}`,
      fingerprint,
      summary: before.summary ?? null,
    })
    at = before
    const inputs = Object.keys(at.record.inputs)
    const next =
      inputs.find((name) => name === "adapter") ??
      ["tokens", "chats", "rows"].find((name) => inputs.includes(name))
    if (next === undefined) break
    input = next
  }
  const files = Object.values(at.record.inputs).filter((each) => typeof each !== "string")
  for (const [file, digest] of files.flat()) links.push({ step: file, fingerprint: digest, summary: null })
  return links
}

const lossesOf = (training: Source.Made) =>
  Source.tableWith(training, ["id", "split", "optimizerStep", "loss"])

const learntRows = Effect.fnUntraced(function* (training: Source.Made) {
  const table = yield* lossesOf(training)
  const ids = new Set<string>()
  if (table !== undefined)
    yield* Source.eachRow(table, (row) => void (row["split"] === "train" && ids.add(String(row["id"]))))
  return ids.size
})

const readLosses = Effect.fnUntraced(function* (training: Source.Made, into: Map<string, Losses>) {
  const table = yield* lossesOf(training)
  if (table === undefined) return
  yield* Source.eachRow(table, (row) => {
    if (row["split"] !== "train") return
    const id = String(row["id"])
    const loss = Number.isFinite(row["loss"]) ? Number(row["loss"]) : null
    const seen = into.get(id)
    if (seen === undefined) into.set(id, { times: 1, first: loss, last: loss })
    else {
      seen.times++
      seen.last = loss
    }
  })
})

interface Text {
  readonly id: string
  readonly prompt: string
  readonly expected: string
}

/** The chats that were learnt, by id: from the tables of chats that training was made from. */
const learntTexts = Effect.fnUntraced(function* (
  { maker }: Source.Compared,
  trainings: ReadonlyArray<Source.Made>,
  wanted: ReadonlyMap<string, unknown>,
) {
  const texts = new Map<string, Text>()
  const seen = new Set<string>()
  const queue = [...trainings]
  for (let made = queue.shift(); made !== undefined; made = queue.shift()) {
    if (seen.has(made.step)) continue
    seen.add(made.step)
    const chats = yield* Source.tableWith(made, ["id", "messages"])
    if (chats !== undefined)
      yield* Source.eachRow(chats, (row) => {
        const id = String(row["id"])
        if (!wanted.has(id) || texts.has(id)) return
        const messages = [...(row["messages"] as Iterable<{ readonly content: string }>)]
        texts.set(id, {
          id,
          prompt: short(messages.at(-2)?.content ?? ""),
          expected: short(messages.at(-1)?.content ?? ""),
        })
      })
    for (const input of Object.keys(made.wiring)) {
      const before = maker(made, input)
      if (before !== undefined) queue.push(before)
    }
  }
  return texts
})

const short = (text: string): string =>
  text.length > longestText ? `${text.slice(0, longestText - 1).toWellFormed()}…` : text

const worstFirst = (report: Report.Report): ReadonlyArray<Report.Row> => {
  const right = ({ answers }: Report.Row): number =>
    Object.values(answers).filter(({ exact }) => exact).length
  return report.rows.toSorted((a, b) => right(a) - right(b))
}

/** The rows learnt that any of the rows asked is like, and which they are for each. */
const like = (asked: ReadonlyArray<Report.Row>, texts: ReadonlyMap<string, Text>) => {
  const all = [...texts.values()]
  const found = Likeness.nearest(
    asked.map(({ prompt }) => prompt),
    all.map(({ prompt }) => prompt),
    named,
  )
  const positions = new Map<number, number>()
  const learnt: Array<Text> = []
  const position = (at: number): number => {
    const known = positions.get(at)
    if (known !== undefined) return known
    positions.set(at, learnt.length)
    return learnt.push(all[at]!) - 1
  }
  const nearest: Record<string, ReadonlyArray<number>> = {}
  asked.forEach(({ id }, row) => {
    if (found[row]!.length > 0) nearest[id] = found[row]!.map(position)
  })
  return { learnt, nearest }
}

/** Where rows stand in files, from the accounting of the steps that read them. */
const placesOf = Effect.fnUntraced(function* ({ made }: Source.Compared, wanted: ReadonlySet<string>) {
  const places = new Map<string, Facts.Place>()
  for (const each of made) {
    const account = yield* Source.tableWith(each, ["id", "file", "row", "line", "kept"])
    if (account === undefined) continue
    yield* Source.eachRow(account, (row) => {
      const id = row["id"]
      if (typeof id !== "string" || !wanted.has(id) || places.has(id)) return
      places.set(id, { file: String(row["file"]), row: Number(row["row"]), line: Number(row["line"]) })
    })
  }
  return places
})
