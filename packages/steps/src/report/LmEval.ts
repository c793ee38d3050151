/**
 * A report in the form in which lm-evaluation-harness 0.4 leaves results: for each arm, as its model, a folder with
 * `results_TIME.json` and `samples_TASK_TIME.jsonl`. What it knows and we do not (few-shot counts, its own versions) is
 * left out or null, as its schema allows.
 *
 * @see lm_eval/result_schema.py and lm_eval/loggers/evaluation_tracker.py of lm_eval 0.4.13
 */
import { createHash } from "node:crypto"
import type { Facts } from "./Facts.ts"
import type { Report, Row, Score } from "./Report.ts"

/** Files by their names. */
export const render = (report: Report, facts: Facts): Readonly<Record<string, string>> => {
  const task = sanitised(`${facts.run.pipeline}_${facts.comparison}`).replaceAll(/\W/g, "_")
  const time = facts.run.startedAt.replace("Z", "000").replaceAll(":", "-")
  return Object.fromEntries(
    report.arms.flatMap(({ name }) => {
      const samples = report.rows.map((row, at) => sample(row, at, name))
      const hashes = samples.map((one) => one.doc_hash + one.prompt_hash + one.target_hash).join("")
      const lines = samples.map((one) => `${JSON.stringify(one)}\n`)
      return [
        [
          `${sanitised(name)}/results_${time}.json`,
          `${JSON.stringify(results(report, facts, name, task, hashes), undefined, 2)}\n`,
        ],
        [`${sanitised(name)}/samples_${task}_${time}.jsonl`, lines.join("")],
      ]
    }),
  )
}

const results = (report: Report, facts: Facts, arm: string, task: string, hashes: string) => {
  const scores = report.scores.filter((score) => score.arm === arm)
  const metrics = Object.fromEntries(
    scores.flatMap((score) => [
      [`${score.metric},none`, score.value],
      [`${score.metric}_stderr,none`, standardError(report, score)],
    ]),
  )
  const rows = report.rows.length
  return {
    results: { [task]: { name: task, alias: task, sample_len: rows, ...metrics } },
    group_subtasks: { [task]: [] },
    configs: {
      [task]: {
        task,
        output_type: "generate_until",
        description: report.title,
        metric_list: scores.map(({ higherIsBetter, metric }) => ({
          metric,
          higher_is_better: higherIsBetter,
        })),
      },
    },
    versions: { [task]: report.version },
    "n-shot": { [task]: 0 },
    higher_is_better: {
      [task]: Object.fromEntries(scores.map(({ higherIsBetter, metric }) => [metric, higherIsBetter])),
    },
    "n-samples": { [task]: { original: rows, effective: rows } },
    config: { model: "sluice", model_args: { model: arm, ...facts.run.params }, limit: null },
    date: Date.parse(facts.run.startedAt) / 1000,
    task_hashes: { [task]: sha256(hashes) },
    model_source: "sluice",
    model_name: arm,
    model_name_sanitized: sanitised(arm),
    system_instruction: null,
    system_instruction_sha: null,
    fewshot_as_multiturn: null,
    chat_template: null,
    chat_template_sha: null,
    // The harness writes a text here.
    total_evaluation_time_seconds: String(seconds(facts, arm)),
  }
}

const seconds = (facts: Facts, arm: string): number => {
  const cost = facts.costs.find((each) => each.arm === arm)
  return cost?.secondsPerPrompt == null ? 0 : cost.secondsPerPrompt * cost.rows
}

/** Of the mean, with the sample's deviation, as the harness has it; "N/A" for fewer than two rows, and for an F1. */
const standardError = (report: Report, { arm, kind, metric, rows, value }: Score): number | "N/A" => {
  const scores = report.rows.flatMap((row) => row.answers[arm]!.scores[metric] ?? [])
  if (rows < 2 || (scores.length === 0 && kind === "mean")) return "N/A"
  // A rate over rows needs no row's own score.
  const squares =
    kind === "rate"
      ? rows * value * (1 - value)
      : scores.reduce((sum, score) => sum + (score - value) ** 2, 0)
  return Math.sqrt(squares / (rows - 1) / rows)
}

const sample = (row: Row, at: number, arm: string) => {
  const { scores, text } = row.answers[arm]!
  const doc = { id: row.id, prompt: row.prompt, expected: row.expected }
  const given = Object.fromEntries(Object.entries(scores).filter(([, score]) => score !== null))
  return {
    doc_id: at,
    doc,
    target: row.expected,
    arguments: { gen_args_0: { arg_0: row.prompt, arg_1: {} } },
    resps: [[text]],
    filtered_resps: [text],
    filter: "none",
    metrics: Object.keys(given),
    doc_hash: sha256(JSON.stringify(doc, undefined, 2)),
    prompt_hash: sha256(row.prompt),
    target_hash: sha256(row.expected),
    ...given,
  }
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

/** The harness's `sanitize_model_name`. */
const sanitised = (name: string): string => name.replaceAll(/["<>:/|\\?*[\]]+/g, "__")
