import { z } from '@hono/zod-openapi';
import type { BackupReport, CertificateReport, DiskReport, NodeState } from '../../db/domain/system.ts';
import type { Api, AppDeps } from '../context.ts';
import { adminRoute, json } from '../route.ts';
import { time } from '../schemas.ts';
import { NodeStatus } from './health.ts';

const count = z.number().int();
const bytes = count.nullable();
const port = count.optional();

const System = z
  .object({
    version: z.string(),
    time,
    enrollment: z.enum(['open', 'token', 'closed']),
    database: z.object({
      kind: z.enum(['embedded', 'server']),
      bytes: bytes.openapi({ description: 'null: the database is away, or too busy to tell' }),
    }),
    nodes: z.array(
      z.object({
        id: z.string().openapi({ description: 'new at each start' }),
        name: z.string().openapi({ description: 'NODE_NAME, or that of the machine' }),
        status: NodeStatus,
        version: z.string(),
        node_version: z.string(),
        started_at: time,
        heard_at: time.openapi({ description: 'its last sign of life' }),
        leader: z
          .boolean()
          .openapi({ description: 'does what one node at a time does: summaries, packing, retention' }),
        redis: z.enum(['ok', 'away']).nullable().openapi({ description: 'null: it is alone' }),
        memory_bytes: count,
        event_loop_lag_ms: z.number().openapi({ description: '99th percentile of the last minute or two' }),
        connections: count.openapi({ description: 'of MQTT' }),
        devices_connected: count,
        devices_total: count,
      }),
    ),
    disks: z.array(
      z.object({
        name: z.enum(['data', 'database']),
        free_bytes: bytes.openapi({ description: 'null: the disk cannot be measured from here' }),
        total_bytes: bytes,
        state: z.enum(['ok', 'low', 'critical', 'unknown']).openapi({
          description: 'by MIN_FREE_DISK; unknown: it cannot be measured, or nothing guards it',
        }),
      }),
    ),
    certificates: z.array(
      z.object({
        name: z.enum(['ca', 'ca-next', 'server']).openapi({
          description: 'ca-next: takes the place of the CA, while it is being changed',
        }),
        subject: z.string(),
        sha256: z.string().openapi({ example: '9F:86:D0:81:88:4C:…' }),
        expires_at: time,
        days_left: count.openapi({ description: 'negative once it has ended' }),
      }),
    ),
    backup: z
      .object({
        every_ms: count.nullable().openapi({ description: 'null: none is made by itself' }),
        keep: count,
        last_at: time.nullable().openapi({ description: 'of the newest one; null: there is none' }),
        bytes,
        failed: z.boolean().openapi({ description: 'the last try: the log says why' }),
      })
      .openapi({ description: 'of the node that answers' }),
    mdns_name: z
      .string()
      .nullable()
      .openapi({ description: 'MDNS_NAME with `.local`, and with a number where another box has the name' }),
    listeners: z.object({ http: port, https: port, mqtt: port, mqtts: port }).openapi({
      description: 'bound ports; a listener that is off is missing',
    }),
  })
  .openapi('System');

type Told = z.output<typeof System>;

const system = adminRoute({
  method: 'get',
  path: '/api/system',
  tags: ['operation'],
  responses: { 200: json(System, 'the running program, its machine and what it depends on') },
});

const nodeDto = (node: NodeState): Told['nodes'][number] => ({
  id: node.id,
  name: node.name,
  status: node.status,
  version: node.version,
  node_version: node.nodeVersion,
  started_at: node.startedAt.toISOString(),
  heard_at: node.heardAt.toISOString(),
  leader: node.leader,
  redis: node.redis,
  memory_bytes: node.memoryBytes,
  event_loop_lag_ms: Math.round(node.eventLoopLag * 10) / 10,
  connections: node.connections,
  devices_connected: node.devicesConnected,
  devices_total: node.devicesTotal,
});

const diskDto = ({ name, freeBytes, totalBytes, state }: DiskReport): Told['disks'][number] => ({
  name,
  free_bytes: freeBytes,
  total_bytes: totalBytes,
  state,
});

const certificateDto = (certificate: CertificateReport): Told['certificates'][number] => ({
  name: certificate.name,
  subject: certificate.subject,
  sha256: certificate.sha256,
  expires_at: certificate.expiresAt.toISOString(),
  days_left: certificate.daysLeft,
});

const backupDto = ({ everyMs, keep, lastAt, bytes, failed }: BackupReport): Told['backup'] => ({
  every_ms: everyMs,
  keep,
  last_at: lastAt?.toISOString() ?? null,
  bytes,
  failed,
});

export function systemRoutes(api: Api, deps: AppDeps): void {
  api.openapi(system, async (c) => {
    const { database, nodes, disks, certificates, backup, mdnsName, listeners } = await deps.system();
    const told: Told = {
      version: deps.version,
      time: new Date(deps.now()).toISOString(),
      enrollment: deps.enrollmentMode,
      database,
      nodes: nodes.map(nodeDto),
      disks: disks.map(diskDto),
      certificates: certificates.map(certificateDto),
      backup: backupDto(backup),
      mdns_name: mdnsName,
      listeners,
    };
    // It changes with every look: no ETag.
    return c.json(told, 200);
  });
}
