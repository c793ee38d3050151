/**
 * Schemas that answers must fit: any JSON Schema (drafts 4, 6, 7, 2019-09 and 2020-12), or an Effect Schema.
 */
import { Errors } from "@sluice/core"
import * as Data from "effect/Data"
import * as Schema from "effect/Schema"
import * as Json from "./jsonValue.ts"

/** Tells whether a parsed value fits. */
export type Fits = (value: unknown) => boolean

/**
 * Compiles a JSON Schema with Ajv. The draft is what `$schema` names, 2020-12 where it names none; formats are
 * checked; unknown keywords are annotations, as the specification has it. References must stay inside the schema.
 *
 * Rejects with JsonSchemaInvalid where the schema is none, with every fault that was found.
 */
export const compile = async (schema: unknown): Promise<Fits> => {
  if (typeof schema === "boolean") return () => schema
  if (!Json.isRecord(schema))
    throw new JsonSchemaInvalid({ faults: ["a schema is an object, true or false"] })
  const named = typeof schema["$schema"] === "string" ? schema["$schema"] : ""
  const draft = drafts.find(({ pattern }) => pattern.test(named))
  if (draft === undefined) {
    throw new JsonSchemaInvalid({ faults: [`$schema: ${named} is not a draft from 4 to 2020-12`] })
  }
  const ajv = await draft.make({ allErrors: true, strict: false, logger: false })
  const { default: formats } = await import("ajv-formats")
  formats.default(ajv as Parameters<typeof formats.default>[0])
  if (ajv.validateSchema(schema) !== true) {
    throw new JsonSchemaInvalid({
      faults: (ajv.errors ?? []).map(({ instancePath, message }) => `${instancePath || "/"}: ${message}`),
    })
  }
  try {
    const validate = ajv.compile(schema)
    return (value) => validate(value) === true
  } catch (error) {
    throw new JsonSchemaInvalid({ faults: [error instanceof Error ? error.message : String(error)] })
  }
}

/** Whether a value is of an Effect Schema's type, without decoding: JSON must fit as it stands. */
export const ofEffect = (schema: Schema.Top): Fits => Schema.is(schema as Schema.Codec<unknown>)

/** What is used of Ajv, the same in all its classes. */
interface Validator {
  readonly validateSchema: (schema: Readonly<Record<string, unknown>>) => unknown
  readonly compile: (schema: Readonly<Record<string, unknown>>) => (value: unknown) => unknown
  readonly errors?: ReadonlyArray<{ readonly instancePath: string; readonly message?: string }> | null
}

interface Settings {
  readonly allErrors: boolean
  readonly strict: boolean
  readonly logger: false
}

// Through `default`, which is the same module under Node and in a bundle; names beside it are not.
const drafts: ReadonlyArray<{
  readonly pattern: RegExp
  readonly make: (settings: Settings) => Promise<Validator>
}> = [
  {
    pattern: /^$|\/2020-12\//,
    make: async (settings) => new (await import("ajv/dist/2020.js")).default.Ajv2020(settings),
  },
  {
    pattern: /\/2019-09\//,
    make: async (settings) => new (await import("ajv/dist/2019.js")).default.Ajv2019(settings),
  },
  {
    pattern: /draft-0[67]\//,
    make: async (settings) => {
      const ajv = new (await import("ajv")).default.Ajv(settings)
      const draft6 = await import("ajv/dist/refs/json-schema-draft-06.json", { with: { type: "json" } })
      ajv.addMetaSchema(draft6.default)
      return ajv
    },
  },
  {
    pattern: /draft-04\//,
    make: async (settings) => new (await import("ajv-draft-04")).default.default(settings),
  },
]

/** What was given as a JSON Schema is none. */
export class JsonSchemaInvalid extends Data.TaggedError("JsonSchemaInvalid")<{
  readonly faults: ReadonlyArray<string>
}> {
  override get message(): string {
    return Errors.structured(
      "The schema of the answers is not a valid JSON Schema.",
      this.faults.map((fault): [string, string] => ["Fault", fault]),
      "Correct the schema; a reference ($ref) must point into the schema itself.",
    )
  }
}
