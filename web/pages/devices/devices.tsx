import '../../styles/devices.css';
import { useMemo, useState } from 'preact/hooks';
import type { Device, Room } from '../../client/index.ts';
import { deviceLists, isFiltering, NO_FILTER } from '../../state/device-list.ts';
import { DEVICES, ROOMS } from '../../state/index.ts';
import { useFormat, useIsAdmin, useText, useWanted } from '../../ui/context.ts';
import { Empty, FailureNotice, Loading } from '../../ui/feedback.tsx';
import { Icon } from '../../ui/icon.tsx';
import { lazily } from '../../ui/lazily.tsx';
import { Page } from '../../ui/page.tsx';
import { linkTo, navigate } from '../../ui/route.ts';
import { DeviceList } from './device-list.tsx';
import { Filters } from './filters.tsx';
import { FirstDevice } from './first-device.tsx';
import { CardsDialog } from './pair-cards.tsx';
import { PairDialog } from './pair-dialog.tsx';
import { useArrivals } from './use-arrivals.ts';
import { useFilter } from './use-filter.ts';

const EnrolDialog = lazily(async () => (await import('./enrol-dialog.tsx')).EnrolDialog);
const NO_ROOMS: readonly Room[] = [];

/** Every device that whoever looks may see; those that wait for a room come first. */
export function DevicesPage({ adding, roomId }: { adding: boolean; roomId: number | null }) {
  const text = useText().devices;
  const isAdmin = useIsAdmin();
  const { value: devices, failure } = useWanted(DEVICES);
  const [pairing, setPairing] = useState<Device | null>(null);
  const add = isAdmin && (
    <a class="button primary" href={linkTo('devices', '+')}>
      <Icon name="plus" size={18} />
      {text.add}
    </a>
  );
  return (
    <Page title={text.title} actions={add}>
      <FailureNotice failure={failure} />
      {devices === null && failure === null && <Loading />}
      {devices !== null && devices.length === 0 && <NoDevices />}
      {devices !== null && devices.length > 0 && (
        <Found devices={devices} onPair={isAdmin ? setPairing : null} />
      )}
      <Arrivals devices={devices} />
      {adding && <EnrolDialog roomId={roomId} onPair={setPairing} onClose={() => navigate('devices')} />}
      {pairing !== null &&
        (pairing.room_id === null ? (
          <PairDialog device={pairing} onClose={() => setPairing(null)} />
        ) : (
          <CardsDialog deviceId={pairing.device_id} onClose={() => setPairing(null)} />
        ))}
    </Page>
  );
}

function NoDevices() {
  const text = useText().devices;
  const isAdmin = useIsAdmin();
  if (isAdmin) return <FirstDevice roomId={null} />;
  return (
    <Empty title={text.noneUser}>
      <p>{text.noneUserHint}</p>
    </Empty>
  );
}

/** For those who do not see a row appear. */
function Arrivals({ devices }: { devices: readonly Device[] | null }) {
  const text = useText().devices;
  const latest = useArrivals(devices).at(-1);
  return (
    <p class="visually-hidden" role="status">
      {latest && text.arrived(latest.device_name)}
    </p>
  );
}

interface FoundProps {
  devices: readonly Device[];
  onPair: ((device: Device) => void) | null;
}

function Found({ devices, onPair }: FoundProps) {
  const text = useText().devices;
  const format = useFormat();
  const rooms = useWanted(ROOMS).value ?? NO_ROOMS;
  const [kept, setFilter] = useFilter();
  const gone = typeof kept.room === 'number' && rooms.length > 0 && !rooms.some(({ id }) => id === kept.room);
  const filter = useMemo(() => (gone ? { ...kept, room: 'all' as const } : kept), [kept, gone]);
  const names = useMemo(() => new Map(rooms.map(({ id, name }) => [id, name])), [rooms]);
  const { unpaired, paired } = useMemo(() => {
    const { compare } = new Intl.Collator(format.locale, { numeric: true });
    return deviceLists(devices, filter, compare);
  }, [devices, filter, format]);
  const found = unpaired.length + paired.length;
  const online = useMemo(() => devices.filter(({ status }) => status === 'online').length, [devices]);
  return (
    <>
      <Filters filter={filter} rooms={rooms} onChange={setFilter} />
      <div class="device-count">
        <p class="muted" role="status">
          {text.count(format.number(found), format.number(devices.length))} ·{' '}
          {text.onlineCount(format.number(online))}
        </p>
        {isFiltering(filter) && (
          <button type="button" class="button quiet" onClick={() => setFilter(NO_FILTER)}>
            <Icon name="close" size={16} />
            {text.clear}
          </button>
        )}
      </div>
      {found === 0 && (
        <Empty title={text.noneFound}>
          <p>{text.noneFoundHint}</p>
        </Empty>
      )}
      {unpaired.length > 0 && (
        <section class="device-section">
          <h2>{text.unpaired}</h2>
          <p class="muted">{text.unpairedHint}</p>
          <DeviceList devices={unpaired} rooms={names} onPair={onPair} />
        </section>
      )}
      {paired.length > 0 && (
        <section class="device-section">
          <h2>{text.inRooms}</h2>
          <DeviceList devices={paired} rooms={names} onPair={onPair} />
        </section>
      )}
    </>
  );
}
