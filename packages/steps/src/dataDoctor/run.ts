import type { Artifact, Step, Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import type { Chat } from "../Chat.ts"
import { counted, thousands } from "../counted.ts"
import * as OpenModel from "../model/open.ts"
import type { Tokens } from "../Tokens.ts"
import { DataRefused, said } from "./DataRefused.ts"
import type { Size } from "./duplicateChecks.ts"
import { allowing, examine } from "./examine.ts"
import type { CheckName, Finding } from "./Finding.ts"

interface Config {
  readonly minimumRows: number
  readonly maxTokens: number
  readonly rank: number
  readonly allow: ReadonlyArray<CheckName>
}

interface Inputs {
  readonly chats: Table.Reader<typeof Chat>
  readonly tokens: Table.Reader<typeof Tokens>
  readonly heldOut?: Table.Reader<typeof Chat>
  readonly model: Artifact.FilesReader
}

/** Examines the rows, says what was found, and fails with all of it where something is refused. */
export const doctor = (context: Step.Context<Config, Inputs>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { allow, maxTokens, minimumRows, rank } = context.config
      const { chats, heldOut, model, tokens } = context.inputs
      const { tokenizer, weights, stopIds } = yield* OpenModel.open(model)
      const rows = yield* chats.all
      const examined = examine({
        chats: rows,
        tokens: yield* tokens.all,
        heldOut: heldOut === undefined ? [] : yield* heldOut.all,
        model: {
          padId: tokenizer.padId,
          eosId: tokenizer.eosId,
          bosId: tokenizer.bosId,
          stopIds,
          vocabularySize: embeddings(weights) ?? tokenizer.vocabularySize,
          specialTokens: [...tokenizer.special.values()],
          tokenText: tokenizer.tokenText,
        },
        maxTokens,
        minimumRows,
        trainableParameters: adapterParameters(weights, rank),
      })
      const findings = allowing(examined.findings, allow)
      if (findings.some(({ severity }) => severity === "refuse")) {
        return yield* new DataRefused({ rows: rows.length, findings })
      }
      for (const finding of findings)
        if (finding.severity === "warn") context.warn(`${finding.check}: ${said(finding)}`)
      context.summarize(summary(examined.size, findings))
      const { trainableParameters, ...counts } = examined.size
      return {
        tokens,
        findings: findings.map((finding) => ({ ...finding })),
        size: [{ ...counts, trainableParameters: BigInt(trainableParameters) }],
      }
    }),
  )

interface Shapes {
  readonly names: ReadonlyArray<string>
  readonly has: (name: string) => boolean
  readonly shape: (name: string) => ReadonlyArray<number>
}

const embedding = "model.embed_tokens.weight"

const embeddings = (weights: Shapes): number | undefined =>
  weights.has(embedding) ? weights.shape(embedding)[0] : undefined

/** Of an adapter on all linear layers: rank · (in + out) for each. */
const adapterParameters = (weights: Shapes, rank: number): number =>
  weights.names
    .filter((name) => /\.(?:[qkvo]|gate|up|down)_proj\.weight$/.test(name))
    .reduce((sum, name) => sum + rank * weights.shape(name).reduce((total, size) => total + size, 0), 0)

/** `2,681 rows, 2,676 distinct, 21,448 supervised tokens (0.0044 per parameter); 1 warning: controlCharacters 14`. */
export const summary = (size: Size, findings: ReadonlyArray<Finding>): string => {
  const of = (severity: string) => findings.filter((finding) => finding.severity === severity)
  const listed = (few: ReadonlyArray<Finding>) =>
    few.map(({ check, count }) => (count === 0 ? check : `${check} ${thousands(count)}`)).join(", ")
  const [warnings, notes] = [of("warn"), of("note")]
  const rows = `${counted(size.rows, "row")}, ${thousands(size.effectiveRows)} distinct, ${thousands(size.supervisedTokens)} supervised tokens (${size.tokensPerParameter.toPrecision(2)} per parameter)`
  const parts = [
    ...(warnings.length === 0 ? [] : [`${counted(warnings.length, "warning")}: ${listed(warnings)}`]),
    ...(notes.length === 0 ? [] : [`${counted(notes.length, "note")}: ${listed(notes)}`]),
  ]
  return [rows, ...(parts.length === 0 ? ["nothing found"] : parts)].join("; ")
}
