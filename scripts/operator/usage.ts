import { type ParseArgsConfig, parseArgs } from 'node:util';
import { ConfigError } from '../../config/index.ts';
import { asTyped } from './as-typed.ts';

/** Told to whoever typed the command, without a stack, and with the usage; without a message the usage alone. */
export class UsageError extends Error {}

/** Errors: UsageError. */
export function parseArguments<T extends ParseArgsConfig>(config: T) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Runs a command of an operator: what goes wrong is one line that says what to do. 64 is EX_USAGE, 78 EX_CONFIG. */
export async function runCommand(usage: string, command: (args: string[]) => Promise<void>): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(asTyped(usage));
    return;
  }
  try {
    await command(args);
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const line of error.lines) console.error(line);
      process.exitCode = 78;
      return;
    }
    const message = error instanceof Error ? error.message : String(error);
    if (message !== '') console.error(asTyped(message));
    if (error instanceof UsageError) console.error(asTyped(message === '' ? usage : `\n${usage}`));
    process.exitCode = error instanceof UsageError ? 64 : 1;
  }
}
