import { ModelFiles, SentenceModel } from "@sluice/llm"
import * as Effect from "effect/Effect"
import { type Checked, copied, fetched, type Files, type Known } from "./collect.ts"

/** A sentence model that Sluice knows where to get. */
export const known = (context: Known) => fetched(ModelFiles.miniLM, context)

/** The files of a sentence model's folder that decide what it is. */
export const folder = (context: Files) => copied(context, sentenceModel)

const sentenceModel: Checked = {
  filesOf: SentenceModel.filesOf,
  open: (files, inFolder) =>
    Effect.map(
      SentenceModel.open(files, inFolder),
      ({ config, maxTokens, pooling }) =>
        `${config.architecture}, ${config.hidden} numbers by ${pooling}, ${maxTokens} tokens`,
    ),
}
