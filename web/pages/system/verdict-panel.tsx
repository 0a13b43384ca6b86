import type { System } from '../../client/index.ts';
import type { Messages } from '../../i18n/en.ts';
import type { Format } from '../../i18n/format.ts';
import { type Finding, isBad, type Verdict } from '../../state/verdict.ts';
import { useFormat, useNow, useSelect, useText } from '../../ui/context.ts';
import { Ago } from '../../ui/feedback.tsx';
import { Icon } from '../../ui/icon.tsx';

const DAY_MS = 86_400_000;
const ICONS = { good: 'check', warn: 'alert', bad: 'alert', unknown: 'wait' } as const;

interface VerdictPanelProps {
  verdict: Verdict;
  system: System | null;
}

export function VerdictPanel({ verdict: { level, findings }, system }: VerdictPanelProps) {
  const text = useText();
  const format = useFormat();
  const { heardAt } = useSelect((state) => state.link);
  return (
    <section class={`verdict ${level}`}>
      <div class="verdict-head">
        <span class="verdict-icon">
          <Icon name={ICONS[level]} size={30} />
        </span>
        <div>
          <div role="status">
            <h2>{text.system.verdict[level]}</h2>
          </div>
          {level === 'good' && system !== null && <Summary system={system} />}
          {heardAt !== null && (
            <p class="verdict-checked">
              {text.system.checked} <Ago at={heardAt} />
            </p>
          )}
        </div>
      </div>
      {findings.length > 0 && (
        <ul class="findings">
          {findings.map((finding) => (
            <li key={JSON.stringify(finding)} class={isBad(finding) ? 'bad' : 'warn'}>
              <Icon name="alert" />
              <div>
                <h3>{titleOf(finding, text, format)}</h3>
                <p>{text.system.findings[finding.what].todo}</p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Summary({ system: { nodes } }: { system: System }) {
  const text = useText();
  const format = useFormat();
  const now = useNow(60_000);
  const connected = nodes.reduce((total, node) => total + node.devices_connected, 0);
  // Each knows of all of them.
  const total = Math.max(connected, nodes[0]?.devices_total ?? 0);
  const started = Math.min(...nodes.map(({ started_at }) => Date.parse(started_at)));
  return (
    <p>{text.system.goodMore(format.number(connected), format.number(total), format.span(now - started))}</p>
  );
}

function titleOf(finding: Finding, text: Messages, format: Format): string {
  const { findings } = text.system;
  switch (finding.what) {
    case 'database_away':
      return findings.database_away.title;
    case 'disk_critical':
    case 'disk_low': {
      const disks = format.list(finding.disks.map((name) => text.system.disks[name]));
      return findings[finding.what].title(disks, finding.free === null ? '?' : format.bytes(finding.free));
    }
    case 'flows_down':
    case 'flows_degraded':
      return findings[finding.what].title(
        format.list(finding.flows.map((name) => text.system.flows[name].name)),
      );
    case 'certificate_ended':
      return findings.certificate_ended.title(text.system.certificates[finding.certificate]);
    case 'certificate_ends':
      return findings.certificate_ends.title(
        text.system.certificates[finding.certificate],
        format.span(Math.max(1, finding.days) * DAY_MS),
      );
    case 'redis_away':
      return findings.redis_away.title;
    case 'node_down':
      return findings.node_down.title(finding.node);
    case 'slow':
      return findings.slow.title(finding.node, text.system.ms(format.number(finding.lag, 0)));
  }
}
