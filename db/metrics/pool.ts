import type postgres from 'postgres';
import { Gauge, type Registry } from 'prom-client';
import { STATEMENT_FAILURES, statementFailure } from './failures.ts';
import { createHistogram, createTold } from './tally.ts';

/** Seconds. Each statement has eight of them. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A statement of postgres.js 3.4: what its types leave out, read from its source. */
interface Statement {
  handler: (statement: Statement) => void;
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
}

export interface PoolMeter {
  /** The same pool, which counts what it is asked. */
  measured(sql: postgres.Sql): postgres.Sql;
}

/**
 * The driver tells nothing of its pool. Its rule is known: a statement takes an idle connection, else opens one up to the
 * bound, else waits behind others; and a transaction has its connection until it ends. So what is under way tells it.
 */
export function createPoolMeter(registry: Registry, max: number): PoolMeter {
  let running = 0;
  const failures = new Map(STATEMENT_FAILURES.map((reason) => [reason, 0]));
  const durations = createHistogram({
    registry,
    name: 'pm_iot_database_statement_duration_seconds',
    help: 'How long statements and whole transactions took, the wait for a connection included',
    buckets: BUCKETS,
  });
  createTold(
    {
      registry,
      name: 'pm_iot_database_statement_failures_total',
      help: 'Statements and transactions that failed, by reason; constraint: what is there already, told to who asked',
    },
    ['reason'],
    () => [...failures].map(([reason, count]) => [{ reason }, count] as const),
  );
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  gauge('pm_iot_database_connections_max', 'Connections that the pool may open', () => max);
  gauge('pm_iot_database_connections_busy', 'Connections with a statement or transaction under way', () =>
    Math.min(running, max),
  );
  gauge('pm_iot_database_waiting', 'Statements and transactions that wait for a connection', () =>
    Math.max(0, running - max),
  );

  const begin = () => {
    running++;
    const started = performance.now();
    return (error: unknown, failed: boolean) => {
      running--;
      durations.observe((performance.now() - started) / 1000);
      if (!failed) return;
      const reason = statementFailure(error);
      failures.set(reason, (failures.get(reason) ?? 0) + 1);
    };
  };

  /** From when it is handed to the pool: one that nobody waits for is never. */
  const watch = <Q>(query: Q): Q => {
    const statement = query as unknown as Partial<Statement>;
    const { handler, resolve, reject } = statement;
    // A fragment or an identifier is no statement.
    if (handler === undefined || resolve === undefined || reject === undefined) return query;
    statement.handler = (handed) => {
      const end = begin();
      handed.resolve = (result) => {
        end(null, false);
        resolve(result);
      };
      handed.reject = (error) => {
        end(error, true);
        reject(error);
      };
      handler(handed);
    };
    return query;
  };

  return {
    measured: (sql) => {
      const unsafe: typeof sql.unsafe = (text, parameters, options) =>
        watch(sql.unsafe(text, parameters, options));
      const transaction = async (...given: Parameters<typeof sql.begin>) => {
        const end = begin();
        try {
          const result: unknown = await sql.begin(...given);
          end(null, false);
          return result;
        } catch (error) {
          end(error, true);
          throw error;
        }
      };
      return new Proxy(sql, {
        apply: (target, self, given) => watch(Reflect.apply(target, self, given) as unknown),
        get: (target, name, receiver) => {
          if (name === 'unsafe') return unsafe;
          return name === 'begin' ? transaction : Reflect.get(target, name, receiver);
        },
      });
    },
  };
}
