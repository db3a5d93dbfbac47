import { defined } from "../../base/optional.ts";
import { ModelScanner, type Scanner } from "../../guard/index.ts";
import { ChatModel, guardQuestion } from "../../model/index.ts";
import type { ResolvedConfig } from "../../policy/index.ts";

type GuardModelConfig = NonNullable<NonNullable<ResolvedConfig["guard"]>["model"]>;

/** The second scanner of a configuration: a fresh one for each content. */
export function guardModel(config: GuardModelConfig | undefined): (() => Scanner) | undefined {
  if (config === undefined) return undefined;
  const { url, model, timeoutMs, style } = config;
  const limits = defined({ timeoutMs });
  const ask = guardQuestion(new ChatModel({ url, model, ...limits }), style);
  return () => new ModelScanner({ ask, ...limits });
}
