/**
 * Contents of the reports: what a comparison found and what its run knows, and the forms in which both are shown.
 */
export * as Cost from "../evaluate/Cost.ts"
export * as Facts from "./Facts.ts"
export * as Junit from "./Junit.ts"
export * as Likeness from "./Likeness.ts"
export * as LmEval from "./LmEval.ts"
export * as Markdown from "./Markdown.ts"
export * as Page from "./Page.ts"
export * as Promptfoo from "./Promptfoo.ts"
export * as Report from "./Report.ts"
export * as words from "./words.ts"
