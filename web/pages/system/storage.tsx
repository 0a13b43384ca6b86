import type { System } from '../../client/index.ts';
import { type DiskName, disksOf } from '../../state/verdict.ts';
import { useFormat, useText } from '../../ui/context.ts';
import { Icon } from '../../ui/icon.tsx';

type Disk = System['disks'][number] & { names: DiskName[] };

const LOOKS = {
  ok: { tone: 'good', icon: 'check' },
  low: { tone: 'warn', icon: 'alert' },
  critical: { tone: 'bad', icon: 'alert' },
  unknown: { tone: '', icon: 'info' },
} as const;

export function Storage({ system }: { system: System }) {
  const text = useText();
  const format = useFormat();
  const { kind, bytes } = system.database;
  return (
    <section class="panel">
      <h2>{text.system.storageTitle}</h2>
      <div class="pair">
        <div>
          <p>{text.system.database}</p>
          <p class="muted">{text.system.databaseKinds[kind]}</p>
        </div>
        {/* Without a size it may just be busy: health tells whether it is away. */}
        <p class={bytes === null ? 'muted' : 'pair-value'}>
          {bytes === null ? text.system.databaseBusy : format.bytes(bytes)}
        </p>
      </div>
      {(system.backup.every_ms !== null || system.backup.last_at !== null) && (
        <div class="pair">
          <div>
            <p>{text.system.backup}</p>
            {system.backup.failed && <p class="muted">{text.system.backupFailed}</p>}
          </div>
          <p class={system.backup.last_at === null ? 'muted' : 'pair-value'}>
            {system.backup.last_at === null ? text.system.backupNone : format.dateTime(system.backup.last_at)}
          </p>
        </div>
      )}
      {disksOf(system).map((disk) => (
        <DiskMeter key={disk.names.join()} disk={disk} />
      ))}
    </section>
  );
}

function DiskMeter({ disk }: { disk: Disk }) {
  const text = useText();
  const format = useFormat();
  const name = format.list(disk.names.map((each) => text.system.disks[each]));
  const { free_bytes: free, total_bytes: total, state } = disk;
  const { tone, icon } = LOOKS[state];
  const isSeen = free !== null && total !== null && total > 0;
  return (
    <div class="disk">
      <div class="flow-head">
        <h3>{name}</h3>
        {(isSeen || state !== 'unknown') && (
          <span class={`badge ${tone}`}>
            <Icon name={icon} size={14} />
            {text.system.diskStates[state]}
          </span>
        )}
      </div>
      {isSeen ? (
        <>
          <meter
            class={`meter ${tone}`}
            aria-label={text.system.diskMeter(name)}
            min={0}
            max={total}
            value={total - free}
          />
          <p class="muted">{text.system.diskFree(format.bytes(free), format.bytes(total))}</p>
        </>
      ) : (
        <p class="muted">{text.system.diskUnseen}</p>
      )}
    </div>
  );
}
