import type { z } from "zod";
import { suggestion } from "../../base/suggestion.ts";
import { configJsonSchema, type JsonSchema, schemasAt } from "./json-schema.ts";
import { type Problem, problemAt } from "./problem.ts";

type Issue = z.core.$ZodIssue;

/** What zod found wrong with the shape (`reportInput` on), in words for the configuration's author. */
export function shapeProblems(issues: readonly Issue[]): readonly Problem[] {
  const schema = configJsonSchema();
  return issues.flatMap((issue) => problemsOf(issue, schema));
}

function problemsOf(issue: Issue, schema: JsonSchema): readonly Problem[] {
  switch (issue.code) {
    case "unrecognized_keys":
      return unknownKeys(issue, schema);
    case "invalid_key":
      return [problemAt(issue.path, issue.issues[0]?.message ?? issue.message)];
    case "invalid_union":
      return [problemAt(issue.path, unknownKind(issue))];
    case "invalid_type":
      return [problemAt(issue.path, issue.input === undefined ? "is required" : issue.message)];
    default:
      return [problemAt(issue.path, issue.message)];
  }
}

function unknownKeys(
  { keys, path }: Issue & { readonly code: "unrecognized_keys" },
  schema: JsonSchema,
): readonly Problem[] {
  const known = new Set(schemasAt(schema, path).flatMap(({ properties = {} }) => Object.keys(properties)));
  return keys.map((key) => {
    const misplaced = known.has(key) && "does not belong to this kind of tool";
    return problemAt([...path, key], misplaced || `there is no such setting${suggestion(key, known)}`);
  });
}

function unknownKind(issue: Issue & { readonly code: "invalid_union" }): string {
  const options = "options" in issue ? (issue.options ?? []) : [];
  const written = options.filter((option) => option !== undefined).map((option) => JSON.stringify(option));
  return `must be one of ${written.join(", ")}`;
}
