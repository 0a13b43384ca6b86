import type { Log } from './domain/ports.ts';
import type { CommandResult } from './domain/services.ts';
import { type Command, TERMINAL } from './domain/types.ts';
import type { LiveState } from './live-state/types.ts';

/**
 * The log lines of a command, which have the trace id of the request that asked for it. What was asked for is not among
 * them: the code of a door is a value too.
 */
export function createCommandLines({ log, live }: { log: Log; live: Pick<LiveState, 'deviceByPk'> }) {
  const named = ({ traceId, id, correlationId, devicePk }: Command) => ({
    trace_id: traceId,
    command_id: id,
    correlation_id: correlationId,
    device: live.deviceByPk(devicePk)?.deviceId,
  });
  return {
    moved: (command: Command): void => {
      const { status, createdAt, finishedAt } = command;
      if (TERMINAL.has(status)) {
        const ms = finishedAt === null ? null : finishedAt.getTime() - createdAt.getTime();
        log.info({ ...named(command), status, ms }, 'command ended');
      } else log.debug({ ...named(command), status }, 'command under way');
    },
    answered: (command: Command, { status }: CommandResult, late: boolean): void =>
      log.debug({ ...named(command), answer: status, late }, 'command answered by its device'),
  };
}
