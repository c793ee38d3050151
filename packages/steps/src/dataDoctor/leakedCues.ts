/**
 * Marks in prompts that stand for the label without saying it: `class_id: 3`, `[queue=billing]`, `ref: YmlsbGluZw==`.
 *
 * A mark is a key with a value of one word. It tells the label where each of its values goes with one label in (nearly)
 * every row: in 20 rows at least, of two labels at least, and each value in three rows on average, since a value of a
 * single row goes with one label always; a value that is the label itself is enough in five rows. Running text has no
 * such keys, or their values go with several labels.
 */
import { type Example, type LabelField, labelsOf } from "./Subject.ts"

export interface Cue {
  readonly example: Example
  readonly index: number
  /** The mark's value is the label itself. */
  readonly isLabel: boolean
}

const fewestRows = 20
const fewestRowsOfLabels = 5
const rowsAValue = 3
const pure = 0.99
/** Where one label is so frequent, whatever stands in all rows goes with it. */
const crowdedOut = 0.9

const mark =
  /(?<=^|[\n[({<,;|\s])["']?([\p{L}_][\p{L}\p{N}_.-]{0,30})["']?[ \t]?[:=][ \t]?["']?([\p{L}\p{N}_+/.-]{1,40}={0,2})/gu
/** Marks stand where a text begins or ends. */
const readLength = 2000

interface Place {
  readonly example: Example
  readonly index: number
  readonly value: string
  readonly label: string
}

/** The rows whose label a mark tells, each once. */
export const cues = (
  examples: ReadonlyArray<Example>,
  fields: ReadonlyArray<LabelField>,
): ReadonlyArray<Cue> => {
  const found = new Map<string, Cue>()
  for (const { field, values } of fields) {
    if (values.length < 2) continue
    const known = new Set(values.map(([value]) => value))
    for (const places of placesOf(examples, field, known).values()) {
      const isLabel =
        places.length >= fewestRowsOfLabels &&
        new Set(places.map(({ label }) => label)).size > 1 &&
        places.every(({ label, value }) => label.toLowerCase() === value.toLowerCase())
      if (!isLabel && !isTelling(places)) continue
      for (const { example, index } of places)
        if (!found.has(example.id)) found.set(example.id, { example, index, isLabel })
    }
  }
  return [...found.values()]
}

/** By key, in the rows' order; of a key that a prompt has twice, the first. */
const placesOf = (
  examples: ReadonlyArray<Example>,
  field: string,
  known: ReadonlySet<string>,
): ReadonlyMap<string, ReadonlyArray<Place>> => {
  const byKey = new Map<string, Array<Place>>()
  for (const example of examples) {
    const { prompt } = example
    if (!/[:=]/.test(prompt)) continue
    const label = labelsOf(example.answer).find(([name]) => name === field)?.[1]
    if (label === undefined || !known.has(label)) continue
    const cut = Math.max(0, prompt.length - readLength)
    const parts =
      cut > readLength
        ? ([
            [0, prompt.slice(0, readLength)],
            [cut, prompt.slice(cut)],
          ] as const)
        : ([[0, prompt]] as const)
    const seen = new Set<string>()
    for (const [start, text] of parts)
      for (const match of text.matchAll(mark)) {
        const key = match[1]!.toLowerCase()
        if (seen.has(key)) continue
        seen.add(key)
        const place = { example, index: start + match.index, value: match[2]!.replace(/[.-]+$/, ""), label }
        const places = byKey.get(key)
        if (places === undefined) byKey.set(key, [place])
        else places.push(place)
      }
  }
  return byKey
}

const isTelling = (places: ReadonlyArray<Place>): boolean => {
  if (places.length < fewestRows) return false
  const byValue = new Map<string, Map<string, number>>()
  const labels = new Map<string, number>()
  for (const { label, value } of places) {
    const counts = byValue.get(value) ?? new Map<string, number>()
    byValue.set(value, counts.set(label, (counts.get(label) ?? 0) + 1))
    labels.set(label, (labels.get(label) ?? 0) + 1)
  }
  if (byValue.size < 2 || byValue.size * rowsAValue > places.length) return false
  if (Math.max(...labels.values()) >= crowdedOut * places.length) return false
  const agreeing = [...byValue.values()].reduce((sum, counts) => sum + Math.max(...counts.values()), 0)
  return agreeing >= pure * places.length
}
