/**
 * Servers that speak OpenAI's HTTP interface: hosted models, llama.cpp, vLLM, Ollama. Steps that ask one say that they
 * use the network; what it answered is kept like any other result.
 */
import * as Schema from "effect/Schema"
import { WiringRefused } from "./WiringRefused.ts"

/** A served model. */
export interface Endpoint {
  /** Up to and including the version: `https://api.openai.com/v1`, `http://localhost:8080/v1`. */
  readonly url: string
  readonly model: string
  /** Name of the environment variable that holds the key; none by default. Another key asks nothing again. */
  readonly key?: string
  /** Further fields of every request's body; `null` leaves out one that is otherwise sent. */
  readonly body?: { readonly [field: string]: Schema.Json }
  /** Requests at a time; 4 by default. Like the fields below it bears on no answer. */
  readonly concurrency?: number
  /** How often a request is tried again after a network error, 408, 429 or 5xx; 5 by default. */
  readonly retries?: number
  /** Wait before the first further try, doubled each time up to 30 s; 500 by default. `Retry-After` goes first. */
  readonly backoffMs?: number
  /** 120 by default. */
  readonly timeoutSeconds?: number
}

/** Why strict runs leave such steps alone; also what says that they use the network. */
export const unchecked = "asks an endpoint over the network"

const Positive = Schema.Int.check(Schema.isGreaterThan(0))

/** Config fields of a step that asks an endpoint. */
export const fields = {
  url: Schema.String,
  model: Schema.String,
  body: Schema.Json,
  keyVariable: Schema.NullOr(Schema.String),
  concurrency: Positive,
  retries: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  backoffMs: Positive,
  timeoutSeconds: Positive,
}

/** Those of them that bear on no answer. */
export const unkeyed = ["keyVariable", "concurrency", "retries", "backoffMs", "timeoutSeconds"] as const

/** The decoded fields. */
export type Config = Schema.Struct.Type<typeof fields>

/** An endpoint as config. Fails with WiringRefused for a URL that is none or holds a password, and for a key in place of its variable's name. */
export const config = (endpoint: Endpoint): Config => {
  const url = URL.parse(endpoint.url)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new WiringRefused(
      `An endpoint's url begins with http:// or https://, but ${JSON.stringify(endpoint.url)} is given.`,
    )
  }
  if (url.username !== "" || url.password !== "") {
    throw new WiringRefused(
      `The endpoint's url at ${url.host} holds a password: give the key by \`key\`, the name of an environment variable.`,
    )
  }
  // Not shown: what stands there instead is most often the key itself.
  if (endpoint.key !== undefined && !/^[A-Za-z_]\w*$/.test(endpoint.key)) {
    throw new WiringRefused(
      `The \`key\` of the endpoint at ${url.host} is to be the name of an environment variable that holds the key, such as OPENAI_API_KEY. What is given is no such name; a key itself would be stored with the results.`,
    )
  }
  return {
    url: endpoint.url.replace(/\/+$/, ""),
    model: endpoint.model,
    body: endpoint.body ?? {},
    keyVariable: endpoint.key ?? null,
    concurrency: endpoint.concurrency ?? 4,
    retries: endpoint.retries ?? 5,
    backoffMs: endpoint.backoffMs ?? 500,
    timeoutSeconds: endpoint.timeoutSeconds ?? 120,
  }
}

/** Variables that such a step declares. */
export const env = (endpoint: Endpoint): ReadonlyArray<string> =>
  endpoint.key === undefined ? [] : [endpoint.key]
