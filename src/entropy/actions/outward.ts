import { isJsonObject, type Json } from "../../base/json.ts";

/** Verbs with which the names of tools begin that only look at what is the agent's own anyway. */
const LOOKING =
  /^(?:get|read|list|search|check|find|lookup|look|view|show|count|describe|query|fetch|browse|inspect)(?:[_\-.A-Z]|$)/;
/** A look at an address is an act: whoever is there learns of it, and what stands in the address. */
const ADDRESS = /(?:^|[_\-.])(?:url|uri|href|link|host|endpoint|webhook)s?$/i;
const NETWORK = /(?:web|http|url|internet|browser)/i;

/** Says of each tool whether a call of it acts on the world outside the run. */
export type OutwardRule = (tool: string, args: Json) => boolean;

/**
 * What is taken for outward where no policy says it: everything whose name does not begin with a verb of looking, and a look at
 * an address of the network. A tool of an unknown kind counts as outward.
 */
export const actsOutward: OutwardRule = (tool, args) => {
  if (!LOOKING.test(tool) || NETWORK.test(tool)) return true;
  return isJsonObject(args) && Object.keys(args).some((name) => ADDRESS.test(name));
};

/** As a policy says it, by name; `actsOutward` decides about tools that it does not name. */
export function outwardByPolicy(named: ReadonlyMap<string, boolean>): OutwardRule {
  return (tool, args) => named.get(tool) ?? actsOutward(tool, args);
}
