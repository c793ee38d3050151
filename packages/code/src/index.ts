/** Code identity: which source the result of a function depends on. */
export type { CodeIdentity, CodeTag, Note, PackageIdentity, Part, Refusal, ValueRead } from "./Identity.ts"
export { symbol } from "./Identity.ts"
export type { Bundle, BundleOptions } from "./BundleRecord.ts"
export { checkBundle } from "./BundleRecord.ts"
