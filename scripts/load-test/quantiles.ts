/** Milliseconds of many events: the middle and the slow end. */
export class Quantiles {
  readonly #values: number[] = [];

  add(milliseconds: number): void {
    this.#values.push(milliseconds);
  }

  addAll(others: Quantiles): void {
    for (const value of others.#values) this.#values.push(value);
  }

  get count(): number {
    return this.#values.length;
  }

  at(part: number): number {
    const sorted = this.#values.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  }

  toString(): string {
    const ms = (part: number) => `${this.at(part).toFixed(1)} ms`;
    return `p50 ${ms(0.5)}, p99 ${ms(0.99)}, max ${ms(1)} (${this.count})`;
  }
}
