/** Acknowledgement times kept for the shown quantiles. */
const KEPT = 20_000;

/** What the fleet has done so far. */
export class Tally {
  connected = 0;
  registered = 0;
  sent = 0;
  acknowledged = 0;
  garbage = 0;
  refused = 0;
  commands = 0;
  pairings = 0;
  dropped = 0;
  reconnects = 0;
  /** What went wrong without being asked for, by reason. */
  readonly errors = new Map<string, number>();
  #latencies: number[] = [];

  fault(reason: string, count = 1): void {
    this.errors.set(reason, (this.errors.get(reason) ?? 0) + count);
  }

  /** True once every registered device is connected and has an acknowledgement for all it sent. */
  get settled(): boolean {
    return this.acknowledged >= this.sent && this.connected >= this.registered;
  }

  /** What the figures themselves tell to have gone wrong, once the last words have been waited for. */
  close(): void {
    const amiss: [reason: string, count: number][] = [
      ['a report was not acknowledged', this.sent - this.acknowledged],
      ['a device did not come back', this.registered - this.connected],
    ];
    // Without garbage each refusal has been counted with its reason.
    if (this.garbage > 0)
      amiss.push(['a message that was no garbage was refused', this.refused - this.garbage]);
    for (const [reason, count] of amiss) if (count > 0) this.fault(reason, count);
  }

  latency(milliseconds: number): void {
    this.#latencies.push(milliseconds);
    if (this.#latencies.length > KEPT) this.#latencies = this.#latencies.slice(KEPT / 2);
  }

  get faults(): number {
    return [...this.errors.values()].reduce((sum, count) => sum + count, 0);
  }

  #quantile(part: number): string {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
    return value === undefined ? '–' : value.toFixed(0);
  }

  line(devices: number): string {
    return [
      `${this.connected}/${devices} connected`,
      `${this.sent} sent`,
      `${this.acknowledged} acknowledged`,
      `p50 ${this.#quantile(0.5)} ms`,
      `p99 ${this.#quantile(0.99)} ms`,
      `${this.commands} commands`,
      `${this.refused} refused`,
      `${this.reconnects} reconnects`,
      `${this.faults} errors`,
    ].join(' · ');
  }

  summary(devices: number): string {
    const errors = [...this.errors].map(([reason, count]) => `  ${count} × ${reason}`);
    const misbehaviour = `${this.garbage} garbage messages, ${this.dropped} dropped connections`;
    return [`${this.line(devices)}`, `${this.registered} registered · ${misbehaviour}`, ...errors].join('\n');
  }
}
