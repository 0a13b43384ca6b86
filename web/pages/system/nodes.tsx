import type { ComponentChildren } from 'preact';
import type { System } from '../../client/index.ts';
import { useFormat, useNow, useText } from '../../ui/context.ts';
import { Ago } from '../../ui/feedback.tsx';
import { Icon } from '../../ui/icon.tsx';

type Told = System['nodes'][number];

const LOOKS = {
  ok: { tone: 'good', icon: 'check' },
  draining: { tone: 'warn', icon: 'wait' },
  down: { tone: 'bad', icon: 'alert' },
  unknown: { tone: '', icon: 'wait' },
} as const;

/** Each process with what it holds and how it fares: one in large, several beside each other. */
export function Nodes({ system }: { system: System }) {
  const text = useText();
  const { nodes, enrollment } = system;
  const [only] = nodes;
  // The one that answers comes first, and a balancer asks another one each time.
  const byName = [...nodes].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  const registering = `${text.system.enrollment}: ${text.system.enrollmentModes[enrollment]}`;
  return (
    <section class="system-section">
      {nodes.length === 1 && only !== undefined ? (
        <>
          <div>
            <h2>{text.system.serverTitle}</h2>
            <p class="muted">
              {only.name} · PM IoT {system.version} · Node {only.node_version} · {registering}
            </p>
          </div>
          <Alone node={only} />
        </>
      ) : (
        <>
          <div>
            <h2>{text.system.nodesTitle}</h2>
            <p class="muted">
              {text.system.nodesHint} {registering}
            </p>
          </div>
          <ul class="flows">
            {byName.map((node) => (
              <NodeCard key={node.id} node={node} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function NodeCard({ node }: { node: Told }) {
  const text = useText();
  const format = useFormat();
  const now = useNow(60_000);
  const { tone, icon } = LOOKS[node.status];
  return (
    <li class="flow node">
      <div class="flow-head">
        <h3>{node.name}</h3>
        <span class="node-badges">
          {node.leader && <span class="badge">{text.system.leader}</span>}
          <span class={`badge ${tone}`}>
            <Icon name={icon} size={14} />
            {text.system.nodeStatus[node.status]}
          </span>
        </span>
      </div>
      <p class="muted">
        PM IoT {node.version} · Node {node.node_version}
      </p>
      <dl>
        {node.status === 'down' ? (
          <Fact label={text.system.heardAt}>
            <Ago at={node.heard_at} />
          </Fact>
        ) : (
          <>
            <Fact label={text.system.devices}>{format.number(node.devices_connected)}</Fact>
            <Fact label={text.system.connections}>{format.number(node.connections)}</Fact>
            <Fact label={text.system.memory}>{format.bytes(node.memory_bytes)}</Fact>
            <Fact label={text.system.lag}>{text.system.ms(format.number(node.event_loop_lag_ms, 0))}</Fact>
            <Fact label="Redis">{text.system.redis[node.redis ?? 'away']}</Fact>
            <Fact label={text.system.runningFor}>
              {format.span(Math.max(0, now - Date.parse(node.started_at)))}
            </Fact>
          </>
        )}
      </dl>
    </li>
  );
}

function Fact({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Alone({ node }: { node: Told }) {
  const text = useText();
  const format = useFormat();
  const now = useNow(60_000);
  return (
    <dl class="tiles">
      <Tile
        label={text.system.devices}
        value={format.number(node.devices_connected)}
        more={text.system.ofDevices(format.number(node.devices_total))}
      />
      <Tile label={text.system.connections} value={format.number(node.connections)} />
      <Tile
        label={text.system.runningFor}
        value={format.span(Math.max(0, now - Date.parse(node.started_at)))}
        more={text.system.startedAt(format.dateTime(node.started_at))}
      />
      <Tile label={text.system.memory} value={format.bytes(node.memory_bytes)} />
      <Tile
        label={text.system.lag}
        value={text.system.ms(format.number(node.event_loop_lag_ms, 0))}
        more={text.system.lagHint}
      />
    </dl>
  );
}

function Tile({ label, value, more }: { label: string; value: string; more?: ComponentChildren }) {
  return (
    <div class="tile">
      <dt>{label}</dt>
      <dd class="tile-value">{value}</dd>
      {more !== undefined && <dd class="muted">{more}</dd>}
    </div>
  );
}
