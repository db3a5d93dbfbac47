import { ZtlError } from "../../errors.ts";

/** For a process that was stopped between writing something down and naming it, so long that another one has removed it. */
export function interrupted(): ZtlError {
  return new ZtlError("workspace-interrupted", "The process was stopped for so long that its work was given up", {
    remedy: "Try again.",
  });
}
