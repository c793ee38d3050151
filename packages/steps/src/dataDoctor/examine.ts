/** All checks over one table: pure, in a fixed order, worst findings first. */
import * as Answers from "./answerChecks.ts"
import * as Chats from "./chatChecks.ts"
import * as Duplicates from "./duplicateChecks.ts"
import * as Encodings from "./encodingChecks.ts"
import { type CheckName, checkNames, type Finding } from "./Finding.ts"
import * as Forms from "./formChecks.ts"
import * as Hollow from "./hollowChecks.ts"
import * as Labels from "./labelChecks.ts"
import { labelSlips } from "./labelSlips.ts"
import * as Languages from "./languageChecks.ts"
import * as Leaks from "./leakChecks.ts"
import * as Personal from "./personalChecks.ts"
import * as Secrets from "./secretChecks.ts"
import { examplesOf, labelFieldsOf, type Subject } from "./Subject.ts"
import * as Tokens from "./tokenChecks.ts"
import { toolCalls } from "./toolChecks.ts"

export interface Examination {
  readonly findings: ReadonlyArray<Finding>
  readonly size: Duplicates.Size
}

export const examine = (subject: Subject): Examination => {
  const { minimumRows, trainableParameters } = subject
  // Any check may show a text that holds a secret, so the others see texts in which it is masked.
  const chats = Secrets.maskedChats(subject.chats)
  const heldOut = Secrets.maskedChats(subject.heldOut)
  const shown = { ...subject, chats, heldOut }
  const all = [...chats, ...heldOut]
  const examples = examplesOf(chats, all)
  const heldOutExamples = examplesOf(heldOut, all)
  const labels = labelFieldsOf(examples)
  const likeness = Duplicates.likenessOf(examples)
  const supervised = subject.tokens.reduce((sum, row) => sum + Tokens.supervisedTokens(row), 0)
  const size = Duplicates.sizeOf(likeness, supervised, trainableParameters)
  const findings = [
    Tokens.padIsEos(subject),
    Tokens.doubledBos(subject),
    Tokens.outsideVocabulary(subject),
    Tokens.labelsDiffer(subject),
    Tokens.allMasked(subject),
    Tokens.missingEndOfTurn(subject),
    Tokens.longPrompts(subject),
    Tokens.cutRows(subject),
    Tokens.lostRows(shown),
    Chats.roles(shown),
    toolCalls(shown),
    Chats.specialTokens(shown),
    Hollow.emptyAnswers(shown, examples, labels),
    Hollow.refusals(examples),
    Answers.answerForm(examples),
    Answers.cutAnswers(examples),
    Duplicates.duplicates(examples, likeness),
    Duplicates.nearDuplicates(examples, likeness),
    Duplicates.acrossSplit(examples, heldOutExamples),
    Duplicates.contradictions(examples, likeness),
    Leaks.leakedAnswers(examples, labels),
    Labels.labelImbalance(examples, labels),
    Labels.labelVariants(examples, labels),
    labelSlips(examples, labels),
    Labels.heldOutLabels(labels, heldOutExamples),
    Languages.mixedLanguages(examples),
    Languages.mixedScripts(examples),
    Encodings.mojibake(chats),
    Encodings.replacementCharacters(chats),
    Encodings.controlCharacters(chats),
    Encodings.lineEnds(chats),
    Forms.markup(chats),
    Forms.escaped(chats),
    Forms.characterForms(chats),
    Secrets.secrets(subject.chats),
    Secrets.emailAddresses(subject.chats),
    Personal.personalNumbers(subject.chats),
    Duplicates.fewRows(size, minimumRows),
  ].flat()
  return { findings: findings.toSorted(bySeverity), size }
}

/** Findings that the user takes as known are one step milder: a refusal is a warning, a warning a note. */
export const allowing = (
  findings: ReadonlyArray<Finding>,
  allowed: ReadonlyArray<CheckName>,
): ReadonlyArray<Finding> =>
  findings
    .map((finding) =>
      allowed.includes(finding.check)
        ? { ...finding, severity: finding.severity === "refuse" ? ("warn" as const) : ("note" as const) }
        : finding,
    )
    .toSorted(bySeverity)

const severities: ReadonlyArray<string> = ["refuse", "warn", "note"]

const bySeverity = (a: Finding, b: Finding): number =>
  severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
  checkNames.indexOf(a.check) - checkNames.indexOf(b.check)
