import { IpcControl, type IpcObject, type IpcTable } from "../ipc/index.ts";
import type { Call } from "./call.ts";

/** Seconds since 1970, as these calls tell times. */
export function nowSeconds(call: Call): bigint {
  return call.kernel.clock.realtimeNs() / 1_000_000_000n;
}

/** What find() of a table asks for, from the first and the last argument of a *get call. */
export function request(call: Call, flagsIndex: number): Parameters<IpcTable<IpcObject>["find"]>[0] {
  return {
    key: call.int(0),
    flags: call.int(flagsIndex),
    identity: call.process.identity,
    nowSeconds: nowSeconds(call),
  };
}

/** IPC_RMID and IPC_SET, which only owners may; undefined for other operations. */
export function ownersControl<T extends IpcObject>(
  call: Call,
  operation: number,
  object: () => T,
  actions: { readonly remove: (object: T) => void; readonly set: (object: T) => void },
): number | undefined {
  if (operation !== IpcControl.remove && operation !== IpcControl.set) return undefined;
  const target = object();
  target.checkOwner(call.process.identity);
  actions[operation === IpcControl.remove ? "remove" : "set"](target);
  return 0;
}
