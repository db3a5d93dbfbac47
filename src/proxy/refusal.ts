/** Why the proxy answers itself, or ends an answer: the status of a whole one, a stable code, and a sentence. */
export interface Refusal {
  readonly status: number;
  readonly code: RefusalCode;
  /** Holds nothing of what anybody sent. */
  readonly message: string;
}

export type RefusalCode =
  | "wrong_host"
  | "cross_site"
  | "request_malformed"
  | "request_too_large"
  | "request_encoded"
  | "upstream_unreachable"
  | "upstream_timeout"
  | "upstream_ended"
  | "answer_encoded"
  | "answer_malformed"
  | "answer_too_large"
  | "step_too_large"
  | "step_incomplete"
  | "tool_call_withheld"
  | "breaker_open";

/** Clients of OpenAI try anew after most statuses from 500 on, and after 408, 409 and 429: what would be refused again has another. */
const STATUS: Readonly<Record<RefusalCode, number>> = {
  wrong_host: 403,
  cross_site: 403,
  request_malformed: 400,
  request_too_large: 413,
  request_encoded: 415,
  upstream_unreachable: 502,
  upstream_timeout: 504,
  upstream_ended: 502,
  answer_encoded: 502,
  answer_malformed: 502,
  answer_too_large: 502,
  step_too_large: 502,
  step_incomplete: 502,
  tool_call_withheld: 403,
  breaker_open: 403,
};

export function refusal(code: RefusalCode, message: string): Refusal {
  return { status: STATUS[code], code, message };
}

/** Thrown inside the proxy to end an exchange with what a client is told. */
export class RefusedError extends Error {
  readonly refusal: Refusal;

  constructor(code: RefusalCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RefusedError";
    this.refusal = refusal(code, message);
  }
}
