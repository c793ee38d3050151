import * as Schema from "effect/Schema"
import * as SchemaRepresentation from "effect/SchemaRepresentation"

/**
 * A schema as JSON, so that it is part of a step's config and of its key.
 * Fails with a TypeError for what has no such form: a filter of one's own, a transformation.
 */
export const toConfig = (schema: Schema.Top): Schema.Json => {
  try {
    return SchemaRepresentation.toJson(Schema.toRepresentation(schema))
  } catch (error) {
    throw new TypeError(
      "The answer's schema cannot be written as data: use Effect's own types and checks (no makeFilter, no transformation). " +
        (error instanceof Error ? error.message : String(error)),
      { cause: error },
    )
  }
}

/** Tells whether values fit the schema that `toConfig` wrote. */
export const fits = (config: Schema.Json): ((value: unknown) => boolean) => {
  const revivers = Object.entries(SchemaRepresentation)
    .filter(([name]) => name.endsWith("Reviver"))
    .map(([, reviver]) => reviver as unknown as SchemaRepresentation.AnyReviver)
  const schema = SchemaRepresentation.fromRepresentation(SchemaRepresentation.fromJson(config), { revivers })
  return Schema.is(schema as Schema.Codec<unknown>)
}
