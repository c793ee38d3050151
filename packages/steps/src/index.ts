/**
 * Contents of the built-in steps: one namespace a module.
 */
export * as Chat from "./Chat.ts"
export * as Collect from "./Collect.ts"
export * as Doctor from "./Doctor.ts"
export * as Endpoint from "./Endpoint.ts"
export * as Evaluate from "./Evaluate.ts"
export * as Forgetting from "./Forgetting.ts"
export * as Format from "./Format.ts"
export * as Grounding from "./Grounding.ts"
export * as Model from "./Model.ts"
export * as Retrieve from "./Retrieve.ts"
export * as RowId from "./RowId.ts"
export * as Split from "./Split.ts"
export * as Tokenize from "./Tokenize.ts"
export * as Tokens from "./Tokens.ts"
export * as Train from "./Train.ts"
