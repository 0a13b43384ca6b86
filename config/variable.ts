import type { Form } from './forms.ts';

/** All that is known of a variable of the environment: it is read by this, and told by it on the pages of `docs/`. */
export interface Variable<T> extends Form<T> {
  /** The text that stands for it while it is not set; null: it has no value then. */
  fallback: string | null;
  /** What is then in place of a value: Markdown. */
  absent: string;
  /** What it is for, without a full stop: Markdown, with links as `docs/configuration.md` has them. */
  about: string;
  /** Of a limit: what happens at it. */
  atLimit: string;
  /** A value that is not allowed is not shown either. */
  secret: boolean;
}

interface About {
  about: string;
  atLimit?: string;
  secret?: boolean;
}

/** One that always has a value: a bad default is told when it is read. */
export const variable = <T>(form: Form<T>, { fallback, ...about }: About & { fallback: string }) =>
  ({ absent: '', atLimit: '', secret: false, ...form, ...about, fallback }) satisfies Variable<T>;

/** One that is null while it is not set. */
export const optional = <T>(form: Form<T>, { absent = 'none', ...about }: About & { absent?: string }) =>
  ({ atLimit: '', secret: false, ...form, ...about, fallback: null, absent }) satisfies Variable<T | null>;

/** By name. */
export type Variables = Record<string, Variable<unknown>>;

export type Values<G extends Variables> = {
  [Name in keyof G]:
    | (G[Name]['fallback'] extends null ? null : never)
    | Exclude<ReturnType<G[Name]['parse']>, undefined>;
};

/** All at once, and a line for each that is bad. An empty variable counts as unset. */
export function readVariables<G extends Variables>(
  variables: G,
  env: NodeJS.ProcessEnv,
): { values: Values<G>; lines: string[] } {
  const lines: string[] = [];
  const values = Object.entries(variables).map(([name, { fallback, allowed, secret, parse }]) => {
    const given = env[name];
    if (given !== undefined && given !== '') {
      const value = parse(given, env);
      if (value !== undefined) return [name, value];
      const set = secret ? 'the value that is set' : JSON.stringify(given);
      lines.push(`${name}: ${set} is not allowed: ${allowed}`);
    }
    const value = fallback === null ? null : parse(fallback, {});
    if (value === undefined) throw new Error(`the default of ${name} is not allowed`);
    return [name, value];
  });
  return { values: Object.fromEntries(values) as Values<G>, lines };
}
