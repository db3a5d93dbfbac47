import { BACKLOG_MAX } from "./abi.ts";

/** Connections that were made and not accepted yet (listen(2)). */
export class AcceptQueue<T> {
  readonly #waiting: T[] = [];
  /** Who wants to connect while the queue is full. */
  readonly #pending = new Set<T>();
  #backlog = 0;

  /** A negative number is a large one (__sys_listen, net/socket.c). */
  setBacklog(backlog: number): void {
    this.#backlog = Math.min(backlog >>> 0, BACKLOG_MAX);
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** One more than was asked for (sk_acceptq_is_full, net/sock.h). */
  get isFull(): boolean {
    return this.#waiting.length > this.#backlog;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get backlog(): number {
    return this.#backlog;
  }

  add(connection: T): void {
    this.#waiting.push(connection);
  }

  take(): T | undefined {
    return this.#waiting.shift();
  }

  addPending(client: T): void {
    this.#pending.add(client);
  }

  deletePending(client: T): void {
    this.#pending.delete(client);
  }

  /** Lets in whom there is room for. */
  admitPending(admit: (client: T) => void): void {
    for (const client of [...this.#pending]) {
      if (this.isFull) return;
      this.#pending.delete(client);
      admit(client);
    }
  }

  takePending(): T[] {
    const clients = [...this.#pending];
    this.#pending.clear();
    return clients;
  }

  takeAll(): T[] {
    return this.#waiting.splice(0);
  }
}
