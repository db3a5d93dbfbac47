/** What other rooms may use of chat templates: rules made from a deployed model's own files, and the check of collections. */
export { probeTemplates, type TemplateProbe } from "./collection.ts";
export { rulesFor } from "./template-rules.ts";
export { readTokens, TEMPLATE_BYTES_MAX, type TemplateTokens } from "./template-tokens.ts";
