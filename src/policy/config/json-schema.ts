import { z } from "zod";
import { configSchema } from "./schema.ts";

/** The parts of a JSON schema that the configuration's has. */
export interface JsonSchema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
}

/** JSON schema of what one writes into `ztl.config.json`. Draft 7: the newest that common editors support whole. */
export function configJsonSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: "input", target: "draft-7" });
  return { $schema, title: "Configuration of zero-trust-loop", ...schema } as JsonSchema;
}

/** The forms a value at this place may have: more than one where kinds of tools differ. */
export function schemasAt(root: JsonSchema, path: readonly PropertyKey[]): readonly JsonSchema[] {
  return path.reduce<readonly JsonSchema[]>(
    (schemas, key) => schemas.flatMap((schema) => below(schema, key)),
    forms(root),
  );
}

function below(schema: JsonSchema, key: PropertyKey): readonly JsonSchema[] {
  if (typeof key === "number") return schema.items === undefined ? [] : forms(schema.items);
  const named = Object.entries(schema.properties ?? {}).find(([name]) => name === key)?.[1];
  const found = named ?? schema.additionalProperties;
  return typeof found === "object" ? forms(found) : [];
}

function forms(schema: JsonSchema): readonly JsonSchema[] {
  return schema.oneOf === undefined ? [schema] : schema.oneOf.flatMap(forms);
}
