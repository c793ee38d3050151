/**
 * From a fresh checkout to a tuned model: fetches the TensorFlow library and the model, runs `pipelines/reviews.ts`
 * through the command line, which ends with the verdict and the place of the report, and says what to try next.
 *
 *     pnpm quickstart
 */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as setup from "./setup.ts"

const repository = fileURLToPath(new URL("..", import.meta.url))
const launcher = fileURLToPath(new URL("../packages/cli/bin/sluice.js", import.meta.url))
const pipeline = "pipelines/reviews.ts"
/** The command then prints itself as `pnpm sluice ...`, which works from here. */
const env = { ...process.env, npm_lifecycle_event: "sluice" }

/** Runs the command line with this terminal; returns its exit code. */
const sluice = (args: ReadonlyArray<string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [launcher, ...args], { cwd: repository, env, stdio: "inherit" })
    // Ctrl-C reaches the child too, which interrupts its steps and says how to go on.
    const wait = (): void => {}
    process.on("SIGINT", wait)
    child.once("error", reject)
    child.once("exit", (code, signal) => {
      process.off("SIGINT", wait)
      resolve(signal === null ? (code ?? 1) : 130)
    })
  })

const main = async (): Promise<number> => {
  try {
    console.log("Set-up: TensorFlow and SmolLM2-135M are fetched once and kept in the user's cache folder.")
    console.log(`TensorFlow   ${await setup.library()}`)
    console.log(`model        ${await setup.model()}`)
  } catch (error) {
    if (!(error instanceof setup.SetupFailed)) throw error
    console.error(error.message)
    return 1
  }
  console.log(`\n$ sluice run ${pipeline}`)
  const code = await sluice(["run", pipeline])
  if (code !== 0) return code
  console.log(
    [
      "",
      'Try next, each as npx -y -p node@24 -p pnpm@12 -c "…":',
      "  pnpm sluice run                          nothing changed: every step is a hit",
      "  pnpm sluice run --set learningRate=1e-4  only training and what depends on it runs again",
      "  pnpm sluice why train                    the cause of that, first",
      "  pnpm sluice show tokenize --rows 2       what the model is trained to write",
      "  pnpm sluice show train                   the loss of every optimizer step",
      "  pnpm sluice report --format all          the report in every form",
    ].join("\n"),
  )
  return 0
}

process.exitCode = await main()
