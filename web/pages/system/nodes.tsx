import type { ComponentChildren } from 'preact';
import type { System } from '../../client/index.ts';
import { useFormat, useNow, useText } from '../../ui/context.ts';

/** Each process with what it holds and how it fares. */
export function Nodes({ system }: { system: System }) {
  const text = useText();
  const { nodes } = system;
  return (
    <>
      {nodes.map((node) => (
        <section key={`${node.name} ${node.started_at}`} class="system-section">
          <div>
            <h2>{nodes.length === 1 ? text.system.serverTitle : text.system.nodeTitle(node.name)}</h2>
            <p class="muted">
              {node.name} · PM IoT {system.version} · Node {node.node_version} · {text.system.enrollment}:{' '}
              {text.system.enrollmentModes[system.enrollment]}
            </p>
          </div>
          <Node node={node} />
        </section>
      ))}
    </>
  );
}

function Node({ node }: { node: System['nodes'][number] }) {
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
