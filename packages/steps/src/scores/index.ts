/**
 * Contents of the scores: one namespace a module. Pure functions of texts and values.
 */
export * as Abstention from "./Abstention.ts"
export * as Chrf from "./Chrf.ts"
export * as Claims from "./Claims.ts"
export * as Classification from "./Classification.ts"
export * as ClosedBook from "./ClosedBook.ts"
export * as ExactMatch from "./ExactMatch.ts"
export * as Fields from "./Fields.ts"
export * as JsonAnswer from "./JsonAnswer.ts"
export * as JsonSchema from "./JsonSchema.ts"
export * as Judge from "./Judge.ts"
export * as Perplexity from "./Perplexity.ts"
export * as Rouge from "./Rouge.ts"
export * as Scorer from "./Scorer.ts"
export * as Style from "./Style.ts"
export * as TokenF1 from "./TokenF1.ts"
