import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandBody, Rest } from '../../test/helpers/rest.ts';
import type { SoakDevice } from './device.ts';

/** As the server is told. Milliseconds. */
export const COMMAND_TIMEOUT_MS = 6000;
export const COMMAND_EXPIRY_MS = 12_000;
/** After that no command can be open: it expires unsent, or is sent at the last moment and times out. */
const LONGEST_MS = COMMAND_TIMEOUT_MS + COMMAND_EXPIRY_MS + 2000;
const LOOK_EVERY_MS = 200;

export interface Asked {
  id: number;
  correlationId: string;
  device: SoakDevice;
}

export interface CommandAudit {
  asked: number;
  /** By their final state. */
  states: Record<string, number>;
  /** Commands whose state is not what happened, with the reason. */
  untrue: string[];
}

type Told = CommandBody & { created_at: string };

/** Why the state of a command is not what its device did; null when it is. */
function untruth({ status, created_at }: Told, { correlationId, device }: Asked): string | null {
  const did = device.commands.get(correlationId);
  if (status === 'executed') return did?.answer === 'success' ? null : 'the device never said so';
  if (status === 'rejected') return did?.answer === 'error' ? null : 'the device never said so';
  if (status === 'expired') return did === undefined ? null : 'the device had it';
  if (status !== 'timed_out') return 'it has not ended';
  // It is counted from the sending, which came after the making.
  const inTime = Date.parse(created_at) + COMMAND_TIMEOUT_MS;
  const acknowledgedAt = did?.acknowledgedAt ?? Number.POSITIVE_INFINITY;
  return acknowledgedAt < inTime ? 'its answer was acknowledged in time' : null;
}

/** What became of a command, once it has ended or cannot be open any more. */
async function ended(rest: Rest, id: number, deadline: number): Promise<Told> {
  for (;;) {
    const { command } = await rest.expect<{ command: Told }>(200, 'GET', `/api/commands/${id}`);
    const open = command.status === 'queued' || command.status === 'sent';
    if (!open || Date.now() > deadline) return command;
    await sleep(LOOK_EVERY_MS);
  }
}

/** Compares what became of each command with what its device did. */
export async function auditCommands(rest: Rest, asked: readonly Asked[]): Promise<CommandAudit> {
  const states: Record<string, number> = {};
  const untrue: string[] = [];
  const deadline = Date.now() + LONGEST_MS;
  for (const each of asked) {
    const command = await ended(rest, each.id, deadline);
    states[command.status] = (states[command.status] ?? 0) + 1;
    const reason = untruth(command, each);
    if (reason !== null) untrue.push(`${each.id} of ${each.device.id} is ${command.status}: ${reason}`);
  }
  return { asked: asked.length, states, untrue };
}
