/**
 * Contents of the statistics: one namespace a module. Pure; generators are given.
 */
export * as Auc from "./Auc.ts"
export * as Bootstrap from "./Bootstrap.ts"
export * as Holm from "./Holm.ts"
export * as LearningCurve from "./LearningCurve.ts"
export * as McNemar from "./McNemar.ts"
export * as PairedRates from "./PairedRates.ts"
export * as Power from "./Power.ts"
export * as SignTest from "./SignTest.ts"
export * as Verdict from "./Verdict.ts"
export * as Wilson from "./Wilson.ts"
