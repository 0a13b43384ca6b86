import type { Config } from '../../config/index.ts';

/** `skipped`: it could not be looked at, which alone is no fault. */
export type Level = 'ok' | 'skipped' | 'warning' | 'broken';

export interface Finding {
  level: Level;
  /** Stable, for programs: `port_taken`. */
  code: string;
  /** What is so, for a person. */
  text: string;
  /** What to do, a command where there is one. */
  todo?: string;
}

export const ok = (code: string, text: string): Finding => ({ level: 'ok', code, text });
export const skipped = (code: string, text: string, todo?: string): Finding => ({
  ...{ level: 'skipped', code, text },
  ...(todo !== undefined && { todo }),
});
export const warning = (code: string, text: string, todo: string): Finding => ({
  ...{ level: 'warning', code, text, todo },
});
export const broken = (code: string, text: string, todo: string): Finding => ({
  ...{ level: 'broken', code, text, todo },
});

/** What all checks may look at. */
export interface Patient {
  /** As far as it is valid. */
  config: Config;
  /** One line for each variable that is not. */
  configFaults: readonly string[];
  /** Absolute. */
  dataDir: string;
  /** Id of the process that has DATA_DIR open; null: none has, `unknown`: it cannot be told. */
  server: string | null;
}

/** Gives what it found. Throws nothing that it could foresee. */
export type Check = (patient: Patient) => Finding[] | Promise<Finding[]>;

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
export const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';

/** For a shell. */
export const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
