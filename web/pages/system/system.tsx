import { HEALTH } from '../../state/health.ts';
import { SYSTEM, wanted } from '../../state/index.ts';
import { verdictOf } from '../../state/verdict.ts';
import './system.css';
import { useText, useWanted } from '../../ui/context.ts';
import { FailureNotice } from '../../ui/feedback.tsx';
import { Page } from '../../ui/page.tsx';
import { Certificates } from './certificates.tsx';
import { Flows } from './flows.tsx';
import { HistoryPanel } from './history.tsx';
import { Nodes } from './nodes.tsx';
import { Reach } from './reach.tsx';
import { Storage } from './storage.tsx';
import { VerdictPanel } from './verdict-panel.tsx';

const HISTORY = wanted('GET /api/history', {}, 60_000);

/** How the server is: one sentence first, and then all that it is made of. */
export function SystemPage(_: Record<string, unknown>) {
  const text = useText();
  const health = useWanted(HEALTH);
  const system = useWanted(SYSTEM);
  const history = useWanted(HISTORY);
  return (
    <Page title={text.system.title}>
      <VerdictPanel verdict={verdictOf(health.value, system.value)} system={system.value} />
      <FailureNotice failure={health.failure ?? system.failure} />
      {system.value !== null && <Nodes system={system.value} />}
      {health.value !== null && <Flows health={health.value} />}
      <div class="system-panels">
        <div class="system-column">
          {system.value !== null && <Storage system={system.value} />}
          <HistoryPanel history={history.value} failure={history.failure} />
        </div>
        {system.value !== null && (
          <div class="system-column">
            <Certificates certificates={system.value.certificates} />
            <Reach listeners={system.value.listeners} />
          </div>
        )}
      </div>
    </Page>
  );
}
