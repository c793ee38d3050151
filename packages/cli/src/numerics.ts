/**
 * What numeric steps compute with, from the flags of the command. Imported when a plan has such a step.
 */
import { Numeric } from "@sluice/tensorflow"
import * as Arguments from "./Arguments.ts"

export const options = (invocation: Arguments.Invocation): Numeric.Options => ({
  backend: Arguments.one(invocation, "backend") as Numeric.Options["backend"],
  threads: Arguments.integer(invocation, "threads"),
  precision: Arguments.one(invocation, "precision") as Numeric.Options["precision"],
})

export const settings = (invocation: Arguments.Invocation) => Numeric.settings(options(invocation))
