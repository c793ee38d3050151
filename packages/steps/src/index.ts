/**
 * Contents of the built-in steps: one namespace a module.
 */
export * as Chat from "./Chat.ts"
export * as Collect from "./Collect.ts"
export * as Format from "./Format.ts"
export * as RowId from "./RowId.ts"
export * as Split from "./Split.ts"
