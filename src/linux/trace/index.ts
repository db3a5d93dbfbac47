export { CALL_FAMILIES, type CallFamily } from "./kinds.ts";
export type { TracedCall } from "./traced-call.ts";
export { type CallCount, type TraceOptions, Tracer } from "./tracer.ts";
