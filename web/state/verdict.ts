import type { Health, System } from '../client/index.ts';

export type FlowName = Health['flows'][number]['name'];
export type DiskName = System['disks'][number]['name'];
export type CertificateName = System['certificates'][number]['name'];

/** From so many days on one that ends is told of: the server does so too. */
export const WARN_DAYS = 30;
/** Milliseconds by which all that the process does comes late: from here on people feel it. */
export const SLOW_LAG_MS = 250;

/** Something that needs somebody. */
export type Finding =
  | { what: 'database_away' }
  | { what: 'disk_critical' | 'disk_low'; disks: DiskName[]; free: number | null }
  | { what: 'flows_down' | 'flows_degraded'; flows: FlowName[] }
  | { what: 'certificate_ended' | 'certificate_ends'; certificate: CertificateName; days: number }
  | { what: 'redis_away' }
  | { what: 'node_down'; node: string }
  | { what: 'slow'; node: string; lag: number };

export interface Verdict {
  /** `unknown`: nothing has been told yet. */
  level: 'good' | 'warn' | 'bad' | 'unknown';
  /** What is worst comes first. */
  findings: Finding[];
}

const BAD = new Set<Finding['what']>(['database_away', 'disk_critical', 'flows_down', 'certificate_ended']);
export const isBad = ({ what }: Finding): boolean => BAD.has(what);

/** Data and database on one disk are one disk: they tell the same numbers. */
export function disksOf(system: Pick<System, 'disks'>): (System['disks'][number] & { names: DiskName[] })[] {
  const found: (System['disks'][number] & { names: DiskName[] })[] = [];
  for (const disk of system.disks) {
    const same = found.find(
      ({ free_bytes, total_bytes, state }) =>
        free_bytes !== null &&
        free_bytes === disk.free_bytes &&
        total_bytes === disk.total_bytes &&
        state === disk.state,
    );
    if (same === undefined) found.push({ ...disk, names: [disk.name] });
    else same.names.push(disk.name);
  }
  return found;
}

function ofSystem(system: System): Finding[] {
  const findings: Finding[] = [];
  for (const { names: disks, state, free_bytes: free } of disksOf(system)) {
    if (state === 'critical') findings.push({ what: 'disk_critical', disks, free });
    if (state === 'low') findings.push({ what: 'disk_low', disks, free });
  }
  for (const { name: certificate, days_left: days } of system.certificates) {
    if (days < 0) findings.push({ what: 'certificate_ended', certificate, days });
    else if (days < WARN_DAYS) findings.push({ what: 'certificate_ends', certificate, days });
  }
  if (system.nodes[0]?.redis === 'away') findings.push({ what: 'redis_away' });
  for (const { name: node, status, event_loop_lag_ms: lag } of system.nodes) {
    if (status === 'down') findings.push({ what: 'node_down', node });
    else if (lag >= SLOW_LAG_MS) findings.push({ what: 'slow', node, lag });
  }
  return findings;
}

function ofHealth({ flows }: Health, disks: readonly Finding[]): Finding[] {
  const ofDatabase = flows.find(({ name }) => name === 'database_sync')?.status;
  const full = disks.some(({ what }) => what === 'disk_critical');
  const low = disks.some(({ what }) => what === 'disk_low');
  const findings: Finding[] = [];
  if (ofDatabase === 'down' && !full) findings.push({ what: 'database_away' });
  const named = (status: 'down' | 'degraded') =>
    flows
      .filter((flow) => flow.status === status)
      .map(({ name }) => name)
      // Its own finding tells more, and so does that of the disk.
      .filter((name) => name !== 'database_sync' || (status === 'degraded' && !low));
  const [down, degraded] = [named('down'), named('degraded')];
  if (down.length > 0) findings.push({ what: 'flows_down', flows: down });
  if (degraded.length > 0) findings.push({ what: 'flows_degraded', flows: degraded });
  return findings;
}

/** How the whole is, from what the server has told so far. */
export function verdictOf(health: Health | null, system: System | null): Verdict {
  if (health === null && system === null) return { level: 'unknown', findings: [] };
  const told = system === null ? [] : ofSystem(system);
  const all = [...(health === null ? [] : ofHealth(health, told)), ...told];
  const findings = [...all.filter(isBad), ...all.filter((finding) => !isBad(finding))];
  const [worst] = findings;
  return { level: worst === undefined ? 'good' : isBad(worst) ? 'bad' : 'warn', findings };
}
