import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { broken, type Check, type Finding, ok, skipped, warning } from '../finding.ts';

const run = promisify(execFile);
const UNIT = 'pm-iot.service';
const PROPERTIES = ['LoadState', 'ActiveState', 'SubState', 'UnitFileState', 'NRestarts', 'Result'] as const;
const MANY_RESTARTS = 3;

type State = Partial<Record<(typeof PROPERTIES)[number], string>>;

/** null: systemd does not run here. */
async function stateOf(unit: string): Promise<State | null> {
  try {
    const { stdout } = await run('systemctl', ['show', unit, `--property=${PROPERTIES.join(',')}`], {
      timeout: 5000,
    });
    return Object.fromEntries(stdout.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)));
  } catch {
    return null;
  }
}

/** What systemd says of it, where it was installed as a service. */
export const checkService: Check = async (): Promise<Finding[]> => {
  if (!existsSync('/run/systemd/system')) return [skipped('service', 'systemd does not run here')];
  const state = await stateOf(UNIT);
  if (state === null || state.LoadState !== 'loaded') return [skipped('service', `There is no unit ${UNIT}`)];
  const findings: Finding[] = [];
  const log = 'sudo journalctl -u pm-iot -n 50 tells why';
  if (state.ActiveState === 'active')
    findings.push(ok('service', `${UNIT} is ${state.SubState ?? 'active'}`));
  else if (state.ActiveState === 'failed')
    findings.push(
      broken(
        'service_failed',
        `${UNIT} has failed (${state.Result ?? ''})`,
        `${log}; then sudo systemctl restart pm-iot`,
      ),
    );
  else
    findings.push(
      broken(
        'service_stopped',
        `${UNIT} is ${state.ActiveState ?? 'not active'}`,
        'sudo systemctl start pm-iot',
      ),
    );
  if (Number(state.NRestarts ?? 0) > MANY_RESTARTS)
    findings.push(warning('service_restarts', `systemd has restarted it ${state.NRestarts} times`, log));
  if (state.UnitFileState === 'disabled')
    findings.push(
      warning(
        'service_disabled',
        `${UNIT} does not start by itself after a power cut`,
        'sudo systemctl enable pm-iot',
      ),
    );
  return findings;
};
