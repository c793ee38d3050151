import { Errors } from "@sluice/core"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Config } from "../Endpoint.ts"

/** A request that an endpoint did not answer, or not in OpenAI's form. */
export class EndpointFailed extends Data.TaggedError("EndpointFailed")<{
  readonly url: string
  readonly model: string
  /** HTTP status; null where there was no reply. */
  readonly status: number | null
  /** What the endpoint or the network said. */
  readonly reason: string
  readonly attempts: number
  readonly keyVariable: string | null
  /** Whether a key was sent. */
  readonly hasKey: boolean
}> {
  override get message(): string {
    return Errors.structured(
      "The endpoint did not answer.",
      [
        ["URL", this.url],
        ["Model", this.model],
        ["Status", this.status === null ? "no reply" : String(this.status)],
        ["Said", this.reason.slice(0, 300)],
        ["Tried", this.attempts === 1 ? "once" : `${this.attempts} times`],
      ],
      hint(this),
    )
  }
}

/** What the user can do about it. */
const hint = ({ hasKey, keyVariable, status }: EndpointFailed): string => {
  const kept = "answers given so far are kept."
  switch (status) {
    case 401:
    case 403:
      return keyVariable === null
        ? "It asks for a key: set `key` to the name of the environment variable that holds one."
        : hasKey
          ? `Check the key in the environment variable ${keyVariable}.`
          : `The environment variable ${keyVariable}, which \`key\` names, is not set: set it to the key.`
    case 200:
      return `Check that the URL ends where the server's interface of OpenAI's form begins (most often in /v1); ${kept}`
    case 400:
    case 422:
      return `Check the model's name. Fields that this server takes otherwise are set, or with null left out, by the endpoint's \`body\`; ${kept}`
    case 404:
      return `Check the model's name, and that the URL ends where the server's interface begins (most often in /v1); ${kept}`
    case 429:
      return `Lower \`concurrency\` or raise \`retries\` and \`backoffMs\`, or run again later; ${kept}`
    default:
      return `Check that the server runs there and serves that model; ${kept}`
  }
}

/** A try that failed, and whether another one may help. */
class Refused extends Data.TaggedError("Refused")<{
  readonly status: number | null
  readonly reason: string
  readonly again: boolean
  /** What the server asks to wait, in milliseconds. */
  readonly waitMs: number | null
}> {}

const longestWaitMs = 30_000

/** POSTs JSON and returns the reply's JSON as `read` takes it; tries again where that may help. */
export const post = <A>(
  endpoint: Config,
  key: string | undefined,
  path: string,
  body: Readonly<Record<string, unknown>>,
  /** Undefined for a reply of another form. */
  read: (reply: unknown) => A | undefined,
): Effect.Effect<A, EndpointFailed> => {
  const url = `${endpoint.url}/${path}`
  const sent = { ...body, ...(endpoint.body as object) }
  const text = JSON.stringify(
    Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== null && value !== undefined)),
  )
  const once = Effect.tryPromise({
    try: async (signal) => {
      const timeout = AbortSignal.timeout(endpoint.timeoutSeconds * 1000)
      const reply = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        body: text,
        signal: AbortSignal.any([signal, timeout]),
      })
      const said = await reply.text()
      if (!reply.ok) {
        throw new Refused({
          status: reply.status,
          reason: errorOf(said),
          again: [408, 409, 425, 429].includes(reply.status) || reply.status >= 500,
          waitMs: waitOf(reply.headers.get("retry-after")),
        })
      }
      const value = read(parsed(said))
      if (value === undefined) {
        const reason = `a reply of another form: ${said.trim() || "nothing"}`
        throw new Refused({ status: reply.status, reason, again: false, waitMs: null })
      }
      return value
    },
    catch: (error) =>
      error instanceof Refused
        ? error
        : new Refused({ status: null, reason: networkReason(error), again: true, waitMs: null }),
  })
  const attempt = (number: number): Effect.Effect<A, EndpointFailed> =>
    Effect.catch(once, (refused) => {
      if (refused.again && number <= endpoint.retries) {
        const waitMs = refused.waitMs ?? endpoint.backoffMs * 2 ** (number - 1)
        return Effect.andThen(Effect.sleep(Math.min(waitMs, longestWaitMs)), attempt(number + 1))
      }
      const { model, keyVariable } = endpoint
      const { reason, status } = refused
      return Effect.fail(
        new EndpointFailed({
          url,
          model,
          status,
          reason,
          attempts: number,
          keyVariable,
          hasKey: key !== undefined && key !== "",
        }),
      )
    })
  return attempt(1)
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The message inside OpenAI's error form, or the text. */
const errorOf = (text: string): string => {
  const error = (parsed(text) as { error?: string | { message?: unknown } } | null | undefined)?.error
  const message = typeof error === "string" ? error : error?.message
  return typeof message === "string" ? message : text.trim() || "nothing"
}

/** `fetch failed` says nothing; its cause does. */
const networkReason = (error: unknown): string => {
  const { cause, message } = error as { message?: string; cause?: { message?: string; code?: string } }
  return cause?.message || cause?.code || message || String(error)
}

/** Retry-After in seconds. Dates are left out: they need a clock that agrees. */
const waitOf = (header: string | null): number | null => {
  const seconds = header === null ? Number.NaN : Number(header)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null
}
