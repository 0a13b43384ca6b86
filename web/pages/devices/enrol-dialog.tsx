import '../../styles/enrolment.css';
import { useState } from 'preact/hooks';
import type { Device } from '../../client/index.ts';
import { useText } from '../../ui/context.ts';
import { Dialog } from '../../ui/dialog.tsx';
import type { Made } from './asked.ts';
import { EnrolForm } from './enrol-form.tsx';
import { EnrolMade } from './enrol-made.tsx';
import { OpenEnrolments } from './open-enrolments.tsx';
import { CardsDialog } from './pair-cards.tsx';
import { PairDialog } from './pair-dialog.tsx';

/** Lets a device in: makes an enrolment, shows what the device needs, and tells when it has come. */
export function EnrolDialog({ roomId, onClose }: { roomId: number | null; onClose: () => void }) {
  const text = useText().devices.enrol;
  const [made, setMade] = useState<Made | null>(null);
  const [pairing, setPairing] = useState<Device | null>(null);
  return (
    <>
      <Dialog title={text.title} wide onClose={onClose}>
        {made === null ? (
          <>
            <EnrolForm roomId={roomId} onMade={setMade} onClose={onClose} />
            <OpenEnrolments />
          </>
        ) : (
          <EnrolMade
            key={made.id}
            made={made}
            onPair={setPairing}
            onAnother={() => setMade(null)}
            onClose={onClose}
          />
        )}
      </Dialog>
      {pairing !== null &&
        (pairing.room_id === null ? (
          <PairDialog device={pairing} onClose={() => setPairing(null)} />
        ) : (
          <CardsDialog deviceId={pairing.device_id} onClose={() => setPairing(null)} />
        ))}
    </>
  );
}
