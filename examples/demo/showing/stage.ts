import type { LoopConfig } from "../../../src/loop/index.ts";
import type { ChatModel } from "../../../src/model/index.ts";
import type { Attacker } from "../attacker.ts";
import type { Host } from "../host.ts";
import type { Narrator } from "../story/narrator.ts";
import type { World } from "../world/world.ts";

/** What every act plays with. */
export interface Stage {
  readonly world: World;
  readonly host: Host;
  readonly config: LoopConfig;
  readonly attacker: Attacker;
  readonly model: ChatModel;
  readonly isScripted: boolean;
  readonly narrator: Narrator;
  readonly signal: AbortSignal;
}
