/** What other rooms may use of the inference proxy. */
export type { OnFinding, ProxyFinding } from "./prompts.ts";
export { type ProxyBreaker, type ProxyOptions, type RunningProxy, startProxy } from "./server.ts";
export type { TokenReport } from "./token-watch.ts";
export { parseUpstream } from "./upstream.ts";
