const FIRST_SIZE = 1024;

export interface Audit {
  sent: number;
  acknowledged: number;
  stored: number;
  /** Acknowledged and not stored. */
  lost: number;
  /** Stored more than once. */
  repeated: number;
  /** Stored, and never sent so. */
  foreign: number;
}

/** What one device sent: its readings are numbered from 0, and the number is both their `seq` and their value. */
export class Book {
  /** Milliseconds of each reading's timestamp. */
  #times = new Float64Array(FIRST_SIZE);
  #acknowledged = new Uint8Array(FIRST_SIZE);
  #sent = 0;

  /** Gives its number. */
  send(at: number): number {
    if (this.#sent === this.#times.length) this.#grow();
    this.#times[this.#sent] = at;
    return this.#sent++;
  }

  acknowledge(number: number): void {
    this.#acknowledged[number] = 1;
  }

  acknowledgedNumbers(): number[] {
    return [...this.#acknowledged.keys()].filter((number) => this.#acknowledged[number] === 1);
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    this.#times = times;
    const acknowledged = new Uint8Array(times.length);
    acknowledged.set(this.#acknowledged);
    this.#acknowledged = acknowledged;
  }

  /** Against what the server gives back: `[milliseconds, seq, value]` of each stored reading. */
  audit(stored: readonly (readonly [number, number, number])[]): Audit {
    const copies = new Uint8Array(this.#sent);
    const audit: Audit = {
      sent: this.#sent,
      acknowledged: 0,
      stored: stored.length,
      lost: 0,
      repeated: 0,
      foreign: 0,
    };
    for (const [at, seq, value] of stored) {
      if (seq !== value || this.#times[seq] !== at || !(seq < this.#sent)) audit.foreign++;
      else if (copies[seq] === 0) copies[seq] = 1;
      else audit.repeated++;
    }
    for (let number = 0; number < this.#sent; number++) {
      if (this.#acknowledged[number] !== 1) continue;
      audit.acknowledged++;
      if (copies[number] === 0) audit.lost++;
    }
    return audit;
  }
}
