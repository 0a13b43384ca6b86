import type { PublishPacket } from 'aedes';
import { nodeAt, pathTo, prune } from './levels.ts';

interface Node {
  children: Map<string, Node>;
  packet: PublishPacket | null;
}

/** What a message counts as. */
export const retainedCost = ({ topic, payload }: PublishPacket): number => topic.length + payload.length;
const node = (): Node => ({ children: new Map(), packet: null });

/** Retained messages by topic, level by level: a filter costs what it matches, not what there is. */
export class Retained {
  readonly #root = node();
  #count = 0;
  #bytes = 0;

  get count(): number {
    return this.#count;
  }

  /** Of topics and payloads. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What is kept for a topic itself. */
  get(topic: string): PublishPacket | null {
    return pathTo(this.#root, topic.split('/'))?.at(-1)?.packet ?? null;
  }

  set(packet: PublishPacket): void {
    this.delete(packet.topic);
    nodeAt(this.#root, packet.topic.split('/'), node).packet = packet;
    this.#count++;
    this.#bytes += retainedCost(packet);
  }

  delete(topic: string): void {
    const levels = topic.split('/');
    const path = pathTo(this.#root, levels);
    const last = path?.at(-1);
    if (path === null || last === undefined || last.packet === null) return;
    this.#count--;
    this.#bytes -= retainedCost(last.packet);
    last.packet = null;
    prune(path, levels, ({ packet }) => packet === null);
  }

  /** All that a filter matches, read as it is asked for. A leading wildcard matches no `$…` [MQTT-4.7.2-1]. */
  *matching(filter: string): Generator<PublishPacket> {
    yield* this.#walk(this.#root, filter.split('/'), 0);
  }

  all(): Generator<PublishPacket> {
    return this.#below(this.#root);
  }

  *#below(at: Node): Generator<PublishPacket> {
    if (at.packet !== null) yield at.packet;
    for (const next of at.children.values()) yield* this.#below(next);
  }

  *#walk(at: Node, levels: readonly string[], depth: number): Generator<PublishPacket> {
    const level = levels[depth];
    if (level === undefined) {
      if (at.packet !== null) yield at.packet;
      return;
    }
    // `a/#` matches `a` too [MQTT-4.7.1-2].
    if (level === '#' && at.packet !== null) yield at.packet;
    if (level !== '#' && level !== '+') {
      const next = at.children.get(level);
      if (next !== undefined) yield* this.#walk(next, levels, depth + 1);
      return;
    }
    for (const [name, next] of at.children) {
      if (depth === 0 && name.startsWith('$')) continue;
      yield* this.#walk(next, levels, level === '#' ? depth : depth + 1);
    }
  }
}
