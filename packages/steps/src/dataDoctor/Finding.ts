/** What a check has found: how bad it is, in which rows, what it looks like, and what to do about it. */

/** `refuse` stops the run, `warn` is said and the run goes on, `note` is kept for whoever reads the table. */
export type Severity = "refuse" | "warn" | "note"

/** Every check, in the order in which findings are listed. */
export const checkNames = [
  "padIsEos",
  "doubledBos",
  "outsideVocabulary",
  "labelsDiffer",
  "allMasked",
  "missingEndOfTurn",
  "longPrompts",
  "cutRows",
  "lostRows",
  "roles",
  "toolCalls",
  "specialTokens",
  "emptyAnswers",
  "refusals",
  "answerForm",
  "cutAnswers",
  "duplicates",
  "nearDuplicates",
  "splitDuplicates",
  "splitNearDuplicates",
  "contradictions",
  "leakedAnswers",
  "labelImbalance",
  "labelVariants",
  "heldOutLabels",
  "mixedLanguages",
  "mixedScripts",
  "mojibake",
  "replacementCharacters",
  "controlCharacters",
  "lineEnds",
  "markup",
  "escapes",
  "characterForms",
  "secrets",
  "emailAddresses",
  "personalNumbers",
  "fewRows",
] as const

export type CheckName = (typeof checkNames)[number]

export interface Finding {
  readonly check: CheckName
  readonly severity: Severity
  /** Rows, or clusters of rows, that it concerns; 0 where it is about the model or the whole table. */
  readonly count: number
  /** Ids of the first few of them. */
  readonly rows: ReadonlyArray<string>
  /** One of them, or the part of it that shows the fault; secrets are masked. */
  readonly excerpt: string
  /** What is wrong, in one sentence. */
  readonly problem: string
  readonly fix: string
}

/** A row that is at fault, and the part of it to show. */
export interface Hit {
  readonly id: string
  readonly excerpt: string
}

/** The severity of what is hardly an oversight where a fifth of the rows have it. */
export const unlessMeant = (hits: ReadonlyArray<Hit>, rows: ReadonlyArray<unknown>): Severity =>
  hits.length * 5 >= rows.length ? "note" : "warn"

const shownRows = 5
const excerptLength = 160

/** A finding of rows; none where there are no hits. The first hit is shown. */
export const found = (
  check: CheckName,
  severity: Severity,
  hits: ReadonlyArray<Hit>,
  problem: string,
  fix: string,
): ReadonlyArray<Finding> =>
  hits.length === 0
    ? []
    : [
        {
          check,
          severity,
          count: hits.length,
          rows: hits.slice(0, shownRows).map(({ id }) => id),
          excerpt: shortened(hits[0]!.excerpt),
          problem,
          fix,
        },
      ]

/** A text on one line, cut to what a table can show, with characters that cannot be seen written out. */
const shortened = (text: string): string => {
  const line = text
    .slice(0, 4 * excerptLength)
    .replace(/\r/g, "\\r")
    .replace(/\n/g, "\\n")
    .replace(invisible, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
  return line.length > excerptLength ? `${line.slice(0, excerptLength - 1)}…` : line
}

/** The text around a place in it. */
export const around = (text: string, start: number, length: number): string => {
  const from = Math.max(0, start - 40)
  const to = Math.min(text.length, start + length + 40)
  return `${from > 0 ? "…" : ""}${text.slice(from, to)}${to < text.length ? "…" : ""}`
}

const invisible =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
