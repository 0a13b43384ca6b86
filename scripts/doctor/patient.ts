import { resolve } from 'node:path';
import { type Config, ConfigError, loadConfig, loadEnvFile } from '../../config/index.ts';
import { processOf } from '../../db/data-dir.ts';
import type { Patient } from './finding.ts';

/** The configuration without the variables that are not valid, and what is wrong with those. */
function readConfig(): { config: Config; faults: string[] } {
  const faults: string[] = [];
  const env = { ...process.env };
  try {
    loadEnvFile(process.cwd(), env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(...error.lines);
  }
  for (;;) {
    try {
      return { config: loadConfig(env), faults };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const named = error.lines.map((line) => /^[A-Z][A-Z0-9_]*/.exec(line)?.[0] ?? '');
      const wrong = named.filter((name) => env[name]);
      // One that is missing is named too: what it belongs to goes.
      const more = wrong.length > 0 ? wrong : ['REDIS_URL', 'WORKERS', 'TLS_CERT', 'TLS_KEY'];
      faults.push(...error.lines.filter((line) => !faults.includes(line)));
      if (!more.some((name) => env[name])) throw error;
      for (const name of more) delete env[name];
    }
  }
}

/** Who it is about. Nothing is changed by looking. */
export async function lookAt(): Promise<Patient> {
  const { config, faults } = readConfig();
  const dataDir = resolve(config.dataDir);
  const server = await processOf(dataDir).catch(() => 'unknown');
  return { config, configFaults: faults, dataDir, server };
}
