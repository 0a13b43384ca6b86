import type { Health } from '../../client/index.ts';
import { useFormat, useText } from '../../ui/context.ts';
import { Ago } from '../../ui/feedback.tsx';
import { Icon } from '../../ui/icon.tsx';

type Flow = Health['flows'][number];

const LOOKS = {
  ok: { tone: 'good', icon: 'check' },
  degraded: { tone: 'warn', icon: 'alert' },
  down: { tone: 'bad', icon: 'alert' },
  unknown: { tone: '', icon: 'wait' },
} as const;

export function Flows({ health }: { health: Health }) {
  const text = useText();
  return (
    <section class="system-section">
      <div>
        <h2>{text.system.flowsTitle}</h2>
        <p class="muted">{text.system.flowsHint}</p>
      </div>
      <ul class="flows">
        {health.flows.map((flow) => (
          <FlowCard key={flow.name} flow={flow} />
        ))}
      </ul>
    </section>
  );
}

function FlowCard({ flow }: { flow: Flow }) {
  const text = useText();
  const format = useFormat();
  const { name, what } = text.system.flows[flow.name];
  const { tone, icon } = LOOKS[flow.status];
  const latency = flow.latency_ms;
  return (
    <li class="flow">
      <div class="flow-head">
        <h3>{name}</h3>
        <span class={`badge ${tone}`}>
          <Icon name={icon} size={14} />
          {text.system.flowStatus[flow.status]}
        </span>
      </div>
      <p class="muted">{what}</p>
      {flow.reason !== null && <p>{text.system.flowReasons[flow.reason]}</p>}
      <dl>
        <div>
          <dt>{text.system.latency}</dt>
          <dd>{latency === null ? '–' : text.system.ms(format.number(latency, latency < 10 ? 1 : 0))}</dd>
        </div>
        <div>
          <dt>{text.system.errorRate}</dt>
          <dd>{flow.error_rate === null ? '–' : format.percent(flow.error_rate)}</dd>
        </div>
        <div>
          <dt>{text.system.lastCheck}</dt>
          <dd>
            {flow.last_check === null ? text.system.never : <Ago at={flow.last_check} />}
            {flow.measured_by === 'probe' && <span class="muted"> · {text.system.triedOut}</span>}
          </dd>
        </div>
      </dl>
    </li>
  );
}
