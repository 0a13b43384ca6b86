import '../../styles/enrolment.css';
import { useState } from 'preact/hooks';
import type { Device } from '../../client/index.ts';
import { useText } from '../../ui/context.ts';
import { Dialog } from '../../ui/dialog.tsx';
import type { Made } from './asked.ts';
import { EnrolForm } from './enrol-form.tsx';
import { EnrolMade } from './enrol-made.tsx';
import { OpenEnrolments } from './open-enrolments.tsx';

interface EnrolDialogProps {
  roomId: number | null;
  onPair(device: Device): void;
  onClose(): void;
}

/** Lets a device in: makes an enrolment, shows what the device needs, and tells when it has come. */
export function EnrolDialog({ roomId, onPair, onClose }: EnrolDialogProps) {
  const text = useText().devices.enrol;
  const [made, setMade] = useState<Made | null>(null);
  return (
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
          onPair={onPair}
          onAnother={() => setMade(null)}
          onClose={onClose}
        />
      )}
    </Dialog>
  );
}
