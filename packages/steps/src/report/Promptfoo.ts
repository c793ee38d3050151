/**
 * A report in promptfoo's output form, version 3: each arm is a prompt with a provider of its own, each held-out row a
 * test. `promptfoo import FILE` reads it.
 *
 * @see OutputFile and EvaluateSummaryV3 in the types of promptfoo 0.123
 */
import { createHash } from "node:crypto"
import type { Facts } from "./Facts.ts"
import { type Report, scoreOf } from "./Report.ts"

const reasonNone = 0
const reasonAssert = 1

export const render = (report: Report, facts: Facts): string => {
  const prompts = report.arms.map(({ name }) => ({
    id: createHash("sha256").update(`${facts.run.id} ${name}`).digest("hex"),
    raw: "{{prompt}}",
    label: name,
  }))
  const msOf = (arm: string): number => {
    const cost = facts.costs.find((each) => each.arm === arm)
    return cost?.secondsPerPrompt == null ? 0 : Math.round(cost.secondsPerPrompt * 1000)
  }
  const results = report.rows.flatMap((row, testIdx) =>
    report.arms.map(({ name }, promptIdx) => {
      const { exact, newTokens, promptTokens, scores, text } = row.answers[name]!
      const vars = { prompt: row.prompt, expected: row.expected }
      const assertion = { type: "equals", value: row.expected }
      const reason = exact ? "The answer is exact" : "The answer is not exact"
      const used = usage(promptTokens, newTokens, 1)
      return {
        id: `${facts.run.id}-${testIdx}-${promptIdx}`,
        promptIdx,
        testIdx,
        testCase: { vars, assert: [assertion], metadata: { rowId: row.id } },
        promptId: prompts[promptIdx]!.id,
        provider: { id: `sluice:${name}`, label: name },
        prompt: { raw: row.prompt, label: name },
        vars,
        response: {
          output: text,
          tokenUsage: { prompt: promptTokens, completion: newTokens, total: promptTokens + newTokens },
        },
        error: exact ? null : reason,
        failureReason: exact ? reasonNone : reasonAssert,
        success: exact,
        score: Number(exact),
        latencyMs: msOf(name),
        gradingResult: {
          pass: exact,
          score: Number(exact),
          reason,
          componentResults: [{ pass: exact, score: Number(exact), reason, assertion }],
        },
        namedScores: Object.fromEntries(Object.entries(scores).filter(([, score]) => score !== null)),
        cost: 0,
        metadata: { rowId: row.id },
        tokenUsage: used,
      }
    }),
  )
  const rows = report.rows.length
  const successes = results.filter(({ success }) => success).length
  const sum = (of: "promptTokens" | "newTokens") => report.arms.reduce((total, arm) => total + arm[of], 0)
  const document = {
    evalId: `eval-sluice-${facts.run.id}`,
    results: {
      version: 3,
      timestamp: facts.run.startedAt,
      prompts: report.arms.map(({ name, newTokens, promptTokens }, at) => {
        const passed = scoreOf(report, name, "exact")?.count ?? 0
        const own = report.scores.filter(({ arm }) => arm === name)
        return {
          ...prompts[at]!,
          provider: `sluice:${name}`,
          metrics: {
            score: passed,
            testPassCount: passed,
            testFailCount: rows - passed,
            testErrorCount: 0,
            assertPassCount: passed,
            assertFailCount: rows - passed,
            totalLatencyMs: msOf(name) * rows,
            tokenUsage: usage(promptTokens, newTokens, rows),
            // promptfoo keeps sums, and shows them divided by the counts.
            namedScores: Object.fromEntries(own.map(({ metric, rows: of, value }) => [metric, value * of])),
            namedScoresCount: Object.fromEntries(own.map(({ metric, rows: of }) => [metric, of])),
            cost: 0,
          },
        }
      }),
      results,
      stats: {
        successes,
        failures: results.length - successes,
        errors: 0,
        tokenUsage: usage(sum("promptTokens"), sum("newTokens"), results.length),
      },
    },
    config: {
      description: report.title,
      prompts: ["{{prompt}}"],
      providers: report.arms.map(({ name }) => `sluice:${name}`),
      tests: [],
    },
    shareableUrl: null,
    vars: ["prompt", "expected"],
  }
  return `${JSON.stringify(document, undefined, 1)}\n`
}

const details = {
  reasoning: 0,
  acceptedPrediction: 0,
  rejectedPrediction: 0,
  cacheReadInputTokens: 0,
  cacheCreationInputTokens: 0,
}

const usage = (prompt: number, completion: number, numRequests: number) => ({
  prompt,
  completion,
  cached: 0,
  total: prompt + completion,
  numRequests,
  completionDetails: details,
  assertions: { prompt: 0, completion: 0, cached: 0, total: 0, numRequests: 0, completionDetails: details },
})
