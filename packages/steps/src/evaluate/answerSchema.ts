import * as Schema from "effect/Schema"
import * as SchemaRepresentation from "effect/SchemaRepresentation"
import * as JsonSchema from "../scores/JsonSchema.ts"
import { isRecord } from "../scores/jsonValue.ts"
import { WiringRefused } from "../WiringRefused.ts"

/** What answers must fit: an Effect Schema, or a JSON Schema (drafts 4 to 2020-12) as it stands. */
export type AnswerSchema = Schema.Top | { readonly [keyword: string]: unknown }

/**
 * A schema as JSON, so that it is part of a step's config and of its key.
 * Fails with WiringRefused for what has no such form: a filter of one's own, a transformation.
 */
export const toConfig = (schema: AnswerSchema): Schema.Json => {
  if (!Schema.isSchema(schema)) return { jsonSchema: schema as Schema.JsonObject }
  try {
    return SchemaRepresentation.toJson(Schema.toRepresentation(schema))
  } catch (error) {
    throw new WiringRefused(
      "The answer's schema cannot be written as data: use Effect's own types and checks (no makeFilter, no transformation). " +
        (error instanceof Error ? error.message : String(error)),
      { cause: error },
    )
  }
}

/** Tells whether values fit the schema that `toConfig` wrote. Rejects with JsonSchemaInvalid where that is none. */
export const fits = async (config: Schema.Json): Promise<JsonSchema.Fits> => {
  if (isRecord(config) && "jsonSchema" in config) return JsonSchema.compile(config["jsonSchema"])
  const revivers = Object.entries(SchemaRepresentation)
    .filter(([name]) => name.endsWith("Reviver"))
    .map(([, reviver]) => reviver as unknown as SchemaRepresentation.AnyReviver)
  const schema = SchemaRepresentation.fromRepresentation(SchemaRepresentation.fromJson(config), { revivers })
  return Schema.is(schema as Schema.Codec<unknown>)
}
