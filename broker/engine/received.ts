/**
 * Packet ids of QoS 2 messages that have been published and wait for their PUBREL, by client id. What they said is not
 * kept: a second copy is known by its id.
 */
export class Received {
  readonly #byClient = new Map<string, Set<number>>();
  readonly #max: number;

  /** `max`: of one client id, however often it reconnects. */
  constructor(max: number) {
    this.#max = max;
  }

  has(clientId: string, messageId: number): boolean {
    return this.#byClient.get(clientId)?.has(messageId) === true;
  }

  /** Throws when there are too many. */
  add(clientId: string, messageId: number): void {
    const ids = this.#byClient.get(clientId) ?? new Set();
    if (ids.size >= this.#max) throw new Error(`${this.#max} QoS 2 messages wait for their PUBREL`);
    this.#byClient.set(clientId, ids.add(messageId));
  }

  delete(clientId: string, messageId: number): boolean {
    const ids = this.#byClient.get(clientId);
    const found = ids?.delete(messageId) === true;
    if (ids?.size === 0) this.#byClient.delete(clientId);
    return found;
  }

  of(clientId: string): number[] {
    return [...(this.#byClient.get(clientId) ?? [])];
  }

  forget(clientId: string): void {
    this.#byClient.delete(clientId);
  }
}
