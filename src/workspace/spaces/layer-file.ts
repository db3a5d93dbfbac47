import { randomUUID } from "node:crypto";
import { closeSync, constants, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SegmentFile } from "../../base/layer/index.ts";

/** A segment without a name: it is gone when nobody has it open any more, however this process ends. */
export class LayerFile {
  readonly segment: SegmentFile;
  /** To read it by. */
  readonly descriptor: number;
  #users = 1;

  private constructor(segment: SegmentFile, descriptor: number) {
    this.segment = segment;
    this.descriptor = descriptor;
  }

  static async create(directory: string, index: number): Promise<LayerFile> {
    const path = join(directory, randomUUID());
    const segment = await SegmentFile.create(path, index);
    try {
      return new LayerFile(segment, openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW));
    } catch (error) {
      await segment.close();
      throw error;
    } finally {
      rmSync(path, { force: true });
    }
  }

  hold(): void {
    this.#users++;
  }

  /** Whoever made it, or held it, is done with it. */
  async release(): Promise<void> {
    if (--this.#users > 0) return;
    closeSync(this.descriptor);
    await this.segment.close();
  }
}
